package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/scrip-engine/scrip/bench"
)

var rewriteGolden = flag.Bool("rewrite", false, "write testdata anew")

// fixedReport has three rounds of a few cells, one of which failed its audit.
func fixedReport() *peersReport {
	r := &peersReport{
		Began:   time.Date(2026, 11, 24, 3, 35, 0, 0, time.UTC),
		Machine: bench.Machine{CPU: "a processor", Cores: 2, MemoryMiB: 24_000, Kernel: "Linux 6.1", OS: "linux/amd64", Go: "go1.26", GOMAXPROCS: 2},
		Commit:  "0123456789ab", Command: "make bench-peers",
		Versions: map[string]string{systemScrip: "scrip v1", systemRedis: "Redis 7"},
		Settings: peersSettings{Rounds: 3, Duration: 3 * time.Second, WarmUp: time.Second, BatchTime: time.Second, Connections: []int{1, 64}},
		Device:   []bench.Fdatasync{{P50: 0.1, P99: 0.3}, {P50: 0.1, P99: 0.2}, {P50: 0.2, P99: 0.4}, {P50: 0.2, P99: 0.5}},
		Flood:    []float64{1.2, 1.4, 1.3}, NotMeasured: []string{postgresHint},
	}
	enter := func(system, load string, connections int, rates ...float64) {
		c := r.cell(system, load, connections)
		for i, rate := range rates {
			s := sample{Round: i + 1, Rate: rate, Answers: rate, P50: 64e3 / rate, P99: 100e3 / rate, P999: 200e3 / rate}
			if load == loadAny || strings.HasPrefix(load, "refusals") {
				s.Rate = 0
			}
			c.Runs = append(c.Runs, s)
		}
	}
	enter(systemScrip, loadHot, 1, 4000, 4100, 3900)
	enter(systemScrip, loadHot, 64, 50_000, 60_000, 55_000)
	enter(systemScrip, loadBatch, 16, 300_000, 500_000, 450_000)
	enter(systemScrip, loadUnknown, 64, 70_000, 71_000, 72_000)
	enter(systemBare, loadAny, 64, 75_000, 74_000, 73_000)
	enter(systemRedis, loadHot, 64, 25_000, 20_000, 27_500)
	enter(systemRedisOwn, loadHot, 64, 20_000, 30_000, 20_000)
	broken := &r.cell(systemScrip, loadHot, 64).Runs[2]
	broken.Failure = "a redemption is missing"
	r.fail("round 3, Scrip: a redemption is missing")
	return r
}

// Without this the page could show a failed run as a figure, or a ratio of rates of
// different rounds.
func TestReportGolden(t *testing.T) {
	r := fixedReport()
	r.conclude()
	golden(t, "peers.md", r.markdown())
	golden(t, "stages.md", stagesMarkdown([]stageResult{{"decode", 1.5, []float64{1.2, 1.1, 1.3}}, {"render", 1, []float64{0.7}}}))
	s := &scaleReport{Began: r.Began, Machine: r.Machine, Commit: r.Commit, Command: "make bench-scale", Version: "scrip v1",
		Settings: scaleSettings{Codes: 10_000_000, More: 50_000_000, Few: 100_000, Quick: true}, Device: r.Device[0],
		Goals: []goal{newGoal("N8", "restart", goalRestart, true, " s", []float64{7.5})}, Notes: []string{"a note"}, NotMeasured: []string{"N11"}}
	golden(t, "scale.md", s.markdown())
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *rewriteGolden {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; -rewrite writes it anew. It is now:\n%s", name, got)
	}
}

// Without this a peer would be held against the worse of its two figures, and a
// round in which one side failed would be divided by a round in which it did not.
func TestRatiosAreOfOneRound(t *testing.T) {
	r := fixedReport()
	got := ratios(r.byRound(rateOf, r.find(systemScrip, loadHot, 64)...),
		r.byRound(rateOf, append(r.find(systemRedis, loadHot, 64), r.find(systemRedisOwn, loadHot, 64)...)...))
	if len(got) != 2 || got[0] != 2 || got[1] != 2 {
		t.Errorf("ratios %v, want 50,000 to 25,000 and 60,000 to 30,000", got)
	}
}

// Without this a run could eat the prose of the page, or write into nothing and
// say that it wrote.
func TestOnlyTheMarkedPartIsReplaced(t *testing.T) {
	const page = "before\n<!-- measured: peers -->\n\nold\n\n<!-- end of peers -->\nafter\n"
	got, err := replacePart([]byte(page), partPeers, "new\n")
	if want := strings.Replace(page, "old", "new", 1); err != nil || string(got) != want {
		t.Errorf("%q, %v", got, err)
	}
	for _, broken := range []string{"", strings.Replace(page, "end of", "", 1), page + page} {
		if _, err := replacePart([]byte(broken), partPeers, "new"); err == nil {
			t.Errorf("%q was taken for a page", broken)
		}
	}
	real, err := os.ReadFile("../../" + pageDefault)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{partPeers, partScale, partStages} {
		if _, err := replacePart(real, part, "x"); err != nil {
			t.Error(err)
		}
	}
}

// Without this a changed format of another program's output would be read as no
// rate at all.
func TestOutputsOfOthersAreRead(t *testing.T) {
	rate, err := parseRedisBenchmark("\"test\",\"rps\",\"avg_latency_ms\"\n\"EVALSHA x\",\"24509.80\",\"2.5\"\n")
	if err != nil || rate != 24509.80 {
		t.Error(rate, err)
	}
	if _, err := parseRedisBenchmark("\"test\",\"rps\"\n"); err == nil {
		t.Error("no rate was read as one")
	}
	nanos, err := parseBenchmark("goos: linux\nBenchmarkX-2   \t  1000\t   123.5 ns/op\t 0 B/op\nBenchmarkX-2 1000 124 ns/op\nPASS\n")
	if err != nil || len(nanos) != 2 || nanos[0] != 123.5 || nanos[1] != 124 {
		t.Error(nanos, err)
	}
	if _, err := parseBenchmark("PASS\n"); err == nil {
		t.Error("no benchmark was read as one")
	}
	if got := anchored("BenchmarkPropose/callers=128"); got != "^BenchmarkPropose$/^callers=128$" {
		t.Error(got)
	}
}
