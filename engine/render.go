package engine

import (
	"github.com/scrip-engine/scrip/catalog"
	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/promo"
	"github.com/scrip-engine/scrip/shard"
	"github.com/scrip-engine/scrip/wire"
)

// Answers are rendered from the journal record, never from the request: a retry
// a day later goes the same way and says the same.

// redemptionOf renders the redemption of a record.
func (e *Engine) redemptionOf(c *Call, g *shardGroup, rec *shard.Record) (*wire.Redemption, error) {
	out := new(wire.Redemption)
	return out, e.fillRedemption(out, c, g, rec, new(shard.Look))
}

// fillRedemption renders into out. look is memory to look at the code with.
func (e *Engine) fillRedemption(out *wire.Redemption, c *Call, g *shardGroup, rec *shard.Record, look *shard.Look) error {
	v := e.catalog.View()
	*out = wire.Redemption{
		ID: e.secret.FormatID(coupon.PrefixRedemption, rec.ID), Object: "redemption", Date: wire.Time(rec.Stamp),
		TrackingID: wire.Nullable(shard.TailField(rec.Tail, shard.TagTracking)),
		Metadata:   metadataOr(shard.TailField(rec.Tail, shard.TagMetadata)),
		Result:     wire.ResultSuccess, Status: wire.StatusSucceeded,
		Channel:           e.channel(v, rec.Actor),
		RelatedObjectType: "voucher", RelatedObjectID: e.voucherID(rec.ID.Slot, rec.Ordinal),
	}
	order, err := e.orderOf(rec)
	if err != nil {
		return c.asWire(err)
	}
	out.Order = order
	fillAmount(out, rec, order)
	if err := e.rolledBack(g, rec, out); err != nil {
		return c.unread(err)
	}
	if rec.Customer != (coupon.ID{}) {
		out.CustomerID = wire.Nullable(e.customerID(rec.Customer))
		out.Customer = e.simpleCustomer(rec.Project, rec.Customer)
		if order != nil {
			order.CustomerID = out.CustomerID
		}
	}
	out.Voucher = e.voucherThen(v, g, rec, look)
	return nil
}

// fillAmount renders what was taken from a card, or else the order's amount.
func fillAmount(out *wire.Redemption, rec *shard.Record, order *wire.OrderCalculated) {
	switch {
	case rec.Flags&shard.RecordIsGift != 0:
		out.Amount = wire.Some(rec.Gift)
		out.Gift = &wire.GiftTaken{Amount: rec.Gift}
	case order != nil:
		out.Amount = wire.Some(order.Amount)
	}
}

// rolledBack adds what rollbacks did to the redemption since.
func (e *Engine) rolledBack(g *shardGroup, rec *shard.Record, out *wire.Redemption) error {
	var back shard.Record
	if ok, err := g.newestRollback(rec, &back); !ok {
		return err
	}
	if rec.Flags&shard.RecordIsGift != 0 {
		out.RolledBackAmount = wire.Some(back.Applied)
	}
	if back.Flags&shard.RecordEnd != 0 {
		out.Status = wire.StatusRolledBack
	}
	return nil
}

// metadataOr copies what an answer shows, so that nobody who holds an answer
// holds a piece of the journal.
func metadataOr(raw []byte) wire.Raw {
	if len(raw) == 0 {
		return wire.Raw("{}")
	}
	return append(wire.Raw(nil), raw...) // raw may be the journal's own
}

func (e *Engine) channel(v catalog.View, actor uint32) wire.Channel {
	ch := wire.Channel{ID: "embedded", Type: "API"}
	if k := v.Key(actor); k != nil {
		ch.ID = k.AppID
	}
	return ch
}

// simpleCustomer is what answers show of a customer. One who was forgotten has
// only the id left.
func (e *Engine) simpleCustomer(project uint32, id coupon.ID) *wire.SimpleCustomer {
	out := &wire.SimpleCustomer{ID: e.customerID(id), Object: "customer"}
	var v shard.CustomerView
	var c wire.Customer
	if e.shardOf(id.Slot).law.Customer(project, id, &v) && unseal(&v, &c) == nil {
		out.SourceID, out.Name, out.Email, out.Metadata = c.SourceID, c.Name, c.Email, metadataOr(c.Metadata)
	}
	return out
}

