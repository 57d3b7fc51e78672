package raftstore

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/raft"
)

// bench is a proposer without raft: entries go to a channel, the test decides their
// fate and applies them as the FSM would.
type bench struct {
	*proposer[uint32]
	entries chan *fate
	stamps  chan int64 // what the clock says next; empty: 100
	refuse  error
	index   uint64
}

type fate struct {
	data []byte
	err  chan error
}

func (f *fate) Error() error  { return <-f.err }
func (f *fate) Response() any { return nil }
func (f *fate) Index() uint64 { return 0 }

func newBench(t *testing.T, cfg GroupConfig) *bench {
	t.Helper()
	cfg.ID, cfg.Name = 1, "test"
	cfg, err := cfg.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	m, err := newMetrics(nil)
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{proposer: newProposer[uint32](cfg, new(progress), m.group("test")), entries: make(chan *fate, 8), stamps: make(chan int64, 8)}
	b.stamp = func(int64) (int64, error) {
		select {
		case s := <-b.stamps:
			return s, nil
		default:
			return 100, b.refuse
		}
	}
	b.apply = func(data []byte) raft.ApplyFuture {
		f := &fate{data: data, err: make(chan error, 1)}
		b.entries <- f
		return f
	}
	go b.pump()
	t.Cleanup(func() {
		b.shut()
		<-b.idle
		close(b.landings)
		<-b.pumped
	})
	b.lead(1, 1)
	b.commit(t) // its TermStart
	return b
}

// commit lets the next entry succeed, as the FSM goroutine does, and returns it.
func (b *bench) commit(t *testing.T) entry {
	t.Helper()
	f := <-b.entries
	e := decoded(t, f)
	flight := b.flying.Load()
	if !flight.carries(f.data) {
		t.Fatal("the entry in flight is another one")
	}
	b.index++
	for i, c := range e.commands {
		flight.replies[i] = uint32(len(c))
	}
	flight.finish(Commit{Index: b.index, Term: 1, Stamp: e.stamp}, nil)
	f.err <- nil
	return e
}

func decoded(t *testing.T, f *fate) entry {
	t.Helper()
	var e entry
	if err := e.decode(f.data); err != nil {
		t.Fatal(err)
	}
	return e
}

// queued waits until count commands wait in the queue.
func (b *bench) queued(count int) {
	for {
		b.mu.Lock()
		n := b.queuedCount
		b.mu.Unlock()
		if n == count {
			return
		}
		time.Sleep(time.Millisecond) // sleep: polls a state; nothing depends on how long
	}
}

type result struct {
	reply  uint32
	commit Commit
	err    error
}

func (b *bench) propose(ctx context.Context, cmd string) <-chan result {
	out := make(chan result, 1)
	go func() {
		r, c, err := b.one(ctx, []byte(cmd))
		out <- result{r, c, err}
	}()
	return out
}

// Without it: what arrives during an append would go out in entries of one, or the
// answers to the wrong callers, or in another order.
func TestProposerPacksWhatArrivesMeanwhile(t *testing.T) {
	b := newBench(t, GroupConfig{})
	first := b.propose(context.Background(), "x")
	f := <-b.entries
	var rest []<-chan result
	for i := range 5 {
		rest = append(rest, b.propose(context.Background(), fmt.Sprintf("%0*d", i+2, 0)))
		b.queued(i + 1)
	}
	b.entries <- f
	b.commit(t)
	if r := <-first; r.err != nil || r.reply != 1 {
		t.Fatalf("%+v", r)
	}
	if e := b.commit(t); len(e.commands) != 5 {
		t.Fatalf("%d commands in the second entry", len(e.commands))
	}
	for i, c := range rest {
		if r := <-c; r.err != nil || r.reply != uint32(i+2) || r.commit.Index != 3 {
			t.Errorf("caller %d: %+v", i, r)
		}
	}
}

