package promo

import "github.com/scrip-engine/scrip/coupon"

// Gift is one gift card and what a request asks of it.
type Gift struct {
	Balance    int64 // what the card holds, minor units
	Credits    int64 // how much the request wants to use; read only with HasCredits
	HasCredits bool  // false: as much as the order needs
}

// EvaluateGift writes into r what the card pays of the order:
// min(balance, what is left to pay, credits), in AppliedDiscountAmount, and the
// maximum whatever the balance, in GiftMaximum. The refusals, first match
// first: MissingOrder (no order and no credits), InvalidAmount, MissingAmount,
// CurrencyMismatch, GiftAmountExceeded (credits above the balance, or an empty
// card where something is left to pay).
//
// The balance may change until the command is applied. Without credits the
// command carries GiftMaximum, Apply takes min(balance, GiftMaximum), and
// ApplyGift gives the lines for what was taken.
func EvaluateGift(g Gift, o *Order, r *Result) coupon.Outcome {
	r.reset()
	refusal := g.limit(o, r)
	if refusal != coupon.OK {
		r.reset()
		return refusal
	}
	r.pay(o, min(g.Balance, r.GiftMaximum))
	return coupon.OK
}

// limit prices the order, sets GiftMaximum, and refuses.
func (g Gift) limit(o *Order, r *Result) coupon.Outcome {
	if o == nil && !g.HasCredits {
		return coupon.MissingOrder
	}
	if !amountInRange(g.Balance) || (g.HasCredits && !amountInRange(g.Credits)) {
		return coupon.InvalidAmount
	}
	if o == nil {
		r.GiftMaximum = g.Credits
	} else {
		if refusal := o.price(r); refusal != coupon.OK {
			return refusal
		}
		r.GiftMaximum = r.remaining(o)
		if g.HasCredits {
			r.GiftMaximum = min(r.GiftMaximum, g.Credits)
		}
	}
	if (g.HasCredits && g.Credits > g.Balance) || (g.Balance == 0 && r.GiftMaximum > 0) {
		return coupon.GiftAmountExceeded
	}
	return coupon.OK
}

// ApplyGift writes into r the order after a card paid amount of it: what the
// shard took, once it is known. InvalidAmount says that amount exceeds what
// was left to pay; the other refusals are those of EvaluateGift.
func ApplyGift(amount int64, o *Order, r *Result) coupon.Outcome {
	r.reset()
	refusal := Gift{Balance: coupon.AmountMax, Credits: amount, HasCredits: true}.limit(o, r)
	if refusal == coupon.OK && amount > r.GiftMaximum {
		refusal = coupon.InvalidAmount
	}
	if refusal != coupon.OK {
		r.reset()
		return refusal
	}
	r.pay(o, amount)
	return coupon.OK
}

// pay takes amount off the order as a whole. Without an order there are no
// lines, and no total that would be known.
func (r *Result) pay(o *Order, amount int64) {
	if o == nil {
		r.AppliedDiscountAmount, r.TotalAppliedDiscountAmount = amount, amount
		return
	}
	r.split(amount)
	r.settle(o, amount, 0)
}
