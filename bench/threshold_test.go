package bench

import (
	"strings"
	"testing"
)

// sample is a report with fixed numbers.
func sample() *Report {
	k := func(p99 float64, refused int64) KindResult {
		return KindResult{Kind: "redeem", Succeeded: 1000, Refused: refused, Unknown: 1, Units: 1000, Mean: 1.5, Min: 0.2, Max: 30,
			At:    map[string]float64{"p50": 1.25, "p90": 2.5, "p99": p99, "p99.9": 20, "p99.99": 29.5},
			Curve: [][2]float64{{0, 0.2}, {50, 1.25}, {90, 2.5}, {99, p99}, {99.9, 20}, {100, 30}}}
	}
	run := func(n int, p99, rate float64) *Result {
		return &Result{Run: n, Seconds: 10, RedemptionRate: rate, AnswerRate: rate * 1.1, Scheduled: 1110, Sent: 1101, Dropped: 4, Unfinished: 5,
			WarmUp: 50, Kinds: []KindResult{k(p99, 100)}, Refusals: map[string]int64{"quantity_exceeded": 90, "not_found": 10},
			Failures: map[string]int64{"closed": 1}, RequestBytes: 350, AnswerBytes: 650, Course: []uint32{3, 5, 4, 6}, GeneratorCPU: 12.5,
			Audit: &Audit{Acknowledged: 1050, Settled: 1, Listed: 1051, Checked: 200, Seconds: 0.5}}
	}
	return &Report{
		Scenario: "redeem", About: About("redeem"), Version: "1.0.0", Seed: 7,
		Machine: Machine{CPU: "A <CPU>", Cores: 2, MemoryMiB: 24000, Kernel: "Linux 6.1", OS: "linux/amd64", Go: "go1.26", GOMAXPROCS: 2},
		Target:  Target{Name: "spawn", Address: "127.0.0.1:1", Durability: "synced", Version: "1.0.0"},
		Device:  Device{Before: &Fdatasync{P50: 0.12, P99: 0.26, Count: 500}, After: &Fdatasync{P50: 0.13, P99: 0.3, Count: 500}},
		Settings: Settings{Connections: 64, Threads: 1, Rate: 20000, Arrivals: "poisson", Runs: 3, WarmUp: 2, Duration: 10, Answers: "minimal",
			Driver: "epoll loop"},
		Phases:  []*Phase{{Label: "redeem", Open: true, Rate: 20000, Runs: []*Result{run(1, 12, 20100), run(2, 14, 19900), run(3, 9, 20000)}}},
		Figures: []Figure{{Name: "a ratio", Value: 1.25, Low: 1.1, High: 1.4}, {Name: "a number", Value: 12, Unit: "codes"}},
	}
}

// Without this a threshold is looked at and holds for something else.
func TestConditions(t *testing.T) {
	f := func(condition string, fails bool) {
		t.Helper()
		c, err := ParseConditions([]string{condition})
		if err != nil {
			t.Fatalf("%s: %v", condition, err)
		}
		r := sample()
		if r.Judge(c); (len(r.Failures) > 0) != fails {
			t.Errorf("%s: failures %q", condition, r.Failures)
		}
	}
	f("p99>11.9ms", true) // the median of 9, 12 and 14
	f("p99>12ms", false)
	f("p99>=12ms", true)
	f("redeem.p99.9>0.02s", false)
	f("redeem.p99.9>=0.02s", true)
	f("max>1s", false)
	f("mean<2ms", true)
	f("rate<20000", false)
	f("rate<=20000", true)
	f("answers>1", true)
	f("refused>299", true) // of all runs
	f("refused>300", false)
	f("unknown>2", true)
	f("dropped>12", false)
	f("unfinished>=15", true)
	f("failed>0", false)
	f("redeem.succeeded<3001", true)
	f("rollback.p99>1ms", true) // nothing of that kind is no success
	for _, bad := range []string{"", "p99", "p98>1ms", "p99>1", "p99=1ms", "rate<x", "nothing.p99>1ms", ">1"} {
		if _, err := ParseConditions([]string{bad}); err == nil || !strings.Contains(err.Error(), bad) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// Without this a share is given to a kind that does not exist.
func TestShares(t *testing.T) {
	got, err := ParseShares(map[string]float64{"redeem": 70, "list-first": 30})
	if err != nil || got[Redeem] != 70 || got[ListFirst] != 30 || got[Validate] != 0 {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []map[string]float64{{"nothing": 1}, {"redeem": -1}} {
		if _, err := ParseShares(bad); err == nil {
			t.Errorf("%v: no error", bad)
		}
	}
}
