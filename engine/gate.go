package engine

import (
	"context"

	"github.com/scrip-engine/scrip/raftstore"
	"github.com/scrip-engine/scrip/shard"
)

// The gate is what a backup closes for the moment of its cut: every change passes
// it, so that no group is ahead of another in what the backup holds.

func (e *Engine) propose(ctx context.Context, g *shardGroup, cmd []byte) (shard.Reply, error) {
	e.gate.RLock()
	defer e.gate.RUnlock()
	r, _, err := g.log.Propose(ctx, cmd)
	return r, err
}

func (e *Engine) proposeAll(ctx context.Context, g *shardGroup, cmds [][]byte, replies []shard.Reply) (raftstore.Commit, error) {
	e.gate.RLock()
	defer e.gate.RUnlock()
	return g.log.ProposeAll(ctx, cmds, replies)
}
