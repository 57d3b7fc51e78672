package bench

import "math/rand/v2"

// pacer says when the arrivals of a lane's open loop are due, in nanoseconds
// since the start. It never looks at a clock.
type pacer struct {
	load    *Load
	rng     *rand.Rand
	mean    float64 // nanoseconds between arrivals
	exact   float64 // of the next arrival
	ofBurst int     // of the present burst, already given
	left    int64   // -1 is without end
	end     int64
}

func newPacer(l *Load) *pacer {
	p := &pacer{load: l, rng: rand.New(rand.NewPCG(l.Seed, 0)), mean: 1e9 / l.Rate, left: -1, end: int64(l.WarmUp + l.Duration)}
	if l.Requests > 0 {
		p.left = l.Requests
	}
	if l.Arrivals == Poisson {
		p.exact = p.rng.ExpFloat64() * p.mean
	}
	return p
}

// over reports that no arrival is left.
func (p *pacer) over() bool { return p.left == 0 || int64(p.exact) >= p.end }

// next is when the next arrival is due.
func (p *pacer) next() int64 { return int64(p.exact) }

// take consumes the next arrival and returns when it was due. The sum is kept
// in floating point: a rounded distance of 13,333 ns would be 0.0025 % off, and
// 75,000 a second would be 2 more.
func (p *pacer) take() int64 {
	due := int64(p.exact)
	if p.left > 0 {
		p.left--
	}
	switch p.load.Arrivals {
	case Poisson:
		p.exact += p.rng.ExpFloat64() * p.mean
	case Constant:
		p.exact += p.mean
	case Bursts:
		if p.ofBurst++; p.ofBurst == p.load.BurstSize {
			p.ofBurst = 0
			p.exact += p.mean * float64(p.load.BurstSize)
		}
	}
	return due
}

// waiting is the queue of arrivals for which no connection was free, in order. A
// ring that grows up to its bound.
type waiting struct {
	ring  []int64
	head  int
	count int
	max   int
}

// push keeps an arrival; false when the queue is full.
func (w *waiting) push(due int64) bool {
	if w.count == len(w.ring) {
		if w.count >= w.max {
			return false
		}
		bigger := make([]int64, min(w.max, max(1024, 2*len(w.ring))))
		n := copy(bigger, w.ring[w.head:])
		copy(bigger[n:], w.ring[:w.head])
		w.ring, w.head = bigger, 0
	}
	at := w.head + w.count
	if at >= len(w.ring) {
		at -= len(w.ring)
	}
	w.ring[at] = due
	w.count++
	return true
}

// pop returns the arrival that waits longest.
func (w *waiting) pop() (int64, bool) {
	if w.count == 0 {
		return 0, false
	}
	due := w.ring[w.head]
	if w.head++; w.head == len(w.ring) {
		w.head = 0
	}
	w.count--
	return due, true
}
