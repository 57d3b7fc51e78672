package engine

import (
	"context"
	"encoding/json"
	"errors"
	"math"

	"github.com/scrip-engine/scrip/catalog"
	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/wire"
)

// changeCatalog replicates a catalog command of a caller under the caller's key.
// req is the request that the fingerprint covers.
func (e *Engine) changeCatalog(ctx context.Context, c *Call, op operation, req any, body catalog.Body) (catalog.Reply, error) {
	if err := e.mayChange(c); err != nil {
		return catalog.Reply{}, err
	}
	h, err := e.catalogHeader(c, op, req)
	if err != nil {
		return catalog.Reply{}, err
	}
	reply, err := e.change(ctx, h, body)
	if err != nil {
		return reply, c.catalogError(err)
	}
	return reply, nil
}

// catalogHeader is who a change of the catalog is: the caller's key, and the
// fingerprint of req. What req names it names in the caller's words: what those
// mean today may be another thing than at the first attempt.
func (e *Engine) catalogHeader(c *Call, op operation, req any) (catalog.Header, error) {
	said, err := json.Marshal(req)
	if err != nil {
		return catalog.Header{}, c.asWire(err)
	}
	id := e.identify(c, op, e.fingerprintOf(op, said))
	return catalog.Header{NotAfter: e.notAfter(), Key: id.key, FingerprintVersion: coupon.FingerprintVersion,
		Fingerprint: id.fingerprint, Actor: c.Caller.Key, Flags: id.flags & catalog.FlagMinted}, nil
}

func (c *Call) catalogError(err error) *wire.Error {
	var r *refusal
	if errors.As(err, &r) {
		if r.outcome == coupon.Reevaluate {
			return c.fail(wire.KeyUnavailable, reevaluateDetails)
		}
		return c.refused(r.outcome, "")
	}
	var bad *catalog.InvalidError
	if errors.As(err, &bad) {
		return c.field(wire.KeyInvalidCampaignParams, bad.Field, bad.Reason)
	}
	return c.replication(err)
}

// Campaign reads a campaign by name or id, linearizably.
func (e *Engine) Campaign(ctx context.Context, c Call, ref string) (*wire.Campaign, error) {
	campaign, err := e.findCampaign(ctx, &c, ref, RoleViewer)
	if err != nil {
		return nil, err
	}
	return e.renderCampaign(e.catalog.View(), campaign), nil
}

func (e *Engine) findCampaign(ctx context.Context, c *Call, ref, role string) (*catalog.Campaign, error) {
	if err := e.admit(c, role); err != nil {
		return nil, err
	}
	if _, err := e.catLog.Prove(ctx); err != nil {
		return nil, c.replication(err)
	}
	v := e.catalog.View()
	if err := c.stillAllowed(v); err != nil {
		return nil, err
	}
	campaign, ok := v.CampaignByRef(c.Caller.Project, ref)
	if !ok {
		return nil, c.missing("campaign", ref)
	}
	return campaign, nil
}

// findToSwitch is findCampaign for a change that the catalog remembers in the name
// of the project. With a key the campaign may be gone since: then the body names
// none, and the catalog answers from the receipt or not at all (P3).
func (e *Engine) findToSwitch(ctx context.Context, c *Call, ref string) (*catalog.Campaign, error) {
	campaign, err := e.findCampaign(ctx, c, ref, RoleUser)
	if c.Key != "" && isKey(err, wire.KeyNotFound) {
		return &catalog.Campaign{Project: c.Caller.Project, Ordinal: noCampaign}, nil
	}
	return campaign, err
}

// noCampaign is an ordinal that no campaign has.
const noCampaign = math.MaxUint32

