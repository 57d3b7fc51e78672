package raftstore

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/hashicorp/raft"
)

// scene is a view that the test directs.
type scene struct {
	term, applied, commit uint64
	leads                 bool
	voters                []raft.ServerID
	self                  bool
	asked                 chan chan bool // a probe asks here and waits for its answer
	waited                chan uint64
	change                func(*scene) // after the first look
	failed                error
}

func (s *scene) sound() error { return s.failed }

func (s *scene) state() (uint64, bool, uint64) {
	t, l, c := s.term, s.leads, s.commit
	if s.change != nil {
		s.change(s)
		s.change = nil
	}
	return t, l, c
}
func (s *scene) appliedTerm() uint64             { return s.applied }
func (s *scene) others() ([]raft.ServerID, bool) { return s.voters, s.self }
func (s *scene) wait(_ context.Context, i uint64) error {
	s.waited <- i
	return nil
}
func (s *scene) probe(ctx context.Context, _ raft.ServerID, _ uint64) bool {
	answer := make(chan bool, 1)
	select {
	case s.asked <- answer:
	case <-ctx.Done():
		return false
	}
	select {
	case yes := <-answer:
		return yes
	case <-ctx.Done():
		return false
	}
}

func newScene(voters ...raft.ServerID) *scene {
	return &scene{term: 3, applied: 3, commit: 9, leads: true, self: true, voters: voters,
		asked: make(chan chan bool), waited: make(chan uint64, 16)}
}

func newProver(t *testing.T, v view) *prover {
	p := &prover{view: v}
	p.life, p.end = context.WithCancel(context.Background())
	t.Cleanup(func() { p.end(); p.rounds.Wait() })
	return p
}

// Without it: a deposed, restarted or isolated leader would answer from old memory
// (P1, R9).
func TestProofNeedsTermMajorityAndState(t *testing.T) {
	try := func(want bool, s *scene, answers ...bool) {
		t.Helper()
		p := newProver(t, s)
		done := make(chan error, 1)
		var got Proof
		go func() {
			var err error
			got, err = p.prove(context.Background())
			done <- err
		}()
		for _, yes := range answers {
			(<-s.asked) <- yes
		}
		err := <-done
		if (err == nil) != want || err != nil && !IsNotProposed(err) {
			t.Errorf("got %v, want success %v", err, want)
		}
		if err == nil && (got.Index != 9 || <-s.waited != 9) {
			t.Errorf("proof %+v", got)
		}
	}
	with := func(s *scene, f func(*scene)) *scene { f(s); return s }
	try(true, newScene())
	try(true, newScene("b", "c"), true)
	try(true, newScene("b", "c"), false, true)
	try(false, newScene("b", "c"), false, false)
	try(false, newScene("b"), false) // two voters need both
	try(true, newScene("b", "c", "d", "e"), true, false, true)
	try(false, newScene("b", "c", "d", "e"), true, false, false, false)
	try(false, with(newScene("b"), func(s *scene) { s.self = false }), false) // not a voter itself
	try(false, with(newScene(), func(s *scene) { s.leads = false }))
	try(false, with(newScene(), func(s *scene) { s.failed = ErrFailed }))
	try(false, with(newScene("b", "c"), func(s *scene) { s.failed = ErrFailed }), true)
	try(false, with(newScene(), func(s *scene) { s.applied = 2 })) // own entry of the term missing
	try(false, with(newScene("b", "c"), func(s *scene) { s.change = func(s *scene) { s.term = 4 } }), true)
	try(false, with(newScene("b", "c"), func(s *scene) { s.change = func(s *scene) { s.leads = false } }), true)
}

// Without it: an answer given before a request arrived would prove something to it;
// that is the hole in raft's VerifyLeader.
func TestProofRoundStartsAfterItsCallers(t *testing.T) {
	s := newScene("b", "c")
	p := newProver(t, s)
	call := func() chan error {
		out := make(chan error, 1)
		go func() {
			_, err := p.prove(context.Background())
			out <- err
		}()
		return out
	}
	first := call()
	question := <-s.asked
	<-s.asked // the other voter is silent
	var late []chan error
	for range 3 {
		late = append(late, call())
	}
	for { // until somebody waits for the next round
		p.mu.Lock()
		waiting := p.next != nil
		p.mu.Unlock()
		if waiting {
			break
		}
		time.Sleep(time.Millisecond) // sleep: polls a state; nothing depends on how long
	}
	question <- true
	if err := <-first; err != nil {
		t.Fatal(err)
	}
	for _, c := range late {
		select {
		case err := <-c:
			t.Fatalf("answered by a round that had started before: %v", err)
		default:
		}
	}
	// However many wait, they are answered by rounds of their own: at most two more.
	go func() {
		for {
			select {
			case q := <-s.asked:
				q <- true
			case <-p.life.Done():
				return
			}
		}
	}()
	for _, c := range late {
		if err := <-c; err != nil {
			t.Fatal(err)
		}
	}
}

// Without it: a caller's deadline would be ignored while voters are silent.
func TestProofRespectsItsCallersDeadline(t *testing.T) {
	s := newScene("b", "c")
	p := newProver(t, s)
	ctx, cancel := context.WithCancel(context.Background())
	out := make(chan error, 1)
	go func() {
		_, err := p.prove(ctx)
		out <- err
	}()
	<-s.asked
	cancel()
	if err := <-out; !errors.Is(err, context.Canceled) || !IsNotProposed(err) {
		t.Fatal(err)
	}
}

// Without it: a node would answer from its image, before it has replayed what it
// acknowledged in its life before (R9).
func TestNothingIsProvenBeforeTheOwnTermIsApplied(t *testing.T) {
	fs := vfs.NewMem()
	n := start(t, testConfig(t, fs, nil))
	mustPropose(t, n, 1, 2, 3)
	mustClose(t, n)
	n, err := openNode(testConfig(t, fs, nil), testGroup)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = n.host.Close() }()
	for {
		p, err := n.Prove(context.Background())
		if err == nil {
			if n.ledger.size() != 3 || n.Applied() < p.Index {
				t.Fatalf("proven with %d of 3 applied", n.ledger.size())
			}
			return
		}
		if !errors.Is(err, ErrNotLeader) {
			t.Fatal(err)
		}
		if err := n.WaitReady(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
}
