package bench

import (
	"testing"
	"time"
)

// instant is a protocol that says yes to everything.
type instant struct{}

func (instant) AppendRequest(dst []byte, _ *Op) []byte      { return append(dst, '?') }
func (instant) ParseReply(in []byte, _ *Reply) (int, error) { return len(in), nil }
func (instant) Judge(_ *Op, _ *Reply, v *Verdict) {
	v.IDs, v.Items = append(v.IDs, 1), append(v.Items, 0)
}

// endless is a script without an end.
type endless struct{ left int }

func (s *endless) Next(op *Op) bool        { s.left--; op.Kind = Redeem; return s.left >= 0 }
func (s *endless) Done(*Op, *Verdict) bool { return false }

func testLane(l *Load, script Script) *lane { return newLane(l, 1, script, instant{}, nil) }

// Without this a target that stalls is charged for the one request that it held,
// and not for all that should have begun meanwhile (B1).
func TestLatencyIsFromTheIntendedStart(t *testing.T) {
	l := &Load{Connections: 1, Threads: 1, Rate: 1000, Arrivals: Constant, Duration: time.Second, Timeout: time.Second, Grace: time.Second}
	a := testLane(l, &endless{left: 1 << 30})
	ms := func(n int64) int64 { return n * int64(time.Millisecond) }
	var op Op
	a.arrive(0)
	due, ok := a.begin(&op, 0)
	if !ok || due != 0 {
		t.Fatalf("first arrival: %d, %v", due, ok)
	}
	// The only connection is held for half a second; then every answer takes 1 µs.
	now := ms(500)
	_ = a.finish(&op, &Reply{}, due, now)
	for !a.over(now) {
		a.arrive(now)
		due, ok := a.begin(&op, now)
		if !ok {
			now = a.pacer.next()
			continue
		}
		now += int64(time.Microsecond)
		_ = a.finish(&op, &Reply{}, due, now)
	}
	a.close(now)
	k := a.tally.Kinds[Redeem]
	if a.tally.Scheduled != 1000 || a.tally.Sent != 1000 || k.Classes[Succeeded] != 1000 {
		t.Fatalf("%+v, %+v", a.tally, k)
	}
	// Half of all arrivals waited: from 500 ms down to nothing.
	if p := time.Duration(k.Latency.ValueAtPercentile(75)); p < 240*time.Millisecond || p > 260*time.Millisecond {
		t.Errorf("p75 is %v, want about 250 ms", p)
	}
	if p := time.Duration(k.Latency.ValueAtPercentile(45)); p > 10*time.Microsecond {
		t.Errorf("p45 is %v", p)
	}
}

// Without this an arrival ends in two columns, or in none (B2).
func TestEveryArrivalEndsInOneColumn(t *testing.T) {
	rng, seed := seeded(t)
	for range 200 {
		l := &Load{Connections: 1, Threads: 1, Rate: 1000, Arrivals: Arrivals(rng.IntN(3)), BurstSize: 7, Duration: time.Second,
			WarmUp: time.Duration(rng.IntN(2)) * 300 * time.Millisecond, Timeout: time.Second, Seed: seed}
		script := &endless{left: rng.IntN(2000)}
		a := testLane(l, script)
		a.waiting.max = 1 + rng.IntN(50)
		now, answered, served := int64(0), int64(0), rng.IntN(3000)
		for !a.over(now) && !a.hopeless(now) {
			now += rng.Int64N(int64(4 * time.Millisecond))
			a.arrive(now)
			var op Op
			for range rng.IntN(6) {
				due, ok := a.begin(&op, now)
				if !ok {
					break
				}
				if served--; served < 0 {
					a.lose(&op, "closed", due, now)
				} else {
					_ = a.finish(&op, &Reply{}, due, now)
				}
			}
		}
		a.close(now)
		for c := range classes {
			answered += a.tally.Class(c)
		}
		if a.tally.Scheduled != a.tally.Sent+a.tally.Dropped+a.tally.Unfinished || a.tally.Sent != answered {
			t.Fatalf("%d scheduled, %d sent, %d dropped, %d unfinished, %d answered or lost",
				a.tally.Scheduled, a.tally.Sent, a.tally.Dropped, a.tally.Unfinished, answered)
		}
		if l.WarmUp > 0 && a.tally.WarmUp == 0 && answered > 500 {
			t.Fatal("nothing was left out as warm-up (B5)")
		}
	}
}

// Without this lanes that are joined count something twice or forget it.
func TestTalliesMerge(t *testing.T) {
	rng, _ := seeded(t)
	l := &Load{Duration: time.Second, WarmUp: time.Millisecond}
	whole, parts := newTally(l), []*Tally{newTally(l), newTally(l), newTally(l)}
	names := [][]byte{[]byte("not_found"), []byte("quantity_exceeded"), []byte("closed")}
	for range 5000 {
		v := Verdict{Class: Class(rng.IntN(int(classes))), Name: names[rng.IntN(len(names))], IDs: []uint64{1}}
		k, due := Kind(rng.IntN(int(kinds))), rng.Int64N(int64(900*time.Millisecond))
		now := due + rng.Int64N(int64(50*time.Millisecond))
		whole.record(k, &v, due, now)
		parts[rng.IntN(len(parts))].record(k, &v, due, now)
	}
	for _, p := range parts[1:] {
		parts[0].merge(p)
	}
	got := parts[0]
	for k := range kinds {
		if w, g := whole.Kinds[k], got.Kinds[k]; w.Classes != g.Classes || w.Units != g.Units || !w.Latency.Equals(g.Latency) {
			t.Errorf("%v: %+v, want %+v", k, g, w)
		}
	}
	for name, n := range whole.Refusals {
		if got.Refusals[name] != n {
			t.Errorf("refusals %s: %d, want %d", name, got.Refusals[name], n)
		}
	}
	if got.WarmUp != whole.WarmUp || got.Last != whole.Last || got.Units() != whole.Units() {
		t.Errorf("%+v, want %+v", got, whole)
	}
	for i := range whole.Slots {
		if whole.Slots[i] != got.Slots[i] {
			t.Fatalf("slot %d: %d, want %d", i, got.Slots[i], whole.Slots[i])
		}
	}
}

// Without this a server that makes up error keys fills our memory (B8).
func TestNamesAreBounded(t *testing.T) {
	names := map[string]int64{}
	for i := range 1000 {
		count(names, appendHex(nil, uint64(i), 6), 1)
	}
	if len(names) > namesMax+1 || names[otherNames] != 1000-namesMax {
		t.Errorf("%d names, %d others", len(names), names[otherNames])
	}
}