// UpdateCampaign changes the fields that the request names and no others. When
// it returns, redemptions follow the new ones on every node (P7).
func (e *Engine) UpdateCampaign(ctx context.Context, c Call, ref string, req *wire.CampaignUpdate) (*wire.Campaign, error) {
	said := struct {
		Ref string
		*wire.CampaignUpdate
	}{ref, req}
	for range attemptsMax {
		campaign, err := e.findToSwitch(ctx, &c, ref)
		if err != nil {
			return nil, err
		}
		body := updateOf(campaign, req)
		var reply catalog.Reply
		if err := c.checkDates(campaign, req); err != nil {
			reply, err = e.insteadOf(ctx, err, &c, opCampaign, said, body)
			return e.campaignChanged(ctx, &c, ref, reply, err)
		}
		reply, err = e.changeCatalog(ctx, &c, opCampaign, said, body)
		if isReevaluate(err) {
			continue
		}
		return e.campaignChanged(ctx, &c, ref, reply, err)
	}
	return nil, c.fail(wire.KeyUnavailable, "The campaign kept changing under the request; try again")
}

// updateOf is the catalog's form of an update of the campaign as it was read.
func updateOf(campaign *catalog.Campaign, req *wire.CampaignUpdate) *catalog.UpdateCampaign {
	body := &catalog.UpdateCampaign{Project: campaign.Project, Campaign: campaign.Ordinal, Basis: campaign.Version,
		Description: patchOf(req.Description), Category: patchOf(req.Category),
		Start: patchTimeOf(req.StartDate), End: patchTimeOf(req.ExpirationDate)}
	if req.Type != "" {
		body.Type = catalog.Set(req.Type)
	}
	if req.Metadata.Null {
		body.Metadata = catalog.Clear[json.RawMessage]()
	} else if req.Metadata.Set {
		body.Metadata = catalog.Set(json.RawMessage(req.Metadata.Value))
	}
	return body
}

// isReevaluate says that a command was evaluated for a version that is gone.
func isReevaluate(err error) bool {
	var e *wire.Error
	return errors.As(err, &e) && e.Key == wire.KeyUnavailable && e.Details == reevaluateDetails
}

const reevaluateDetails = "changed meanwhile"

func (c *Call) checkDates(campaign *catalog.Campaign, req *wire.CampaignUpdate) error {
	start, end := campaign.Start, campaign.End
	if req.StartDate.Set {
		start = int64(req.StartDate.Value)
	}
	if req.ExpirationDate.Set {
		end = int64(req.ExpirationDate.Value)
	}
	if start != 0 && end != 0 && end <= start {
		return c.field(wire.KeyInvalidCampaignParams, "expiration_date", "must be after start_date")
	}
	return nil
}

func patchOf(w wire.Opt[string]) catalog.Patch[string] {
	switch {
	case w.Null:
		return catalog.Clear[string]()
	case w.Set:
		return catalog.Set(w.Value)
	}
	return catalog.Patch[string]{}
}

func patchTimeOf(w wire.Opt[wire.Time]) catalog.Patch[int64] {
	switch {
	case w.Null:
		return catalog.Clear[int64]()
	case w.Set:
		return catalog.Set(int64(w.Value))
	}
	return catalog.Patch[int64]{}
}

// campaignChanged raises the fence that a change owes and renders the campaign that
// was changed, which for a retry may be gone.
func (e *Engine) campaignChanged(ctx context.Context, c *Call, ref string, reply catalog.Reply, err error) (*wire.Campaign, error) {
	if isKey(err, wire.KeyResourceNotFound) {
		return nil, c.missing("campaign", ref)
	}
	if err != nil {
		return nil, err
	}
	if err := e.raise(ctx, c, reply.Fence); err != nil {
		return nil, err
	}
	v := e.catalog.View()
	return e.renderCampaign(v, v.Campaign(reply.Ordinal)), nil
}

// SetCampaignEnabled switches a campaign. When it returns off, no redemption of
// any of its codes that comes later passes, on any node (P7).
func (e *Engine) SetCampaignEnabled(ctx context.Context, c Call, ref string, on bool) (*wire.Campaign, error) {
	campaign, err := e.findToSwitch(ctx, &c, ref)
	if err != nil {
		return nil, err
	}
	body := &catalog.SetCampaignEnabled{Project: campaign.Project, Campaign: campaign.Ordinal, Enabled: on}
	reply, err := e.changeCatalog(ctx, &c, opEnable, struct{ Switch string }{ref}, body)
	return e.campaignChanged(ctx, &c, ref, reply, err)
}
