package main

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"strings"

	"github.com/scrip-engine/scrip/bench"
)

// The parts of docs/BENCHMARKS.md that are written by measurements.
const (
	partPeers = "peers"
	partScale = "scale"
)

// replacePart puts text between the markers of a part.
func replacePart(page []byte, part, text string) ([]byte, error) {
	begin, end := fmt.Appendf(nil, "<!-- measured: %s -->\n", part), fmt.Appendf(nil, "<!-- end of %s -->\n", part)
	from := bytes.Index(page, begin)
	to := bytes.Index(page, end)
	if from < 0 || to < from || bytes.Count(page, begin) != 1 || bytes.Count(page, end) != 1 {
		return nil, fmt.Errorf("the page does not have the markers %q and %q once each, in this order", begin, end)
	}
	out := append([]byte(nil), page[:from+len(begin)]...)
	out = append(append(out, '\n'), strings.TrimSpace(text)...)
	return append(append(out, "\n\n"...), page[to:]...), nil
}

// rewrite replaces a part of a file.
func rewrite(path, part, text string) error {
	page, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	page, err = replacePart(page, part, text)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.WriteFile(path, page, 0o644)
}

// markdown is the report as a part of the page.
func (r *peersReport) markdown() string {
	var b strings.Builder
	line := func(format string, args ...any) { _, _ = fmt.Fprintf(&b, format+"\n", args...) } // into memory: cannot fail
	writeHead(line, r.Began.Format("2006-01-02 15:04 MST"), &r.Machine, r.Commit, r.Command)
	for _, name := range []string{systemScrip, systemRedis, systemPostgres} {
		if v := r.Versions[name]; v != "" {
			line("- %s: %s", name, v)
		}
	}
	line("- fdatasync of 4 KiB appended, p50 / p99 in ms, before each round and after the last: %s", deviceText(r.Device))
	line("- %d rounds; %v measured after %v of warm-up a run (batches: %v); closed loop, one request under way a connection%s",
		r.Settings.Rounds, r.Settings.Duration, r.Settings.WarmUp, r.Settings.BatchTime, quickText(r.Settings.Quick))
	line("\n### Goals\n")
	writeGoals(line, r.Goals)
	line("\n### All runs\n")
	line("Redemptions a second (for refusals and the bare handler: answers a second), the middle round and the extremes; latencies of the middle round.\n")
	line("| system | load | connections | rate | min–max | p50 ms | p99 ms | p99.9 ms |\n| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |")
	for _, c := range r.Cells {
		rate := c.over(rateOf)
		if c.Load == loadAny || rate.Max == 0 {
			rate = c.over(answersOf)
		}
		p50, p99, p999 := c.over(func(s *sample) float64 { return s.P50 }), c.over(func(s *sample) float64 { return s.P99 }), c.over(func(s *sample) float64 { return s.P999 })
		line("| %s | %s | %d | %s | %s–%s | %s | %s | %s |", c.System, c.Load, c.Connections,
			thousands(rate.Median), thousands(rate.Min), thousands(rate.Max), latency(p50), latency(p99), latency(p999))
	}
	writeList(line, "Not measured", r.NotMeasured)
	writeList(line, "Failed runs", r.Failures)
	if len(r.Failures) == 0 {
		line("\nEvery audit of every run was clean.")
	}
	return b.String()
}

func writeHead(line func(string, ...any), when string, m *bench.Machine, commit, command string) {
	line("- measured: %s, by `%s`", when, command)
	line("- machine: %s, %d cores, %d MiB, %s; %s, GOMAXPROCS %d", m.CPU, m.Cores, m.MemoryMiB, m.Kernel, m.Go, m.GOMAXPROCS)
	line("- commit: %s", commit)
}

func quickText(quick bool) string {
	if quick {
		return ". **A quick run: short, and not to be quoted**"
	}
	return ""
}

func writeGoals(line func(string, ...any), goals []goal) {
	line("| | what | goal | figure | min–max | |\n| --- | --- | ---: | ---: | ---: | --- |")
	for i := range goals {
		g := &goals[i]
		sign, verdict := "≥", "not reached"
		if g.Most {
			sign = "≤"
		}
		if g.reached() {
			verdict = "reached"
		}
		figure, spread := short(g.Value)+g.Unit, short(g.Low)+"–"+short(g.High)
		if g.Missing {
			figure, spread, verdict = "", "", "not measured"
		}
		line("| %s | %s | %s %s%s | %s | %s | %s |", g.Name, g.What, sign, short(g.Goal), g.Unit, figure, spread, verdict)
	}
}

func writeList(line func(string, ...any), title string, items []string) {
	if len(items) == 0 {
		return
	}
	line("\n%s:\n", title)
	for _, item := range items {
		line("- %s", strings.ReplaceAll(item, "\n", " "))
	}
}

func deviceText(device []bench.Fdatasync) string {
	var parts []string
	for _, d := range device {
		parts = append(parts, fmt.Sprintf("%.3f / %.3f", d.P50, d.P99))
	}
	return strings.Join(parts, ", ")
}

func latency(s bench.Spread) string {
	if s.Max == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f", s.Median)
}

// short prints ratios with two digits and large numbers in groups.
func short(v float64) string {
	if math.Abs(v) >= 100 {
		return thousands(v)
	}
	return strings.TrimSuffix(fmt.Sprintf("%.2f", v), ".00")
}

// thousands prints a whole number in groups of three.
func thousands(v float64) string {
	digits := fmt.Sprintf("%.0f", v)
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 && digits[i-1] != '-' {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return b.String()
}
