package httpapi

import (
	"context"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/scrip-engine/scrip/wire"
)

// startOps serves operators' paths beside a fake engine.
func startOps(t *testing.T) (*node, *fake, *Ops) {
	t.Helper()
	reg := prometheus.NewRegistry()
	reg.MustRegister(prometheus.NewGauge(prometheus.GaugeOpts{Name: "scrip_test_gauge", Help: "x"}))
	engine := newFake()
	ops, err := NewOps(OpsConfig{Engine: engine, Gatherer: reg})
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n := &node{t: t, addr: ln.Addr().String(), client: &http.Client{Transport: &http.Transport{}, Timeout: waitMax}}
	served := make(chan error, 1)
	go func() { served <- ops.Serve(ln) }()
	t.Cleanup(func() {
		n.client.CloseIdleConnections()
		if err := ops.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return n, engine, ops
}

// Without this probes get another answer than the node's state, or operators'
// paths stop answering without anybody noticing.
func TestOperations(t *testing.T) {
	n, engine, _ := startOps(t)
	f := func(method, path string, status int, want string) {
		t.Helper()
		if a := n.as("", method, path, ""); a.status != status || !strings.Contains(a.body, want) {
			t.Errorf("%s %s: %d %.200s", method, path, a.status, a.body)
		}
	}
	f("GET", "/livez", 200, "ok")
	f("GET", "/readyz", 200, "ok")
	f("HEAD", "/readyz", 200, "")
	f("GET", "/status", 200, `"version":"test"`)
	f("GET", "/metrics", 200, "scrip_test_gauge")
	f("GET", "/debug/pprof/", 200, "goroutine")
	f("GET", "/debug/pprof/goroutine?debug=1", 200, "goroutine profile")
	f("GET", "/v1/vouchers", 404, "")
	f("POST", "/livez", 405, "")

	engine.live, engine.ready, engine.reasons = false, false, []string{"group shard-0 has no leader"}
	f("GET", "/livez", 503, "not live")
	f("GET", "/readyz", 503, "not ready\n")
	f("GET", "/readyz?verbose", 503, "- group shard-0 has no leader")
}

// Without this a page in an operator's browser fills the disk, or a backup goes
// where nobody meant it to go.
func TestBackupOverOperations(t *testing.T) {
	n, engine, _ := startOps(t)
	f := func(method, query string, status int, want string, headers ...string) {
		t.Helper()
		engine.took()
		a := n.as("", method, "/backup"+query, "", headers...)
		if got := engine.took(); a.status != status || got != want {
			t.Errorf("%s %s: %d %s, engine saw %q", method, query, a.status, a.body, got)
		}
	}
	f("POST", "?to=/var/backups/x/", 200, "Backup /var/backups/x")
	f("GET", "?to=/var/backups/x", 405, "")
	f("POST", "?to=relative", 400, "")
	f("POST", "?to=", 400, "")
	f("POST", "", 400, "")
	f("POST", "?to=/x", 403, "", "Origin", "http://evil.example")
	engine.err = refuse(wire.KeyDiskFull, "")
	f("POST", "?to=/x", 503, "Backup /x")
}

// Without this a clock that jumped cannot be accepted without a restart, or a page in
// an operator's browser accepts one.
func TestClockOverOperations(t *testing.T) {
	n, engine, _ := startOps(t)
	f := func(method, query string, status int, want, body string, headers ...string) {
		t.Helper()
		engine.took()
		a := n.as("", method, "/clock"+query, "", headers...)
		if got := engine.took(); a.status != status || got != want || !strings.Contains(a.body, body) {
			t.Errorf("%s %s: %d %s, engine saw %q", method, query, a.status, a.body, got)
		}
	}
	f("GET", "", 200, "", `"refused":true`)
	f("HEAD", "", 200, "", "")
	f("POST", "?at=2026-11-24T09:00:00Z", 200, "AcceptClock 2026-11-24T09:00:00.000Z", `"accepted":true`)
	f("POST", "?at=now", 400, "", "what time it is")
	f("POST", "", 400, "", "what time it is")
	f("DELETE", "?at=2026-11-24T09:00:00Z", 405, "", "")
	f("POST", "?at=2026-11-24T09:00:00Z", 403, "", "", "Origin", "http://evil.example")
	engine.err = refuse(wire.KeyInvalidQueryParams, "correct the clock")
	f("POST", "?at=2026-11-24T09:00:00Z", 400, "AcceptClock 2026-11-24T09:00:00.000Z", "correct the clock")
}
