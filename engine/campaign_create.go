package engine

import (
	"context"
	"encoding/json"

	"github.com/scrip-engine/scrip/catalog"
	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/shard"
	"github.com/scrip-engine/scrip/wire"
)

// CreateCampaign opens a campaign. With more than one voucher a job makes the
// codes; it was written with the campaign, so no crash separates them.
func (e *Engine) CreateCampaign(ctx context.Context, c Call, req *wire.CampaignCreate) (*wire.Campaign, error) {
	if err := e.admit(&c, RoleUser); err != nil {
		return nil, err
	}
	v := e.catalog.View()
	if err := c.stillAllowed(v); err != nil {
		return nil, err
	}
	body, err := e.compileCampaign(&c, c.project(v), req)
	if err != nil {
		return nil, err
	}
	reply, err := e.changeCatalog(ctx, &c, opCampaign, req, body)
	if err != nil {
		return nil, err
	}
	if err := e.raise(ctx, &c, reply.Fence); err != nil {
		return nil, err
	}
	campaign := e.catalog.View().Campaign(reply.Ordinal)
	if campaign == nil {
		return nil, c.fail(wire.KeyInternalError, "the campaign is not there")
	}
	if campaign.Deleted == 0 { // a retry may find it gone, and then nothing is left to do
		if err := e.followUp(ctx, &c, campaign, req, &reply); err != nil {
			return nil, c.halfDone(err)
		}
	}
	return e.renderCampaign(e.catalog.View(), campaign), nil
}

// followUp does what comes after the campaign was written. A retry does it again,
// each step of which finds what is there already.
func (e *Engine) followUp(ctx context.Context, c *Call, campaign *catalog.Campaign, req *wire.CampaignCreate, reply *catalog.Reply) error {
	for _, g := range e.shards {
		if err := e.introduce(ctx, c, g, campaign); err != nil {
			return err
		}
	}
	e.jobs.wake()
	// The catalog remembers keys an hour longer than the shards do: a retry in that
	// hour must not draw a second code.
	if reply.Replayed && e.catalog.View().Time() >= reply.Stamp+coupon.KeyMemoryMillis-coupon.StampJumpMillisMax {
		return nil
	}
	return e.soleCode(ctx, c, campaign, req)
}

// halfDone is the answer for an error after the campaign was written: to say that
// nothing was done would not be true (P5). The same key does the rest.
func (c *Call) halfDone(err error) *wire.Error {
	return c.fail(wire.KeyOutcomeUnknown, "The campaign is written; what follows was not: "+err.Error())
}

// soleCode issues the one code of a campaign that asked for one.
func (e *Engine) soleCode(ctx context.Context, c *Call, campaign *catalog.Campaign, req *wire.CampaignCreate) error {
	if req.VouchersCount.Or(0) != 1 {
		return nil
	}
	one := *c
	one.Key = "\x00sole\x00" + campaign.ID // the caller's own is for what the caller creates
	_, err := e.issue(ctx, &one, campaign.ID, "", &wire.VoucherCreate{})
	return err
}

// introduce makes a campaign known to a shard, before its first code.
func (e *Engine) introduce(ctx context.Context, c *Call, g *shardGroup, campaign *catalog.Campaign) error {
	q := shard.Campaign{Ordinal: campaign.Ordinal, Project: campaign.Project, Birth: campaign.Birth,
		Limit: campaign.Voucher.Quantity, PerCustomer: campaign.Voucher.PerCustomer,
		Gift: campaign.Voucher.GiftAmount, IsGift: campaign.Voucher.Type == wire.VoucherGift,
		Ended: campaign.Deleted != 0}
	if cur, err := coupon.ParseCurrency(campaign.Voucher.Currency); err == nil {
		q.Currency = cur.Numeric()
	}
	cmd := shard.AppendCampaign(e.command(c, shard.KindCampaign, e.campaignSlot(g, campaign), identity{}, campaign.Birth), &q)
	reply, err := e.propose(ctx, g, cmd)
	if err != nil {
		return c.replication(err)
	}
	if reply.Outcome != coupon.OK {
		return c.refused(reply.Outcome, "")
	}
	return nil
}

// campaignSlot is the slot that a campaign's records in a shard belong to: the
// campaign's own where the shard owns it, else the shard's first.
func (e *Engine) campaignSlot(g *shardGroup, campaign *catalog.Campaign) uint16 {
	p := e.catalog.View().Project(campaign.Project)
	own := e.secret.Hash(p.ID, coupon.DomainCampaign, []byte(campaign.ID)).Slot()
	if e.shardOf(own) == g {
		return own
	}
	return firstSlot(g.index, len(e.shards))
}

