package engine

import (
	"context"
	"encoding/json"

	"github.com/scrip-engine/scrip/catalog"
	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/shard"
	"github.com/scrip-engine/scrip/wire"
)

// CreateVoucher issues one code: the given text, or with an empty one a text
// that is drawn.
func (e *Engine) CreateVoucher(ctx context.Context, c Call, code string, req *wire.VoucherCreate) (*wire.Voucher, error) {
	if req.Campaign != "" || req.CampaignID != "" {
		ref := req.CampaignID
		if ref == "" {
			ref = req.Campaign
		}
		return e.AddVoucher(ctx, c, ref, code, req)
	}
	return e.issue(ctx, &c, nil, code, req)
}

// AddVoucher issues one code of a campaign.
func (e *Engine) AddVoucher(ctx context.Context, c Call, campaign, code string, req *wire.VoucherCreate) (*wire.Voucher, error) {
	v := e.catalog.View()
	if err := c.stillAllowed(v); err != nil {
		return nil, err
	}
	found, ok := v.CampaignByRef(c.Caller.Project, campaign)
	if !ok {
		return nil, c.missing("campaign", campaign)
	}
	return e.issue(ctx, &c, found, code, req)
}

func (e *Engine) issue(ctx context.Context, c *Call, campaign *catalog.Campaign, code string, req *wire.VoucherCreate) (*wire.Voucher, error) {
	if err := e.admit(c, RoleUser); err != nil {
		return nil, err
	}
	v := e.catalog.View()
	if err := c.stillAllowed(v); err != nil {
		return nil, err
	}
	p := c.project(v)
	if code == "" {
		code = req.Code
	}
	sp, err := e.compileSpec(c, p, campaign, req)
	if err != nil {
		return nil, err
	}
	if req.HolderID != "" {
		holder, err := e.resolveHolder(ctx, c, p, req.HolderID)
		if err != nil {
			return nil, err
		}
		sp.Mask |= shard.SpecHolder
		sp.Holder = holder
	}
	said, err := json.Marshal(req)
	if err != nil {
		return nil, c.asWire(err)
	}
	id := e.identify(c, opCreate, e.fingerprintOf(opCreate, said, campaignWords(campaign)))
	if code != "" {
		parsed, err := rulesOf(p).ParseNew(code)
		if err != nil {
			return nil, c.field(wire.KeyInvalidCode, "code", err.Error())
		}
		return e.createCode(ctx, c, p, campaign, parsed, &sp, id)
	}
	return e.issueDrawn(ctx, c, p, campaign, req, &sp, id)
}

// campaignWords are what the fingerprint of a create says of the campaign, which
// may stand in the path.
func campaignWords(campaign *catalog.Campaign) []byte {
	if campaign == nil {
		return nil
	}
	return []byte(campaign.ID)
}

func (e *Engine) createCode(ctx context.Context, c *Call, p *catalog.Project, campaign *catalog.Campaign, code coupon.Code, sp *shard.Spec, id identity) (*wire.Voucher, error) {
	h := e.secret.Hash(p.ID, coupon.DomainCode, []byte(code.Folded))
	g := e.shardOf(h.Slot())
	q := shard.Create{Project: p.Ordinal, Rules: rulesOf(p),
		Code: shard.NewCode{Hash: h, Issued: []byte(code.Issued), Spec: *sp}}
	if campaign != nil {
		q.Campaign = campaign.Ordinal
	}
	reply, err := e.proposeChange(ctx, c, g, campaign, func(index uint64) []byte {
		return shard.AppendCreate(e.command(c, shard.KindCreate, h.Slot(), id, index), &q)
	})
	if err != nil {
		return nil, err
	}
	if reply.Outcome != coupon.OK {
		out := c.refused(reply.Outcome, "")
		out.ResourceID, out.ResourceType = code.Issued, "voucher"
		return nil, out
	}
	return e.voucherAt(c, g, h.Slot(), reply.Ordinal)
}

func (e *Engine) voucherAt(c *Call, g *shardGroup, slot uint16, ordinal uint32) (*wire.Voucher, error) {
	var l shard.Look
	g.law.Look(&shard.Query{Project: c.Caller.Project, ByPlace: true, Slot: slot, Ordinal: ordinal}, &l)
	if !l.View.Found {
		return nil, c.fail(wire.KeyInternalError, "the voucher is not there")
	}
	return e.renderVoucher(e.catalog.View(), &l.View), nil
}
