package engine

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/scrip-engine/scrip/wire"
)

// metrics counts what the engine answers. Labels come from finite sets: error
// keys, never codes, campaigns or customers.
type metrics struct {
	succeeded, replayed prometheus.Counter
	byKey               map[string]prometheus.Counter
	rollbacks           prometheus.Counter
}

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
	m.succeeded, m.replayed = outcomes.WithLabelValues("succeeded"), outcomes.WithLabelValues("replayed")
	for _, k := range wire.Keys() {
		m.byKey[k.Key] = outcomes.WithLabelValues(k.Key)
	}
	reg.MustRegister(outcomes, m.rollbacks)
	return m
}

func (m *metrics) redeemed(replayed bool) {
	if replayed {
		m.replayed.Inc()
		return
	}
	m.succeeded.Inc()
}

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
