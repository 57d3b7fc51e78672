package arena

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// Blocks that overlap, move or keep an old owner's bytes would corrupt coupons
// silently, so a random life of blocks is checked byte by byte.
func TestBlocksKeepTheirBytes(t *testing.T) {
	const seed = 7
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, seed))
	a := New()
	defer a.Close()
	type block struct {
		ref Ref
		val []byte
	}
	var live []block
	var want int64
	for i := range 20000 {
		if len(live) > 0 && rng.IntN(3) == 0 {
			k := rng.IntN(len(live))
			b := live[k]
			if !bytes.Equal(a.At(b.ref, len(b.val)), b.val) {
				t.Fatalf("step %d: block %d changed", i, b.ref)
			}
			a.Free(b.ref, len(b.val))
			want -= int64(units(len(b.val))) * Unit
			live[k] = live[len(live)-1]
			live = live[:len(live)-1]
			continue
		}
		n := 1 + rng.IntN(3000)
		if rng.IntN(200) == 0 {
			n = freeUnitsMax*Unit + rng.IntN(1<<20)
		}
		r := a.Alloc(n)
		got := a.At(r, n)
		if len(bytes.Trim(got, "\x00")) != 0 {
			t.Fatalf("step %d: block %d is not zeroed", i, r)
		}
		val := make([]byte, n)
		for j := range val {
			val[j] = byte(rng.Uint32())
		}
		copy(got, val)
		live = append(live, block{r, val})
		want += int64(units(n)) * Unit
	}
	for _, b := range live {
		if !bytes.Equal(a.At(b.ref, len(b.val)), b.val) {
			t.Fatalf("block %d changed", b.ref)
		}
	}
	if a.Used() != want {
		t.Fatalf("Used() = %d, want %d", a.Used(), want)
	}
}

func TestRefZeroIsNoBlock(t *testing.T) {
	a := New()
	defer a.Close()
	if r := a.Alloc(1); r == 0 {
		t.Fatal("the first block has the Ref that means none")
	}
}

func TestSizeClass(t *testing.T) {
	f := func(n, want int) {
		t.Helper()
		if got := SizeClass(n); got != want {
			t.Errorf("SizeClass(%d) = %d, want %d", n, got, want)
		}
	}
	f(1, 16)
	f(128, 128)
	f(129, 144)
	f(256, 256)
	f(257, 288)
	for n := 1; n < 1<<16; n++ {
		if c := SizeClass(n); c < n || c > n+n/8+Unit {
			t.Fatalf("SizeClass(%d) = %d", n, c)
		}
	}
}
