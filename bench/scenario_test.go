package bench

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/scrip-engine/scrip/engine"
	"github.com/scrip-engine/scrip/httpapi"
)

// world is a real engine in memory behind a real server.
type world struct {
	engine *engine.Engine
	http   Target
	inside Target
}

func newWorld(t *testing.T) *world {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	e, err := engine.Open(engine.Config{Dir: "data", FS: vfs.NewMem(), HeartbeatTimeout: 50 * time.Millisecond, Logger: log,
		AppID: "app", AppToken: "token", Exit: func(code int, reason string) { t.Errorf("the engine wanted to exit %d: %s", code, reason) }})
	if err != nil {
		t.Fatal(err)
	}
	server, err := httpapi.New(httpapi.Config{Engine: e, Logger: log})
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(ln) }()
	key := Credentials{AppID: "app", AppToken: "token"}
	admin, release, err := NewHTTPAdmin("http://"+ln.Addr().String(), key)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		release()
		if err := errors.Join(server.Shutdown(context.Background()), <-served, e.Close()); err != nil {
			t.Error(err)
		}
	})
	return &world{
		engine: e,
		http:   Target{Name: "test", Address: ln.Addr().String(), Key: key, Admin: admin},
		inside: Target{Name: "engine", Engine: e, Admin: NewEngineAdmin(e)},
	}
}

// small is a measurement of some hundred requests. Its end is their number, so
// that no clock decides what is tested.
func small(t *testing.T, scenario string, target Target) *Config {
	t.Helper()
	_, seed := seeded(t)
	rate := 0.0
	if scenario == "flash-sale" {
		rate = 5000 // its own would take three seconds
	}
	return &Config{
		Scenario: scenario, Target: target, Runs: 2, Codes: 600, Limit: 20, Crowd: 5, BatchSize: 10, Seed: seed >> 1, Version: "test",
		Load: Load{Connections: 8, Threads: 1, Rate: rate, Requests: 150, Duration: time.Minute, Timeout: 20 * time.Second, Grace: 20 * time.Second},
	}
}

// measure runs a scenario and requires a clean audit of every run.
func measure(t *testing.T, c *Config) *Report {
	t.Helper()
	r, err := Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Failures) > 0 {
		t.Fatalf("%q", r.Failures)
	}
	for _, p := range r.Phases {
		for _, run := range p.Runs {
			if len(run.Failures) > 0 {
				t.Errorf("%s: %v", p.Label, run.Failures)
			}
			if run.Audit != nil && !run.Audit.Clean() {
				t.Errorf("%s: %+v", p.Label, run.Audit)
			}
		}
	}
	var table, page strings.Builder
	if err := errors.Join(WriteTable(&table, r), WriteHTML(&page, r)); err != nil {
		t.Error(err)
	}
	return r
}

// Without this a scenario measures something else than it says, or its audit
// accuses the engine of what the scenario did. Each is run against the real one,
// over HTTP with both drivers and in process.
func TestScenarios(t *testing.T) {
	w := newWorld(t)
	want := map[string]func(t *testing.T, r *Report){
		"redeem":     func(t *testing.T, r *Report) { expect(t, r, "redeem", 300) },
		"hot":        func(t *testing.T, r *Report) { expect(t, r, "redeem", 300) },
		"gift-cards": func(t *testing.T, r *Report) { expect(t, r, "redeem", 300) },
		"mixed":      func(t *testing.T, r *Report) { expect(t, r, "redeem", 1) },
		"batch": func(t *testing.T, r *Report) { // 30 batches a run, then the codes end
			if n := r.Phases[0].Sum(func(r *Result) int64 { return r.Kind("batch").Units }); n != 600 || !r.Phases[0].Runs[0].RanOut {
				t.Errorf("%d redemptions in batches", n)
			}
		},
		"checkout": func(t *testing.T, r *Report) {
			expect(t, r, "validate", 300)
			expect(t, r, "redeem", 300)
			if back := r.Phases[0].Sum(func(r *Result) int64 { return r.Audit.RolledBack }); back < 4 || back > 8 {
				t.Errorf("%d of 300 were given back", back)
			}
		},
		"flash-sale": func(t *testing.T, r *Report) {
			expect(t, r, "redeem", 40)
			if n := r.Phases[0].Sum(func(r *Result) int64 { return r.Refusals["quantity_exceeded"] }); n != 160 {
				t.Errorf("%d of 160 were refused", n)
			}
		},
		"guessing": func(t *testing.T, r *Report) {
			flood := r.phase(phaseFlood)
			if n := flood.Sum(func(r *Result) int64 { return r.Refusals["not_found"] }); n < 200 || n > 299 || len(r.Figures) != 2 {
				t.Errorf("%d of 300 were guesses; %+v", n, r.Figures)
			}
		},
		"lists": func(t *testing.T, r *Report) {
			expect(t, r, "list-first", 150)
			expect(t, r, "list-deep", 150)
		},
		"import":   func(t *testing.T, r *Report) { expectCodes(t, r) },
		"generate": func(t *testing.T, r *Report) { expectCodes(t, r) },
	}
	for _, name := range Scenarios() {
		check := want[name]
		if check == nil {
			t.Fatalf("%s has no test", name)
		}
		t.Run(name, func(t *testing.T) {
			check(t, measure(t, small(t, name, w.http)))
			again := small(t, name, w.http)
			again.Portable, again.Full, again.Customers, again.Seed = true, true, 50, again.Seed+1
			check(t, measure(t, again))
			if inside := small(t, name, w.inside); name != "lists" && name != "mixed" {
				inside.Seed += 2
				check(t, measure(t, inside))
			}
		})
	}
}

