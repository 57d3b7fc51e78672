package promo

import "github.com/scrip-engine/scrip/coupon"

// NeedsOrder says whether the discount means nothing without an order. A free
// unit has to be put somewhere. An amount or a percentage is a promise that a
// checkout may carry out itself: Voucherify redeems such a code without an
// order, and integrations rely on it.
func (d *Discount) NeedsOrder() bool { return d.Kind == Unit }

// Evaluate writes into r what the discount does to the order, and gives OK or
// the first refusal that applies: MissingOrder, InvalidAmount, MissingAmount,
// CurrencyMismatch. A nil order is no order. After a refusal r is empty.
//
// The discount has passed Validate. Evaluate reads d and o and writes r, so it
// may run in parallel as long as each goroutine has a Result of its own; it
// allocates nothing when r has been used for an order of this size before.
func (d *Discount) Evaluate(o *Order, r *Result) coupon.Outcome {
	r.reset()
	if o == nil {
		if d.NeedsOrder() {
			return coupon.MissingOrder
		}
		return coupon.OK
	}
	refusal := o.price(r)
	if refusal == coupon.OK && d.Kind == Unit {
		refusal = d.freeUnits(o, r)
	}
	if refusal != coupon.OK {
		r.reset()
		return refusal
	}
	if d.Kind != Unit {
		off := d.off(r.remaining(o))
		r.split(off)
		r.settle(o, off, 0)
	}
	return coupon.OK
}

// off gives what the discount takes off base, 0 ≤ off ≤ base (M1). The order
// is fixed for ever: round half up, then cap, then clamp (M4).
func (d *Discount) off(base int64) int64 {
	var off int64
	switch d.Kind {
	case Amount:
		off = d.AmountOff
	case Percent:
		off = d.PercentOff.Of(base)
		if d.AmountLimit > 0 {
			off = min(off, d.AmountLimit)
		}
	case Fixed:
		off = max(0, base-d.FixedAmount) // an order below the fixed amount stays as it is
	}
	return min(off, base)
}
