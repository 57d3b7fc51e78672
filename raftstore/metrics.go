package raftstore

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are the collectors of a host; groupMetrics the children of one group,
// resolved once so that the hot path looks nothing up. The only label is the
// group's name.
type metrics struct {
	batchCommands *prometheus.HistogramVec
	batchBytes    *prometheus.HistogramVec
	queueSeconds  *prometheus.HistogramVec
	fsyncSeconds  *prometheus.HistogramVec
	applySeconds  *prometheus.HistogramVec
	imageSeconds  *prometheus.HistogramVec
	imageBytes    *prometheus.GaugeVec
	imageFailures *prometheus.CounterVec
	proofs        *prometheus.CounterVec
	unknown       *prometheus.CounterVec
	refused       *prometheus.CounterVec
	leaderChanges *prometheus.CounterVec
	oldestWrite   prometheus.Gauge
	slowWrites    prometheus.Counter
}

type groupMetrics struct {
	batchCommands, batchBytes, queueSeconds  prometheus.Observer
	fsyncSeconds, applySeconds, imageSeconds prometheus.Observer
	imageBytes                               prometheus.Gauge
	imageFailures, proofs, unknown, refused  prometheus.Counter
	leaderChanges                            prometheus.Counter
}

// Buckets. Seconds from 50 µs, a fast fsync, to 10 s, the stall limit.
var (
	secondsBuckets = prometheus.ExponentialBuckets(50e-6, 2, 18)
	countBuckets   = prometheus.ExponentialBuckets(1, 2, 11)
	bytesBuckets   = prometheus.ExponentialBuckets(64, 4, 8)
)

// newMetrics registers with reg, which may be nil.
func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	label := []string{"group"}
	hist := func(name, help string, buckets []float64) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: "scrip", Subsystem: "raftstore", Name: name, Help: help, Buckets: buckets}, label)
	}
	counter := func(name, help string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "scrip", Subsystem: "raftstore", Name: name, Help: help}, label)
	}
	m := &metrics{
		batchCommands: hist("batch_commands", "Commands in one log entry.", countBuckets),
		batchBytes:    hist("batch_bytes", "Bytes of one log entry.", bytesBuckets),
		queueSeconds:  hist("queue_seconds", "Seconds that an entry's first command waited until it was proposed: the stage queue.", secondsBuckets),
		fsyncSeconds:  hist("log_fsync_seconds", "Seconds of one synced append to the log: the stage log.", secondsBuckets),
		applySeconds:  hist("apply_seconds", "Seconds of applying one entry: the stage apply.", secondsBuckets),
		imageSeconds:  hist("image_seconds", "Seconds of writing one image.", secondsBuckets),
		imageBytes: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Namespace: "scrip", Subsystem: "raftstore", Name: "image_bytes", Help: "Bytes of the newest image."}, label),
		imageFailures: counter("image_failures_total", "Failures to make an image durable."),
		proofs:        counter("proofs_total", "Leadership proofs asked for."),
		unknown:       counter("unknown_total", "Entries whose outcome was unknown: their callers were told to ask again."),
		refused:       counter("refused_total", "Proposals refused because the queue was full."),
		leaderChanges: counter("leader_changes_total", "Changes of leadership: times this node won or lost it."),
		oldestWrite: prometheus.NewGauge(prometheus.GaugeOpts{Namespace: "scrip", Subsystem: "raftstore", Name: "oldest_write_seconds",
			Help: "Seconds that the oldest write or other change of a file had been under way when the watchdog last looked; at the stall limit the process ends."}),
		slowWrites: prometheus.NewCounter(prometheus.CounterOpts{Namespace: "scrip", Subsystem: "raftstore", Name: "slow_writes_total",
			Help: "Writes and other changes of files that the watchdog saw take more than half of the stall limit."}),
	}
	if reg == nil {
		return m, nil
	}
	var errs []error
	for _, c := range []prometheus.Collector{
		m.batchCommands, m.batchBytes, m.queueSeconds, m.fsyncSeconds, m.applySeconds, m.imageSeconds,
		m.imageBytes, m.imageFailures, m.proofs, m.unknown, m.refused, m.leaderChanges, m.oldestWrite, m.slowWrites,
	} {
		errs = append(errs, reg.Register(c))
	}
	return m, errors.Join(errs...)
}

func (m *metrics) group(name string) *groupMetrics {
	return &groupMetrics{
		batchCommands: m.batchCommands.WithLabelValues(name),
		batchBytes:    m.batchBytes.WithLabelValues(name),
		queueSeconds:  m.queueSeconds.WithLabelValues(name),
		fsyncSeconds:  m.fsyncSeconds.WithLabelValues(name),
		applySeconds:  m.applySeconds.WithLabelValues(name),
		imageSeconds:  m.imageSeconds.WithLabelValues(name),
		imageBytes:    m.imageBytes.WithLabelValues(name),
		imageFailures: m.imageFailures.WithLabelValues(name),
		proofs:        m.proofs.WithLabelValues(name),
		unknown:       m.unknown.WithLabelValues(name),
		refused:       m.refused.WithLabelValues(name),
		leaderChanges: m.leaderChanges.WithLabelValues(name),
	}
}
