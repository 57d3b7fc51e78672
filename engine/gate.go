package engine

import (
	"context"
	"fmt"

	"github.com/scrip-engine/scrip/raftstore"
	"github.com/scrip-engine/scrip/shard"
)

// The gate is what a backup closes for the moment of its cut: every change passes
// it, so that no group is ahead of another in what the backup holds.

// errUnspeakable: the command is outside what the log's format can say. It was
// not proposed: once committed it would stop the group.
var errUnspeakable = fmt.Errorf("%w: outside the bounds of a command", raftstore.ErrNotProposed)

func (e *Engine) propose(ctx context.Context, g *shardGroup, cmd []byte) (shard.Reply, error) {
	if err := shard.Verify(cmd); err != nil {
		e.log.Error("a command was built that the log cannot carry", "error", err)
		return shard.Reply{}, errUnspeakable
	}
	e.gate.RLock()
	defer e.gate.RUnlock()
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
	e.gate.RLock()
	defer e.gate.RUnlock()
	return g.log.ProposeAll(ctx, cmds, replies)
}
