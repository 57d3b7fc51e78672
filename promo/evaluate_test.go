package promo

import (
	"fmt"
	"strings"
	"testing"

	"github.com/scrip-engine/scrip/coupon"
)

func amountOff(n int64) Discount { return Discount{Kind: Amount, Effect: ApplyToOrder, AmountOff: n} }
func fixed(n int64) Discount     { return Discount{Kind: Fixed, Effect: ApplyToOrder, FixedAmount: n} }

// percent takes hundredths of a percent and a cap, 0 for none.
func percent(hundredths coupon.Percent, limit int64) Discount {
	return Discount{Kind: Percent, Effect: ApplyToOrder, PercentOff: hundredths, AmountLimit: limit}
}

// total is an order with an amount and no items.
func total(amount int64) *Order { return &Order{Amount: amount, HasAmount: true} }

// lines is an order whose amount is the sum of these lines.
func lines(amounts ...int64) *Order {
	o := &Order{}
	for _, amount := range amounts {
		o.Items = append(o.Items, Item{SourceID: "x", Quantity: 1, Price: amount, HasPrice: true})
	}
	return o
}

// shares writes the order-level shares of all lines, and after a bar what falls
// on no line.
func shares(r *Result) string {
	var b strings.Builder
	for i := range r.Lines {
		fmt.Fprintf(&b, "%d ", r.Lines[i].OrderShare)
	}
	return fmt.Sprintf("%s| %d", b.String(), r.UnitemisedDiscount)
}

// The arithmetic of each kind, one case a line. A wrong cent here is a wrong
// cent on every order of the campaign.
func TestEvaluateTakesOff(t *testing.T) {
	f := func(d Discount, o *Order, off, left int64) {
		t.Helper()
		if err := d.Validate(); err != nil {
			t.Fatalf("discount %+v: %v", d, err)
		}
		var r Result
		if got := d.Evaluate(o, &r); got != coupon.OK {
			t.Fatalf("refused: %v", got)
		}
		if r.AppliedDiscountAmount != off || r.TotalAmount != left {
			t.Errorf("takes off %d and leaves %d, want %d and %d", r.AppliedDiscountAmount, r.TotalAmount, off, left)
		}
		if r.TotalAmount != r.Amount-r.TotalDiscountAmount || !r.HasOrder || r.Holds != Always() {
			t.Errorf("inconsistent result: %+v", r)
		}
	}

	f(amountOff(500), total(2000), 500, 1500)
	f(amountOff(2000), total(2000), 2000, 0)
	f(amountOff(2001), total(2000), 2000, 0) // never below zero
	f(amountOff(1), total(0), 0, 0)
	f(amountOff(coupon.AmountMax), total(coupon.AmountMax), coupon.AmountMax, 0)

	f(percent(1000, 0), total(2000), 200, 1800)
	f(percent(1000, 0), total(5), 1, 4)   // 0.5 rounds up
	f(percent(1000, 0), total(4), 0, 4)   // 0.4 rounds down
	f(percent(1250, 0), total(20), 3, 17) // 2.5 rounds up
	f(percent(3333, 0), total(100), 33, 67)
	f(percent(1, 0), total(5000), 1, 4999) // a hundredth of a percent: 0.5
	f(percent(1, 0), total(4999), 0, 4999)
	f(percent(10000, 0), total(1999), 1999, 0)
	f(percent(10000, 0), total(coupon.AmountMax), coupon.AmountMax, 0)

	f(percent(5000, 300), total(1000), 300, 700) // the cap
	f(percent(5000, 500), total(1000), 500, 500)
	f(percent(5000, 501), total(1000), 500, 500)
	f(percent(5000, 3), total(7), 3, 4) // 3.5 rounds to 4, then the cap: 3

	f(fixed(700), total(2000), 1300, 700)
	f(fixed(0), total(2000), 2000, 0)
	f(fixed(2000), total(2000), 0, 2000)
	f(fixed(9999), total(2000), 0, 2000) // never makes an order dearer

	f(percent(1000, 0), lines(1000, 1000), 200, 1800)                                                        // Σ items
	f(percent(1000, 0), &Order{Items: []Item{{Quantity: 3, Price: 100, HasPrice: true}}}, 30, 270)           // quantity × price
	f(percent(1000, 0), &Order{Items: []Item{{Quantity: 3, Amount: 250, HasAmount: true}}}, 25, 225)         // amount alone
	f(percent(1000, 0), &Order{Amount: 500, HasAmount: true, Items: lines(100).Items}, 50, 450)              // the order's wins
	f(percent(1000, 0), &Order{Amount: 500, HasAmount: true, Items: []Item{{Quantity: 1}}}, 50, 450)         // a line without a price
	f(amountOff(100), &Order{Amount: 500, HasAmount: true, Currency: 978}, 100, 400)                         // nothing expected
	f(amountOff(100), &Order{Amount: 500, HasAmount: true, Currency: 978, Expected: 978}, 100, 400)          // the same
	f(amountOff(100), &Order{Amount: 500, HasAmount: true, Expected: 978}, 100, 400)                         // nothing said
	f(percent(5000, 0), &Order{Amount: 1000, HasAmount: true, AlreadyDiscounted: 200}, 400, 400)             // half of the rest
	f(fixed(300), &Order{Amount: 1000, HasAmount: true, AlreadyDiscounted: 200}, 500, 300)                   // what is left becomes 300
	f(amountOff(900), &Order{Amount: 1000, HasAmount: true, AlreadyDiscounted: 200}, 800, 0)                 // clamped to the rest
	f(amountOff(900), &Order{Amount: 1000, HasAmount: true, AlreadyDiscounted: coupon.AmountMax + 99}, 0, 0) // nothing is left
}

