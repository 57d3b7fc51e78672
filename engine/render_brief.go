package engine

import (
	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/promo"
	"github.com/scrip-engine/scrip/shard"
	"github.com/scrip-engine/scrip/wire"
)

// render answers a redemption from its record, as much of it as the caller wants.
func (r *redemption) render(reply *shard.Reply, out *wire.Redemption) error {
	rec := &r.record
	if !r.ref.group.law.Record(reply.Seq, rec) || rec.Kind != shard.KindRedeem {
		return r.c.fail(wire.KeyInternalError, "the record of the redemption is not there")
	}
	var err error
	if r.c.Minimal {
		err = r.brief(reply.Replayed, out)
	} else {
		err = r.e.fillRedemption(out, r.c, r.ref.group, rec, &r.ev.look)
	}
	out.Replayed = reply.Replayed
	return err
}

// brief renders what wire's AppendMinimal writes, and with nothing else to look
// up costs a quarter of the whole. TestBriefIsAPartOfTheWhole holds it to that.
func (r *redemption) brief(replayed bool, out *wire.Redemption) error {
	e, rec := r.e, &r.record
	voucher := e.voucherID(rec.ID.Slot, rec.Ordinal)
	*out = wire.Redemption{
		ID: e.secret.FormatID(coupon.PrefixRedemption, rec.ID), Object: "redemption",
		Result: wire.ResultSuccess, Status: wire.StatusSucceeded,
		RelatedObjectType: "voucher", RelatedObjectID: voucher,
		Voucher: &wire.Voucher{ID: voucher, Code: string(r.ev.look.View.Code), Object: "voucher"},
	}
	order, err := e.briefOrder(rec)
	if err != nil {
		return r.c.asWire(err)
	}
	out.Order = order
	switch {
	case rec.Flags&shard.RecordIsGift != 0:
		out.Amount = wire.Some(rec.Gift)
		out.Gift = &wire.GiftTaken{Amount: rec.Gift}
	case order != nil:
		out.Amount = wire.Some(order.Amount)
	}
	if replayed {
		e.rolledBack(r.ref.group, rec, out)
	}
	if rec.Customer != (coupon.ID{}) {
		out.CustomerID = wire.Nullable(e.customerID(rec.Customer))
	}
	return nil
}

// briefOrder is orderOf without what a minimal answer leaves out. Lines and gift
// credits are worked out as for the whole.
func (e *Engine) briefOrder(rec *shard.Record) (*wire.OrderCalculated, error) {
	if rec.Flags&shard.RecordIsGift != 0 || shard.TailField(rec.Tail, shard.TagItems) != nil {
		return e.orderOf(rec)
	}
	if shard.TailField(rec.Tail, shard.TagOrderStatus) == nil {
		return nil, nil
	}
	out := &wire.OrderCalculated{
		ID:       string(shard.TailField(rec.Tail, shard.TagOrderID)),
		SourceID: string(shard.TailField(rec.Tail, shard.TagOrderSource)),
		Object:   "order",
	}
	var res promo.Result
	discountLines(rec, nil, &res)
	fillOrder(out, &res)
	return out, nil
}
