package engine

import (
	"context"
	"errors"

	"github.com/scrip-engine/scrip/catalog"
	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/shard"
	"github.com/scrip-engine/scrip/wire"
)

// A retry gets the stored outcome, whatever the state says now (P3). The machines
// look for the receipt before anything else; but what the engine asks of the state
// before it proposes (is the campaign there, has the pattern room, who is the
// holder) may have changed since the first attempt. So no such refusal goes out,
// and no such check writes anything, before the receipt was looked for here. That
// look only chooses the way: whether a command takes effect is the machine's word.

// insteadOf returns the outcome that the catalog keeps for the caller's key, or the
// refusal when there is none. The proof makes the view at least as new as the state
// that the refusal was found in.
func (e *Engine) insteadOf(ctx context.Context, refusal error, c *Call, op operation, req any, body catalog.Body) (catalog.Reply, error) {
	if c.Key == "" {
		return catalog.Reply{}, refusal
	}
	if _, err := e.catLog.Prove(ctx); err != nil {
		return catalog.Reply{}, c.replication(err)
	}
	h, err := e.catalogHeader(c, op, req)
	if err != nil {
		return catalog.Reply{}, err
	}
	reply, found := e.catalog.View().Replay(&h, body)
	switch {
	case !found:
		return catalog.Reply{}, refusal
	case reply.Outcome != coupon.OK:
		return catalog.Reply{}, c.refused(reply.Outcome, "")
	}
	return reply, nil
}

// campaignForJob finds the campaign that a job is for. With a key it may be one
// that was deleted after the job was put: then the catalog has the receipt.
func (e *Engine) campaignForJob(ctx context.Context, c *Call, ref, kind string) (*catalog.Campaign, error) {
	campaign, err := e.findCampaign(ctx, c, ref, RoleUser)
	if c.Key == "" || !isKey(err, wire.KeyNotFound) {
		return campaign, err
	}
	gone, ok := e.catalog.View().CampaignOfKey(c.Caller.Project, kind, e.callersKey(c, opJob), ref)
	if !ok {
		return nil, err
	}
	return gone, nil
}

// putJob puts a job into the catalog. refusal, if not nil, is what a check found
// against it: it stands unless the job was put before.
func (e *Engine) putJob(ctx context.Context, c *Call, refusal error, req any, campaign *catalog.Campaign, body *catalog.PutJob) (catalog.Reply, error) {
	if refusal != nil {
		return e.insteadOf(ctx, refusal, c, opJob, req, body)
	}
	reply, err := e.changeCatalog(ctx, c, opJob, req, body)
	if campaign != nil && isKey(err, wire.KeyResourceNotFound) {
		return reply, c.missing("campaign", campaign.ID) // deleted since it was found
	}
	return reply, err
}

// stored answers from a code's receipt: the code as it is, or a conflict when the
// key came with another request.
func (e *Engine) stored(c *Call, g *shardGroup, rec *shard.Record, fingerprint uint64) (*wire.Voucher, error) {
	if err := c.sameRequest(rec, fingerprint); err != nil {
		return nil, err
	}
	return e.voucherAt(c, g, rec.ID.Slot, rec.Ordinal)
}

func (c *Call) sameRequest(rec *shard.Record, fingerprint uint64) error {
	if rec.FPVersion == coupon.FingerprintVersion && rec.Fingerprint != fingerprint {
		return c.refused(coupon.KeyConflict, "")
	}
	return nil
}

func isKey(err error, key string) bool {
	var e *wire.Error
	return errors.As(err, &e) && e.Key == key
}
