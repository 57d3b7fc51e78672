package engine

import (
	"context"

	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/promo"
	"github.com/scrip-engine/scrip/refusals"
	"github.com/scrip-engine/scrip/shard"
	"github.com/scrip-engine/scrip/wire"
)

// Validate says what a redemption of the same request would get now. It changes
// nothing and promises nothing for later: only redeeming counts.
func (e *Engine) Validate(ctx context.Context, c Call, req *wire.RedeemRequest, out *wire.ValidationResponse) error {
	r := e.newRedemption(&c, req)
	defer r.release()
	check, err := r.assess(ctx)
	if err != nil {
		return r.note(refusals.Validation, err)
	}
	order := r.validatedOrder(check.Refuses)
	*out = wire.ValidationResponse{Valid: !check.Refuses, TrackingID: req.TrackingID,
		AsOf: wire.Time(r.ev.facts.Now), StackingRules: wire.OneRedeemable(), Order: order}
	result := wire.RedeemableResult{Status: wire.Applicable, ID: req.Redeemables[0].ID, Object: wire.ObjectVoucher, Order: order}
	if check.Refuses {
		result.Status, result.Order = wire.Inapplicable, nil
		result.Result.Error = r.refusal(check)
		_ = r.note(refusals.Validation, result.Result.Error)
	} else {
		result.Result = r.offer()
	}
	out.Redeemables = append(out.Redeemables, result)
	return nil
}

// ValidateVoucher is Validate in the older shape of /vouchers/{code}/validate.
func (e *Engine) ValidateVoucher(ctx context.Context, c Call, code string, req *wire.RedeemRequest) (*wire.VoucherValidation, error) {
	r := e.newRedemption(&c, req)
	defer r.release()
	check, err := r.assess(ctx)
	if err != nil {
		return nil, r.note(refusals.Validation, err)
	}
	out := &wire.VoucherValidation{Valid: !check.Refuses, Code: code, TrackingID: wire.Nullable(req.TrackingID),
		Order: r.validatedOrder(check.Refuses)}
	if check.Refuses {
		out.Error = r.refusal(check)
		_ = r.note(refusals.Validation, out.Error)
		out.Reason = out.Error.Message
	}
	if v := &r.ev.look.View; v.Found && !v.Deleted {
		voucher := e.renderVoucher(r.ev.view, v)
		out.Code, out.Campaign, out.CampaignID = voucher.Code, voucher.Campaign, voucher.CampaignID
		out.Discount, out.Gift, out.Metadata = voucher.Discount, voucher.Gift, voucher.Metadata
		out.StartDate, out.ExpirationDate = voucher.StartDate, voucher.ExpirationDate
	}
	return out, nil
}

// assess runs the journey up to the proposal, after a proof: validation answers
// are as linearizable as redemptions.
func (r *redemption) assess(ctx context.Context) (shard.Check, error) {
	if err := r.beginReading(); err != nil {
		return shard.Check{}, err
	}
	if r.ref.known {
		if _, err := r.ref.group.log.Prove(ctx); err != nil {
			return shard.Check{}, r.c.replication(err)
		}
	}
	r.proved = true
	for range attemptsMax {
		verdict, err := r.survey(ctx)
		if err != nil {
			return shard.Check{}, err
		}
		if verdict != surveyAgain {
			return r.lastCheck(), nil
		}
	}
	return shard.Check{}, r.c.fail(wire.KeyUnavailable, "The code kept changing under the request; try again")
}

// beginReading is begin for who only asks: no key, and a customer who does not
// exist is a stranger.
func (r *redemption) beginReading() error {
	if err := r.e.admit(r.c, RoleViewer); err != nil {
		return err
	}
	if len(r.req.Redeemables) != 1 {
		return r.c.field(wire.KeyNotSupported, "redeemables", "one redeemable a request in this version")
	}
	r.ev.view = r.e.catalog.View()
	if err := r.c.stillAllowed(r.ev.view); err != nil {
		return err
	}
	r.ev.project = r.c.project(r.ev.view)
	r.resolve()
	customer, err := r.e.identifyCustomer(r.c, r.ev.project, r.req.Customer)
	if err != nil {
		return err
	}
	r.customer = customer
	r.ref.query.Key, r.ref.query.Customer = coupon.Hash{}, customer.id
	return nil
}

// validatedOrder renders the request's order with what the code would take off.
func (r *redemption) validatedOrder(refused bool) *wire.OrderCalculated {
	o := r.req.Order
	if o == nil || refused || !r.ev.result.HasOrder {
		return nil
	}
	ev := &r.ev
	if v := &ev.look.View; v.IsGift {
		promo.ApplyGift(min(ev.facts.GiftMax, v.Balance), &ev.order, &ev.result)
	}
	out := &wire.OrderCalculated{ID: o.ID, SourceID: o.SourceID, Status: o.Status, Currency: ev.currency.String(),
		Metadata: metadataOr(o.Metadata), Object: "order"}
	fillOrder(out, &ev.result)
	items := ev.keptItems(o)
	for i := range items {
		out.Items = append(out.Items, calculatedItem(&items[i], &ev.result.Lines[i]))
	}
	return out
}

// offer is what an applicable code gives.
func (r *redemption) offer() wire.ResultDetails {
	v := &r.ev.look.View
	if v.IsGift {
		return wire.ResultDetails{Gift: &wire.GiftOffer{Credits: min(r.ev.facts.GiftMax, v.Balance), Balance: wire.Some(v.Balance)}}
	}
	if d, ok := r.e.plans.discount(r.ev.campaign, v, &r.ev.own); ok {
		return wire.ResultDetails{Discount: renderDiscount(d)}
	}
	return wire.ResultDetails{}
}
