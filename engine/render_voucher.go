package engine

import (
	"github.com/scrip-engine/scrip/catalog"
	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/promo"
	"github.com/scrip-engine/scrip/shard"
	"github.com/scrip-engine/scrip/wire"
)

// voucherThen renders the voucher of a record with the counters as they were
// after it, so that a retry shows what the first answer showed. l is memory to
// look with.
func (e *Engine) voucherThen(v catalog.View, g *shardGroup, rec *shard.Record, l *shard.Look) *wire.Voucher {
	g.law.Look(&shard.Query{Project: rec.Project, ByPlace: true, Slot: rec.ID.Slot, Ordinal: rec.Ordinal}, l)
	if !l.View.Found {
		return nil
	}
	l.View.Used, l.View.Balance = rec.Uses, rec.Balance
	return e.renderVoucher(v, &l.View)
}

// renderVoucher renders a code. It copies what it shows.
func (e *Engine) renderVoucher(v catalog.View, code *shard.CodeView) *wire.Voucher {
	id := e.voucherID(code.Slot, code.Ordinal)
	out := &wire.Voucher{
		ID: id, Code: string(code.Code),
		Category: string(code.Category), Type: wire.VoucherDiscount, Active: !code.Disabled,
		AdditionalInfo: string(code.Info), Metadata: metadataOr(append([]byte(nil), code.Metadata...)),
		Deleted: code.Deleted, CreatedAt: wire.Time(code.Created), UpdatedAt: wire.Time(code.Updated),
		ValidationAssignment: wire.NoAssignments(), Object: "voucher",
		Publish: &wire.PublishSummary{Object: "list", URL: "/v1/vouchers/" + id + "/publications?page=1&limit=10"},
	}
	if code.Holder != (coupon.ID{}) && code.Holder.Slot < coupon.Slots {
		out.HolderID = e.customerID(code.Holder)
	}
	c := v.Campaign(code.Campaign)
	out.StartDate, out.ExpirationDate = ownDates(code, c)
	if c != nil {
		out.Campaign, out.CampaignID = c.Name, c.ID
		if out.Category == "" {
			out.Category = c.Category
		}
	}
	out.Redemption = redemptionSummary(out.ID, code)
	if code.IsGift {
		out.Type = wire.VoucherGift
		out.Gift = giftOf(code, c)
		out.Redemption.RedeemedAmount = out.Gift.SubtractedAmount
		return out
	}
	if d, ok := e.plans.discount(c, code, new(promo.Discount)); ok {
		out.Discount = renderDiscount(d)
	}
	return out
}

// ownDates are the code's own, or those of its campaign.
func ownDates(code *shard.CodeView, c *catalog.Campaign) (start, end wire.Time) {
	if code.Mask&shard.SpecFrom != 0 {
		start = wire.Time(code.From)
	} else if c != nil {
		start = wire.Time(c.Start)
	}
	if code.Mask&shard.SpecUntil != 0 {
		end = wire.Time(code.Until)
	} else if c != nil {
		end = wire.Time(c.End)
	}
	return start, end
}

func redemptionSummary(id string, code *shard.CodeView) *wire.RedemptionSummary {
	out := &wire.RedemptionSummary{Object: "list", RedeemedQuantity: code.Used,
		URL: "/v1/vouchers/" + id + "/redemption?page=1&limit=10", Quantity: wire.Cleared[int64]()}
	if code.Limit != shard.Unlimited {
		out.Quantity = wire.Some(code.Limit)
	}
	if code.PerCustomer > 0 {
		out.PerCustomer = wire.Some(code.PerCustomer)
	}
	return out
}

func giftOf(code *shard.CodeView, c *catalog.Campaign) *wire.Gift {
	out := &wire.Gift{
		Amount: wire.Some(code.Issued), Balance: wire.Some(code.Balance),
		SubtractedAmount: wire.Some(code.Issued - code.Balance),
		Effect:           "APPLY_TO_ORDER", Currency: coupon.Currency(code.Currency).String(),
	}
	if c != nil && c.Voucher.GiftEffect != "" {
		out.Effect = c.Voucher.GiftEffect
	}
	return out
}

func renderDiscount(d *promo.Discount) *wire.Discount {
	out := &wire.Discount{Type: d.Kind.String(), Effect: d.Effect.String()}
	switch d.Kind {
	case promo.Amount:
		out.AmountOff = wire.Some(d.AmountOff)
	case promo.Percent:
		out.PercentOff = wire.Some(wire.Percent(d.PercentOff))
		if d.AmountLimit != 0 {
			out.AmountLimit = wire.Some(d.AmountLimit)
		}
	case promo.Fixed:
		out.FixedAmount = wire.Some(d.FixedAmount)
	case promo.Unit:
		out.UnitOff, out.UnitType = wire.Some(d.UnitOff), d.UnitType
		out.Product, out.SKU = renderRef(&d.Product, false), renderRef(&d.SKU, true)
	}
	return out
}

func renderRef(r *promo.Ref, sku bool) wire.ItemProduct {
	out := wire.ItemProduct{ID: r.ID, SourceID: r.SourceID}
	if sku {
		out.SKU = r.Name
	} else {
		out.Name = r.Name
	}
	if r.HasPrice {
		out.Price = wire.Some(r.Price)
	}
	return out
}

// compileDiscount reads a discount of a request. field is the path in front of
// error fields.
func compileDiscount(c *Call, w *wire.Discount, field, key string) ([]byte, error) {
	d := promo.Discount{
		AmountOff: w.AmountOff.Or(0), PercentOff: coupon.Percent(w.PercentOff.Or(0)), AmountLimit: w.AmountLimit.Or(0),
		FixedAmount: w.FixedAmount.Or(0), UnitOff: w.UnitOff.Or(0), UnitType: w.UnitType,
		Product: compileRef(&w.Product, w.Product.Name), SKU: compileRef(&w.SKU, w.SKU.SKU),
	}
	var err error
	if d.Kind, err = promo.ParseKind(w.Type); err == nil {
		d.Effect, err = promo.ParseEffect(w.Effect, d.Kind)
	}
	if err == nil {
		err = d.Validate()
	}
	if err == nil {
		return promo.AppendDiscount(nil, &d), nil
	}
	return nil, promoError(c, err, field, key)
}

func compileRef(w *wire.ItemProduct, name string) promo.Ref {
	r := promo.Ref{ID: w.ID, SourceID: w.SourceID, Name: name}
	r.Price, r.HasPrice = w.Price.Get()
	return r
}