// The order of refusals, and that a refusal leaves nothing of an order behind:
// a handler that shows a stale result would show another customer's order.
func TestEvaluateRefuses(t *testing.T) {
	f := func(d Discount, o *Order, want coupon.Outcome) {
		t.Helper()
		r := Result{Lines: make([]Line, 3), Amount: 7, Added: []Item{{SourceID: "stale"}}}
		if got := d.Evaluate(o, &r); got != want {
			t.Errorf("outcome %v, want %v", got, want)
		}
		if len(r.Lines) != 0 || len(r.Added) != 0 || r.Amount != 0 || r.HasOrder {
			t.Errorf("something of the order is left: %+v", r)
		}
	}
	free := unitOff(1, AddNewItems)
	noAmount := &Order{Items: []Item{{SourceID: "x", Quantity: 1}}}

	f(amountOff(1), nil, coupon.OK) // the checkout takes it off itself
	f(percent(1, 0), nil, coupon.OK)
	f(fixed(1), nil, coupon.OK)
	f(free, nil, coupon.MissingOrder)

	f(amountOff(1), &Order{}, coupon.MissingAmount)
	f(percent(1, 0), noAmount, coupon.MissingAmount)
	f(free, noAmount, coupon.MissingAmount)
	f(amountOff(1), &Order{Items: append(lines(5).Items, noAmount.Items...)}, coupon.MissingAmount) // one of two is unknown

	f(amountOff(1), &Order{Currency: 978, Expected: 840}, coupon.MissingAmount) // comes before the currency
	f(amountOff(1), &Order{HasAmount: true, Currency: 978, Expected: 840}, coupon.CurrencyMismatch)
	f(free, &Order{HasAmount: true, Currency: 978, Expected: 840}, coupon.CurrencyMismatch)

	f(amountOff(1), total(-1), coupon.InvalidAmount)
	f(amountOff(1), total(coupon.AmountMax+1), coupon.InvalidAmount)
	f(amountOff(1), &Order{HasAmount: true, AlreadyDiscounted: -1}, coupon.InvalidAmount)
	f(amountOff(1), lines(coupon.AmountMax, 1), coupon.InvalidAmount)
	f(amountOff(1), lines(-1), coupon.InvalidAmount)
	f(amountOff(1), &Order{Items: []Item{{Quantity: 1 << 40, Price: 1 << 40, HasPrice: true}}}, coupon.InvalidAmount)
	f(amountOff(1), &Order{HasAmount: true, Items: []Item{{Quantity: -1}}}, coupon.InvalidAmount)
	f(amountOff(1), &Order{HasAmount: true, Items: []Item{{Amount: -1, HasAmount: true}}}, coupon.InvalidAmount)
	f(amountOff(1), &Order{HasAmount: true, Items: make([]Item, coupon.OrderItemsMax+1)}, coupon.InvalidAmount)
}

