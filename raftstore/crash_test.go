package raftstore

import (
	"context"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// defaultCrashPoints are checked by make test; SCRIP_CRASH_POINTS asks for more.
const defaultCrashPoints = 200

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

// history is what a client may claim: who was proposed and who was acknowledged.
type history struct {
	mu       sync.Mutex
	next     uint64
	proposed map[uint64]bool
	acked    map[uint64]bool
}

func newHistory() *history {
	return &history{proposed: map[uint64]bool{}, acked: map[uint64]bool{}}
}

func (h *history) take() uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.next++
	h.proposed[h.next] = true
	return h.next
}

func (h *history) ack(v uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.acked[v] = true
}

func (h *history) clone() *history {
	h.mu.Lock()
	defer h.mu.Unlock()
	c := newHistory()
	c.next = h.next
	for v := range h.proposed {
		c.proposed[v] = true
	}
	for v := range h.acked {
		c.acked[v] = true
	}
	return c
}

// skipTo keeps new ids apart from those that were proposed between the look at the
// history and the photograph of the disk.
func (h *history) skipTo(applied []uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, v := range applied {
		h.next = max(h.next, v)
	}
}

// check fails unless acknowledged ⊆ recovered ⊆ proposed and nothing counts twice.
func (h *history) check(t *testing.T, l *ledger) bool {
	t.Helper()
	ok := true
	for v := range h.acked {
		if l.count(v) != 1 {
			t.Errorf("P4: %d was acknowledged and is recovered %d times", v, l.count(v))
			ok = false
		}
	}
	for _, v := range l.applied() {
		if n := l.count(v); n != 1 || !h.proposed[v] && v <= h.next {
			t.Errorf("P2: %d is recovered %d times (proposed: %v)", v, n, h.proposed[v])
			ok = false
		}
	}
	return ok
}

// crash is one possible disk after a power loss, and what was acknowledged before.
type crash struct {
	fs  *vfs.MemFS
	was *history
}

// crasher takes clones of a disk at random file operations.
type crasher struct {
	mem     *vfs.MemFS
	history *history
	on      atomic.Bool

	mu    sync.Mutex // guards the fields below
	rng   *rand.Rand
	every int
	left  int
	taken []crash
}

// MaybeError implements errorfs.Injector: it never fails an operation, it
// photographs the disk before some.
func (c *crasher) MaybeError(op errorfs.Op) error {
	if op.Kind == errorfs.OpCreate && strings.Contains(op.Path, "marker.manifest") {
		c.orderNames(c.mem.PathDir(op.Path))
	}
	if !c.on.Load() || op.Kind.ReadOrWrite() == errorfs.OpIsRead {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.left == 0 || c.rng.IntN(c.every) != 0 {
		return nil
	}
	c.left--
	was := c.history.clone() // before the clone: later acknowledgements do not count
	percent := [...]int{0, 20, 50, 80, 100}[c.rng.IntN(5)]
	fs := c.mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: percent, RNG: rand.New(rand.NewPCG(c.rng.Uint64(), 2))})
	c.taken = append(c.taken, crash{fs, was})
	return nil
}

// orderNames makes the names in a directory durable before a marker is created in
// it. Pebble creates a manifest, then the marker that points to it, and syncs the
// directory once: it relies on the file system to keep the two in order, as every
// journaling one does and MemFS's clones do not. Without this some clones have the
// marker and not the manifest, and Pebble refuses them.
func (c *crasher) orderNames(dir string) {
	d, err := c.mem.OpenDir(dir)
	if err != nil {
		return // not there yet
	}
	_ = d.Sync()  // MemFS does not fail
	_ = d.Close() // MemFS does not fail
}

func (c *crasher) String() string { return "crasher" }

// life runs one node on a disk under load and returns the crashes taken in it.
func life(t *testing.T, rng *rand.Rand, start crash, points int) []crash {
	c := &crasher{mem: start.fs, history: start.was, rng: rng, every: 6, left: points}
	cfg := testConfig(t, errorfs.Wrap(start.fs, c), nil)
	cfg.ImageLogBytes = 600 // an image every few entries
	cfg.FloorInterval = testHeartbeat
	c.on.Store(rng.IntN(4) == 0) // some crash during the opening itself
	n, err := openNode(cfg, GroupConfig{ID: 7, Name: "test", MaxBatchCommands: 4})
	if err != nil {
		t.Errorf("open after a crash: %v", err)
		return nil
	}
	defer func() { _ = n.host.Close() }() // errors of a closing disk are another test's
	ready(t, n)
	if !start.was.check(t, n.ledger) {
		return nil
	}
	start.was.skipTo(n.ledger.applied())
	c.on.Store(true)
	loadUntil(t, n, start.was, func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.left == 0
	})
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.taken
}

// loadUntil proposes from several goroutines, and makes images, until done.
func loadUntil(t *testing.T, n *node, h *history, done func() bool) {
	var wg sync.WaitGroup
	for range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for !done() && !t.Failed() {
				v := h.take()
				if got, _, err := n.Propose(context.Background(), id(v)); err == nil {
					if got != 1 {
						t.Errorf("P2: %d was applied %d times", v, got)
					}
					h.ack(v)
				} else if !IsUnknown(err) && !IsNotProposed(err) {
					t.Errorf("P5: error without a family: %v", err)
				}
			}
		}()
	}
	wg.Wait()
}

// Without it: an acknowledged success could be lost, or counted twice, by a power
// loss at some moment (P2, P4, R1): between a sync and its floor, an image and its
// truncation, a term and its vote.
func TestCrashAtAnyFileOperation(t *testing.T) {
	rng := seeded(t)
	points := crashPoints(t)
	queue := []crash{{vfs.NewCrashableMem(), newHistory()}}
	images := 0
	for checked := 0; checked < points && !t.Failed(); checked++ {
		if len(queue) == 0 {
			t.Fatal("no crash was taken")
		}
		i := rng.IntN(len(queue)) // old and new disks, shallow and deep histories
		next := queue[i]
		queue[i] = queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		want := 2
		if len(queue) > 16 { // bounded memory: stop branching
			want = 1
		}
		queue = append(queue, life(t, rng, next, want)...)
		if names, err := next.fs.List("data/images/00000007"); err == nil && len(names) >= 2 {
			images++
		}
	}
	if images == 0 {
		t.Error("no node went on from an image: the test has lost its subject")
	}
}
