package main

import (
	"fmt"
	"maps"
	"slices"

	"github.com/scrip-engine/scrip/bench"
)

// goal is a figure with what it should be. Of several rounds it is the middle one,
// with the extremes.
type goal struct {
	Name  string  `json:"name"` // N1
	What  string  `json:"what"`
	Goal  float64 `json:"goal"`
	Most  bool    `json:"at_most,omitempty"` // the goal is an upper bound
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
	Unit  string  `json:"unit,omitempty"`
	// Missing says that nothing was measured.
	Missing bool `json:"missing,omitempty"`
}

func newGoal(name, what string, want float64, most bool, unit string, values []float64) goal {
	s := bench.SpreadOf(values)
	return goal{Name: name, What: what, Goal: want, Most: most, Unit: unit, Value: s.Median, Low: s.Min, High: s.Max, Missing: len(values) == 0}
}

// reached compares the middle value.
func (g *goal) reached() bool {
	if g.Most {
		return !g.Missing && g.Value <= g.Goal
	}
	return !g.Missing && g.Value >= g.Goal
}

// The goals of docs/BENCHMARKS.md.
const (
	goalRedis       = 2.0
	goalBare        = 0.75
	goalPostgres    = 30
	goalBatch       = 400_000
	goalBatchEngine = 1_000_000
	goalLatency     = 2.5
	goalRefusals    = 0.9
	goalFlood       = 1.5
)

// conclude computes the goals from the cells.
func (r *peersReport) conclude() {
	r.Goals = nil
	add := func(g goal) { r.Goals = append(r.Goals, g) }
	for _, c := range r.wide() {
		for _, load := range []string{loadCustomer, loadHot, loadUnique} {
			redis := append(r.find(systemRedis, load, c), r.find(systemRedisOwn, load, c)...)
			add(newGoal("N1", fmt.Sprintf("%s, %d connections: to Redis", load, c), goalRedis, false, "",
				ratios(r.byRound(rateOf, r.find(systemScrip, load, c)...), r.byRound(rateOf, redis...))))
		}
	}
	for _, c := range r.wide() {
		ceiling := r.byRound(answersOf, r.find(systemBare, loadAny, c)...)
		for _, load := range []string{loadHot, loadCustomer, loadFull, loadUnique} {
			add(newGoal("N2", fmt.Sprintf("%s, %d connections: to the bare handler", load, c), goalBare, false, "",
				ratios(r.byRound(rateOf, r.find(systemScrip, load, c)...), ceiling)))
		}
	}
	hot := r.byRound(rateOf, r.find(systemScrip, loadHot, 64)...)
	add(newGoal("N3", "one hot code, 64 connections: to PostgreSQL with 32 or 64, the better", goalPostgres, false, "",
		ratios(hot, r.byRound(rateOf, r.find(systemPostgres, loadHot, 32, 64)...))))
	add(newGoal("N3", "the same: to PostgreSQL at its best, with one connection too", goalPostgres, false, "",
		ratios(hot, r.byRound(rateOf, r.find(systemPostgres, loadHot)...))))
	add(newGoal("N4", "batches of 100 over HTTP", goalBatch, false, "/s", values(r.byRound(rateOf, r.find(systemScrip, loadBatch)...))))
	add(newGoal("N4", "batches of 100 in process, through RedeemBatch", goalBatchEngine, false, "/s",
		values(r.byRound(rateOf, r.find(systemEngine, loadBatch)...))))
	p50 := r.byRound(func(s *sample) float64 { return s.P50 }, r.find(systemScrip, loadHot, 1)...)
	add(newGoal("N5", "p50 at 1 connection: to p50 of fdatasync", goalLatency, true, "", ratios(p50, r.syncByRound())))
	for _, c := range r.wide() {
		ceiling := r.byRound(answersOf, r.find(systemBare, loadAny, c)...)
		for _, load := range []string{loadUnknown, loadExhausted} {
			add(newGoal("N6", fmt.Sprintf("%s, %d connections: to the bare handler", load, c), goalRefusals, false, "",
				ratios(r.byRound(answersOf, r.find(systemScrip, load, c)...), ceiling)))
		}
	}
	add(newGoal("N6", floodFigure, goalFlood, true, "", r.Flood))
}

// wide are the numbers of connections that are for throughput.
func (r *peersReport) wide() (out []int) {
	for _, c := range r.Settings.Connections {
		if c > 1 {
			out = append(out, c)
		}
	}
	return out
}

// syncByRound is p50 of fdatasync about each round: the mean of before and after.
func (r *peersReport) syncByRound() map[int]float64 {
	out := map[int]float64{}
	for i := 1; i < len(r.Device); i++ {
		out[i] = (r.Device[i-1].P50 + r.Device[i].P50) / 2
	}
	return out
}

// ratios are taken within a round.
func ratios(above, below map[int]float64) (out []float64) {
	for _, round := range slices.Sorted(maps.Keys(above)) {
		if below[round] > 0 {
			out = append(out, above[round]/below[round])
		}
	}
	return out
}

func values(of map[int]float64) (out []float64) {
	for _, round := range slices.Sorted(maps.Keys(of)) {
		out = append(out, of[round])
	}
	return out
}
