package filter

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
)

// table is the map behind the filter: Add is called under its lock, and a walk
// takes it, as a shard's stripes do.
type table struct {
	mu   sync.Mutex
	keys []uint64 // guarded by mu
	f    *Filter
}

func (b *table) add(key uint64) {
	b.mu.Lock()
	b.keys = append(b.keys, key)
	b.f.Add(key)
	b.mu.Unlock()
}

// walk reads in slices, so that adds come in between.
func (b *table) walk(yield func(uint64) bool) error {
	for from := 0; ; {
		b.mu.Lock()
		part := b.keys[from:min(from+100, len(b.keys))]
		b.mu.Unlock()
		if len(part) == 0 {
			return nil
		}
		for _, key := range part {
			if !yield(key) {
				return nil
			}
		}
		from += len(part)
	}
}

// Without this a bit lost between two adds, or an add that falls between two
// generations, would deny a code that was just sold (L1). Run with -race.
func TestNoFalseNegativeBesideAddsAndRebuilds(t *testing.T) {
	const adders, keysEach = 4, 4000
	b := &table{f: newFilter(t, Config{Keys: 500, FalsePositive: 0.01})}
	var running atomic.Int32
	running.Store(adders)
	var all sync.WaitGroup
	for a := range uint64(adders) {
		all.Go(func() {
			defer running.Add(-1)
			for i := range uint64(keysEach) {
				key := i*adders + a
				b.add(key)
				// Its own key and an early one of somebody else, at every generation.
				if !b.f.Test(key) || !b.f.Test(i/2*adders+a) {
					t.Errorf("key %d was denied", key)
					return
				}
			}
		})
	}
	all.Go(func() {
		for running.Load() > 0 {
			b.mu.Lock()
			n := uint64(len(b.keys))
			b.mu.Unlock()
			if err := b.f.Rebuild(t.Context(), n, b.walk); err != nil {
				t.Error(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if err := b.f.Rebuild(ctx, n, b.walk); !errors.Is(err, context.Canceled) {
				t.Errorf("a cancelled rebuild: %v", err)
			}
		}
	})
	all.Wait()
	for key := range uint64(adders * keysEach) {
		if !b.f.Test(key) {
			t.Fatalf("key %d was lost", key)
		}
	}
	if b.f.Stats().Generation < 2 {
		t.Fatal("nothing was rebuilt")
	}
}

// Without this an add that looked at the generations before a rebuild, and set
// its bits after it, would be in the old generation alone; so would one that
// came during the rebuild and that the walk had passed by.
func TestAddThatSpansARebuild(t *testing.T) {
	f := newFilter(t, Config{Keys: 100})
	before := f.gen.Load()
	err := f.Rebuild(t.Context(), 1, func(func(uint64) bool) error {
		f.Add(42)
		f.addFrom(before, 43)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	f.addFrom(before, 44)
	for key := uint64(42); key <= 44; key++ {
		if !f.Test(key) {
			t.Errorf("key %d was lost", key)
		}
	}
}

// Without this, adds to one word from many goroutines could lose bits, as the
// library's own Add does.
func TestAddsToOneWord(t *testing.T) {
	for range 200 {
		f := newFilter(t, Config{Keys: 1, FalsePositive: 0.5, BytesMax: 8})
		var all sync.WaitGroup
		for a := range uint64(4) {
			all.Go(func() {
				for i := range uint64(8) {
					f.Add(i*4 + a)
				}
			})
		}
		all.Wait()
		for key := range uint64(32) {
			if !f.Test(key) {
				t.Fatalf("key %d was lost", key)
			}
		}
	}
}
