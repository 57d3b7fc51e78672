package bench

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// WriteTable writes a report for people.
func WriteTable(w io.Writer, r *Report) error {
	var out bytes.Buffer
	t := &tableWriter{tabwriter.NewWriter(&out, 0, 4, 2, ' ', 0)}
	t.head(r)
	for _, p := range r.Phases {
		t.phase(p)
	}
	if len(r.Figures) > 0 {
		t.line("")
		for _, f := range r.Figures {
			t.line("%s\t%s", f.Name, figureText(f))
		}
	}
	for _, f := range r.Failures {
		t.line("\nFAILED: %s", f)
	}
	if err := t.w.Flush(); err != nil {
		return err
	}
	_, err := w.Write(out.Bytes())
	return err
}

func figureText(f Figure) string {
	text := strings.TrimSpace(number(f.Value) + " " + f.Unit)
	if f.Low != f.High {
		text += fmt.Sprintf(" (%s to %s)", number(f.Low), number(f.High))
	}
	return text
}

// tableWriter aligns columns. It writes into memory, which cannot fail.
type tableWriter struct{ w *tabwriter.Writer }

func (t *tableWriter) line(format string, args ...any) {
	_, _ = fmt.Fprintf(t.w, format+"\n", args...)
}

func (t *tableWriter) head(r *Report) {
	m, s := &r.Machine, &r.Settings
	t.line("Scenario\t%s: %s", r.Scenario, r.About)
	t.line("Machine\t%s, %d cores, %d MiB, %s", m.CPU, m.Cores, m.MemoryMiB, m.Kernel)
	t.line("Versions\tscrip bench %s, %s, GOMAXPROCS %d; target %s", r.Version, m.Go, m.GOMAXPROCS, r.Target.Version)
	t.line("Target\t%s", strings.TrimSpace(r.Target.Name+" "+r.Target.Address))
	t.line("Durability\t%s", r.Target.Durability)
	t.line("fdatasync\t%s", deviceText(&r.Device))
	t.line("Load\t%s", loadText(s))
}

func deviceText(d *Device) string {
	if d.Before == nil {
		return "not measured: the data directory is not known here"
	}
	text := fmt.Sprintf("p50 %.3f ms, p99 %.3f ms before", d.Before.P50, d.Before.P99)
	if d.After != nil {
		text += fmt.Sprintf("; p50 %.3f ms, p99 %.3f ms after", d.After.P50, d.After.P99)
	}
	return text
}

func loadText(s *Settings) string {
	kind := "closed loop"
	if s.Rate > 0 {
		kind = fmt.Sprintf("open loop, %s/s, %s arrivals", number(s.Rate), s.Arrivals)
	}
	return fmt.Sprintf("%s, %d connections, %d threads (%s), %gs after %gs of warm-up, %d runs, %s answers",
		kind, s.Connections, s.Threads, s.Driver, s.Duration, s.WarmUp, s.Runs, s.Answers)
}

func (t *tableWriter) phase(p *Phase) {
	t.line("\n%s\tmedian\tmin\tmax\tby run", p.Label)
	t.spread("redemptions/s", p, func(r *Result) float64 { return r.RedemptionRate })
	t.spread("answers/s", p, func(r *Result) float64 { return r.AnswerRate })
	for _, kind := range p.kinds() {
		for _, name := range []string{"mean", "p50", "p90", "p99", "p99.9", "p99.99", "max"} {
			s := p.Latency(kind, name)
			t.line("%s %s ms\t%.3f\t%.3f\t%.3f", kind, name, s.Median, s.Min, s.Max)
		}
	}
	if p.Runs[0].CodesMade > 0 {
		t.spread("codes/s", p, func(r *Result) float64 { return r.CodeRate })
		t.spread("seconds", p, func(r *Result) float64 { return r.Seconds })
		return
	}
	t.counts(p)
}

func (t *tableWriter) spread(name string, p *Phase, f func(*Result) float64) {
	s := p.Over(f)
	if s.Max == 0 {
		return
	}
	var runs []string
	for _, r := range p.Runs {
		runs = append(runs, number(f(r)))
	}
	t.line("%s\t%s\t%s\t%s\t%s", name, number(s.Median), number(s.Min), number(s.Max), strings.Join(runs, " "))
}

// counts tells where every request of all runs went (B2).
func (t *tableWriter) counts(p *Phase) {
	t.line("requests\t%d scheduled, %d sent, %d dropped, %d unfinished; %d of warm-up",
		p.Sum(func(r *Result) int64 { return r.Scheduled }), p.Sum(func(r *Result) int64 { return r.Sent }),
		p.Sum(func(r *Result) int64 { return r.Dropped }), p.Sum(func(r *Result) int64 { return r.Unfinished }),
		p.Sum(func(r *Result) int64 { return r.WarmUp }))
	for _, kind := range p.kinds() {
		sum := func(f func(*KindResult) int64) int64 {
			return p.Sum(func(r *Result) int64 {
				if k := r.Kind(kind); k != nil {
					return f(k)
				}
				return 0
			})
		}
		t.line("%s\t%d succeeded, %d refused, %d unknown, %d failed", kind,
			sum(func(k *KindResult) int64 { return k.Succeeded }), sum(func(k *KindResult) int64 { return k.Refused }),
			sum(func(k *KindResult) int64 { return k.Unknown }), sum(func(k *KindResult) int64 { return k.Failed }))
	}
	t.names("refusals", p, func(r *Result) map[string]int64 { return r.Refusals })
	t.names("failures", p, func(r *Result) map[string]int64 { return r.Failures })
	if r := p.Runs[0]; r.RequestBytes > 0 {
		t.line("payload\t%.0f bytes a request, %.0f bytes an answer, headers included", r.RequestBytes, r.AnswerBytes)
	}
	if p.Runs[0].GeneratorCPU > 0 {
		s := p.Over(func(r *Result) float64 { return r.GeneratorCPU })
		t.line("generator\t%.2f µs of processor time a request (%.2f to %.2f)", s.Median, s.Min, s.Max)
	}
	for _, r := range p.Runs {
		if r.RanOut {
			t.line("run %d\tended after %.2f s: the codes ran out", r.Run, r.Seconds)
		}
		if a := r.Audit; a != nil {
			t.line("audit %d\t%s", r.Run, a)
		}
	}
}

func (t *tableWriter) names(title string, p *Phase, f func(*Result) map[string]int64) {
	all := map[string]int64{}
	for _, r := range p.Runs {
		for name, n := range f(r) {
			all[name] += n // order: a sum
		}
	}
	if len(all) == 0 {
		return
	}
	var names []string
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names)
	for i, name := range names {
		names[i] = fmt.Sprintf("%s %d", name, all[name])
	}
	t.line("%s\t%s", title, strings.Join(names, ", "))
}

// String is the audit in a line.
func (a *Audit) String() string {
	verdict := "clean"
	if !a.Clean() {
		verdict = fmt.Sprintf("%d VIOLATIONS", len(a.Violations)+a.More)
	}
	return fmt.Sprintf("%s: %d acknowledged, %d unknowns redeemed and %d not, %d listed of which %d rolled back, %d codes checked, %.1f s",
		verdict, a.Acknowledged, a.Settled, a.Refused, a.Listed, a.RolledBack, a.Checked, a.Seconds)
}

// number prints with three digits after the point when it is small, and with none
// when it is large.
func number(v float64) string {
	switch {
	case v >= 100 || v == float64(int64(v)):
		return fmt.Sprintf("%.0f", v)
	case v >= 1:
		return fmt.Sprintf("%.2f", v)
	}
	return fmt.Sprintf("%.3f", v)
}
