package engine

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/scrip-engine/scrip/wire"
)

// metrics counts what the engine answers. Labels come from finite sets: error
// keys, never codes, campaigns or customers.
type metrics struct {
	succeeded, replayed prometheus.Counter
	byKey               map[string]prometheus.Counter
	rollbacks           prometheus.Counter
	// What became of a clock that jumped ahead, see stamp.go.
	clockRefused, clockAccepted prometheus.Counter
	// What the sealer did, see sealer.go.
	sealing      prometheus.Observer
	sealFailures prometheus.Counter
	// Stages of a single redemption. They add up to what Redeem took.
	evaluate, commit, reply prometheus.Observer
}

// stageBuckets reach from a look into memory to the stall after which the log
// gives up.
var stageBuckets = prometheus.ExponentialBuckets(2e-6, 2, 23)

func newMetrics(reg prometheus.Registerer) *metrics {
	if reg == nil {
		reg = prometheus.NewRegistry()
	}
	outcomes := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "scrip_engine_redemptions_total",
		Help: "Redemption requests by outcome: succeeded, replayed, or the key of the refusal or error.",
	}, []string{"outcome"})
	m := &metrics{
		byKey: map[string]prometheus.Counter{},
		rollbacks: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "scrip_engine_rollbacks_total", Help: "Rollbacks answered with success, replays included."}),
	}
	m.clockRefused = prometheus.NewCounter(prometheus.CounterOpts{Name: "scrip_engine_clock_refused_total",
		Help: "Log entries that were refused with clock_jump, because the clock had jumped ahead by more than an hour."})
	m.clockAccepted = prometheus.NewCounter(prometheus.CounterOpts{Name: "scrip_engine_clock_accepted_total",
		Help: "Times that an operator accepted a clock that had jumped ahead."})
	m.succeeded, m.replayed = outcomes.WithLabelValues("succeeded"), outcomes.WithLabelValues("replayed")
	for _, k := range wire.Keys() {
		m.byKey[k.Key] = outcomes.WithLabelValues(k.Key)
	}
	stages := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "scrip_engine_stage_seconds",
		Help: "Seconds of one redemption in a stage: evaluate (look, evaluate, prove), commit (queue, log and apply, " +
			"which scrip_raftstore_*_seconds tell apart), reply (render from the record).",
		Buckets: stageBuckets,
	}, []string{"stage"})
	m.evaluate, m.commit, m.reply = stages.WithLabelValues("evaluate"), stages.WithLabelValues("commit"), stages.WithLabelValues("reply")
	sealing := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "scrip_engine_seal_seconds",
		Help:    "Seconds from the first record of a segment until it is durable in the history and sealed.",
		Buckets: prometheus.ExponentialBuckets(1e-3, 2, 18)})
	m.sealing, m.sealFailures = sealing, prometheus.NewCounter(prometheus.CounterOpts{Name: "scrip_engine_seal_failures_total",
		Help: "Failures to move old records of a journal to the history; they are tried again."})
	reg.MustRegister(sealing, m.sealFailures)
	reg.MustRegister(outcomes, m.rollbacks, stages, m.clockRefused, m.clockAccepted)
	return m
}

func (m *metrics) redeemed(replayed bool) {
	if replayed {
		m.replayed.Inc()
		return
	}
	m.succeeded.Inc()
}

// stages observes how long a redemption took until it was decided. One that was
// refused from memory, or replayed, did not commit.
func (m *metrics) stages(r *redemption, decided time.Time) {
	m.evaluate.Observe((decided.Sub(r.began) - r.committing).Seconds())
	if r.committing > 0 {
		m.commit.Observe(r.committing.Seconds())
	}
}

// replied observes how long the answer took to render.
func (m *metrics) replied(decided time.Time) { m.reply.Observe(time.Since(decided).Seconds()) }

// refused counts an error and returns it.
func (m *metrics) refused(err error) error {
	var e *wire.Error
	if errors.As(err, &e) {
		if c := m.byKey[e.Key]; c != nil {
			c.Inc()
		}
	}
	return err
}
