package bench

import (
	"slices"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Report is a whole measurement. Its JSON is what `scrip bench -o json` prints.
type Report struct {
	Scenario string    `json:"scenario"`
	About    string    `json:"about"`
	Began    time.Time `json:"began"`
	Machine  Machine   `json:"machine"`
	Version  string    `json:"version"`
	Target   Target    `json:"target"`
	Device   Device    `json:"device"`
	Seed     uint64    `json:"seed"`
	Settings Settings  `json:"settings"`
	Phases   []*Phase  `json:"phases"`
	// Figures follow from all runs together.
	Figures []Figure `json:"figures,omitempty"`
	// Failures are why this measurement must not be quoted.
	Failures []string `json:"failures,omitempty"`
}

// Settings are what the configuration said of the load and the data.
type Settings struct {
	Connections int     `json:"connections"`
	Threads     int     `json:"threads"`
	Rate        float64 `json:"rate,omitempty"` // a second; 0 is a closed loop
	Arrivals    string  `json:"arrivals,omitempty"`
	Runs        int     `json:"runs"`
	WarmUp      float64 `json:"warm_up_seconds"`
	Duration    float64 `json:"duration_seconds"`
	Codes       uint64  `json:"codes"`
	Zipf        float64 `json:"zipf,omitempty"`
	Answers     string  `json:"answers"` // minimal or full
	Driver      string  `json:"driver"`
}

// Figure is a derived number.
type Figure struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit,omitempty"`
	// Low and High are the extremes over the runs, where it has them.
	Low  float64 `json:"low,omitempty"`
	High float64 `json:"high,omitempty"`
}

// Phase is one kind of load with all its runs.
type Phase struct {
	Label string    `json:"label"`
	Open  bool      `json:"open_loop"`
	Rate  float64   `json:"offered_rate,omitempty"`
	Runs  []*Result `json:"runs"`
}

// Result is one run.
type Result struct {
	Run     int     `json:"run"`
	Seconds float64 `json:"seconds"`
	// Redemptions a second, and answers a second: successes and refusals of every
	// kind.
	RedemptionRate float64          `json:"redemptions_per_second"`
	AnswerRate     float64          `json:"answers_per_second"`
	Scheduled      int64            `json:"scheduled"`
	Sent           int64            `json:"sent"`
	Dropped        int64            `json:"dropped"`
	Unfinished     int64            `json:"unfinished"`
	WarmUp         int64            `json:"warm_up_requests"`
	Kinds          []KindResult     `json:"kinds"`
	Refusals       map[string]int64 `json:"refusals,omitempty"`
	Failures       map[string]int64 `json:"failures,omitempty"`
	RequestBytes   float64          `json:"request_bytes_mean"`
	AnswerBytes    float64          `json:"answer_bytes_mean"`
	RanOut         bool             `json:"codes_ran_out,omitempty"`
	// CodesMade and CodeRate are of import and generate.
	CodesMade int64   `json:"codes_made,omitempty"`
	CodeRate  float64 `json:"codes_per_second,omitempty"`
	// GeneratorCPU is the processor time of this process for each request, in
	// microseconds; 0 where it carries the target too.
	GeneratorCPU float64 `json:"generator_cpu_us,omitempty"`
	// Course is redemptions in each tenth of a second.
	Course []uint32 `json:"course,omitempty"`
	Audit  *Audit   `json:"audit,omitempty"`
}

// KindResult is one kind of request in a run. Latencies are in milliseconds, of
// answers (successes and refusals), from the intended start.
type KindResult struct {
	Kind      string             `json:"kind"`
	Succeeded int64              `json:"succeeded"`
	Refused   int64              `json:"refused"`
	Unknown   int64              `json:"unknown"`
	Failed    int64              `json:"failed"`
	Units     int64              `json:"redemptions,omitempty"`
	Mean      float64            `json:"mean_ms"`
	Min       float64            `json:"min_ms"`
	Max       float64            `json:"max_ms"`
	At        map[string]float64 `json:"percentiles_ms"`
	OverRange int64              `json:"over_range,omitempty"`
	// Curve is latency by percentile for the chart: pairs of percentile and
	// milliseconds.
	Curve [][2]float64 `json:"curve,omitempty"`
}

// percentiles are those of every report.
var percentiles = []struct {
	name string
	at   float64
}{{"p50", 50}, {"p90", 90}, {"p99", 99}, {"p99.9", 99.9}, {"p99.99", 99.99}}

