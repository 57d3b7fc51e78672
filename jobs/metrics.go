package jobs

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/scrip-engine/scrip/catalog"
	"github.com/scrip-engine/scrip/wire"
)

// metrics are the collectors of a runner. Labels are the kind, generate or
// import, and the status a job ended with.
type metrics struct {
	running      prometheus.Gauge
	ended        *prometheus.CounterVec
	codes        *prometheus.CounterVec
	rowsFailed   prometheus.Counter
	retries      prometheus.Counter
	chunkSeconds prometheus.Histogram
}

// Values of the labels.
const (
	kindGenerate = "generate"
	kindImport   = "import"
	statusDone   = "done"
	statusFailed = "failed"
)

// chunkBuckets begin at half a millisecond, a chunk on a fast disk, and end at
// half a minute, a log that stands still.
var chunkBuckets = prometheus.ExponentialBuckets(0.0005, 2, 17)

// newMetrics registers with reg, which may be nil.
func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	counter := func(name, help string) prometheus.CounterOpts {
		return prometheus.CounterOpts{Namespace: "scrip", Subsystem: "jobs", Name: name, Help: help}
	}
	m := &metrics{
		running: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: "scrip", Subsystem: "jobs", Name: "running", Help: "Jobs running at the moment."}),
		ended:      prometheus.NewCounterVec(counter("finished_total", "Jobs finished, by kind and status."), []string{"kind", "status"}),
		codes:      prometheus.NewCounterVec(counter("codes_created_total", "Codes that jobs created, by kind."), []string{"kind"}),
		rowsFailed: prometheus.NewCounter(counter("rows_failed_total", "Rows of imports that failed.")),
		retries:    prometheus.NewCounter(counter("retries_total", "Retries of jobs after temporary errors.")),
		chunkSeconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: "scrip", Subsystem: "jobs", Name: "chunk_seconds", Help: "Seconds of issuing one chunk.", Buckets: chunkBuckets}),
	}
	// A series that begins with its first event has no rate before the second.
	for _, kind := range []string{kindGenerate, kindImport} {
		m.codes.WithLabelValues(kind)
		for _, status := range []string{statusDone, statusFailed} {
			m.ended.WithLabelValues(kind, status)
		}
	}
	if reg == nil {
		return m, nil
	}
	var errs []error
	for _, c := range []prometheus.Collector{m.running, m.ended, m.codes, m.rowsFailed, m.retries, m.chunkSeconds} {
		errs = append(errs, reg.Register(c))
	}
	return m, errors.Join(errs...)
}

func (m *metrics) finished(kind string, status catalog.JobStatus) {
	label := statusFailed
	if status == catalog.JobDone {
		label = statusDone
	}
	m.ended.WithLabelValues(kindLabel(kind), label).Inc()
}

func (m *metrics) created(kind string, n uint32) {
	m.codes.WithLabelValues(kindLabel(kind)).Add(float64(n))
}

func kindLabel(kind string) string {
	if kind == wire.AsyncGenerate {
		return kindGenerate
	}
	return kindImport
}