// compileCampaign checks a campaign and brings it into the catalog's form.
func (e *Engine) compileCampaign(c *Call, p *catalog.Project, req *wire.CampaignCreate) (*catalog.CreateCampaign, error) {
	if req.Name == "" {
		return nil, c.field(wire.KeyInvalidCampaignParams, "name", "is required")
	}
	if req.Voucher == nil {
		return nil, c.field(wire.KeyInvalidCampaignParams, "voucher", "is required")
	}
	if req.StartDate != 0 && req.ExpirationDate != 0 && req.ExpirationDate <= req.StartDate {
		return nil, c.field(wire.KeyInvalidCampaignParams, "expiration_date", "must be after start_date")
	}
	voucher, err := e.compileCampaignVoucher(c, p, req)
	if err != nil {
		return nil, err
	}
	body := &catalog.CreateCampaign{
		Project: p.Ordinal, Name: req.Name, Description: req.Description, CampaignType: req.CampaignType, Type: req.Type,
		Category: req.Category, Start: int64(req.StartDate), End: int64(req.ExpirationDate),
		Inactive: !req.Active.Or(true), Metadata: json.RawMessage(req.Metadata), Voucher: *voucher,
		VouchersCount: req.VouchersCount.Or(0),
	}
	if body.CampaignType == "" {
		body.CampaignType = wire.CampaignDiscountCoupons
		if voucher.Type == wire.VoucherGift {
			body.CampaignType = wire.CampaignGiftVouchers
		}
	}
	if body.Type == "" {
		body.Type = wire.CampaignStatic
	}
	return body, e.addGeneration(c, p, req, body)
}

func (e *Engine) compileCampaignVoucher(c *Call, p *catalog.Project, req *wire.CampaignCreate) (*catalog.VoucherSpec, error) {
	w := req.Voucher
	out := &catalog.VoucherSpec{Type: w.Type, Quantity: 1, HolderOnly: w.HolderOnly.Or(false)}
	var err error
	switch {
	case w.Type == wire.VoucherGift:
		out.Quantity = catalog.Unlimited
		err = e.compileCampaignGift(c, p, w.Gift, out)
	case w.Discount == nil:
		err = c.field(wire.KeyInvalidCampaignParams, "voucher.discount", "is required")
	default:
		out.Discount, err = compileDiscount(c, w.Discount, "voucher.", wire.KeyInvalidCampaignParams)
	}
	if err != nil {
		return nil, err
	}
	if limit, set := limitOf(&w.Redemption); set {
		if err := c.checkLimits(wire.KeyInvalidCampaignParams, "voucher.", limit, 0); err != nil {
			return nil, err
		}
		out.Quantity = limit
	}
	if per, ok := w.Redemption.PerCustomer.Get(); ok {
		if per < 1 || per > coupon.IntMax {
			return nil, c.field(wire.KeyInvalidCampaignParams, "voucher.redemption.per_customer", "must be at least 1")
		}
		out.PerCustomer = per
	}
	if w.CodeConfig != nil {
		if _, err := codeConfig(w.CodeConfig).Compile(rulesOf(p)); err != nil {
			return nil, c.patternError(err)
		}
		if out.CodeConfig, err = json.Marshal(w.CodeConfig); err != nil {
			return nil, c.asWire(err)
		}
	}
	return out, nil
}

func (e *Engine) compileCampaignGift(c *Call, p *catalog.Project, g *wire.Gift, out *catalog.VoucherSpec) error {
	if g == nil || !g.Amount.Set || g.Amount.Null {
		return c.field(wire.KeyInvalidCampaignParams, "voucher.gift.amount", "is required")
	}
	if err := coupon.CheckAmount(g.Amount.Value); err != nil {
		return c.field(wire.KeyInvalidCampaignParams, "voucher.gift.amount", err.Error())
	}
	if g.Effect != "" && g.Effect != wire.EffectApplyToOrder {
		return c.field(wire.KeyNotSupported, "voucher.gift.effect", "only APPLY_TO_ORDER in this version")
	}
	out.GiftAmount, out.Currency = g.Amount.Value, g.Currency
	if out.Currency == "" {
		out.Currency = p.Currency
	}
	return nil
}
