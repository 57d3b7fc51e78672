package engine

import (
	"context"

	"github.com/scrip-engine/scrip/catalog"
	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/shard"
	"github.com/scrip-engine/scrip/wire"
)

// Voucher reads a code by its text or its id, linearizably.
func (e *Engine) Voucher(ctx context.Context, c Call, ref string) (*wire.Voucher, error) {
	if err := e.admit(&c, RoleViewer); err != nil {
		return nil, err
	}
	r, l, err := e.find(ctx, &c, ref)
	if err != nil {
		return nil, err
	}
	_ = r
	return e.renderVoucher(e.catalog.View(), &l.View), nil
}

// find reads a code that exists, after a proof.
func (e *Engine) find(ctx context.Context, c *Call, ref string) (codeRef, *shard.Look, error) {
	return e.findToChange(ctx, c, ref, 0, coupon.Hash{})
}

// callersKey is the hash of the key that the caller gave for an operation, or
// zero.
func (e *Engine) callersKey(c *Call, op operation) coupon.Hash {
	if c.Key == "" {
		return coupon.Hash{}
	}
	return e.keyHash(c.Caller.Project, op, c.Key)
}

// findToChange is find for a change of the given kind and key. A code that is
// gone still answers for the changes that were made to it (P3): the law finds the
// receipt.
func (e *Engine) findToChange(ctx context.Context, c *Call, ref string, kind shard.Kind, key coupon.Hash) (codeRef, *shard.Look, error) {
	v := e.catalog.View()
	if err := c.stillAllowed(v); err != nil {
		return codeRef{}, nil, err
	}
	r := e.resolve(c.project(v), ref, nil)
	r.query.Kind, r.query.Key = kind, key
	l := new(shard.Look)
	if err := e.lookProved(ctx, &r, l); err != nil {
		return r, l, c.replication(err)
	}
	if err := e.catchUp(ctx, c, &l.View); err != nil {
		return r, l, err
	}
	if l.View.Found && e.gone(&l.View) && !l.HasReceipt && !key.IsZero() {
		// The campaign may be gone since the look, and the same request answered
		// between the two.
		if err := e.lookProved(ctx, &r, l); err != nil {
			return r, l, c.replication(err)
		}
	}
	if !l.View.Found || l.View.Project != c.Caller.Project || e.gone(&l.View) && !l.HasReceipt {
		return r, l, c.missing("voucher", ref)
	}
	return r, l, nil
}

// catchUp waits until the catalog is as new as what the code refers to.
func (e *Engine) catchUp(ctx context.Context, c *Call, v *shard.CodeView) error {
	if need := max(v.CampaignBirth, v.Fence); need > e.catalog.View().Index() {
		if err := e.catLog.WaitApplied(ctx, need); err != nil {
			return c.replication(err)
		}
	}
	return nil
}

// gone says that the code, or the campaign it belonged to, was deleted.
func (e *Engine) gone(v *shard.CodeView) bool {
	if v.Deleted {
		return true
	}
	campaign := e.catalog.View().Campaign(v.Campaign)
	return v.Campaign != 0 && (campaign == nil || campaign.Deleted != 0)
}

// proposeChange replicates a change that is evaluated at a catalog index, again
// when that turns out to be old. make builds the command for an index.
func (e *Engine) proposeChange(ctx context.Context, c *Call, g *shardGroup, campaign *catalog.Campaign, build func(index uint64) []byte) (shard.Reply, error) {
	for range attemptsMax {
		if err := e.mayChange(c); err != nil {
			return shard.Reply{}, err
		}
		v := e.catalog.View()
		if err := c.stillAllowed(v); err != nil {
			return shard.Reply{}, err
		}
		if campaign != nil {
			if now := v.Campaign(campaign.Ordinal); now == nil || now.Deleted != 0 {
				return shard.Reply{}, c.missing("campaign", campaign.ID)
			}
		}
		reply, err := e.propose(ctx, g, build(v.Index()))
		switch {
		case err != nil:
			return reply, c.replication(err)
		case reply.Outcome == coupon.Stale:
			if err := e.catLog.WaitApplied(ctx, reply.CatalogIndex); err != nil {
				return reply, c.replication(err)
			}
		case reply.Outcome == coupon.ResourceNotFound && campaign != nil:
			if err := e.introduce(ctx, c, g, v.Campaign(campaign.Ordinal)); err != nil {
				return reply, err
			}
		case reply.Outcome == coupon.Reevaluate:
		default:
			return reply, nil
		}
	}
	return shard.Reply{}, c.fail(wire.KeyUnavailable, "The campaign kept changing under the request; try again")
}