// Without it: an entry, or the queue, would grow past its bound (P10).
func TestProposerBounds(t *testing.T) {
	b := newBench(t, GroupConfig{MaxBatchCommands: 2, MaxBatchBytes: 40, MaxQueueCommands: 4, MaxQueueBytes: 60, MaxQueueAge: time.Hour})
	refused := func(cmd string, want error) {
		t.Helper()
		if _, _, err := b.one(context.Background(), []byte(cmd)); !errors.Is(err, want) || !IsNotProposed(err) {
			t.Errorf("got %v, want %v", err, want)
		}
	}
	big := string(make([]byte, 36))
	refused(big+"x", ErrTooLarge)
	calls := []<-chan result{b.propose(context.Background(), "flies")}
	f := <-b.entries
	for i, cmd := range []string{"a", "b", "c", big} { // by count, then by bytes
		calls = append(calls, b.propose(context.Background(), cmd))
		if i == 3 {
			break // 15 + 40 bytes: fits
		}
		b.queued(i + 1)
	}
	b.queued(4)
	refused("d", ErrQueueFull) // count
	b.entries <- f
	b.commit(t)
	if e := b.commit(t); len(e.commands) != 2 {
		t.Errorf("%d commands, bound 2", len(e.commands))
	}
	if e := b.commit(t); len(e.commands) != 1 {
		t.Errorf("%d commands, but both together pass the bound of bytes", len(e.commands))
	}
	if e := b.commit(t); len(e.commands) != 1 {
		t.Errorf("%d commands in the last", len(e.commands))
	}
	for _, c := range calls {
		if r := <-c; r.err != nil {
			t.Error(r.err)
		}
	}

	first := b.propose(context.Background(), "flies")
	f = <-b.entries
	second := b.propose(context.Background(), big)
	b.queued(1)
	refused(string(make([]byte, 20)), ErrQueueFull) // bytes
	b.entries <- f
	b.commit(t)
	b.commit(t)
	for _, c := range []<-chan result{first, second} {
		if r := <-c; r.err != nil {
			t.Error(r.err)
		}
	}
}

// Without it: callers would wait in a queue that is no longer a burst.
func TestProposerRefusesBehindAnOldQueue(t *testing.T) {
	b := newBench(t, GroupConfig{MaxQueueAge: time.Nanosecond})
	first := b.propose(context.Background(), "flies")
	f := <-b.entries
	second := b.propose(context.Background(), "waits")
	b.queued(1)
	if _, _, err := b.one(context.Background(), []byte("late")); !errors.Is(err, ErrQueueFull) {
		t.Fatal(err)
	}
	b.entries <- f
	b.commit(t)
	b.commit(t)
	for _, c := range []<-chan result{first, second} {
		if r := <-c; r.err != nil {
			t.Error(r.err)
		}
	}
}

// Without it: a deadline would be reported as "not proposed" for what may still
// happen (P5), or leave a command in the queue that takes effect later (R2).
func TestProposerDeadlines(t *testing.T) {
	b := newBench(t, GroupConfig{})
	ended, cancel := context.WithCancel(context.Background())
	flies := b.propose(ended, "flies")
	f := <-b.entries
	waits := b.propose(ended, "waits")
	b.queued(1)
	stays := b.propose(context.Background(), "stays")
	b.queued(2)
	cancel()
	if r := <-flies; !IsUnknown(r.err) || !errors.Is(r.err, context.Canceled) {
		t.Errorf("handed over: %v", r.err)
	}
	if r := <-waits; !IsNotProposed(r.err) || !errors.Is(r.err, context.Canceled) {
		t.Errorf("in the queue: %v", r.err)
	}
	if r := <-b.propose(ended, "late"); !IsNotProposed(r.err) {
		t.Errorf("before the call: %v", r.err)
	}
	b.entries <- f
	b.commit(t)
	e := b.commit(t)
	if len(e.commands) != 1 || string(e.commands[0]) != "stays" {
		t.Errorf("second entry %q", e.commands)
	}
	if r := <-stays; r.err != nil || r.reply != 5 {
		t.Errorf("behind a withdrawn one: %+v", r)
	}
}

