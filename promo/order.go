package promo

import (
	"strconv"

	"github.com/scrip-engine/scrip/coupon"
)

// Order is what a caller wants to pay for. Whoever fills it owns its bytes;
// Evaluate reads it and keeps nothing of it.
type Order struct {
	// Amount is what the order costs before this discount, minor units. Without
	// HasAmount it is the sum of the items. An amount that is given wins over
	// the items: it may hold shipping or tax that no item names.
	Amount    int64
	HasAmount bool

	// AlreadyDiscounted is what earlier discounts took off this order. The base
	// of a discount is what they left, so two discounts never take off more
	// than the order. Zero for the first.
	AlreadyDiscounted int64

	// Currency is the order's, Expected that of the project or the card. If
	// both are given and differ, the answer is CurrencyMismatch.
	Currency, Expected coupon.Currency

	Items []Item
}

// Item is one line of an order.
type Item struct {
	ProductID, SKUID, SourceID string // at least one names it

	Quantity int64 // whole units; a caller writes 1 where a request says nothing
	Price    int64 // of one unit, minor units; read only with HasPrice
	HasPrice bool

	// Amount is that of the line, minor units; read only with HasAmount. It
	// wins over quantity × price.
	Amount    int64
	HasAmount bool
}

// outside names the first number that lies outside 0 to coupon.AmountMax, or "".
func (it *Item) outside() string {
	switch {
	case !amountInRange(it.Quantity):
		return "quantity"
	case it.HasPrice && !amountInRange(it.Price):
		return "price"
	case it.HasAmount && !amountInRange(it.Amount):
		return "amount"
	}
	return ""
}

// amount gives the line's amount; known is false where neither an amount nor a
// price says it, ok is false where it exceeds coupon.AmountMax.
func (it *Item) amount() (amount int64, known, ok bool) {
	if it.HasAmount {
		return it.Amount, true, true
	}
	if !it.HasPrice {
		return 0, false, true
	}
	if amount, ok = coupon.MulAmount(it.Price, it.Quantity); !ok {
		return 0, true, false
	}
	return amount, true, true
}

// Validate refuses numbers that no order has: below zero, above coupon.AmountMax,
// sums above coupon.AmountMax, more than coupon.OrderItemsMax lines. Its error is a *FieldError
// with a path that starts with "order".
func (o *Order) Validate() error {
	const outside = "must be from 0 to 9007199254740991"
	if o.HasAmount && !amountInRange(o.Amount) {
		return invalidOrder("order.amount", outside)
	}
	if o.AlreadyDiscounted < 0 {
		return invalidOrder("order.discount_amount", "must not be negative")
	}
	if len(o.Items) > coupon.OrderItemsMax {
		return invalidOrder("order.items", "has more than "+strconv.Itoa(coupon.OrderItemsMax)+" items")
	}
	var sum int64
	for i := range o.Items {
		it := &o.Items[i]
		if field := it.outside(); field != "" {
			return invalidOrder(itemPath(i)+"."+field, outside)
		}
		amount, _, ok := it.amount()
		if !ok {
			return invalidOrder(itemPath(i), "quantity × price "+outside)
		}
		if sum += amount; !amountInRange(sum) {
			return invalidOrder(itemPath(i), "the sum of the items "+outside)
		}
	}
	return nil
}

func itemPath(i int) string { return "order.items[" + strconv.Itoa(i) + "]" }

func amountInRange(n int64) bool { return coupon.CheckAmount(n) == nil }

// price resets r and writes the order before any discount into it: one Line an
// item, and the amount. It gives the first refusal that applies: InvalidAmount
// for numbers that Validate refuses, MissingAmount where the amount is neither
// given nor the sum of items that all say theirs, CurrencyMismatch.
func (o *Order) price(r *Result) coupon.Outcome {
	if len(o.Items) > coupon.OrderItemsMax || o.AlreadyDiscounted < 0 || (o.HasAmount && !amountInRange(o.Amount)) {
		return coupon.InvalidAmount
	}
	var sum int64
	allKnown := len(o.Items) > 0
	for i := range o.Items {
		it := &o.Items[i]
		if it.outside() != "" {
			return coupon.InvalidAmount
		}
		amount, known, ok := it.amount()
		if sum += amount; !ok || !amountInRange(sum) {
			return coupon.InvalidAmount
		}
		allKnown = allKnown && known
		r.Lines = append(r.Lines, Line{
			Quantity: it.Quantity, InitialQuantity: it.Quantity,
			Amount: amount, InitialAmount: amount,
		})
	}
	switch {
	case o.HasAmount:
		r.Amount = o.Amount
	case allKnown:
		r.Amount = sum
	default:
		return coupon.MissingAmount
	}
	if o.Currency != coupon.NoCurrency && o.Expected != coupon.NoCurrency && o.Currency != o.Expected {
		return coupon.CurrencyMismatch
	}
	r.InitialAmount = r.Amount
	r.HasOrder = true
	return coupon.OK
}
