package bench

import (
	"fmt"
	"html"
	"math"
	"strings"
	"time"
)

// The size of a chart in its own units, and of the frame around the curves.
const (
	chartWidth, chartHeight               = 900, 320
	frameLeft, frameRight, frameTop, base = 70, 20, 34, 36
	// seriesColours is how many colours the page knows; later runs repeat them.
	seriesColours = 6
)

// chart draws curves over two axes into SVG.
type chart struct {
	out        strings.Builder
	x, y       func(float64) float64 // to the units of the chart
	ends       [4]float64            // lowest and highest x and y
	curvesDone int
}

// newChart begins a chart. logX and logY scale an axis by its logarithm.
func newChart(title string, ends [4]float64, logY bool) *chart {
	c := &chart{ends: ends}
	c.x = scale(ends[0], ends[1], frameLeft, chartWidth-frameRight, false)
	c.y = scale(ends[2], ends[3], chartHeight-base, frameTop, logY)
	fmt.Fprintf(&c.out, `<svg viewBox="0 0 %d %d" role="img" aria-label="%s">`, chartWidth, chartHeight, html.EscapeString(title))
	fmt.Fprintf(&c.out, `<text class="title" x="%d" y="18">%s</text>`, frameLeft, html.EscapeString(title))
	return c
}

// scale maps low to high onto from to to.
func scale(low, high, from, to float64, logarithm bool) func(float64) float64 {
	if logarithm {
		low, high = math.Log10(low), math.Log10(high)
	}
	if high <= low {
		high = low + 1
	}
	return func(v float64) float64 {
		if logarithm {
			v = math.Log10(v)
		}
		return from + (min(max(v, low), high)-low)/(high-low)*(to-from)
	}
}

// gridX draws a line up at x with a text under it, gridY one across.
func (c *chart) gridX(x float64, text string) {
	at := c.x(x)
	fmt.Fprintf(&c.out, `<line class="grid" x1="%.1f" y1="%d" x2="%.1f" y2="%d"/><text x="%.1f" y="%d" text-anchor="middle">%s</text>`,
		at, frameTop, at, chartHeight-base, at, chartHeight-base+18, html.EscapeString(text))
}

func (c *chart) gridY(y float64, text string) {
	at := c.y(y)
	fmt.Fprintf(&c.out, `<line class="grid" x1="%d" y1="%.1f" x2="%d" y2="%.1f"/><text x="%d" y="%.1f" text-anchor="end">%s</text>`,
		frameLeft, at, chartWidth-frameRight, at, frameLeft-8, at+4, html.EscapeString(text))
}

// curve draws a line through points and names it in the corner.
func (c *chart) curve(name string, points [][2]float64, steps bool) {
	var path strings.Builder
	for i, p := range points {
		switch {
		case i == 0:
			fmt.Fprintf(&path, "M%.1f %.1f", c.x(p[0]), c.y(p[1]))
		case steps:
			fmt.Fprintf(&path, "H%.1fV%.1f", c.x(p[0]), c.y(p[1]))
		default:
			fmt.Fprintf(&path, "L%.1f %.1f", c.x(p[0]), c.y(p[1]))
		}
	}
	colour := c.curvesDone % seriesColours
	at := chartWidth - frameRight - 70*(c.curvesDone%seriesColours+1)
	fmt.Fprintf(&c.out, `<path class="curve s%d" d="%s"/><line class="curve s%d" x1="%d" y1="14" x2="%d" y2="14"/><text x="%d" y="18">%s</text>`,
		colour, path.String(), colour, at, at+16, at+20, html.EscapeString(name))
	c.curvesDone++
}

func (c *chart) end() string { return c.out.String() + "</svg>" }

// latencyChart is latency by percentile. The axis of percentiles is logarithmic
// in what is beyond them, so that each nine has the same width.
func latencyChart(p *Phase, kind string) string {
	low, high, most := math.Inf(1), 0.0, 1.0
	for _, r := range p.Runs {
		k := r.Kind(kind)
		if k == nil {
			continue
		}
		for _, point := range k.Curve {
			low, high = min(low, point[1]), max(high, point[1])
		}
		most = max(most, nines(99), math.Log10(float64(max(10, k.Succeeded+k.Refused))))
	}
	if high == 0 {
		return ""
	}
	low, high = math.Pow(10, math.Floor(math.Log10(max(low, 1e-6)))), math.Pow(10, math.Ceil(math.Log10(high)))
	c := newChart(kind+": latency in ms by percentile", [4]float64{0, most, low, high}, true)
	for _, tick := range []string{"0", "50", "90", "99", "99.9", "99.99", "99.999"} {
		var at float64
		if _, err := fmt.Sscan(tick, &at); err == nil && nines(at) <= most {
			c.gridX(nines(at), tick+" %")
		}
	}
	for y := low; y <= high*1.01; y *= 10 {
		c.gridY(y, number(y))
	}
	for _, r := range p.Runs {
		if k := r.Kind(kind); k != nil {
			var points [][2]float64
			for _, point := range k.Curve {
				points = append(points, [2]float64{min(nines(point[0]), most), point[1]})
			}
			c.curve(fmt.Sprintf("run %d", r.Run), points, false)
		}
	}
	return c.end()
}

// nines is where a percentile lies: 0 % at 0, 90 % at 1, 99 % at 2.
func nines(percentile float64) float64 {
	beyond := 1 - percentile/100
	if beyond <= 0 {
		return math.Inf(1)
	}
	return -math.Log10(beyond)
}

// courseChart is throughput over time.
func courseChart(p *Phase) string {
	seconds, high := 0.0, 0.0
	each := slotWidth.Seconds()
	for _, r := range p.Runs {
		seconds = max(seconds, float64(len(r.Course))*each)
		for _, n := range r.Course {
			high = max(high, float64(n)/each)
		}
	}
	if high == 0 {
		return ""
	}
	c := newChart("successes per second over time, in steps of "+slotWidth.Round(time.Millisecond).String(), [4]float64{0, seconds, 0, high * 1.05}, false)
	for i := range 5 {
		c.gridY(high*float64(i)/4, number(math.Round(high*float64(i)/4)))
		c.gridX(seconds*float64(i)/4, number(seconds*float64(i)/4)+" s")
	}
	for _, r := range p.Runs {
		var points [][2]float64
		for i, n := range r.Course {
			points = append(points, [2]float64{float64(i) * each, float64(n) / each})
		}
		c.curve(fmt.Sprintf("run %d", r.Run), points, true)
	}
	return c.end()
}