// orderOf renders the order of a redemption's record; nil when it had none.
func (e *Engine) orderOf(rec *shard.Record) (*wire.OrderCalculated, error) {
	status := shard.TailField(rec.Tail, shard.TagOrderStatus)
	if status == nil {
		return nil, nil
	}
	items, err := storedItems(rec)
	if err != nil {
		return nil, err
	}
	out := &wire.OrderCalculated{
		ID:       string(shard.TailField(rec.Tail, shard.TagOrderID)),
		SourceID: string(shard.TailField(rec.Tail, shard.TagOrderSource)), Status: string(status),
		Currency: coupon.Currency(rec.Currency).String(),
		Metadata: metadataOr(shard.TailField(rec.Tail, shard.TagOrderMetadata)),
		Object:   "order",
	}
	var res promo.Result
	if rec.Flags&shard.RecordIsGift != 0 {
		giftLines(rec, items, &res)
	} else {
		discountLines(rec, items, &res)
	}
	fillOrder(out, &res)
	for i := range items {
		out.Items = append(out.Items, calculatedItem(&items[i], &res.Lines[i]))
	}
	return out, nil
}

func storedItems(rec *shard.Record) ([]wire.OrderItem, error) {
	raw := shard.TailField(rec.Tail, shard.TagItems)
	if raw == nil {
		return nil, nil
	}
	return wire.DecodeItems(raw)
}

// giftLines computes what a card's credits mean for the order: they pay for the
// whole, line by line in proportion.
func giftLines(rec *shard.Record, items []wire.OrderItem, res *promo.Result) {
	o := promo.Order{Amount: rec.Order, HasAmount: true}
	for i := range items {
		o.Items = append(o.Items, toItem(&items[i]))
	}
	promo.ApplyGift(rec.Gift, &o, res)
}

// discountLines reads the discount back from the record, where it was written
// line by line.
func discountLines(rec *shard.Record, items []wire.OrderItem, res *promo.Result) {
	*res = promo.Result{HasOrder: true, Amount: rec.Order, InitialAmount: rec.Order,
		DiscountAmount: rec.Discount, TotalDiscountAmount: rec.Applied,
		ItemsDiscountAmount:   rec.Applied - rec.Discount,
		AppliedDiscountAmount: rec.Discount, TotalAppliedDiscountAmount: rec.Applied,
		ItemsAppliedDiscountAmount: rec.Applied - rec.Discount,
		TotalAmount:                rec.Order - rec.Applied}
	for i := range items {
		it := toItem(&items[i])
		l := promo.Line{Quantity: it.Quantity, InitialQuantity: items[i].InitialQuantity.Or(it.Quantity), Amount: it.Amount,
			DiscountQuantity: items[i].DiscountQuantity.Or(0), DiscountAmount: items[i].DiscountAmount.Or(0)}
		if !it.HasAmount {
			l.Amount = it.Price * it.Quantity
		}
		l.InitialAmount = items[i].InitialAmount.Or(l.Amount)
		res.InitialAmount -= l.Amount - l.InitialAmount
		if i < len(rec.Lines) {
			l.OrderShare = rec.Lines[i]
		}
		res.Lines = append(res.Lines, l)
	}
}

// fillOrder copies the amounts of an evaluation into an order of an answer.
func fillOrder(out *wire.OrderCalculated, r *promo.Result) {
	out.Amount, out.InitialAmount = r.Amount, wire.Some(r.InitialAmount)
	out.TotalDiscountAmount, out.TotalAmount = r.TotalDiscountAmount, r.TotalAmount
	out.TotalAppliedDiscountAmount = r.TotalAppliedDiscountAmount
	out.DiscountAmount, out.AppliedDiscountAmount = wire.Some(r.DiscountAmount), wire.Some(r.AppliedDiscountAmount)
	if r.ItemsDiscountAmount != 0 {
		out.ItemsDiscountAmount = wire.Some(r.ItemsDiscountAmount)
		out.ItemsAppliedDiscountAmount = wire.Some(r.ItemsAppliedDiscountAmount)
	}
}

func calculatedItem(it *wire.OrderItem, l *promo.Line) wire.OrderItemCalculated {
	out := wire.OrderItemCalculated{OrderItem: *it, Object: "order_item"}
	out.Quantity, out.Amount = wire.Some(l.Quantity), wire.Some(l.Amount)
	out.AppliedDiscountAmount = wire.Some(l.OrderShare)
	out.TotalAppliedDiscountAmount = wire.Some(l.TotalDiscountAmount())
	out.SubtotalAmount = wire.Some(l.SubtotalAmount())
	return out
}
