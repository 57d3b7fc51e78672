package filter

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/bits-and-blooms/bloom/v3"
)

// random returns a source whose seed is printed and taken back from SCRIP_SEED.
func random(t testing.TB) *rand.Rand {
	seed := uint64(time.Now().UnixNano())
	if s, err := strconv.ParseUint(os.Getenv("SCRIP_SEED"), 10, 64); err == nil {
		seed = s
	}
	t.Logf("SCRIP_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 1))
}

func newFilter(t testing.TB, cfg Config) *Filter {
	t.Helper()
	f, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func bytesOf(key uint64) []byte { return binary.LittleEndian.AppendUint64(nil, key) }

// Without this our positions drift from the library's, and its estimates and its
// stored form say nothing about this filter.
func TestProbesAreTheLibrarys(t *testing.T) {
	r := random(t)
	keys := []uint64{0, 1, math.MaxUint64, 1<<40 - 1}
	for range 1000 {
		keys = append(keys, r.Uint64())
	}
	for _, key := range keys {
		p := probesOf(key)
		for i, want := range bloom.Locations(bytesOf(key), 20) {
			if got := p.at(uint64(i)); got != want {
				t.Fatalf("key %d, position %d: %d, the library has %d", key, i, got, want)
			}
		}
	}
}

// Without this the filter and its oracle, the library over the same keys, could
// answer differently: the words must be equal, and the library must read ours.
func TestAgainstTheLibrary(t *testing.T) {
	r := random(t)
	f := newFilter(t, Config{Keys: 5000, FalsePositive: 0.01})
	oracle := bloom.NewWithEstimates(5000, 0.01)
	for range 5000 {
		key := r.Uint64N(1 << 40)
		f.Add(key)
		oracle.Add(bytesOf(key))
	}
	g := f.gen.Load().current
	ours := bloom.FromWithM(g.words, uint(g.bits), uint(g.hashes))
	if !slices.Equal(g.words, oracle.BitSet().Words()) {
		t.Fatal("the bits differ from the library's")
	}
	for range 20_000 {
		key := r.Uint64N(1 << 40)
		if got, want := f.Test(key), oracle.Test(bytesOf(key)); got != want || ours.Test(bytesOf(key)) != want {
			t.Fatalf("Test(%d) is %v, the library says %v", key, got, want)
		}
	}
}

// Without this a filter sized for a rate could let many times more through, or
// report a rate that it does not have.
func TestFalsePositiveRate(t *testing.T) {
	r := random(t)
	for _, rate := range []float64{0.1, 0.01, 0.001} {
		f := newFilter(t, Config{Keys: 20_000, FalsePositive: rate})
		for i := range uint64(20_000) {
			f.Add(i<<1 | 1) // odd keys are in, even ones are not
		}
		const rounds = 200_000
		hits := 0
		for range rounds {
			if f.Test(r.Uint64N(1<<39) << 1) {
				hits++
			}
		}
		// Six standard deviations of a count with this mean, and a tenth for the
		// library's rounding of bits and positions.
		most := rate*rounds*1.1 + 6*math.Sqrt(rate*rounds)
		if float64(hits) > most {
			t.Errorf("rate %v: %d of %d foreign keys passed, want at most %.0f", rate, hits, rounds, most)
		}
		if got := f.Stats().EstimatedFalsePositive; got > rate*1.2 || got < rate*0.5 {
			t.Errorf("rate %v: the estimate is %v", rate, got)
		}
		if s := f.Stats(); s.Keys < 19_000 || s.Keys > 20_000 {
			t.Errorf("rate %v: %d keys counted of 20,000", rate, s.Keys)
		}
	}
}

// Without this Test could allocate on the path of every redemption (L2).
func TestTestAllocatesNothing(t *testing.T) {
	f := newFilter(t, Config{})
	f.Add(7)
	if n := testing.AllocsPerRun(100, func() { f.Test(7); f.Test(8); f.Add(7) }); n != 0 {
		t.Fatalf("%v allocations", n)
	}
}

// Without this a configuration out of range would make a filter that panics, or
// one that is all ones.
func TestConfigIsChecked(t *testing.T) {
	refused := func(cfg Config) {
		t.Helper()
		if _, err := New(cfg); err == nil {
			t.Errorf("%+v was accepted", cfg)
		}
	}
	refused(Config{FalsePositive: -1})
	refused(Config{FalsePositive: 1})
	refused(Config{FalsePositive: math.NaN()})
	refused(Config{FalsePositive: 1e-12})
	refused(Config{BytesMax: 7})
	refused(Config{BytesMax: 1 << 41})
}

// Without this a filter over more keys than its memory holds could grow past its
// bound, ask for rebuilds for ever, or deny a key (L4).
func TestMemoryIsBounded(t *testing.T) {
	f := newFilter(t, Config{Keys: math.MaxUint64, FalsePositive: 0.01, BytesMax: 1 << 10})
	for i := range uint64(10_000) {
		f.Add(i)
	}
	for i := range uint64(10_000) {
		if !f.Test(i) {
			t.Fatalf("key %d was denied", i)
		}
	}
	s := f.Stats()
	if s.Bits != 8<<10 || f.NeedsRebuild() {
		t.Fatalf("%d bits, wants a rebuild: %v", s.Bits, f.NeedsRebuild())
	}
	if s.EstimatedFalsePositive < 0.5 {
		t.Fatalf("an overfull filter says that its rate is %v", s.EstimatedFalsePositive)
	}
}

// Without this a filter whose rebuild went wrong would deny keys (L3).
func TestFailedRebuildChangesNothing(t *testing.T) {
	f := newFilter(t, Config{Keys: 100, Incomplete: true})
	f.Add(1)
	broken := errors.New("the walk broke off")
	err := f.Rebuild(t.Context(), 100, func(yield func(uint64) bool) error { yield(2); return broken })
	if !errors.Is(err, broken) {
		t.Fatalf("the error of the walk became %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	walked := 0
	err = f.Rebuild(ctx, 100, func(yield func(uint64) bool) error {
		cancel()
		for yield(3) {
			walked++
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) || walked > rebuildCheckKeys {
		t.Fatalf("error %v after %d keys", err, walked)
	}
	func() {
		defer func() { _ = recover() }()
		_ = f.Rebuild(t.Context(), 1, func(func(uint64) bool) error { panic("the walk panics") })
	}()
	s := f.Stats()
	if !f.Test(12345) || !f.NeedsRebuild() || s.Rebuilding || s.Generation != 1 || s.EstimatedFalsePositive != 1 {
		t.Fatalf("after failed rebuilds: %+v", s)
	}
	err = f.Rebuild(t.Context(), 1, func(yield func(uint64) bool) error {
		if err := f.Rebuild(t.Context(), 1, nil); !errors.Is(err, ErrRebuilding) {
			t.Errorf("a second rebuild: %v", err)
		}
		yield(1)
		return nil
	})
	if err != nil || f.Test(12345) || !f.Test(1) || f.NeedsRebuild() || f.Stats().Generation != 2 {
		t.Fatalf("after a rebuild: %v, %+v", err, f.Stats())
	}
}

// Without this a filter that outgrew its size, or whose keys were deleted, would
// pass everything for ever.
func TestRebuildGrowsAndForgets(t *testing.T) {
	f := newFilter(t, Config{Keys: 1000, FalsePositive: 0.01})
	for i := range uint64(5000) {
		f.Add(i)
	}
	if !f.NeedsRebuild() {
		t.Fatal("five times too full, and no rebuild wanted")
	}
	err := f.Rebuild(t.Context(), 2500, func(yield func(uint64) bool) error {
		for i := range uint64(2500) {
			if !yield(i) {
				break
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	forgotten := 0
	for i := uint64(2500); i < 5000; i++ {
		if !f.Test(i) {
			forgotten++
		}
	}
	if forgotten < 2400 || f.NeedsRebuild() || f.Stats().Keys > 2500 {
		t.Fatalf("%d of 2500 deleted keys forgotten, %+v", forgotten, f.Stats())
	}
}
