package engine

import (
	"context"
	"fmt"
	"sync"

	"github.com/scrip-engine/scrip/raftstore"
	"github.com/scrip-engine/scrip/shard"
)

// gate is what a backup closes for the moment of its cut: every change passes it,
// so that no group is ahead of another in what the backup holds. Its zero value is
// open.
type gate struct {
	mu     sync.Mutex
	inside int
	before int           // waiting at a closed gate
	shut   chan struct{} // not nil while closed; closed when the gate opens
	empty  chan struct{} // closed when the last one has left a closed gate
}

// enter waits at a closed gate, as long as ctx lives.
func (g *gate) enter(ctx context.Context) error {
	for {
		g.mu.Lock()
		shut := g.shut
		if shut == nil {
			g.inside++
			g.mu.Unlock()
			return nil
		}
		if g.before >= gateWaitersMax {
			g.mu.Unlock()
			return fmt.Errorf("%w: a backup is being cut", raftstore.ErrQueueFull)
		}
		g.before++
		g.mu.Unlock()
		if err := g.wait(ctx, shut); err != nil {
			return fmt.Errorf("%w: waiting for a backup to be cut: %w", raftstore.ErrNotProposed, err)
		}
	}
}

// gateWaitersMax bounds the changes that wait for a backup's cut. One more is told
// at once: those who wait hold places of the server that reads and refusals need,
// which do not wait (P10).
const gateWaitersMax = 512

// wait returns when the gate opens or ctx ends.
func (g *gate) wait(ctx context.Context, opens <-chan struct{}) (err error) {
	select {
	case <-opens:
	case <-ctx.Done():
		err = ctx.Err()
	}
	g.mu.Lock()
	g.before--
	g.mu.Unlock()
	return err
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.inside--; g.inside == 0 && g.empty != nil {
		close(g.empty)
		g.empty = nil
	}
}

// close keeps changes out and returns when those under way are over. On an error
// the gate is open.
func (g *gate) close(ctx context.Context) error {
	g.mu.Lock()
	if g.shut != nil {
		g.mu.Unlock()
		return errBackupBusy
	}
	g.shut = make(chan struct{})
	empty := make(chan struct{})
	if g.inside == 0 {
		close(empty)
	} else {
		g.empty = empty
	}
	g.mu.Unlock()
	select {
	case <-empty:
		return nil
	case <-ctx.Done():
		g.open()
		return ctx.Err()
	}
}

func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	close(g.shut)
	g.shut, g.empty = nil, nil
}

// errUnspeakable: the command is outside what the log's format can say. It was
// not proposed: once committed it would stop the group.
var errUnspeakable = fmt.Errorf("%w: outside the bounds of a command", raftstore.ErrNotProposed)

func (e *Engine) propose(ctx context.Context, g *shardGroup, cmd []byte) (shard.Reply, error) {
	if err := shard.Verify(cmd); err != nil {
		e.log.Error("a command was built that the log cannot carry", "error", err)
		return shard.Reply{}, errUnspeakable
	}
	if err := e.gate.enter(ctx); err != nil {
		return shard.Reply{}, err
	}
	defer e.gate.leave()
	r, _, err := g.log.Propose(ctx, cmd)
	return r, err
}

func (e *Engine) proposeAll(ctx context.Context, g *shardGroup, cmds [][]byte, replies []shard.Reply) (raftstore.Commit, error) {
	for _, cmd := range cmds {
		if err := shard.Verify(cmd); err != nil {
			e.log.Error("a command was built that the log cannot carry", "error", err)
			return raftstore.Commit{}, errUnspeakable
		}
	}
	if err := e.gate.enter(ctx); err != nil {
		return raftstore.Commit{}, err
	}
	defer e.gate.leave()
	return g.log.ProposeAll(ctx, cmds, replies)
}
