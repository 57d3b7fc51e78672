package bench

import (
	"math"
	"testing"
	"time"
)

func openLoad(a Arrivals) *Load {
	return &Load{Connections: 1, Threads: 1, Rate: 1000, Arrivals: a, BurstSize: 50, Duration: 100 * time.Second, Timeout: time.Second, Seed: 1}
}

// drain returns when all arrivals are due.
func drain(l *Load) (due []int64) {
	for p := newPacer(l); !p.over(); {
		if next := p.next(); next != p.take() {
			panic("next and take differ")
		} else {
			due = append(due, next)
		}
	}
	return due
}

// Without this the offered load is another than the report says.
func TestArrivalsHaveTheirRate(t *testing.T) {
	constant := drain(openLoad(Constant))
	if len(constant) != 100_000 || constant[99_999] != int64(99_999*time.Millisecond) {
		t.Errorf("constant: %d arrivals, the last at %d", len(constant), constant[len(constant)-1])
	}
	bursts := drain(openLoad(Bursts))
	if len(bursts) != 100_000 || bursts[49] != 0 || bursts[50] != int64(50*time.Millisecond) {
		t.Errorf("bursts: %d arrivals, the 50th at %d, the 51st at %d", len(bursts), bursts[49], bursts[50])
	}
	l := openLoad(Poisson)
	_, l.Seed = seeded(t)
	poisson := drain(l)
	// 100,000 arrivals have a standard deviation of 316; six of them are beyond
	// chance. Of exponential distances, exp(-1) are longer than the mean.
	if math.Abs(float64(len(poisson)-100_000)) > 6*316 {
		t.Errorf("poisson: %d arrivals", len(poisson))
	}
	long := 0
	for i := 1; i < len(poisson); i++ {
		if poisson[i]-poisson[i-1] > int64(time.Millisecond) {
			long++
		}
	}
	if share := float64(long) / float64(len(poisson)); math.Abs(share-math.Exp(-1)) > 0.01 {
		t.Errorf("poisson: %.3f of the distances are longer than the mean", share)
	}
}

// Without this a number of requests, split over lanes, is another number.
func TestRequestsAreSharedOut(t *testing.T) {
	l := openLoad(Constant)
	l.Connections, l.Requests = 7, 10
	total, connections := 0, 0
	for lane := range 3 {
		part := l.share(lane, 3)
		connections += part.Connections
		total += len(drain(&part))
	}
	if total != 10 || connections != 7 {
		t.Errorf("%d requests on %d connections", total, connections)
	}
}

// Without this an arrival is lost or overtaken while the ring grows.
func TestWaitingIsAQueue(t *testing.T) {
	rng, _ := seeded(t)
	w := waiting{max: 5000}
	var model []int64
	for i := range int64(60_000) {
		if rng.IntN(5) < 3 {
			if ok := w.push(i); ok != (len(model) < 5000) {
				t.Fatalf("push %d: %v with %d waiting", i, ok, len(model))
			} else if ok {
				model = append(model, i)
			}
			continue
		}
		due, ok := w.pop()
		if ok != (len(model) > 0) || ok && due != model[0] {
			t.Fatalf("pop: %d, %v; want %v", due, ok, model[:min(1, len(model))])
		}
		if ok {
			model = model[1:]
		}
	}
}
