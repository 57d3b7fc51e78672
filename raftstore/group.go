package raftstore

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/hashicorp/raft"
)

// Group replicates one Machine. Its methods may be called from any number of
// goroutines.
type Group[R any] struct {
	host *Host
	cfg  GroupConfig
	met  *groupMetrics

	prog   *progress
	floor  *floorFile
	log    *logStore
	stable *stableStore
	images *imageStore
	prop   *proposer[R]
	raft   *raft.Raft
	prover prover

	notify   chan bool     // raft's leadership changes; raft blocks on it
	imageDue chan struct{} // one token: enough log has gathered
	stop     chan struct{}
	loops    sync.WaitGroup

	ready     readiness
	closeOnce sync.Once
	closeErr  error
}

// readiness is open while this node leads and has applied its TermStart (R9).
type readiness struct {
	mu      sync.Mutex // guards the fields below
	leading bool
	term    uint64
	open    bool
	ch      chan struct{} // closed while open
}

// Propose replicates one command and returns the machine's answer to it. cmd is
// handed over: the caller must not touch it again, whatever the outcome (R3).
//
// An error is of exactly one family: ErrNotProposed (nothing happened) or
// ErrUnknown (it may have). A context that ends while the command waits in the
// queue takes it out (not proposed); one that ends later leaves it unknown.
func (g *Group[R]) Propose(ctx context.Context, cmd []byte) (R, Commit, error) {
	if err := g.host.life.err(); err != nil {
		var none R
		return none, Commit{}, err
	}
	return g.prop.one(ctx, cmd)
}

// ProposeAll replicates commands in order, in as few entries as the bounds allow,
// and writes their answers to replies, which has the length of cmds. Other
// commands may take effect in between where it takes several entries.
//
// Without an error all were applied; the Commit is the last entry's. An
// ErrNotProposed means that none was and none will be. An ErrUnknown means that
// any of them may have been, and replies says nothing.
func (g *Group[R]) ProposeAll(ctx context.Context, cmds [][]byte, replies []R) (Commit, error) {
	if err := g.host.life.err(); err != nil {
		return Commit{}, err
	}
	return g.prop.all(ctx, cmds, replies)
}

// Ready is closed while this node leads the group and has applied an entry of its
// term. The channel is another one after a loss of leadership.
func (g *Group[R]) Ready() <-chan struct{} {
	g.ready.mu.Lock()
	defer g.ready.mu.Unlock()
	return g.ready.ch
}

// WaitReady waits for Ready.
func (g *Group[R]) WaitReady(ctx context.Context) error {
	select {
	case <-g.Ready():
		return g.host.life.err()
	case <-g.host.life.dead:
		return ErrFailed
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", ErrNotLeader, ctx.Err())
	case <-g.stop:
		return ErrClosed
	}
}

// Applied is the index of the newest entry that the machine holds.
func (g *Group[R]) Applied() uint64 { return g.prog.applied.Load() }

// LastStamp is the replicated time: the greatest stamp applied, unix ms.
func (g *Group[R]) LastStamp() int64 { return g.prog.stamp.Load() }

// WaitApplied waits until the machine holds the entry at index.
func (g *Group[R]) WaitApplied(ctx context.Context, index uint64) error {
	if err := g.host.life.err(); err != nil {
		return err
	}
	return g.prog.wait(ctx, g.stop, index)
}

// RaiseVersion raises the group's active version to v, by a command of the log:
// every later entry carries it. With one voter this node's support is everybody's.
func (g *Group[R]) RaiseVersion(ctx context.Context, v uint32) error {
	if err := g.host.life.err(); err != nil {
		return err
	}
	if active := g.prog.version.Load(); v == active {
		return nil
	} else if v < active || v > g.host.cfg.SupportedVersion {
		return fmt.Errorf("%w: %d, active %d, supported %d", ErrVersionNotSupported, v, active, g.host.cfg.SupportedVersion)
	}
	return g.prop.control(ctx, entryRaiseVersion, v)
}

// leadership follows raft's election results.
func (g *Group[R]) leadership() {
	defer g.loops.Done()
	for {
		select {
		case <-g.stop:
			return
		case won := <-g.notify:
			g.met.leaderChanges.Inc()
			term := g.raft.CurrentTerm()
			g.ready.change(won, term, g.prog.term.Load())
			if won {
				g.prop.lead(term, g.host.cfg.SupportedVersion)
			} else {
				g.prop.follow()
			}
		}
	}
}

func (r *readiness) change(leading bool, term, applied uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.leading, r.term = leading, term
	if r.open {
		r.open, r.ch = false, make(chan struct{})
	}
	r.lookLocked(applied)
}

// applied is called by the FSM goroutine after every entry.
func (r *readiness) applied(term uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lookLocked(term)
}

func (r *readiness) isOpen() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.open
}

func (r *readiness) lookLocked(applied uint64) {
	if r.leading && !r.open && applied == r.term {
		r.open = true
		close(r.ch)
	}
}

// Close stops the group: proposals are refused, the one in flight is waited for,
// then everything that OpenGroup started ends, in reverse order (R7).
func (g *Group[R]) Close() error {
	g.closeOnce.Do(func() { g.closeErr = g.close() })
	return g.closeErr
}

func (g *Group[R]) close() error {
	g.prop.shut()
	g.images.closing.Store(true)
	g.prover.end()
	<-g.prop.idle // bounded by the stall limit, see proposer.apply
	close(g.stop)
	err := g.raft.Shutdown().Error()
	close(g.prop.landings)
	<-g.prop.pumped
	g.prover.rounds.Wait()
	g.loops.Wait()
	g.host.dismiss(g.cfg.ID)
	g.host.life.onFail(g.cfg.ID, nil)
	if !g.host.life.failed.Load() {
		err = errors.Join(err, g.floor.flush())
	}
	return errors.Join(err, g.floor.close())
}
