package bench

import "slices"

// Spread is a number over several runs.
type Spread struct{ Min, Median, Max float64 }

// spreadOf orders values. Of an even number the median is the lower middle one:
// a number that was measured.
func spreadOf(values []float64) Spread {
	if len(values) == 0 {
		return Spread{}
	}
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	return Spread{Min: sorted[0], Median: sorted[(len(sorted)-1)/2], Max: sorted[len(sorted)-1]}
}

// Over is the spread of a number over the runs of a phase.
func (p *Phase) Over(f func(*Result) float64) Spread {
	values := make([]float64, 0, len(p.Runs))
	for _, r := range p.Runs {
		values = append(values, f(r))
	}
	return spreadOf(values)
}

// Latency is the spread of a percentile of a kind, in milliseconds.
func (p *Phase) Latency(kind, percentile string) Spread {
	return p.Over(func(r *Result) float64 {
		k := r.Kind(kind)
		switch {
		case k == nil:
			return 0
		case percentile == "max":
			return k.Max
		case percentile == "mean":
			return k.Mean
		}
		return k.At[percentile]
	})
}

// Sum adds a count over the runs.
func (p *Phase) Sum(f func(*Result) int64) (n int64) {
	for _, r := range p.Runs {
		n += f(r)
	}
	return n
}

// kinds are the kinds that a phase asked for, in order.
func (p *Phase) kinds() []string {
	var out []string
	for _, name := range kindNames {
		if slices.ContainsFunc(p.Runs, func(r *Result) bool { return r.Kind(name) != nil }) {
			out = append(out, name)
		}
	}
	return out
}
