package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"

	"github.com/scrip-engine/scrip/bench"
)

// partStages is the part of the page with the budget.
const partStages = "stages"

// stage is a step of one redemption with the processor time that it may take.
type stage struct {
	name      string
	pkg       string
	benchmark string
	budget    float64 // microseconds
}

// stages are all steps of a redemption over HTTP. At the ceiling of bare HTTP on
// two cores a request takes 26.7 µs of both, client included; three quarters of
// that throughput leave 9 µs for everything of ours, and this is how they are
// spent.
func stages() []stage {
	return []stage{
		{"decode the request", "wire", "BenchmarkDecodeRedeem", 1.5},
		{"authenticate", "engine", "BenchmarkStageAuthenticate", 0.3},
		{"begin: code, customer, key, fingerprint", "engine", "BenchmarkStageBegin", 0.5},
		{"evaluate: look-up, discount, checks", "engine", "BenchmarkStageEvaluate", 1.0},
		{"propose: write the command", "engine", "BenchmarkStagePropose", 0.3},
		{"log share, park and wake-up, 128 callers", "raftstore", "BenchmarkPropose/callers=128", 3.0},
		{"apply", "shard", "BenchmarkApplyRedeem", 1.0},
		{"render the answer", "engine", "BenchmarkStageRender", 1.0},
	}
}

const (
	// stageRuns of each benchmark show a spread.
	stageRuns = "3"
	stageTime = "300ms"
)

// stageResult is what one took, in microseconds.
type stageResult struct {
	Name   string    `json:"name"`
	Budget float64   `json:"budget_us"`
	Micros []float64 `json:"microseconds"`
}

// measureStages runs the benchmarks of all stages.
func measureStages(ctx context.Context, root string) (out []stageResult, err error) {
	for _, s := range stages() {
		say("stage: %s", s.name)
		cmd := exec.CommandContext(ctx, "go", "test", "./"+s.pkg, "-run", "^$", "-bench", anchored(s.benchmark), "-benchtime", stageTime, "-count", stageRuns)
		cmd.Dir = root
		text, err := cmd.Output()
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w: %.500s", s.pkg, s.benchmark, err, text)
		}
		nanos, err := parseBenchmark(string(text))
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", s.pkg, s.benchmark, err)
		}
		result := stageResult{Name: s.name, Budget: s.budget}
		for _, n := range nanos {
			result.Micros = append(result.Micros, n/1e3)
		}
		out = append(out, result)
	}
	return out, nil
}

// anchored makes each level of a benchmark's name a whole one.
func anchored(name string) string { return "^" + strings.ReplaceAll(name, "/", "$/^") + "$" }

// parseBenchmark reads the nanoseconds of each line of go test -bench.
func parseBenchmark(text string) (nanos []float64, err error) {
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) < 4 || !strings.HasPrefix(fields[0], "Benchmark") || fields[3] != "ns/op" {
			continue
		}
		n, err := strconv.ParseFloat(fields[2], 64)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", strings.TrimSpace(line), err)
		}
		nanos = append(nanos, n)
	}
	if len(nanos) == 0 {
		return nil, errors.New("no benchmark ran")
	}
	return nanos, nil
}

// stagesMarkdown is the budget beside what was measured.
func stagesMarkdown(results []stageResult) string {
	var b strings.Builder
	line := func(format string, args ...any) { _, _ = fmt.Fprintf(&b, format+"\n", args...) } // into memory: cannot fail
	line("| stage | budget µs | measured µs | min–max |\n| --- | ---: | ---: | ---: |")
	budget, sum := 0.0, 0.0
	for _, r := range results {
		s := bench.SpreadOf(r.Micros)
		budget, sum = budget+r.Budget, sum+s.Median
		line("| %s | %.1f | %.2f | %.2f–%.2f |", r.Name, r.Budget, s.Median, s.Min, s.Max)
	}
	line("| all | %.1f | %.2f | |", budget, sum)
	return b.String()
}
