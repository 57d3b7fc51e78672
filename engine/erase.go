package engine

import (
	"context"
	"time"

	"github.com/scrip-engine/scrip/shard"
)

// Forgetting a customer destroys the key of the profile in the state. The log and
// the older of the two kept images still hold it: two new images later, neither
// does, since the log is truncated to the older image. The eraser makes those
// images, some time after the last forgetting, so that many cost what one costs.

// eraseAfter is how long erasures are gathered.
const eraseAfter = 10 * time.Second

func (e *Engine) eraseSoon(g *shardGroup) {
	g.erase.Store(true)
	select {
	case e.eraseKick <- struct{}{}:
	default:
	}
}

// driveErasures makes the images that erasures need.
func (e *Engine) driveErasures(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-e.eraseKick:
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(eraseAfter):
		}
		for _, g := range e.shards {
			if g.erase.Swap(false) {
				if err := e.eraseTraces(ctx, g); err != nil && ctx.Err() == nil {
					e.log.Warn("traces of a forgotten customer not erased yet", "shard", g.index, "error", err)
					e.eraseSoon(g)
				}
			}
		}
	}
}

// eraseTraces makes two images with something between them, since an image of
// an unchanged state is the one that is there already.
func (e *Engine) eraseTraces(ctx context.Context, g *shardGroup) error {
	for range 2 {
		if _, err := g.log.Image(ctx); err != nil {
			return err
		}
		c := Call{}
		q := shard.Fence{Scope: shard.FenceProject, Ordinal: 1} // raises nothing
		cmd := shard.AppendFence(e.command(&c, shard.KindFence, firstSlot(g.index, len(e.shards)), identity{}, 0), &q)
		if _, err := e.propose(ctx, g, cmd); err != nil {
			return err
		}
	}
	return nil
}
