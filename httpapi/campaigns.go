package httpapi

import (
	"github.com/scrip-engine/scrip/engine"
	"github.com/scrip-engine/scrip/wire"
)

// createCampaign is POST /v1/campaigns.
func createCampaign(x *exchange) error {
	req, err := decode[wire.CampaignCreate](x)
	if err != nil {
		return err
	}
	c, err := x.server.engine.CreateCampaign(x.ctx, x.call, req)
	if err != nil {
		return err
	}
	return x.json(c)
}

// getCampaign is GET /v1/campaigns/{campaignId}.
func getCampaign(x *exchange) error {
	id, err := x.idParam()
	if err != nil {
		return err
	}
	c, err := x.server.engine.Campaign(x.ctx, x.call, id)
	if err != nil {
		return err
	}
	return x.json(c)
}

// updateCampaign is PUT /v1/campaigns/{campaignId}.
func updateCampaign(x *exchange) error {
	id, err := x.idParam()
	if err != nil {
		return err
	}
	req, err := decode[wire.CampaignUpdate](x)
	if err != nil {
		return err
	}
	c, err := x.server.engine.UpdateCampaign(x.ctx, x.call, id, req)
	if err != nil {
		return err
	}
	return x.json(c)
}

// deleteCampaign is DELETE /v1/campaigns/{campaignId}: a job that takes its codes along.
func deleteCampaign(x *exchange) error {
	id, err := x.idParam()
	if err != nil {
		return err
	}
	job, err := x.server.engine.DeleteCampaign(x.ctx, x.call, id)
	if err != nil {
		return err
	}
	return x.accepted(job)
}

// listCampaigns is GET /v1/campaigns.
func listCampaigns(x *exchange) error {
	q := x.query()
	q.unsupported("campaign_status", "access_settings_assigned_to_areas_and_stores", "voucher_type", "ids")
	find := engine.CampaignQuery{
		Page:         q.page("updated_at", "name", "id"),
		CampaignType: q.oneOf("campaign_type", wire.CampaignDiscountCoupons, wire.CampaignGiftVouchers),
	}
	if q.err != nil {
		return q.err
	}
	list, err := x.server.engine.Campaigns(x.ctx, x.call, find)
	if err != nil {
		return err
	}
	return x.json(list)
}

// enableCampaign is POST /v1/campaigns/{campaignId}/enable.
func enableCampaign(x *exchange) error { return switchCampaign(x, true) }

// disableCampaign is POST /v1/campaigns/{campaignId}/disable: when it is answered, no
// later redemption through the campaign succeeds (P7).
func disableCampaign(x *exchange) error { return switchCampaign(x, false) }

func switchCampaign(x *exchange, on bool) error {
	id, err := x.idParam()
	if err != nil {
		return err
	}
	c, err := x.server.engine.SetCampaignEnabled(x.ctx, x.call, id, on)
	if err != nil {
		return err
	}
	return x.json(c)
}

// campaignSummary is GET /v1/campaigns/{campaignId}/summary.
func campaignSummary(x *exchange) error {
	id, err := x.idParam()
	if err != nil {
		return err
	}
	sum, err := x.server.engine.CampaignSummary(x.ctx, x.call, id)
	if err != nil {
		return err
	}
	return x.json(sum)
}

// addVouchers is POST /v1/campaigns/{campaignId}/vouchers: one voucher at once, or with
// vouchers_count above one a job.
func addVouchers(x *exchange) error {
	id, err := x.idParam()
	if err != nil {
		return err
	}
	q := x.query()
	count := q.number("vouchers_count", 1, wire.IntMax, 1)
	if q.err != nil {
		return q.err
	}
	if count == 1 {
		return addVoucher(x, id, "")
	}
	req, err := decode[wire.GenerateRequest](x)
	if err != nil {
		return err
	}
	job, err := x.server.engine.Generate(x.ctx, x.call, id, count, req)
	if err != nil {
		return err
	}
	return x.accepted(job)
}

// addVoucherWithCode is POST /v1/campaigns/{campaignId}/vouchers/{code}.
func addVoucherWithCode(x *exchange) error {
	id, err := x.idParam()
	if err != nil {
		return err
	}
	code, err := x.codeParam()
	if err != nil {
		return err
	}
	return addVoucher(x, id, code)
}

func addVoucher(x *exchange, campaign, code string) error {
	req, err := decode[wire.VoucherCreate](x)
	if err != nil {
		return err
	}
	if code, err = oneCode(code, req.Code); err != nil {
		return err
	}
	v, err := x.server.engine.AddVoucher(x.ctx, x.call, campaign, code, req)
	if err != nil {
		return err
	}
	return x.write(v)
}
