package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/scrip-engine/scrip/bench"
)

const (
	// liveEvery refreshes the block of a terminal; faster is not readable.
	liveEvery = 250 * time.Millisecond
	// plainEvery spaces the lines where there is no terminal.
	plainEvery = 2 * time.Second
)

// watchBench shows how a measurement goes: a block that refreshes itself on a
// terminal, a line now and then elsewhere, nothing beside JSON. The caller calls
// stop when it is over.
func (a *app) watchBench(c *bench.Config) (stop func()) {
	if a.json {
		c.Say = nil
		return func() {}
	}
	c.Live = new(bench.Live)
	w := &watcher{app: a, live: c.Live, said: make(chan string, 16), done: make(chan struct{}), ended: make(chan struct{})}
	c.Say = func(format string, args ...any) { w.said <- fmt.Sprintf(format, args...) }
	go w.run()
	return func() { close(w.done); <-w.ended }
}

// watcher alone writes while a measurement runs, so that lines and the block do
// not mix.
type watcher struct {
	*app
	live        *bench.Live
	said        chan string
	done, ended chan struct{}
	lines       int // of the block on the screen
	before      bench.LiveView
	at          time.Time
}

func (w *watcher) run() {
	defer close(w.ended)
	every := plainEvery
	if w.terminal {
		every = liveEvery
	}
	looks := time.NewTicker(every)
	defer looks.Stop()
	w.at = time.Now()
	for {
		select {
		case text := <-w.said:
			w.wipe()
			w.say("%s", text)
		case <-looks.C:
			w.look()
		case <-w.done:
			w.wipe()
			return
		}
	}
}

// look shows what happened since the last look.
func (w *watcher) look() {
	v, now := w.live.Look(), time.Now()
	seconds := now.Sub(w.at).Seconds()
	units, moved := v.Units-w.before.Units, v.Label == w.before.Label && v.Elapsed > w.before.Elapsed
	w.before, w.at = v, now
	if !moved {
		return
	}
	counts := fmt.Sprintf("%d succeeded, %d refused, %d unknown, %d failed",
		v.Classes[bench.Succeeded], v.Classes[bench.Refused], v.Classes[bench.Unknown], v.Classes[bench.Failed])
	rate := fmt.Sprintf("%.0f redemptions/s, latency mean %v max %v", float64(units)/seconds,
		v.Mean.Round(time.Microsecond), v.Max.Round(time.Microsecond))
	if !w.terminal {
		w.say("%s: %v: %s; %s; %d waiting", v.Label, v.Elapsed.Round(time.Second/10), rate, counts, v.Waiting)
		return
	}
	w.wipe()
	w.block(v, rate, counts)
}

// block draws four lines.
func (w *watcher) block(v bench.LiveView, rate, counts string) {
	const width = 40
	filled := int(min(1, v.Elapsed.Seconds()/max(v.Total.Seconds(), 0.001)) * width)
	lines := []string{
		fmt.Sprintf("%s  [%s%s] %v of %v", v.Label, strings.Repeat("=", filled), strings.Repeat(" ", width-filled),
			v.Elapsed.Round(time.Second/10), v.Total),
		"  " + rate,
		"  " + counts,
		fmt.Sprintf("  %d under way, %d waiting", v.InFlight, v.Waiting),
	}
	w.say("%s", strings.Join(lines, "\n"))
	w.lines = len(lines)
}

// wipe takes the block off the screen.
func (w *watcher) wipe() {
	if w.lines > 0 {
		_, _ = fmt.Fprintf(w.err, "\x1b[%dA\x1b[J", w.lines) // nobody left to tell
		w.lines = 0
	}
}
