package main

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/scrip-engine/scrip/bench"
)

// peersReport is what `measure peers` found. Its JSON is kept beside the tables.
type peersReport struct {
	Began    time.Time         `json:"began"`
	Machine  bench.Machine     `json:"machine"`
	Commit   string            `json:"commit"`
	Command  string            `json:"command"`
	Versions map[string]string `json:"versions"`
	Settings peersSettings     `json:"settings"`
	// Device is before each round, and after the last.
	Device []bench.Fdatasync `json:"fdatasync"`
	Cells  []*cell           `json:"cells"`
	// Flood is p99 of valid redemptions under a flood of refusals, to alone, by
	// round.
	Flood       []float64 `json:"flood,omitempty"`
	NotMeasured []string  `json:"not_measured,omitempty"`
	Failures    []string  `json:"failures,omitempty"`
	Goals       []goal    `json:"goals"`
	// Stages are the steps of a redemption by themselves.
	Stages []stageResult `json:"stages,omitempty"`
}

// cell is one system under one load.
type cell struct {
	System      string   `json:"system"`
	Load        string   `json:"load"`
	Connections int      `json:"connections"`
	Runs        []sample `json:"runs"`
}

// sample is one run. Rates are a second, latencies milliseconds.
type sample struct {
	Round   int     `json:"round"`
	Rate    float64 `json:"redemptions_per_second"`
	Answers float64 `json:"answers_per_second"`
	P50     float64 `json:"p50_ms"`
	P99     float64 `json:"p99_ms"`
	P999    float64 `json:"p999_ms"`
	// Generator is the processor time of the generator a request, in microseconds.
	Generator float64          `json:"generator_cpu_us,omitempty"`
	RanOut    bool             `json:"codes_ran_out,omitempty"`
	Errors    map[string]int64 `json:"errors,omitempty"`
	Failure   string           `json:"failure,omitempty"`
}

func sampleOf(round int, r *bench.Result) sample {
	s := sample{Round: round, Rate: r.RedemptionRate, Answers: r.AnswerRate, Generator: r.GeneratorCPU, RanOut: r.RanOut, Errors: r.Failures}
	if len(r.Kinds) > 0 {
		k := &r.Kinds[0]
		s.P50, s.P99, s.P999 = k.At["p50"], k.At["p99"], k.At["p99.9"]
	}
	return s
}

// cell finds one, or makes it.
func (r *peersReport) cell(system, load string, connections int) *cell {
	i := slices.IndexFunc(r.Cells, func(c *cell) bool {
		return c.System == system && c.Load == load && c.Connections == connections
	})
	if i < 0 {
		i = len(r.Cells)
		r.Cells = append(r.Cells, &cell{System: system, Load: load, Connections: connections})
	}
	return r.Cells[i]
}

func (r *peersReport) fail(format string, args ...any) {
	r.Failures = append(r.Failures, fmt.Sprintf(format, args...))
}

// byRound is a figure of some cells in each round: the best of them, since a peer
// that can be asked in several ways is taken at its best. Rounds that failed or
// are missing are absent.
func (r *peersReport) byRound(of func(*sample) float64, cells ...*cell) map[int]float64 {
	best := map[int]float64{}
	for _, c := range cells {
		for i := range c.Runs {
			if s := &c.Runs[i]; s.Failure == "" {
				best[s.Round] = math.Max(best[s.Round], of(s))
			}
		}
	}
	return best
}

// find returns the cells of a system and load; of any connections when none are
// given.
func (r *peersReport) find(system, load string, connections ...int) (out []*cell) {
	for _, c := range r.Cells {
		if c.System == system && c.Load == load && (len(connections) == 0 || slices.Contains(connections, c.Connections)) {
			out = append(out, c)
		}
	}
	return out
}

// over is the spread of a figure over the runs that did not fail.
func (c *cell) over(of func(*sample) float64) bench.Spread {
	var values []float64
	for i := range c.Runs {
		if c.Runs[i].Failure == "" {
			values = append(values, of(&c.Runs[i]))
		}
	}
	return bench.SpreadOf(values)
}

func rateOf(s *sample) float64    { return s.Rate }
func answersOf(s *sample) float64 { return s.Answers }
