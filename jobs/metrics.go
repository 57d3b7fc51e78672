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
			Namespace: "scrip", Subsystem: "jobs", Name: "running", Help: "Jobs that run at the moment."}),
		ended:      prometheus.NewCounterVec(counter("finished_total", "Jobs that ended, by kind and status."), []string{"kind", "status"}),
		codes:      prometheus.NewCounterVec(counter("codes_created_total", "Codes that jobs created, by kind."), []string{"kind"}),
		rowsFailed: prometheus.NewCounter(counter("rows_failed_total", "Rows of imports that failed.")),
		retries:    prometheus.NewCounter(counter("retries_total", "Temporary errors that jobs met.")),
		chunkSeconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: "scrip", Subsystem: "jobs", Name: "chunk_seconds", Help: "Duration of issuing one chunk.", Buckets: chunkBuckets}),
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
	label := "failed"
	if status == catalog.JobDone {
		label = "done"
	}
	m.ended.WithLabelValues(kindLabel(kind), label).Inc()
}

func (m *metrics) created(kind string, n uint32) {
	m.codes.WithLabelValues(kindLabel(kind)).Add(float64(n))
}

func kindLabel(kind string) string {
	if kind == wire.AsyncGenerate {
		return "generate"
	}
	return "import"
}