// Who gets the odd cents. Journals keep these numbers; a change of the rule
// would make a recomputed order differ from the recorded one.
func TestSplitByLargestRemainder(t *testing.T) {
	f := func(d Discount, o *Order, want string) {
		t.Helper()
		var r Result
		if got := d.Evaluate(o, &r); got != coupon.OK {
			t.Fatalf("refused: %v", got)
		}
		if got := shares(&r); got != want {
			t.Errorf("shares %q, want %q", got, want)
		}
	}

	f(amountOff(100), lines(1, 1, 1), "1 1 1 | 0")
	f(amountOff(100), lines(100, 100, 100), "34 33 33 | 0") // ties by line order
	f(amountOff(101), lines(100, 100, 100), "34 34 33 | 0")
	f(amountOff(10), lines(333, 333, 334), "3 3 4 | 0") // 3.33 3.33 3.34: the largest remainder
	f(amountOff(1), lines(1, 2, 2), "0 1 0 | 0")
	f(amountOff(5), lines(0, 10, 0), "0 5 0 | 0") // a free line takes no share
	f(amountOff(5), lines(0, 0), "0 0 | 0")
	f(percent(10000, 0), lines(7, 11, 13), "7 11 13 | 0")

	f(amountOff(100), total(300), "| 100") // nothing is itemised
	f(amountOff(100), &Order{Amount: 400, HasAmount: true, Items: lines(100, 100).Items}, "25 25 | 50")
	f(amountOff(1), &Order{Amount: 2, HasAmount: true, Items: lines(1).Items}, "1 | 0")                // the rest comes last
	f(amountOff(100), &Order{Amount: 100, HasAmount: true, Items: lines(300, 100).Items}, "75 25 | 0") // amount below the lines
}

// A result is reused from order to order: nothing of a long order may shine
// through in a short one.
func TestResultIsReusable(t *testing.T) {
	var used Result
	unit, half := unitOff(2, AddNewItems), percent(5000, 0)
	for _, o := range []*Order{lines(1, 2, 3, 4, 5), lines(9), total(10), lines(3, 3)} {
		for _, d := range []Discount{unit, half} {
			var fresh Result
			d.Evaluate(o, &fresh)
			d.Evaluate(o, &used)
			if a, b := fmt.Sprintf("%+v", visible(used)), fmt.Sprintf("%+v", visible(fresh)); a != b {
				t.Errorf("a used result gives\n%s\na fresh one\n%s", a, b)
			}
		}
	}
}

// visible drops the scratch memory.
func visible(r Result) Result {
	r.remainders = nil
	return r
}

// An order that cannot be right names the field, so that an integrator finds it.
func TestOrderValidateNamesTheField(t *testing.T) {
	f := func(o Order, field string) {
		t.Helper()
		err := o.Validate()
		if field == "" {
			if err != nil {
				t.Errorf("refused: %v", err)
			}
			return
		}
		fe, ok := err.(*FieldError)
		if !ok || fe.Field != field || fe.Key != KeyInvalidOrder {
			t.Errorf("error %v, want one about %s", err, field)
		}
	}
	good := Item{Quantity: 1, Price: 5, HasPrice: true}

	f(Order{}, "")
	f(*lines(1, 2, 3), "")
	f(*total(coupon.AmountMax), "")
	f(Order{Items: make([]Item, coupon.OrderItemsMax)}, "")
	f(*total(-1), "order.amount")
	f(*total(coupon.AmountMax + 1), "order.amount")
	f(Order{AlreadyDiscounted: -1}, "order.discount_amount")
	f(Order{Items: make([]Item, coupon.OrderItemsMax+1)}, "order.items")
	f(Order{Items: []Item{good, {Quantity: -1}}}, "order.items[1].quantity")
	f(Order{Items: []Item{{Quantity: 1, Price: -1, HasPrice: true}}}, "order.items[0].price")
	f(Order{Items: []Item{{Quantity: 1, Amount: -1, HasAmount: true}}}, "order.items[0].amount")
	f(Order{Items: []Item{{Quantity: 1 << 30, Price: 1 << 30, HasPrice: true}}}, "order.items[0]")
	f(*lines(1, coupon.AmountMax), "order.items[1]")
}
