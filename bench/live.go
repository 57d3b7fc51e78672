package bench

import (
	"sync"
	"time"
)

// Live is what a run in progress shows. Lanes add to it some twenty times a
// second; whoever draws reads it at any pace. It is safe for concurrent use.
type Live struct {
	mu   sync.Mutex
	view LiveView // guarded by mu
}

// LiveView is one look at a run.
type LiveView struct {
	Label   string
	Elapsed time.Duration
	Total   time.Duration
	// Counts by class since the run began, warm-up included.
	Classes [classes]int64
	// Units counts acknowledged redemptions.
	Units int64
	// Waiting is the length of the queue when a lane last looked, InFlight the
	// requests under way.
	Waiting, InFlight int
	// Mean and Max latency since the last look.
	Mean, Max time.Duration

	sum, n int64
}

// shownCounters gather in a lane between two publications.
type shownCounters struct {
	classes      [classes]int64
	units        int64
	sum, n, most int64
}

func (s *shownCounters) add(v *Verdict, latency int64) {
	s.classes[v.Class]++
	s.units += int64(len(v.IDs))
	s.sum += latency
	s.n++
	s.most = max(s.most, latency)
}

// start begins a run.
func (l *Live) start(label string, total time.Duration) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.view = LiveView{Label: label, Total: total}
}

func (l *Live) add(s *shownCounters, elapsed time.Duration, waiting, inFlight int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c, n := range s.classes {
		l.view.Classes[c] += n
	}
	l.view.Units += s.units
	l.view.sum += s.sum
	l.view.n += s.n
	l.view.Max = max(l.view.Max, time.Duration(s.most))
	l.view.Elapsed = max(l.view.Elapsed, elapsed)
	l.view.Waiting, l.view.InFlight = waiting, inFlight
}

// Look returns the state, with latencies since the last look.
func (l *Live) Look() LiveView {
	l.mu.Lock()
	defer l.mu.Unlock()
	v := l.view
	if v.n > 0 {
		v.Mean = time.Duration(v.sum / v.n)
	}
	l.view.sum, l.view.n, l.view.Max = 0, 0, 0
	return v
}
