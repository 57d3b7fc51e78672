package bench

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Condition is one under which a measurement fails.
type Condition struct {
	text   string
	kind   string // of request; empty: the first of a phase
	metric string
	op     string
	value  float64 // of latencies, milliseconds
}

// metrics of conditions beside percentiles. Counts are summed over the runs.
var countMetrics = []string{"succeeded", "refused", "unknown", "failed", "dropped", "unfinished"}

var latencyMetrics = []string{"mean", "p50", "p90", "p99", "p99.9", "p99.99", "max"}

// ParseConditions reads conditions such as p99>50ms, redeem.p99.9>=0.2s,
// rate<20000 and unknown>0.
func ParseConditions(texts []string) ([]Condition, error) {
	var out []Condition
	var errs []error
	for _, text := range texts {
		c, err := parseCondition(text)
		if err != nil {
			errs = append(errs, fmt.Errorf("%q: %w", text, err))
		}
		out = append(out, c)
	}
	return out, errors.Join(errs...)
}

func parseCondition(text string) (Condition, error) {
	c := Condition{text: text}
	at := strings.IndexAny(text, "<>")
	if at < 0 {
		return c, errors.New("is not of the form metric>value")
	}
	c.metric, c.op = strings.TrimSpace(text[:at]), text[at:at+1]
	value := text[at+1:]
	if strings.HasPrefix(value, "=") {
		c.op, value = c.op+"=", value[1:]
	}
	if kind, metric, ok := strings.Cut(c.metric, "."); ok && slices.Contains(kindNames[:], kind) {
		c.kind, c.metric = kind, metric
	}
	value = strings.TrimSpace(value)
	if slices.Contains(latencyMetrics, c.metric) {
		d, err := time.ParseDuration(value)
		c.value = millis(int64(d))
		return c, err
	}
	if c.metric != "rate" && c.metric != "answers" && !slices.Contains(countMetrics, c.metric) {
		return c, fmt.Errorf("%q is no metric", c.metric)
	}
	v, err := strconv.ParseFloat(value, 64)
	c.value = v
	return c, err
}

// holds reports whether a value meets the condition.
func (c *Condition) holds(v float64) bool {
	switch c.op {
	case ">":
		return v > c.value
	case ">=":
		return v >= c.value
	case "<":
		return v < c.value
	}
	return v <= c.value
}

// Judge enters into Failures every condition that a phase meets.
func (r *Report) Judge(conditions []Condition) {
	for i := range conditions {
		c := &conditions[i]
		met := false
		for _, p := range r.Phases {
			v, known := c.of(p)
			met = met || known
			if known && c.holds(v) {
				r.Failures = append(r.Failures, fmt.Sprintf("%s: %s is %s", c.text, p.Label, number(v)))
			}
		}
		if !met {
			r.Failures = append(r.Failures, c.text+": nothing of that kind was measured")
		}
	}
}

// of is the value that a condition speaks of; false when the phase has none.
func (c *Condition) of(p *Phase) (float64, bool) {
	kinds := p.kinds()
	kind := c.kind
	if kind == "" && len(kinds) > 0 {
		kind = kinds[0]
	}
	switch {
	case c.metric == "rate":
		return p.Over(func(r *Result) float64 { return r.RedemptionRate }).Median, true
	case c.metric == "answers":
		return p.Over(func(r *Result) float64 { return r.AnswerRate }).Median, true
	case slices.Contains(latencyMetrics, c.metric):
		return p.Latency(kind, c.metric).Median, slices.Contains(kinds, kind)
	}
	total := p.Sum(func(r *Result) int64 { return r.counted(c.metric, c.kind) })
	return float64(total), c.kind == "" || slices.Contains(kinds, c.kind)
}

// counted is one of countMetrics, of one kind or of all.
func (r *Result) counted(metric, kind string) (n int64) {
	switch metric {
	case "dropped":
		return r.Dropped
	case "unfinished":
		return r.Unfinished
	}
	for i := range r.Kinds {
		k := &r.Kinds[i]
		if kind != "" && k.Kind != kind {
			continue
		}
		n += map[string]int64{"succeeded": k.Succeeded, "refused": k.Refused, "unknown": k.Unknown, "failed": k.Failed}[metric]
	}
	return n
}
