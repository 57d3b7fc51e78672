package views

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// defaultCrashPoints are checked by make test; SCRIP_CRASH_POINTS asks for more.
const defaultCrashPoints = 100

func crashPoints(t *testing.T) int {
	s := os.Getenv("SCRIP_CRASH_POINTS")
	if s == "" {
		return defaultCrashPoints
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		t.Fatalf("SCRIP_CRASH_POINTS=%q: want a positive number", s)
	}
	return n
}

// crasher photographs a disk before some of the changes of it. It fails nothing.
type crasher struct {
	mem *vfs.MemFS

	mu    sync.Mutex // guards the fields below
	c     *rand.Rand
	left  int
	taken []*vfs.MemFS
}

// MaybeError satisfies errorfs.Injector.
func (c *crasher) MaybeError(op errorfs.Op) error {
	if op.Kind.ReadOrWrite() == errorfs.OpIsRead {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.left == 0 || c.c.IntN(10) != 0 {
		return nil
	}
	c.left--
	percent := [...]int{0, 20, 50, 80, 100}[c.c.IntN(5)]
	c.taken = append(c.taken, c.mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: percent, RNG: rand.New(rand.NewPCG(c.c.Uint64(), 1))}))
	return nil
}

func (c *crasher) String() string { return "crasher" }

// Without this a power loss at some file operation, of a write, a flush, a start, a
// rebuild or the replacement of a damaged store, could leave a view that says
// something else for ever (V1, V2, V6).
func TestCrashAtAnyFileOperation(t *testing.T) {
	chance := seeded(t)
	w := newWorld(t, 2, chance)
	defer w.close()
	for range 250 {
		w.act()
	}
	want := rebuilt(t, w)
	queue := []*vfs.MemFS{vfs.NewCrashableMem()}
	for n := crashPoints(t); n > 0 && !t.Failed(); n-- {
		if len(queue) == 0 {
			t.Fatal("no crash was taken")
		}
		i := chance.r.IntN(len(queue))
		disk := queue[i]
		queue[i] = queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		points := 2
		if len(queue) > 8 { // bounded memory: stop branching
			points = 1
		}
		queue = append(queue, life(t, chance.r, w, disk, points)...)
		last := open(t, disk, w) // a life may end while a damaged store is replaced
		catchUp(t, last, w)
		closeViews(t, last)
		if got := content(t, disk); !bytes.Equal(got, want) {
			t.Errorf("%d bytes on the disk, want the %d of a rebuilt view", len(got), len(want))
		}
	}
}

// life is a node on a disk that lost power: it opens the views, shows them the
// journals bit by bit, sometimes starts again half-way or finds the store damaged,
// and ends when they are whole, or in the middle of being replaced.
func life(t *testing.T, rng *rand.Rand, w *world, disk *vfs.MemFS, points int) []*vfs.MemFS {
	c := &crasher{mem: disk, c: rand.New(rand.NewPCG(rng.Uint64(), 2)), left: points}
	fs := errorfs.Wrap(disk, c)
	v, journals := openBehind(t, fs, w)
	for rest := 1 + rng.IntN(12); rest > 0; rest-- {
		switch rng.IntN(8) {
		case 0: // a clean start in the middle
			closeViews(t, v)
			v, journals = openBehind(t, fs, w)
		case 1:
			v.mu.RLock()
			generation, db := v.generation, v.db
			if err := db.Flush(); err != nil {
				t.Fatal(err)
			}
			v.mu.RUnlock()
			if rng.IntN(3) == 0 {
				v.damaged(generation, errors.New("injected: damage"))
			}
		}
		for i, j := range journals {
			j.last.Store(min(w.shards[i].LastSeq(), j.last.Load()+rng.Uint64N(40)))
			v.Notify(i)
			if rng.IntN(2) == 0 {
				if err := v.WaitFor(context.Background(), i, j.last.Load()); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	for i, j := range journals {
		j.last.Store(w.shards[i].LastSeq())
		v.Notify(i)
	}
	catchUp(t, v, w)
	closeViews(t, v)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.left = 0
	return c.taken
}

// openBehind opens views over journals that show what the view covers already, and
// no more until they are told.
func openBehind(t *testing.T, fs vfs.FS, w *world) (*Views, []*replaying) {
	t.Helper()
	var journals []*replaying
	var sources []Source
	for i := range w.shards {
		j := &replaying{Source: w.shards[i]}
		journals, sources = append(journals, j), append(sources, j)
	}
	v, err := Open(Config{FS: fs, Dir: "views", Sources: sources})
	if err != nil {
		t.Fatal(err)
	}
	for i, j := range journals {
		f := v.followers[i]
		f.mu.Lock()
		j.last.Store(f.seen.seq)
		f.mu.Unlock()
	}
	return v, journals
}
