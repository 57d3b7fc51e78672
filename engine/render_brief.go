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
	if ok, err := r.ref.group.record(reply.Seq, rec); !ok || rec.Kind != shard.KindRedeem {
		return r.c.unread(err)
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

// brief renders what wire's AppendMinimal writes and looks up nothing else.
// TestBriefIsAPartOfTheWhole holds the two answers together.
func (r *redemption) brief(replayed bool, out *wire.Redemption) error {
	e, rec := r.e, &r.record
	id, voucher, code := r.names()
	more := new(briefParts)
	more.voucher = wire.Voucher{ID: voucher, Code: code, Object: "voucher"}
	*out = wire.Redemption{
		ID: id, Object: "redemption",
		Result: wire.ResultSuccess, Status: wire.StatusSucceeded,
		RelatedObjectType: "voucher", RelatedObjectID: voucher, Voucher: &more.voucher,
	}
	order, err := e.briefOrder(rec, &more.order)
	if err != nil {
		return r.c.asWire(err)
	}
	out.Order = order
	fillAmount(out, rec, order)
	if replayed {
		if err := e.rolledBack(r.ref.group, rec, out); err != nil {
			return r.c.unread(err)
		}
	}
	if rec.Customer != (coupon.ID{}) {
		out.CustomerID = wire.Nullable(e.customerID(rec.Customer))
	}
	return nil
}

// briefParts are what a brief answer points to, in one piece of memory.
type briefParts struct {
	order   wire.OrderCalculated
	voucher wire.Voucher
}

// names writes the redemption's id, the voucher's and the code into one string
// and cuts it.
func (r *redemption) names() (id, voucher, code string) {
	e, rec := r.e, &r.record
	b := e.secret.AppendID(r.lent.said[:0], coupon.PrefixRedemption, rec.ID)
	idEnd := len(b)
	if v := r.ref.group.law.CodeID(rec.ID.Slot, rec.Ordinal); v != (coupon.ID{}) {
		b = e.secret.AppendID(b, coupon.PrefixVoucher, v)
	}
	voucherEnd := len(b)
	b = append(b, r.ev.look.View.Code...)
	r.lent.said = b
	all := string(b)
	return all[:idEnd], all[idEnd:voucherEnd], all[voucherEnd:]
}

// briefOrder is orderOf without what a minimal answer leaves out, into out where
// that is possible. Lines and gift credits are worked out as for the whole.
func (e *Engine) briefOrder(rec *shard.Record, out *wire.OrderCalculated) (*wire.OrderCalculated, error) {
	if rec.Flags&shard.RecordIsGift != 0 || shard.TailField(rec.Tail, shard.TagItems) != nil {
		return e.orderOf(rec)
	}
	if shard.TailField(rec.Tail, shard.TagOrderStatus) == nil {
		return nil, nil
	}
	*out = wire.OrderCalculated{
		ID:       string(shard.TailField(rec.Tail, shard.TagOrderID)),
		SourceID: string(shard.TailField(rec.Tail, shard.TagOrderSource)),
		Object:   "order",
	}
	var res promo.Result
	discountLines(rec, nil, &res)
	fillOrder(out, &res)
	return out, nil
}
