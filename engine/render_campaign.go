package engine

import (
	"encoding/json"

	"github.com/scrip-engine/scrip/catalog"
	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/promo"
	"github.com/scrip-engine/scrip/wire"
)

func (e *Engine) renderCampaign(v catalog.View, c *catalog.Campaign) *wire.Campaign {
	out := &wire.Campaign{
		ID: c.ID, Name: c.Name, Description: c.Description, CampaignType: c.CampaignType, Type: c.Type,
		Category: c.Category, StartDate: wire.Time(c.Start), ExpirationDate: wire.Time(c.End), Active: c.Active,
		Metadata: metadataOr(c.Metadata), Voucher: e.renderCampaignVoucher(c), Protected: c.Protected,
		CreationStatus: wire.GenerationDone, VouchersGenerationStatus: wire.GenerationDone,
		ValidationAssignment: wire.NoAssignments(),
		CreatedAt:            wire.Time(c.Created), UpdatedAt: wire.Time(c.Updated), Object: "campaign",
	}
	if c.Updated == c.Created {
		out.UpdatedAt = 0
	}
	for _, g := range e.shards {
		info, _ := g.law.Campaign(c.Ordinal)
		out.VouchersCount += info.Codes
	}
	for _, j := range v.ActiveJobs() {
		if j.Campaign == c.Ordinal && j.Kind == wire.AsyncGenerate {
			out.VouchersGenerationStatus, out.AsyncActionID = wire.GenerationInProgress, j.ID
		}
	}
	return out
}

func (e *Engine) renderCampaignVoucher(c *catalog.Campaign) *wire.CampaignVoucher {
	s := &c.Voucher
	out := &wire.CampaignVoucher{Type: s.Type, Redemption: wire.RedemptionLimit{Quantity: wire.Cleared[int64]()}}
	if s.Quantity != catalog.Unlimited {
		out.Redemption.Quantity = wire.Some(s.Quantity)
	}
	if s.PerCustomer > 0 {
		out.Redemption.PerCustomer = wire.Some(s.PerCustomer)
	}
	if s.HolderOnly {
		out.HolderOnly = wire.Some(true)
	}
	if len(s.Discount) > 0 {
		if d, _, err := promo.DecodeDiscount(s.Discount); err == nil {
			out.Discount = renderDiscount(&d)
		}
	}
	if s.Type == wire.VoucherGift {
		out.Gift = &wire.Gift{Amount: wire.Some(s.GiftAmount), Effect: wire.EffectApplyToOrder, Currency: s.Currency}
	}
	if len(s.CodeConfig) > 0 {
		out.CodeConfig = new(wire.CodeConfig)
		if json.Unmarshal(s.CodeConfig, out.CodeConfig) != nil {
			out.CodeConfig = nil
		}
	}
	return out
}

// renderJob renders an async action with what the shards have applied so far.
func (e *Engine) renderJob(j *catalog.Job) *wire.AsyncAction {
	out := &wire.AsyncAction{ID: j.ID, Type: j.Kind, Status: string(j.Status), OperationStatus: string(j.Status),
		CreatedAt: wire.Time(j.EnqueuedAt), UpdatedAt: wire.Time(j.UpdatedAt), Object: "async_action"}
	created, failed := j.Created, j.Failed
	if !j.Status.Finished() {
		created, failed = e.jobCounts(j)
		out.ProcessingTime = max(0, e.clock.UnixMilli()-j.EnqueuedAt)
		if j.Total > 0 {
			out.Progress = min(99, (created+failed)*100/j.Total)
		}
		return out
	}
	out.Progress, out.ProcessingTime = 100, j.FinishedAt-j.EnqueuedAt
	out.Result = &wire.AsyncResult{Message: j.Error, DoneCount: created, FailedCount: failed,
		Requested: wire.Some(j.Total), Failed: []wire.AsyncFailure{}, FailedTruncated: failed > int64(len(j.Failures))}
	for _, f := range j.Failures {
		out.Result.Failed = append(out.Result.Failed, wire.AsyncFailure{Code: f.Code, Row: f.Row, Reason: f.Reason})
	}
	return out
}

// jobCounts sums what the shards applied of a job that is under way.
func (e *Engine) jobCounts(j *catalog.Job) (created, failed int64) {
	for _, g := range e.shards {
		if info, ok := g.law.Job(uint64(j.Ordinal)); ok {
			created += int64(info.Created)
			failed += int64(info.Failed)
		}
	}
	return max(created, j.Created), max(failed, j.Failed)
}

// customerAnswer renders a customer with its counters.
func (e *Engine) customerAnswer(id coupon.ID, c *wire.Customer, created, updated int64) *wire.CustomerAnswer {
	out := &wire.CustomerAnswer{ID: e.customerID(id), SourceID: c.SourceID, Name: c.Name, Description: c.Description,
		Email: c.Email, Phone: c.Phone, Birthdate: c.Birthdate, Birthday: c.Birthday,
		Metadata: metadataOr(c.Metadata), CreatedAt: wire.Time(created), UpdatedAt: wire.Time(updated), Object: "customer"}
	if updated == created {
		out.UpdatedAt = 0
	}
	if c.Address != (wire.Address{}) {
		a := c.Address
		out.Address = &a
	}
	return out
}