// Without it: an entry given up by raft could be called not proposed.
func TestProposerPassesRaftsErrorOn(t *testing.T) {
	b := newBench(t, GroupConfig{})
	for _, c := range []struct {
		raft    error
		unknown bool
	}{{raft.ErrNotLeader, false}, {raft.ErrLeadershipLost, true}, {raft.ErrRaftShutdown, true}} {
		call := b.propose(context.Background(), "x")
		(<-b.entries).err <- c.raft
		if r := <-call; IsUnknown(r.err) != c.unknown || !errors.Is(r.err, c.raft) {
			t.Errorf("%v: %v", c.raft, r.err)
		}
	}
	// Committed, but the FSM did not see it as ours: never a success without answer.
	call := b.propose(context.Background(), "x")
	(<-b.entries).err <- nil
	if r := <-call; !IsUnknown(r.err) {
		t.Errorf("without an answer: %+v", r)
	}
}

// Without it: time could go back in the log, or a jump of the clock be stamped (P9).
func TestProposerStamps(t *testing.T) {
	b := newBench(t, GroupConfig{})
	stamp := func(clock, want int64) {
		t.Helper()
		b.stamps <- clock
		call := b.propose(context.Background(), "x")
		if e := b.commit(t); e.stamp != want {
			t.Errorf("clock %d: stamp %d, want %d", clock, e.stamp, want)
		}
		<-call
	}
	stamp(200, 200)
	stamp(150, 200)
	b.prog.stamp.Store(300) // an entry of another leader
	stamp(250, 300)
	b.refuse = ErrClockJump
	if _, _, err := b.one(context.Background(), []byte("x")); !errors.Is(err, ErrClockJump) || !IsNotProposed(err) {
		t.Errorf("clock refused: %v", err)
	}
	b.refuse = errors.New("no clock")
	if _, _, err := b.one(context.Background(), []byte("x")); !IsNotProposed(err) {
		t.Errorf("clock broken: %v", err)
	}
	b.lead(2, 1) // reads go on: the new term starts at the old time
	if e := b.commit(t); e.kind != entryTermStart || e.stamp != 300 {
		t.Errorf("TermStart %+v", e)
	}
}

// Without it: commands could enter a term before its TermStart, or stay in the queue
// of a node that does not lead.
func TestProposerFollowsLeadership(t *testing.T) {
	b := newBench(t, GroupConfig{})
	flies := b.propose(context.Background(), "flies")
	f := <-b.entries
	waits := b.propose(context.Background(), "waits")
	b.queued(1)
	b.follow()
	if r := <-waits; !errors.Is(r.err, ErrNotLeader) {
		t.Errorf("in the queue of a former leader: %v", r.err)
	}
	if _, _, err := b.one(context.Background(), nil); !errors.Is(err, ErrNotLeader) {
		t.Errorf("to a follower: %v", err)
	}
	b.lead(2, 1)
	again := b.propose(context.Background(), "again")
	b.queued(1)
	f.err <- raft.ErrLeadershipLost
	if r := <-flies; !IsUnknown(r.err) {
		t.Errorf("in flight: %v", r.err)
	}
	if e := b.commit(t); e.kind != entryTermStart {
		t.Errorf("the term begins with %+v", e)
	}
	if e := b.commit(t); len(e.commands) != 1 {
		t.Errorf("then %+v", e)
	}
	if r := <-again; r.err != nil {
		t.Error(r.err)
	}
}

// Without it: a refused TermStart would leave a leader that never serves.
func TestProposerRepeatsTermStart(t *testing.T) {
	b := newBench(t, GroupConfig{})
	b.lead(2, 1)
	(<-b.entries).err <- raft.ErrLeadershipTransferInProgress
	if e := b.commit(t); e.kind != entryTermStart {
		t.Errorf("%+v", e)
	}
}

