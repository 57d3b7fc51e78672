package engine

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/scrip-engine/scrip/wire"
)

// farewells are the customers whose forgetting was acknowledged, and photographs
// of the disk with how many those were by then.
type farewells struct {
	mem *vfs.MemFS

	mu    sync.Mutex // guards the fields below
	rng   *rand.Rand
	left  int
	acked []string
	taken []farewell
}

type farewell struct {
	fs    vfs.FS
	acked []string
}

// MaybeError satisfies errorfs.Injector; it fails nothing.
func (f *farewells) MaybeError(op errorfs.Op) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if op.Kind.ReadOrWrite() == errorfs.OpIsRead || f.left == 0 || f.rng.IntN(4) != 0 {
		return nil
	}
	f.left--
	percent := [...]int{0, 50, 100}[f.rng.IntN(3)]
	fs := f.mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: percent, RNG: rand.New(rand.NewPCG(f.rng.Uint64(), 2))})
	f.taken = append(f.taken, farewell{fs, slices.Clone(f.acked)})
	return nil
}

func (f *farewells) String() string { return "farewells" }

// A forgetting that was acknowledged is in the log and on the list, wherever power
// goes. Without the list a restore brings the customer back.
func TestCrashBetweenAnErasureAndItsList(t *testing.T) {
	rng := seeded(t)
	ctx := context.Background()
	f := &farewells{mem: vfs.NewCrashableMem(), rng: rand.New(rand.NewPCG(rng.Uint64(), 1))}
	w := &world{t: t, fs: f.mem, Engine: open(t, errorfs.Wrap(f.mem, f))}
	w.c = w.Default()
	const customers = 12
	for i := range customers {
		_, err := w.put("", fmt.Sprintf(`{"source_id":"c%d"}`, i))
		w.ok(err)
	}
	f.mu.Lock()
	f.left = max(8, crashPoints(t)/20)
	f.mu.Unlock()
	for i := range customers {
		c, err := w.Customer(ctx, w.c, fmt.Sprint("c", i))
		w.ok(err)
		w.ok(w.forget(fmt.Sprint("k", i), c.ID))
		f.mu.Lock()
		f.acked = append(f.acked, c.ID)
		f.mu.Unlock()
	}
	w.ok(w.Close())
	if len(f.taken) == 0 {
		t.Fatal("no crash was taken")
	}
	for _, p := range f.taken {
		list, _, err := readErasures(p.fs, "data/"+erasuresFile, erasureTag(w.secret))
		w.ok(err)
		var ids []string
		for _, f := range list {
			ids = append(ids, w.customerID(f.ID))
		}
		for _, id := range p.acked {
			if !slices.Contains(ids, id) {
				t.Errorf("acknowledged %v, on the list %v", p.acked, ids)
			}
		}
		again := &world{t: t, fs: p.fs, Engine: open(t, p.fs)}
		again.c = again.Default()
		for i := range customers {
			if _, err := again.Customer(ctx, again.c, fmt.Sprint("c", i)); i < len(p.acked) {
				again.wants(err, wire.KeyNotFound)
			} else if err == nil {
				again.ok(again.forget(fmt.Sprint("k", i), fmt.Sprint("c", i)))
			}
		}
		if got := again.listed("data"); len(got) != customers {
			t.Errorf("%d customers are on the list, want %d", len(got), customers)
		}
		again.ok(again.Close())
	}
}
