package httpapi

import (
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// classes are the labels of statuses: 1xx to 5xx.
var classes = [...]string{"1xx", "2xx", "3xx", "4xx", "5xx"}

// latencyBuckets reach from a refusal out of memory to the request timeout, in
// steps of about two.
var latencyBuckets = []float64{
	.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10,
}

// metrics of the server. Labels come from the table of routes (H7), and children
// are resolved when the server is made, so that a request does no look-up.
type metrics struct {
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	received *prometheus.CounterVec
	sent     *prometheus.CounterVec
	inFlight prometheus.GaugeFunc
	streams  prometheus.Gauge
	panics   prometheus.Counter
	// malformed counts what did not become a request: broken headers, timeouts.
	malformed prometheus.Counter
}

func newMetrics(reg prometheus.Registerer, serving *atomic.Int64) (*metrics, error) {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "scrip_httpapi_" + name, Help: help}, labels)
	}
	m := &metrics{
		requests: counter("requests_total", "Requests by route and class of status.", "route", "class"),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "scrip_httpapi_request_seconds",
			Help:    "Seconds from the parsed header to the answer handed to the connection; for streams to their start.",
			Buckets: latencyBuckets,
		}, []string{"route"}),
		received: counter("received_bytes_total", "Bytes of request bodies read.", "route"),
		sent:     counter("sent_bytes_total", "Bytes of answers' bodies.", "route"),
		inFlight: prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "scrip_httpapi_in_flight_requests", Help: "Requests being served, uploads and streams apart.",
		}, func() float64 { return float64(serving.Load()) }),
		streams: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "scrip_httpapi_open_streams", Help: "Event streams and downloads being written.",
		}),
		panics: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "scrip_httpapi_panics_total", Help: "Panics that a request ended in.",
		}),
		malformed: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "scrip_httpapi_malformed_total", Help: "Malformed requests: connections whose bytes did not become one.",
		}),
	}
	if reg == nil {
		return m, nil
	}
	all := []prometheus.Collector{
		m.requests, m.seconds, m.received, m.sent, m.inFlight, m.streams, m.panics, m.malformed,
	}
	for _, c := range all {
		if err := reg.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// routeMetrics are the children of one route.
type routeMetrics struct {
	requests [len(classes)]prometheus.Counter
	seconds  prometheus.Observer
	received prometheus.Counter
	sent     prometheus.Counter
}

func (m *metrics) route(name string) *routeMetrics {
	r := &routeMetrics{
		seconds:  m.seconds.WithLabelValues(name),
		received: m.received.WithLabelValues(name),
		sent:     m.sent.WithLabelValues(name),
	}
	for i, class := range classes {
		r.requests[i] = m.requests.WithLabelValues(name, class)
	}
	return r
}

func (r *routeMetrics) observe(status int, took time.Duration, received, sent int) {
	if class := status/100 - 1; class >= 0 && class < len(classes) {
		r.requests[class].Inc()
	}
	r.seconds.Observe(took.Seconds())
	r.received.Add(float64(received))
	r.sent.Add(float64(sent))
}