// Without it: a call with several commands could mix up answers or call a half-done
// request not proposed.
func TestProposeAllIsInOrderAndHonest(t *testing.T) {
	b := newBench(t, GroupConfig{MaxBatchCommands: 2})
	cmds := [][]byte{[]byte("a"), []byte("bb"), []byte("ccc"), []byte("dddd"), nil}
	type answer struct {
		c   Commit
		err error
	}
	call := func(ctx context.Context) ([]uint32, chan answer) {
		replies, out := make([]uint32, len(cmds)), make(chan answer, 1)
		go func() {
			c, err := b.all(ctx, cmds, replies)
			out <- answer{c, err}
		}()
		return replies, out
	}
	replies, out := call(context.Background())
	for _, want := range []int{2, 2, 1} {
		if e := b.commit(t); len(e.commands) != want {
			t.Fatalf("%d commands, want %d", len(e.commands), want)
		}
	}
	if a := <-out; a.err != nil || a.c.Index != b.index || fmt.Sprint(replies) != "[1 2 3 4 0]" {
		t.Fatalf("%+v %v", a, replies)
	}

	_, out = call(context.Background())
	b.commit(t)
	(<-b.entries).err <- raft.ErrNotLeader
	(<-b.entries).err <- raft.ErrNotLeader
	if a := <-out; !IsUnknown(a.err) {
		t.Errorf("first part done, rest refused: %v", a.err)
	}

	ctx, cancel := context.WithCancel(context.Background())
	flies := b.propose(context.Background(), "flies")
	f := <-b.entries
	_, out = call(ctx)
	b.queued(len(cmds))
	cancel()
	if a := <-out; !IsNotProposed(a.err) {
		t.Errorf("all in the queue: %v", a.err)
	}
	b.queued(0)
	b.entries <- f
	b.commit(t)
	<-flies
	if _, err := b.all(context.Background(), cmds, nil); !IsNotProposed(err) {
		t.Errorf("no place for answers: %v", err)
	}
}

// Without it: Close would leave callers waiting, or call what is in flight refused.
func TestProposerShuts(t *testing.T) {
	b := newBench(t, GroupConfig{})
	flies := b.propose(context.Background(), "flies")
	f := <-b.entries
	waits := b.propose(context.Background(), "waits")
	b.queued(1)
	b.shut()
	if r := <-waits; !errors.Is(r.err, ErrClosed) {
		t.Errorf("in the queue: %v", r.err)
	}
	if _, _, err := b.one(context.Background(), nil); !errors.Is(err, ErrClosed) {
		t.Errorf("after: %v", err)
	}
	b.entries <- f
	b.commit(t)
	if r := <-flies; r.err != nil {
		t.Errorf("in flight: %v", r.err)
	}
}

// Without it: concurrent callers, deadlines and landings could lose a wake-up. Every
// call must end, and those that succeed get their own answer.
func TestProposerUnderConcurrency(t *testing.T) {
	b := newBench(t, GroupConfig{MaxBatchCommands: 3})
	stop := make(chan struct{})
	var raftLoop sync.WaitGroup
	raftLoop.Add(1)
	go func() {
		defer raftLoop.Done()
		for {
			select {
			case <-stop:
				return
			case f := <-b.entries:
				b.entries <- f
				b.commit(t)
			}
		}
	}()
	var callers sync.WaitGroup
	for c := range 8 {
		callers.Add(1)
		go func() {
			defer callers.Done()
			for i := range 200 {
				ctx, cancel := context.WithCancel(context.Background())
				if i%3 == 0 {
					go cancel()
				}
				r, _, err := b.one(ctx, make([]byte, c*10))
				if err == nil && r != uint32(c*10) {
					t.Errorf("caller %d got %d", c, r)
				} else if err != nil && i%3 != 0 {
					t.Errorf("caller %d: %v", c, err)
				}
				cancel()
			}
		}()
	}
	callers.Wait()
	b.shut()
	<-b.idle
	close(stop)
	raftLoop.Wait()
}
