package raftstore

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if os.Getenv(reexecEnv) != "" {
		reexecuted() // ends the process
	}
	// Pebble leaves this one behind when Close meets a WAL that has failed. Its
	// other goroutines would still tell of a DB that was not closed.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/cockroachdb/pebble/v2.(*ConcurrencyLimitScheduler).periodicGranter"))
}

// ledger is the test machine: it counts how often each id was applied. A command
// is an id of eight bytes; the answer is the count after it.
type ledger struct {
	mu      sync.Mutex // readers of the test run beside Apply
	counts  map[uint64]uint32
	stamps  []int64
	fail    bool // the next Apply does not understand its command
	entries int
	version uint32
}

func newLedger() *ledger { return &ledger{counts: make(map[uint64]uint32)} }

func id(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

func (l *ledger) Apply(e *Entry, replies []uint32) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fail {
		return errors.New("injected: command not understood")
	}
	l.entries++
	l.version = e.Version
	l.stamps = append(l.stamps, e.Stamp)
	for i, c := range e.Commands {
		n := binary.BigEndian.Uint64(c)
		l.counts[n]++
		if replies != nil {
			replies[i] = l.counts[n]
		}
	}
	return nil
}

type frozenLedger struct{ bytes []byte }

func (l *ledger) Freeze() (Frozen, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var b []byte
	for n, c := range l.counts {
		b = binary.BigEndian.AppendUint64(b, n)
		b = binary.BigEndian.AppendUint32(b, c)
	}
	return frozenLedger{b}, nil
}

func (f frozenLedger) WriteTo(w io.Writer) (int64, error) {
	n, err := w.Write(f.bytes)
	return int64(n), err
}
func (f frozenLedger) Release() {}

func (l *ledger) Restore(r io.Reader) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	l.counts = make(map[uint64]uint32)
	for ; len(b) >= 12; b = b[12:] {
		l.counts[binary.BigEndian.Uint64(b)] = binary.BigEndian.Uint32(b[8:])
	}
	return nil
}

func (l *ledger) count(n uint64) uint32 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.counts[n]
}

func (l *ledger) size() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.counts)
}

func (l *ledger) applied() []uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []uint64
	for n := range l.counts {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

// exits records fail-stops instead of ending the process.
type exits struct {
	once   sync.Once
	ch     chan struct{} // closed by the first
	code   int
	reason string
}

func newExits() *exits { return &exits{ch: make(chan struct{})} }

func (x *exits) exit(code int, reason string) {
	x.once.Do(func() {
		x.code, x.reason = code, reason
		close(x.ch)
	})
}

func (x *exits) happened() bool {
	select {
	case <-x.ch:
		return true
	default:
		return false
	}
}

const testHeartbeat = 5 * time.Millisecond // the least that raft allows

// testConfig is a host on fs that records fail-stops in x; nil means that one
// fails the test.
func testConfig(t testing.TB, fs vfs.FS, x *exits) Config {
	cfg := Config{
		FS: fs, Dir: "data", NodeID: "node", ClusterID: "cluster",
		HeartbeatTimeout: testHeartbeat,
		StallLimit:       5 * time.Second,
		Logger:           slog.New(slog.DiscardHandler),
		Exit: func(code int, reason string) {
			if x == nil {
				t.Errorf("unexpected fail-stop with code %d: %s", code, reason)
				return
			}
			x.exit(code, reason)
		},
	}
	return cfg
}

// node is a host with one group and its ledger.
type node struct {
	*Group[uint32]
	host   *Host
	ledger *ledger
}

func openNode(cfg Config, gc GroupConfig) (*node, error) {
	h, err := Open(cfg)
	if err != nil {
		return nil, err
	}
	l := newLedger()
	g, err := OpenGroup(h, gc, Machine[uint32](l))
	if err != nil {
		return nil, errors.Join(err, h.Close())
	}
	return &node{g, h, l}, nil
}

var testGroup = GroupConfig{ID: 7, Name: "test"}

// start opens a node that is ready to serve and closed by the test's end.
func start(t testing.TB, cfg Config) *node {
	t.Helper()
	n, err := openNode(cfg, testGroup)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.host.Close() }) // tests that care close themselves
	ready(t, n)
	return n
}

func ready(t testing.TB, n *node) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := n.WaitReady(ctx); err != nil {
		t.Fatal(err)
	}
}

// halts runs f, which must end in a fail-stop and never return.
func halts(t testing.TB, x *exits, f func()) {
	t.Helper()
	returned, ended := false, make(chan struct{})
	go func() {
		defer close(ended)
		f()
		returned = true
	}()
	<-ended
	if returned || !x.happened() {
		t.Errorf("returned: %v, fail-stop: %q; want a fail-stop and no return", returned, x.reason)
	}
}

func mustPropose(t testing.TB, n *node, ids ...uint64) {
	t.Helper()
	for _, v := range ids {
		if got, _, err := n.Propose(context.Background(), id(v)); err != nil || got != 1 {
			t.Fatalf("propose %d: count %d, %v", v, got, err)
		}
	}
}

func mustClose(t testing.TB, n *node) {
	t.Helper()
	if err := n.host.Close(); err != nil {
		t.Fatal(err)
	}
}

// seeded returns the test's random source and prints the seed; SCRIP_SEED repeats
// one.
func seeded(t testing.TB) *rand.Rand {
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("SCRIP_SEED"); s != "" {
		v, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatal(fmt.Errorf("SCRIP_SEED: %w", err))
		}
		seed = v
	}
	t.Logf("SCRIP_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 1))
}
