package bench

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"strings"
)

// The page: its text, its style and its frame. It loads nothing from elsewhere.
//
//go:embed page.html
var pageText string

// WriteHTML writes a report as one page that needs nothing else: charts are
// inline SVG, and colours follow the reader's light or dark.
func WriteHTML(w io.Writer, r *Report) error {
	t, err := template.New("page").Funcs(template.FuncMap{"number": number}).Parse(pageText)
	if err != nil {
		return fmt.Errorf("page of the report: %w", err)
	}
	whole, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return fmt.Errorf("page of the report: %w", err)
	}
	page := pageData{Report: r, Device: deviceText(&r.Device), Load: loadText(&r.Settings), JSON: string(whole)}
	for _, f := range r.Figures {
		page.Figures = append(page.Figures, [2]string{f.Name, figureText(f)})
	}
	for _, p := range r.Phases {
		page.Phases = append(page.Phases, pageOf(p))
	}
	return t.Execute(w, page)
}

// pageData is what the template is filled with.
type pageData struct {
	*Report
	Device, Load, JSON string
	Figures            [][2]string
	Phases             []pagePhase
}

type pagePhase struct {
	Label  string
	Header []string
	Rows   [][]string
	Counts [][2]string
	Charts []template.HTML
}

func pageOf(p *Phase) pagePhase {
	out := pagePhase{Label: p.Label, Header: []string{"", "median", "min", "max"}}
	for _, r := range p.Runs {
		out.Header = append(out.Header, fmt.Sprintf("run %d", r.Run))
	}
	out.row(p, "redemptions/s", number, func(r *Result) float64 { return r.RedemptionRate })
	out.row(p, "answers/s", number, func(r *Result) float64 { return r.AnswerRate })
	out.row(p, "codes/s", number, func(r *Result) float64 { return r.CodeRate })
	if p.Runs[0].CodesMade > 0 {
		out.row(p, "seconds", number, func(r *Result) float64 { return r.Seconds })
		return out
	}
	for _, kind := range p.kinds() {
		for _, name := range latencyMetrics {
			out.row(p, kind+" "+name+" ms", func(v float64) string { return fmt.Sprintf("%.3f", v) }, func(r *Result) float64 {
				one := Phase{Runs: []*Result{r}}
				return one.Latency(kind, name).Median
			})
		}
		out.Charts = append(out.Charts, template.HTML(latencyChart(p, kind)))
	}
	out.Charts = append(out.Charts, template.HTML(courseChart(p)))
	out.counts(p)
	return out
}

func (o *pagePhase) row(p *Phase, name string, text func(float64) string, f func(*Result) float64) {
	s := p.Over(f)
	if s.Max == 0 {
		return
	}
	row := []string{name, text(s.Median), text(s.Min), text(s.Max)}
	for _, r := range p.Runs {
		row = append(row, text(f(r)))
	}
	o.Rows = append(o.Rows, row)
}

// counts tells what became of the requests of each run.
func (o *pagePhase) counts(p *Phase) {
	for _, r := range p.Runs {
		var parts []string
		for _, k := range r.Kinds {
			parts = append(parts, fmt.Sprintf("%s: %d succeeded, %d refused, %d unknown, %d failed", k.Kind, k.Succeeded, k.Refused, k.Unknown, k.Failed))
		}
		parts = append(parts, fmt.Sprintf("%d scheduled, %d sent, %d dropped, %d unfinished", r.Scheduled, r.Sent, r.Dropped, r.Unfinished))
		if r.Audit != nil {
			parts = append(parts, "audit "+r.Audit.String())
		}
		o.Counts = append(o.Counts, [2]string{fmt.Sprintf("run %d", r.Run), strings.Join(parts, " · ")})
	}
}
