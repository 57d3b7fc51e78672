package refusals

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics of a recorder. They are brought up to date by the flush, not by Note.
type metrics struct {
	notedTotal             *prometheus.CounterVec
	redemptions, validates prometheus.Counter
	folded, lost           prometheus.Counter
	flushSeconds           prometheus.Histogram
	failures               prometheus.Counter
	diskBytes              prometheus.Gauge
	overwritten            prometheus.CounterFunc
}

func newMetrics(r *Recorder) *metrics {
	opts := func(name, help string) prometheus.Opts {
		return prometheus.Opts{Namespace: "scrip", Subsystem: "refusals", Name: name, Help: help}
	}
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts(opts(name, help)))
	}
	m := &metrics{
		notedTotal: prometheus.NewCounterVec(prometheus.CounterOpts(
			opts("noted_total", "Refusals noted, by operation; up to one flush late.")), []string{"operation"}),
		folded: counter("folded_total", "Refusals folded into campaign 0, because too many campaigns refused at once."),
		lost:   counter("lost_total", "Refusals lost to the bound of distinct counters; not counted anywhere else."),
		flushSeconds: prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: "scrip", Subsystem: "refusals",
			Name: "flush_seconds", Help: "Seconds that one flush of the counters took.",
			// From a small fsync on a fast disk to the stall after which the log itself
			// gives up.
			Buckets: prometheus.ExponentialBuckets(100e-6, 2, 17)}),
		failures:  counter("flush_failures_total", "Failures to flush; the counters stay in memory until one succeeds."),
		diskBytes: prometheus.NewGauge(prometheus.GaugeOpts(opts("disk_bytes", "Bytes of the counters' files."))),
		overwritten: prometheus.NewCounterFunc(prometheus.CounterOpts(
			opts("overwritten_records_total", "Records overwritten in the ring by newer ones.")),
			func() float64 { return float64(r.ring.oldest(r.ring.next.Load()) - 1) }),
	}
	m.redemptions = m.notedTotal.WithLabelValues(Redemption.String())
	m.validates = m.notedTotal.WithLabelValues(Validation.String())
	return m
}

// register registers with reg, which may be nil.
func (m *metrics) register(reg prometheus.Registerer) error {
	if reg == nil {
		return nil
	}
	var errs []error
	for _, c := range []prometheus.Collector{m.notedTotal, m.folded, m.lost, m.flushSeconds, m.failures, m.diskBytes, m.overwritten} {
		errs = append(errs, reg.Register(c))
	}
	return errors.Join(errs...)
}

func (m *metrics) noted(op Operation, n uint64) {
	switch op {
	case Redemption:
		m.redemptions.Add(float64(n))
	case Validation:
		m.validates.Add(float64(n))
	}
}

// crowded counts what found no counter of its own.
func (m *metrics) crowded(folded, lost uint64) {
	m.folded.Add(float64(folded))
	m.lost.Add(float64(lost))
}

func (m *metrics) flushed(took time.Duration, err error) {
	m.flushSeconds.Observe(took.Seconds())
	if err != nil {
		m.failures.Inc()
	}
}
