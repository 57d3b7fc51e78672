package shard

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/internal/arena"
)

// sized is a world of codes whose sides can be given any size.
type sized struct {
	*world
	codes []Look
}

func newSized(t *testing.T, count int, budget int64) *sized {
	w := &sized{world: newWorld(t)}
	w.s.budget.Store(budget)
	for n := range count {
		code := fmt.Sprintf("SIZED-%d", n)
		if r := w.create(code, 0, Spec{}); r.Outcome != coupon.OK {
			t.Fatalf("create: %+v", r)
		}
		w.codes = append(w.codes, *w.look(code))
	}
	return w
}

// resize gives a code a side of about so many bytes, in two fields.
func (w *sized) resize(n, bytesWanted int) coupon.Outcome {
	v := &w.codes[n].View
	half := bytes.Repeat([]byte("m"), min(max(bytesWanted-sideFixedBytes, 2)/2, coupon.MetadataBytesMax))
	return w.apply(AppendUpdate(w.header(KindUpdate, v.Slot, ""), &Update{Ordinal: v.Ordinal, Project: 1,
		Set: Spec{Mask: SpecMetadata | SpecInfo, Metadata: half, Info: half}})).Outcome
}

// Without it: sides that grow and shrink would leave behind blocks that nothing
// fits, and the memory of a node grow with its age and not with its codes.
func TestFreedBlocksTakeEachOthersPlaces(t *testing.T) {
	const codes, rounds = 500, 12
	w := newSized(t, codes, DefaultBudgetBytes)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	sizes := func() int { return 100 + rng.IntN(4000) }
	live := int64(0)
	for range rounds {
		for n := range codes {
			if o := w.resize(n, sizes()); o != coupon.OK {
				t.Fatalf("resize: %v", o)
			}
		}
		live = max(live, w.s.used.Load())
	}
	// An eighth is what a size class may waste; as much again is the scatter of how
	// many blocks of each class live at a time; a region is begun before it is full.
	if mapped, most := w.s.mapped.Load(), live+live/2+2*arena.RegionBytes; mapped > most {
		t.Errorf("%d bytes taken for %d that lived at most, want no more than %d", mapped, live, most)
	}
}

// Without it: somebody who moves all sides from one size class to the next, so that
// nothing freed is ever fitting again, could take many times the budget from the
// system until the kernel ends the process. The shard must say that it is crowded
// when twice the budget is taken, and a start must give the memory back.
func TestAnAdversaryOfSizesIsFoundOut(t *testing.T) {
	const codes, budget = 1600, 24 << 20
	w := newSized(t, codes, budget)
	crowdedAt := int64(2*budget + crowdedSlackBytes)
	for class := 1800; !w.s.Crowded(); class = arena.SizeClass(class + 1) {
		if class > 2*coupon.MetadataBytesMax {
			t.Fatalf("not crowded with %d bytes of a budget of %d: the adversary has lost its art", w.s.mapped.Load(), budget)
		}
		for n := 0; n < codes && !w.s.Crowded(); n++ {
			if o := w.resize(n, class); o != coupon.OK {
				t.Fatalf("class %d: %v", class, o)
			}
		}
	}
	m := w.s.Memory()
	if m.Logical > budget {
		t.Errorf("%d bytes of a budget of %d: the budget was met, not the backstop", m.Logical, budget)
	}
	if mapped := w.s.mapped.Load(); mapped > crowdedAt+arena.RegionBytes {
		t.Errorf("crowded at %d bytes, want at %d", mapped, crowdedAt)
	}
	again := w.restored()
	if again.s.Crowded() || again.s.mapped.Load() > budget+budget/2+2*arena.RegionBytes {
		t.Errorf("%d bytes taken after a start", again.s.mapped.Load())
	}
	if got := again.s.Memory(); got.Logical != m.Logical || got.Codes != m.Codes {
		t.Errorf("restored %+v, want %+v", got, m)
	}
}