func expect(t *testing.T, r *Report, kind string, atLeast int64) {
	t.Helper()
	n := r.Phases[0].Sum(func(r *Result) int64 {
		if k := r.Kind(kind); k != nil {
			return k.Succeeded
		}
		return 0
	})
	if n < atLeast || atLeast > 1 && n != atLeast {
		t.Errorf("%d of %s succeeded, want %d", n, kind, atLeast)
	}
}

func expectCodes(t *testing.T, r *Report) {
	t.Helper()
	if n := r.Phases[0].Sum(func(r *Result) int64 { return r.CodesMade }); n != 1200 {
		t.Errorf("%d codes", n)
	}
}

// Without this cards that run dry are overspent, or their refusals are taken for
// failures.
func TestCardsRunDry(t *testing.T) {
	w := newWorld(t)
	c := small(t, "gift-cards", w.http)
	c.Codes, c.Balance = 2, 5000
	r := measure(t, c)
	if n := r.Phases[0].Sum(func(r *Result) int64 { return r.Refusals["gift_amount_exceeded"] }); n == 0 {
		t.Errorf("%+v", r.Phases[0].Runs[0])
	}
}

// Without this a report claims another disk's times, or leaves a file behind.
func TestDeviceIsMeasured(t *testing.T) {
	dir := t.TempDir()
	d, err := probe(t.Context(), dir)
	left, readErr := os.ReadDir(dir)
	if err != nil || readErr != nil || len(left) > 0 || d.Count == 0 || d.P50 <= 0 || d.P99 < d.P50 {
		t.Errorf("%+v, %v, %v, left %v", d, err, readErr, left)
	}
	if d, err := probe(t.Context(), ""); d != nil || err != nil {
		t.Errorf("no directory: %+v, %v", d, err)
	}
	if _, err := probe(t.Context(), filepath.Join(dir, "nowhere")); err == nil {
		t.Error("a directory that is not there: no error")
	}
}

// Without this hot keys of a zipf distribution fall outside of the set.
func TestZipf(t *testing.T) {
	w := newWorld(t)
	c := small(t, "hot", w.http)
	c.Zipf, c.Codes = 1.2, 50
	expect(t, measure(t, c), "redeem", 300)
}

// Without this a lie of the target leaves a report that looks like the others.
func TestALyingTargetFailsTheRun(t *testing.T) {
	w := newWorld(t)
	c := small(t, "redeem", w.http)
	c.Target.Admin = &forgetful{Admin: w.http.Admin}
	r, err := Run(t.Context(), c)
	if err != nil || len(r.Failures) != 2 || !strings.Contains(fmt.Sprint(r.Failures), "was acknowledged and is not listed") {
		t.Errorf("%v, %q", err, r.Failures)
	}
}

// forgetful lists all redemptions but the first of each page.
type forgetful struct{ Admin }

func (f *forgetful) Uses(ctx context.Context, campaign, cursor string, each func(Listed)) (string, error) {
	first := true
	return f.Admin.Uses(ctx, campaign, cursor, func(l Listed) {
		if !first {
			each(l)
		}
		first = false
	})
}

// Without this a configuration that cannot be measured is measured.
func TestConfigIsChecked(t *testing.T) {
	good := func() *Config { return small(t, "redeem", Target{Address: "127.0.0.1:1"}) }
	if err := good().check(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(c *Config){
		"no runs":       func(c *Config) { c.Runs = 0 },
		"many codes":    func(c *Config) { c.Codes = CodesMax + 1 },
		"flat zipf":     func(c *Config) { c.Zipf = 0.5 },
		"no target":     func(c *Config) { c.Target.Address = "" },
		"no time":       func(c *Config) { c.Load.Duration = 0 },
		"many threads":  func(c *Config) { c.Load.Threads = 9 },
		"negative rate": func(c *Config) { c.Load.Rate = -1 },
		"empty bursts":  func(c *Config) { c.Load.Rate, c.Load.Arrivals = 1, Bursts },
		"no scenario":   func(c *Config) { c.Scenario = "nothing" },
	} {
		c := good()
		change(c)
		if _, err := Run(t.Context(), c); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
