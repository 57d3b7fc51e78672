package views

import (
	"context"
	"testing"
	"time"
)

// Without this the views take from redemptions what they need to be up to date, or
// fall behind without a bound.
func TestPaceLeavesTheCoresToRedemptions(t *testing.T) {
	f := func(what string, rate float64, worked time.Duration, behind uint64, followers int, want time.Duration) {
		t.Helper()
		p := pace{rate: rate, followers: followers}
		if got := p.rest(worked, behind).Round(10 * time.Microsecond); got != want {
			t.Errorf("%s: rests %v, want %v", what, got, want)
		}
	}
	const ms = time.Millisecond
	f("idle", busyRate, ms, 10, 1, 0)
	f("busy", 20_000, ms, 1, 1, 3*ms)
	f("busy, two shards", 20_000, ms, 1, 2, 7*ms)
	f("caught up", 20_000, ms/10, 0, 1, gather)
	f("interrupted", 20_000, time.Second, 1, 1, restMax)
	f("half of the records behind", 1_000_000, ms, behindMax/2, 1, 600*time.Microsecond)
	f("half of the time behind", 10_000, ms, 150_000, 1, 600*time.Microsecond)
	f("all of the records behind", 1_000_000, ms, behindMax, 1, 0)
	f("all of the time behind, two shards", 10_000, ms, 300_000, 2, 0)
}

func TestPaceMeasuresGrowth(t *testing.T) {
	p := pace{followers: 1}
	now := time.Unix(1_700_000_000, 0)
	f := func(passed time.Duration, last uint64, want float64) {
		t.Helper()
		now = now.Add(passed)
		if p.observe(now, last); p.rate != want {
			t.Errorf("rate %v, want %v", p.rate, want)
		}
	}
	f(0, 1_000_000, 0) // what was there before did not grow
	f(rateWindow/2, 1_000_500, 0)
	f(rateWindow/2, 1_001_000, 10_000)
	f(rateWindow/2, 1_009_000, 10_000)
	f(time.Hour, 1000, 0) // another journal
	f(time.Hour, 1000+3600, 1)
}

// Without this a caller who reads what it has just written waits for the rest of
// the follower, and so does Close.
func TestWhoeverWaitsEndsTheRest(t *testing.T) {
	v := &Views{cfg: Config{Sources: []Source{nil}}}
	v.running, v.stop = context.WithCancel(context.Background())
	f := newFollower(v, 0, nil)
	v.followers = []*follower{f}

	rested := make(chan struct{})
	ctx, cancel := context.WithCancel(context.Background())
	waited := make(chan error)
	go func() {
		f.pause(time.Hour)
		close(rested)
	}()
	go func() { waited <- v.WaitFor(ctx, 0, 1) }()
	<-rested
	f.pause(time.Hour) // it still waits
	cancel()
	<-waited

	rested = make(chan struct{})
	go func() {
		f.pause(time.Hour)
		close(rested)
	}()
	v.stop()
	<-rested
}
