package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/scrip-engine/scrip/bench"
)

// tiny is a measurement that ends by its number of requests.
func tiny(t *testing.T, args ...string) []string {
	t.Helper()
	return append([]string{"bench", "--runs", "1", "--requests", "60", "--codes", "80", "-c", "4", "-d", "1m", "--warm-up", "0s",
		"--seed", "7", "--dir", t.TempDir()}, args...)
}

// empty fails if a measurement left something in its directory.
func empty(t *testing.T, args []string) {
	t.Helper()
	for i, arg := range args {
		if arg == "--dir" {
			if left, err := os.ReadDir(args[i+1]); err != nil || len(left) > 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		}
	}
}

// Without this the default of bench measures nothing, leaves a server running or
// its data behind, or prints what a script cannot read.
func TestBenchSpawns(t *testing.T) {
	page := filepath.Join(t.TempDir(), "report.html")
	args := tiny(t, "redeem", "-o", "json", "--html", page, "--fail-if", "unknown>0;failed>0")
	p := start(t, nil, args...)
	var out strings.Builder
	for p.lines.Scan() {
		out.WriteString(p.lines.Text())
	}
	if code := p.end(t); code != codeDone {
		t.Fatalf("exit code %d: %s", code, p.err.String())
	}
	var r bench.Report
	if err := json.Unmarshal([]byte(out.String()), &r); err != nil {
		t.Fatalf("%v: %s", err, out.String())
	}
	run := r.Phases[0].Runs[0]
	if run.Kind("redeem").Succeeded != 60 || run.Audit == nil || !run.Audit.Clean() || run.Audit.Listed != 60 || r.Device.After == nil {
		t.Errorf("%+v, %+v", run, r.Device)
	}
	if text, err := os.ReadFile(page); err != nil || !strings.Contains(string(text), "<svg") {
		t.Errorf("page: %v, %d bytes", err, len(text))
	}
	empty(t, args)
}

// Without this the ceiling that others are compared with is not one.
func TestBenchOfTheBareHandler(t *testing.T) {
	args := tiny(t, "redeem", "--target", "bare")
	p := start(t, nil, args...)
	p.until(t, "payload")
	if code := p.end(t); code != codeDone || !strings.Contains(strings.Join(p.said, "\n"), "60 succeeded, 0 refused, 0 unknown, 0 failed") {
		t.Errorf("exit code %d: %q %s", code, p.said, p.err.String())
	}
	empty(t, args)
}

// Without this a threshold that is crossed goes unnoticed by a script, or the
// numbers that crossed it are not shown.
func TestBenchFails(t *testing.T) {
	args := tiny(t, "hot", "--target", "engine", "--fail-if", "succeeded<61")
	r := call(t, args...)
	if r.code != codeNotDone || !strings.Contains(r.out, "60 succeeded") || !strings.Contains(r.out, "FAILED: succeeded<61") || !strings.Contains(r.err, "succeeded<61") {
		t.Errorf("%+v", r)
	}
	empty(t, args)
	for _, bad := range [][]string{{"nothing"}, {"--fail-if", "p98>1ms"}, {"--share", "nothing=1"}, {"-c", "0"}, {"--target", "https://x"}, {"--target", "ftp://x"}} {
		if r := call(t, append([]string{"bench"}, bad...)...); r.code != codeUsage || r.out != "" {
			t.Errorf("%q: %+v", bad, r)
		}
	}
}

// Without this the block of a terminal scrolls, or a line of it stays behind.
func TestBenchOnATerminal(t *testing.T) {
	r := callOn(true, t.Context(), tiny(t, "hot", "--target", "engine")...)
	if r.code != codeDone || strings.Contains(r.out, "\x1b") || !strings.Contains(r.err, "run 1 of 1: audit") {
		t.Errorf("%+v", r)
	}
	if up, drawn := strings.Count(r.err, "\x1b[4A\x1b[J"), strings.Count(r.err, "under way"); up != drawn {
		t.Errorf("drawn %d times, wiped %d times: %q", drawn, up, r.err)
	}
}
