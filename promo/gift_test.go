package promo

import (
	"testing"

	"github.com/scrip-engine/scrip/coupon"
)

func card(balance int64) Gift { return Gift{Balance: balance} }
func use(balance, credits int64) Gift {
	return Gift{Balance: balance, Credits: credits, HasCredits: true}
}

// What a card pays: the smallest of balance, rest of the order and credits.
func TestGiftPays(t *testing.T) {
	f := func(g Gift, o *Order, pays, most, left int64) {
		t.Helper()
		var r Result
		if got := EvaluateGift(g, o, &r); got != coupon.OK {
			t.Fatalf("refused: %v", got)
		}
		if r.AppliedDiscountAmount != pays || r.GiftMaximum != most || r.TotalAmount != left {
			t.Errorf("pays %d of at most %d, leaves %d; want %d, %d, %d",
				r.AppliedDiscountAmount, r.GiftMaximum, r.TotalAmount, pays, most, left)
		}
		var decided Result
		if got := ApplyGift(pays, o, &decided); got != coupon.OK || shares(&decided) != shares(&r) || decided.TotalAmount != r.TotalAmount {
			t.Errorf("ApplyGift(%d): %v, %+v; want what EvaluateGift said", pays, got, decided)
		}
	}
	rest := total(1000)
	rest.AlreadyDiscounted = 700

	f(card(500), total(2000), 500, 2000, 1500)
	f(card(2000), total(2000), 2000, 2000, 0)
	f(card(9000), total(2000), 2000, 2000, 0)
	f(card(9000), lines(700, 300), 1000, 1000, 0)
	f(card(9000), rest, 300, 300, 0) // #42: what an earlier discount left
	f(card(0), total(0), 0, 0, 0)

	f(use(500, 200), total(2000), 200, 200, 1800)
	f(use(500, 500), total(2000), 500, 500, 1500)
	f(use(500, 500), total(100), 100, 100, 0)
	f(use(500, 0), total(100), 0, 0, 100)
	f(use(500, 200), nil, 200, 200, 0)
}

func TestGiftRefuses(t *testing.T) {
	f := func(g Gift, o *Order, want coupon.Outcome) {
		t.Helper()
		r := Result{Amount: 7, Lines: make([]Line, 2)}
		if got := EvaluateGift(g, o, &r); got != want || r.Amount != 0 || len(r.Lines) != 0 || r.GiftMaximum != 0 {
			t.Errorf("outcome %v, want %v; left over: %+v", got, want, r)
		}
	}
	euro := &Order{Amount: 10, HasAmount: true, Currency: 978, Expected: 840}

	f(card(500), nil, coupon.MissingOrder)
	f(card(500), &Order{}, coupon.MissingAmount)
	f(use(500, 900), &Order{}, coupon.MissingAmount) // before gift_amount_exceeded
	f(use(500, 900), euro, coupon.CurrencyMismatch)  // before gift_amount_exceeded
	f(use(500, 501), total(2000), coupon.GiftAmountExceeded)
	f(use(500, 501), total(10), coupon.GiftAmountExceeded) // though the order needs less
	f(use(500, 501), nil, coupon.GiftAmountExceeded)
	f(card(0), total(1), coupon.GiftAmountExceeded) // an empty card pays nothing: say so
	f(use(0, 1), total(1), coupon.GiftAmountExceeded)
	f(card(-1), total(1), coupon.InvalidAmount)
	f(use(500, -1), total(1), coupon.InvalidAmount)
	f(use(500, coupon.AmountMax+1), total(1), coupon.InvalidAmount)
	f(card(1), total(-1), coupon.InvalidAmount)
}

// A shard that took more than the order needs erred: the lines must not hide it.
func TestApplyGiftRefusesMoreThanTheOrder(t *testing.T) {
	var r Result
	for _, amount := range []int64{1001, -1, coupon.AmountMax + 1} {
		if got := ApplyGift(amount, total(1000), &r); got != coupon.InvalidAmount || r.HasOrder {
			t.Errorf("ApplyGift(%d): %v", amount, got)
		}
	}
}
