package promo

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/scrip-engine/scrip/coupon"
)

// What users of coupon systems suffered, each as a test named after its row in
// the collection of pains. The names say what went wrong elsewhere.

// #41: distributed discounts were off by a cent, because each line was rounded
// on its own.
func TestPain41LinesAddUpToTheDiscount(t *testing.T) {
	d := percent(1500, 0)
	o := lines(333, 333, 333) // 15 % of 999 is 149.85; a line alone gives 49.95
	var r Result
	d.Evaluate(o, &r)
	if r.AppliedDiscountAmount != 150 || shares(&r) != "50 50 50 | 0" {
		t.Errorf("takes off %d as %s", r.AppliedDiscountAmount, shares(&r))
	}
	o = lines(10, 10, 10, 10, 10, 10, 10) // 15 % of 70 is 10.5; rounding each line gives 14
	d.Evaluate(o, &r)
	if r.AppliedDiscountAmount != 11 || shares(&r) != "2 2 2 2 1 1 1 | 0" {
		t.Errorf("takes off %d as %s", r.AppliedDiscountAmount, shares(&r))
	}
}

// #42: stacked and oversized coupons made the payable amount negative, and it
// was stored so.
func TestPain42TotalIsNeverNegative(t *testing.T) {
	o := lines(600, 400)
	var r Result
	for _, d := range []Discount{percent(5000, 0), amountOff(400), amountOff(400), percent(10000, 0), fixed(0)} {
		if got := d.Evaluate(o, &r); got != coupon.OK || r.TotalAmount < 0 || r.TotalDiscountAmount > 1000 {
			t.Fatalf("outcome %v, total %d, discounts %d", got, r.TotalAmount, r.TotalDiscountAmount)
		}
		o.AlreadyDiscounted = r.TotalDiscountAmount
	}
	if r.TotalAmount != 0 || r.AppliedDiscountAmount != 0 {
		t.Errorf("the last step leaves %d and took off %d", r.TotalAmount, r.AppliedDiscountAmount)
	}
}

// #43: percent-then-fixed differed from fixed-then-percent and nobody had said
// which is which. Here the base is what earlier discounts left, always.
func TestPain43TheBaseIsWhatEarlierDiscountsLeft(t *testing.T) {
	after := func(first, second Discount) int64 {
		o, r := total(1000), Result{}
		first.Evaluate(o, &r)
		o.AlreadyDiscounted = r.TotalDiscountAmount
		second.Evaluate(o, &r)
		return r.TotalAmount
	}
	if got := after(percent(1000, 0), amountOff(100)); got != 800 {
		t.Errorf("percent, then amount: %d", got)
	}
	if got := after(amountOff(100), percent(1000, 0)); got != 810 {
		t.Errorf("amount, then percent: %d", got)
	}
}

// #40: codes applied "successfully" with zero discount, because the discount
// was empty.
func TestPain40ADiscountOfNothingIsRefused(t *testing.T) {
	f := func(text, field string) {
		t.Helper()
		_, err := ParseDiscount([]byte(text))
		var fe *FieldError
		if !errors.As(err, &fe) || fe.Field != field || fe.Key != KeyInvalidVoucher {
			t.Errorf("%s: %v, want an error about %s", text, err, field)
		}
	}
	f(`{"type":"AMOUNT","amount_off":0}`, "discount.amount_off")
	f(`{"type":"AMOUNT"}`, "discount.amount_off")
	f(`{"type":"PERCENT","percent_off":0.00}`, "discount.percent_off")
	f(`{"type":"PERCENT","percent_off":10,"amount_limit":0}`, "discount.amount_limit")
	f(`{"type":"UNIT","unit_off":0,"unit_type":"x"}`, "discount.unit_off")
	f(`{"type":"FIXED"}`, "discount.fixed_amount")
	if _, err := ParseDiscount([]byte(`{"type":"FIXED","fixed_amount":0}`)); err != nil {
		t.Errorf("an order may become free: %v", err)
	}
}

// #19: a refund of an order partly paid by gift card failed, because nobody knew
// which line it had paid for.
func TestPain19AGiftIsSplitOverTheLines(t *testing.T) {
	var r Result
	if got := EvaluateGift(card(1000), lines(2000, 1000), &r); got != coupon.OK || shares(&r) != "667 333 | 0" {
		t.Errorf("outcome %v, shares %s", got, shares(&r))
	}
	if left := r.Lines[0].TotalAmount() + r.Lines[1].TotalAmount(); left != r.TotalAmount {
		t.Errorf("the lines leave %d, the order %d", left, r.TotalAmount)
	}
}

// #16: a card went to −10 with two payments that each carried the full discount.
func TestPain16ACardPaysNoMoreThanItHolds(t *testing.T) {
	balance := int64(500)
	var r Result
	for range 3 {
		if got := EvaluateGift(card(balance), total(300), &r); got != coupon.OK {
			if got != coupon.GiftAmountExceeded || balance != 0 {
				t.Fatalf("outcome %v with %d on the card", got, balance)
			}
			return
		}
		if balance -= r.AppliedDiscountAmount; balance < 0 {
			t.Fatalf("the card holds %d", balance)
		}
	}
	t.Error("the card never ran out")
}

// A percentage that went through a float: 0.29 × 100 is 28.999999999999996.
func TestPainFloatsDoNotTouchPercentages(t *testing.T) {
	for hundredths := coupon.Percent(1); hundredths <= coupon.PercentMax; hundredths++ {
		want := percent(hundredths, 0)
		text, err := json.Marshal(want.ToJSON())
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseDiscount(text)
		if err != nil || got != want {
			t.Fatalf("%s came back as %+v, %v", text, got, err)
		}
	}
}