func newReport(c *Config) *Report {
	r := &Report{
		Scenario: c.Scenario, About: About(c.Scenario), Began: time.Now().UTC().Truncate(time.Second), Machine: thisMachine(),
		Version: c.Version, Target: c.Target, Seed: c.Seed,
		Settings: Settings{Connections: c.Load.Connections, Threads: c.Load.Threads, Rate: c.Load.Rate, Runs: c.Runs,
			WarmUp: c.Load.WarmUp.Seconds(), Duration: c.Load.Duration.Seconds(), Codes: c.Codes, Zipf: c.Zipf,
			Answers: "minimal", Driver: driverName(c)},
	}
	if c.Full {
		r.Settings.Answers = "full"
	}
	if c.Load.Open() {
		r.Settings.Arrivals = c.Load.Arrivals.String()
	}
	return r
}

func driverName(c *Config) string {
	switch {
	case c.Target.Address == "":
		return "callers in process"
	case c.Portable || !hasLoop:
		return "goroutine a connection"
	}
	return "epoll loop"
}

// add enters a run.
func (r *Report) add(p *phase, result *Result) {
	i := slices.IndexFunc(r.Phases, func(have *Phase) bool { return have.Label == p.label })
	if i < 0 {
		i = len(r.Phases)
		r.Phases = append(r.Phases, &Phase{Label: p.label, Open: p.load.Open(), Rate: p.load.Rate})
	}
	r.Phases[i].Runs = append(r.Phases[i].Runs, result)
}

// phase finds a phase by its label; nil when there is none.
func (r *Report) phase(label string) *Phase {
	for _, p := range r.Phases {
		if p.Label == label {
			return p
		}
	}
	return nil
}

func newResult(run int, l *Load, t *Tally) *Result {
	out := &Result{
		Run: run + 1, Seconds: t.Elapsed().Seconds(), Scheduled: t.Scheduled, Sent: t.Sent, Dropped: t.Dropped,
		Unfinished: t.Unfinished, WarmUp: t.WarmUp, Refusals: t.Refusals, Failures: t.Failures, RanOut: t.RanOut,
	}
	// An open loop that went well is as long as it was meant to be; one that ran
	// out, or whose target lagged behind, is as long as it took.
	if d := l.Duration.Seconds(); l.Open() && !t.RanOut && out.Seconds < d && l.Requests == 0 {
		out.Seconds = d
	}
	if out.Seconds > 0 {
		out.RedemptionRate = float64(t.Units()) / out.Seconds
		out.AnswerRate = float64(t.Class(Succeeded)+t.Class(Refused)) / out.Seconds
	}
	if all := t.Sent + t.WarmUp; all > 0 {
		out.RequestBytes = float64(t.Requested) / float64(all)
		out.AnswerBytes = float64(t.Answered) / float64(all)
	}
	for k, kt := range t.Kinds {
		if kt != nil {
			out.Kinds = append(out.Kinds, newKindResult(Kind(k), kt))
		}
	}
	slots := int(out.Seconds*float64(time.Second)/float64(slotWidth)) + 1
	out.Course = t.Slots[:min(slots, len(t.Slots))]
	return out
}

func newKindResult(k Kind, t *KindTally) KindResult {
	out := KindResult{
		Kind: k.String(), Succeeded: t.Classes[Succeeded], Refused: t.Classes[Refused], Unknown: t.Classes[Unknown],
		Failed: t.Classes[Failed], OverRange: t.OverRange, At: map[string]float64{},
	}
	if k.redeems() {
		out.Units = t.Units
	}
	if t.Latency.TotalCount() == 0 {
		return out
	}
	out.Mean = t.Latency.Mean() / 1e6
	out.Min, out.Max = millis(t.Latency.Min()), millis(t.Latency.Max())
	for _, p := range percentiles {
		out.At[p.name] = millis(t.Latency.ValueAtPercentile(p.at))
	}
	out.Curve = curve(t.Latency)
	return out
}

func millis(nanos int64) float64 { return float64(nanos) / 1e6 }

// curveTicks is the grain of the curve: five points for each halving of what is
// beyond a percentile.
const curveTicks = 5

// curve is the latency by percentile, up to the largest.
func curve(h *hdrhistogram.Histogram) [][2]float64 {
	var out [][2]float64
	for _, b := range h.CumulativeDistributionWithTicks(curveTicks) {
		out = append(out, [2]float64{b.Quantile, millis(b.ValueAt)})
	}
	return out
}

// Kind finds a kind's result; nil when it was not asked for.
func (r *Result) Kind(name string) *KindResult {
	for i := range r.Kinds {
		if r.Kinds[i].Kind == name {
			return &r.Kinds[i]
		}
	}
	return nil
}
