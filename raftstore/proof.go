package raftstore

import (
	"context"
	"fmt"
	"sync"

	"github.com/hashicorp/raft"
)

// Proof says that at some moment after Prove was called this node led the group
// and held every entry up to Index, so that whoever reads the machine now sees
// everything that was acknowledged before the call (P1).
type Proof struct {
	Term  uint64
	Index uint64 // the machine holds at least this
}

// view is what a proof looks at. It is not raft's VerifyLeader: that accepts
// answers to questions asked before it began, and counts voices of non-voters; both
// were shown against v1.8.0.
type view interface {
	// sound is an error when this process has failed: what it remembers may differ
	// from what is on its disk, and nothing may be proved from it.
	sound() error
	// state is the current term, whether this node leads, and the commit index.
	state() (term uint64, leads bool, commit uint64)
	// appliedTerm is the term of the newest entry of ours that the machine holds.
	appliedTerm() uint64
	// others are the voters besides this node; self tells whether it is one.
	others() (voters []raft.ServerID, self bool)
	// probe asks a voter for its current term, directly and not through raft's
	// loop, and returns whether it is the given one.
	probe(ctx context.Context, voter raft.ServerID, term uint64) bool
	// wait returns when the machine holds the entry at index.
	wait(ctx context.Context, index uint64) error
}

// prover shares proofs. A round proves something to those only who asked before it
// started; so whoever arrives while a round is under way joins the next one.
type prover struct {
	view view
	// life ends rounds that nobody can finish any more: the group closes.
	life context.Context
	end  context.CancelFunc

	rounds sync.WaitGroup

	mu      sync.Mutex // guards the fields below
	running bool
	next    *round // starts when the running one has ended; nil when nobody waits
}

type round struct {
	done  chan struct{}
	proof Proof
	err   error
}

// Prove returns a proof made after it was called, or an error of the
// ErrNotProposed family. It writes nothing. After it, the machine may be read: a
// refusal decided from that state is as linearizable as a success (P1).
//
// A lone voter needs nobody's answer, only an applied entry of its own term (R9).
//
// An entry that this node proposed after a request arrived, and has applied, is a
// proof for that request too: Commit then needs no Prove.
func (g *Group[R]) Prove(ctx context.Context) (Proof, error) {
	g.met.proofs.Inc()
	return g.prover.prove(ctx)
}

func (p *prover) prove(ctx context.Context) (Proof, error) {
	voters, self := p.view.others()
	if len(voters) == 0 {
		return p.look(ctx, voters, self) // cheaper than waiting for somebody else's
	}
	r := p.join()
	select {
	case <-r.done:
		return r.proof, r.err
	case <-ctx.Done():
		return Proof{}, fmt.Errorf("%w: %w", ErrNotProposed, ctx.Err())
	}
}

// join returns a round that starts after the call.
func (p *prover) join() *round {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running {
		if p.next == nil {
			p.next = &round{done: make(chan struct{})}
		}
		return p.next
	}
	p.running = true
	r := &round{done: make(chan struct{})}
	p.rounds.Add(1)
	go p.run(r)
	return r
}

// run runs rounds until nobody waits for one.
func (p *prover) run(r *round) {
	defer p.rounds.Done()
	for r != nil {
		voters, self := p.view.others()
		r.proof, r.err = p.look(p.life, voters, self)
		close(r.done)
		p.mu.Lock()
		r, p.next = p.next, nil
		p.running = r != nil
		p.mu.Unlock()
	}
}

// look is one proof. Why it holds: a leader of a later term has a majority of voters
// that moved to that term before they voted for it. A voter that still reports our
// term after the call had not; two majorities share a voter; so until that answer
// no later leader had committed anything. Our own applied entry of the term makes
// the commit index cover the terms before.
func (p *prover) look(ctx context.Context, voters []raft.ServerID, self bool) (Proof, error) {
	term, leads, commit := p.view.state()
	if !leads || p.view.appliedTerm() != term {
		return Proof{}, ErrNotLeader
	}
	if !p.majority(ctx, voters, self, term) {
		return Proof{}, fmt.Errorf("%w: no majority of the voters is in term %d", ErrNotLeader, term)
	}
	if t, leads, _ := p.view.state(); t != term || !leads {
		return Proof{}, ErrNotLeader
	}
	if err := p.view.wait(ctx, commit); err != nil {
		return Proof{}, fmt.Errorf("%w: wait for entry %d: %w", ErrNotProposed, commit, err)
	}
	// Last, so that a failure at any moment before counts.
	if err := p.view.sound(); err != nil {
		return Proof{}, err
	}
	return Proof{Term: term, Index: commit}, nil
}

// majority asks the voters, all at once, until more than half have said yes.
func (p *prover) majority(ctx context.Context, voters []raft.ServerID, self bool, term uint64) bool {
	all, yes := len(voters), 0
	if self {
		all, yes = all+1, 1
	}
	if yes > all/2 {
		return true
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	answers := make(chan bool, len(voters))
	for _, v := range voters {
		p.rounds.Add(1)
		go func() {
			defer p.rounds.Done()
			answers <- p.view.probe(ctx, v, term)
		}()
	}
	for range voters {
		if <-answers {
			yes++
		}
		if yes > all/2 {
			return true
		}
	}
	return false
}
