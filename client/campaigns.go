package client

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/scrip-engine/scrip/wire"
)

// CreateCampaign creates a campaign. With more than one voucher its codes come
// from a job, whose id is in AsyncActionID. Options: Key.
func (c *Client) CreateCampaign(ctx context.Context, req *wire.CampaignCreate, opts ...Option) (*wire.Campaign, error) {
	return send[wire.Campaign](ctx, c, changing(http.MethodPost, opts, "campaigns"), req)
}

// Campaign reads a campaign by its name or id.
func (c *Client) Campaign(ctx context.Context, nameOrID string) (*wire.Campaign, error) {
	return get[wire.Campaign](ctx, c, reading("campaigns", nameOrID))
}

// UpdateCampaign changes the fields that are set; wire.Cleared clears one.
func (c *Client) UpdateCampaign(ctx context.Context, nameOrID string, req *wire.CampaignUpdate) (*wire.Campaign, error) {
	return send[wire.Campaign](ctx, c, changing(http.MethodPut, nil, "campaigns", nameOrID), req)
}

// DeleteCampaign deletes a campaign with its vouchers. Nothing of it can be
// redeemed once this returned; a job removes the rest.
func (c *Client) DeleteCampaign(ctx context.Context, nameOrID string) (*wire.Accepted, error) {
	return send[wire.Accepted](ctx, c, changing(http.MethodDelete, nil, "campaigns", nameOrID), nil)
}

// Campaigns lists campaigns.
func (c *Client) Campaigns(ctx context.Context, q CampaignQuery) (*wire.List[wire.Campaign], error) {
	return get[wire.List[wire.Campaign]](ctx, c, reading("campaigns").ask(q.values()))
}

// EnableCampaign lets the codes of a campaign be redeemed again (P7).
// Options: Key.
func (c *Client) EnableCampaign(ctx context.Context, nameOrID string, opts ...Option) (*wire.Campaign, error) {
	return send[wire.Campaign](ctx, c, changing(http.MethodPost, opts, "campaigns", nameOrID, "enable"), nil)
}

// DisableCampaign stops a campaign with all its codes (P7). Options: Key.
func (c *Client) DisableCampaign(ctx context.Context, nameOrID string, opts ...Option) (*wire.Campaign, error) {
	return send[wire.Campaign](ctx, c, changing(http.MethodPost, opts, "campaigns", nameOrID, "disable"), nil)
}

// CampaignSummary counts what happened in a campaign.
func (c *Client) CampaignSummary(ctx context.Context, nameOrID string) (*wire.CampaignSummary, error) {
	return get[wire.CampaignSummary](ctx, c, reading("campaigns", nameOrID, "summary"))
}

// AddVoucher adds one code to a campaign; an empty code draws one by the
// campaign's code configuration. Options: Key.
func (c *Client) AddVoucher(ctx context.Context, campaign, code string, req *wire.GenerateRequest, opts ...Option) (*wire.Voucher, error) {
	parts := []string{"campaigns", campaign, "vouchers"}
	if code != "" {
		parts = append(parts, code)
	}
	if req == nil {
		req = new(wire.GenerateRequest)
	}
	return send[wire.Voucher](ctx, c, changing(http.MethodPost, opts, parts...), req)
}

// Generate adds count codes to a campaign, two or more, by a job: Wait follows
// it. A nil req takes everything from the campaign. Options: Key.
func (c *Client) Generate(ctx context.Context, campaign string, count int64, req *wire.GenerateRequest, opts ...Option) (*wire.Accepted, error) {
	if count < 2 {
		return nil, fmt.Errorf("client: generate %d codes: a job makes two or more, AddVoucher draws one", count)
	}
	if req == nil {
		req = new(wire.GenerateRequest)
	}
	q := changing(http.MethodPost, opts, "campaigns", campaign, "vouchers").
		ask(url.Values{"vouchers_count": {strconv.FormatInt(count, 10)}})
	return send[wire.Accepted](ctx, c, q, req)
}
