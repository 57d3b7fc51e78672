package shard

import (
	"math/rand/v2"
	"testing"

	"github.com/scrip-engine/scrip/internal/arena"
)

// An index that loses an entry refuses a valid coupon; one that keeps a removed
// entry answers with a dead row. Both are checked against a map, over the
// growth from one page to many, narrow and wide, with evil equal hashes.
func TestIndexAgainstMap(t *testing.T) {
	const seed = 11
	t.Logf("seed %d", seed)
	for _, wide := range []bool{false, true} {
		rng := rand.New(rand.NewPCG(seed, 1))
		a := arena.New()
		x := index{wide: wide}
		type entry struct{ h, v uint64 }
		var live []entry
		in := map[entry]bool{}
		for i := range 60000 {
			switch {
			case len(live) > 0 && rng.IntN(4) == 0:
				k := rng.IntN(len(live))
				e := live[k]
				live[k] = live[len(live)-1]
				live = live[:len(live)-1]
				delete(in, e)
				if !x.remove(a, e.h, e.v) {
					t.Fatalf("step %d: remove %x: not there", i, e)
				}
				if x.remove(a, e.h, e.v) {
					t.Fatalf("step %d: removed twice", i)
				}
			default:
				e := entry{rng.Uint64(), uint64(i)}
				if rng.IntN(20) == 0 && len(live) > 0 {
					e.h = live[rng.IntN(len(live))].h
				}
				x.add(a, e.h, e.v)
				live = append(live, e)
				in[e] = true
			}
			if int(x.n) != len(live) {
				t.Fatalf("step %d: n = %d, want %d", i, x.n, len(live))
			}
		}
		for e := range in {
			if _, ok := x.find(a, e.h, func(v uint64) bool { return v == e.v }); !ok {
				t.Fatalf("wide=%v: lost %x", wide, e)
			}
		}
		for range 10000 {
			h := rng.Uint64()
			if v, ok := x.find(a, h, func(v uint64) bool { return in[entry{h, v}] }); ok {
				t.Fatalf("found %d under a hash never added", v)
			}
		}
		a.Close()
	}
}

// The memory goal stands on pages staying full: 48 bytes a code allow 9 bytes
// of index.
func TestIndexBytesPerEntry(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	a := arena.New()
	defer a.Close()
	var x index
	for n := range uint64(300000) {
		x.add(a, rng.Uint64(), n)
		if n > 2000 && n%997 == 0 {
			if per := float64(a.Used()) / float64(n); per > 9.2 {
				t.Fatalf("%.1f bytes an entry at %d", per, n)
			}
		}
	}
}

func BenchmarkIndexAdd(b *testing.B) {
	a := arena.New()
	defer a.Close()
	var x index
	h := uint64(1)
	for i := range b.N {
		h = h*6364136223846793005 + 1442695040888963407
		x.add(a, h, uint64(i)&narrowValueMax)
	}
}
