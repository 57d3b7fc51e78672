package engine

import (
	"context"
	"errors"
	"time"

	"github.com/scrip-engine/scrip/catalog"
	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/shard"
	"github.com/scrip-engine/scrip/wire"
)

// Fences (P7). A change that redemptions must not overtake commits in the
// catalog, then raises a fence in every shard, and only then is acknowledged.
// The raise that is owed is catalog state: whoever leads the catalog drives it,
// also after a crash between the two.

// raise brings a fence to every shard, then tells the catalog that it is done.
// An error leaves the raise pending, and the outcome of the change unknown to
// the caller until it was driven.
func (e *Engine) raise(ctx context.Context, c *Call, f catalog.Fence) error {
	if f.Scope == catalog.NoFence {
		return nil
	}
	if err := e.raiseShards(ctx, c, f); err != nil {
		e.kickFences()
		return c.fail(wire.KeyOutcomeUnknown, "The change is written; a shard has not confirmed it yet")
	}
	_, err := e.change(ctx, catalog.Header{NotAfter: e.notAfter()}, &catalog.FenceDone{Fence: f})
	if err != nil {
		e.kickFences() // every shard has it; the note follows
	}
	return nil
}

func (e *Engine) raiseShards(ctx context.Context, c *Call, f catalog.Fence) error {
	scope := shard.FenceProject
	if f.Scope == catalog.CampaignFence {
		scope = shard.FenceCampaign
	}
	q := shard.Fence{Scope: scope, Ordinal: f.Ordinal, Index: f.Index}
	for _, g := range e.shards {
		if err := e.raiseShard(ctx, c, g, &q); err != nil {
			return err
		}
	}
	return nil
}

// raiseShard raises one shard's fence. A shard that never heard of the campaign
// is introduced to it first, or its first code would find the fence of its birth.
func (e *Engine) raiseShard(ctx context.Context, c *Call, g *shardGroup, q *shard.Fence) error {
	for range 2 {
		cmd := shard.AppendFence(e.command(c, shard.KindFence, firstSlot(g.index, len(e.shards)), identity{}, q.Index), q)
		reply, err := e.propose(ctx, g, cmd)
		switch {
		case err != nil:
			return err
		case reply.Outcome == coupon.OK:
			return nil
		case reply.Outcome != coupon.ResourceNotFound:
			return &refusal{reply.Outcome}
		}
		campaign := e.catalog.View().Campaign(q.Ordinal)
		if campaign == nil {
			return &refusal{reply.Outcome}
		}
		if err := e.introduce(ctx, c, g, campaign); err != nil {
			return err
		}
	}
	return &refusal{coupon.ResourceNotFound}
}

func (e *Engine) kickFences() {
	select {
	case e.kick <- struct{}{}:
	default:
	}
}

// fenceRetry is how long a raise that failed waits.
const fenceRetry = 200 * time.Millisecond

// driveFences finishes raises, and ends of campaigns, that a crash or a failed
// shard left behind.
func (e *Engine) driveFences(ctx context.Context) {
	c := Call{}
	t := time.NewTicker(fenceRetry)
	defer t.Stop()
	for {
		for _, f := range e.catalog.View().PendingFences() {
			if err := e.raise(ctx, &c, f); err != nil && ctx.Err() == nil {
				e.log.Warn("fence not raised yet", "scope", f.Scope, "ordinal", f.Ordinal, "error", err)
			}
		}
		for _, j := range e.catalog.View().ActiveJobs() {
			if j.Kind != wire.AsyncCampaignDelete {
				continue
			}
			if err := e.endCampaign(ctx, &c, j.Ordinal); err != nil && !errors.Is(err, context.Canceled) {
				e.log.Warn("campaign not ended yet", "job", j.ID, "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		case <-e.kick:
		}
	}
}
