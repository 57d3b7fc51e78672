package promo

import (
	"strings"
	"testing"

	"github.com/scrip-engine/scrip/coupon"
)

// What a record may hold, beyond what JSON can say.
func TestDiscountValidate(t *testing.T) {
	f := func(d Discount, field string) {
		t.Helper()
		err := d.Validate()
		fe, _ := err.(*FieldError)
		if (field == "") != (err == nil) || (fe != nil && (fe.Field != field || fe.Key != KeyInvalidVoucher)) {
			t.Errorf("%+v: %v, want an error about %q", d, err, field)
		}
	}
	with := func(d Discount, change func(*Discount)) Discount { change(&d); return d }
	shirt := unitOff(1, AddNewItems)

	f(amountOff(1), "")
	f(amountOff(coupon.AmountMax), "")
	f(percent(1, 0), "")
	f(percent(10000, coupon.AmountMax), "")
	f(fixed(0), "")
	f(shirt, "")

	f(Discount{}, "discount.type")
	f(Discount{Kind: Unit + 1, Effect: ApplyToOrder}, "discount.type")
	f(Discount{Kind: Amount, AmountOff: 1}, "discount.effect")
	f(Discount{Kind: Amount, AmountOff: 1, Effect: AddMissingItems + 1}, "discount.effect")
	f(amountOff(0), "discount.amount_off")
	f(amountOff(-1), "discount.amount_off")
	f(amountOff(coupon.AmountMax+1), "discount.amount_off")
	f(percent(0, 0), "discount.percent_off")
	f(percent(10001, 0), "discount.percent_off")
	f(percent(1, -1), "discount.amount_limit")
	f(fixed(-1), "discount.fixed_amount")
	f(with(fixed(1), func(d *Discount) { d.AmountOff = 1 }), "discount.amount_off")
	f(with(fixed(1), func(d *Discount) { d.Product.ID = "x" }), "discount.unit_type")
	f(with(shirt, func(d *Discount) { d.Effect = ApplyToOrder }), "discount.effect")
	f(with(shirt, func(d *Discount) { d.UnitType = "" }), "discount.unit_type")
	f(with(shirt, func(d *Discount) { d.UnitType = "\xff" }), "discount.unit_type")
	f(with(shirt, func(d *Discount) { d.Product.HasPrice = false }), "discount.product.price")
	f(with(shirt, func(d *Discount) { d.Product.Price = coupon.AmountMax + 1 }), "discount.product.price")
	f(with(shirt, func(d *Discount) { d.Product.Name = strings.Repeat("x", refBytesMax+1) }), "discount.product.name")
	f(with(shirt, func(d *Discount) { d.SKU.SourceID = "\xff" }), "discount.sku.source_id")
	f(with(shirt, func(d *Discount) { d.SKU.ID = strings.Repeat("x", refBytesMax) }), "")
}

// The numbers are stored in records: a constant that moved would turn every
// stored percentage into something else.
func TestKindsAndEffectsAreFrozen(t *testing.T) {
	kinds := map[Kind]string{1: "AMOUNT", 2: "PERCENT", 3: "FIXED", 4: "UNIT", 0: "UNKNOWN", 5: "UNKNOWN", 255: "UNKNOWN"}
	for k, name := range kinds {
		if k.String() != name {
			t.Errorf("kind %d is %s, want %s", k, k, name)
		}
	}
	effects := map[Effect]string{1: "APPLY_TO_ORDER", 2: "ADD_NEW_ITEMS", 3: "ADD_MISSING_ITEMS", 0: "UNKNOWN", 4: "UNKNOWN", 255: "UNKNOWN"}
	for e, name := range effects {
		if e.String() != name {
			t.Errorf("effect %d is %s, want %s", e, e, name)
		}
	}
}

func TestInterval(t *testing.T) {
	f := func(v Interval, at int64, want coupon.Outcome, holds Interval) {
		t.Helper()
		got, in := v.Judge(at)
		if got != want || in != holds {
			t.Errorf("%v at %d: %v in %v, want %v in %v", v, at, got, in, want, holds)
		}
		if !in.Contains(at) || v.Contains(at) != (want == coupon.OK) {
			t.Errorf("%v at %d: the answer does not hold at its own instant", v, at)
		}
	}
	const since, ever = coupon.SinceEver, coupon.ForEver

	f(Always(), 0, coupon.OK, Always())
	f(Always(), since, coupon.OK, Always())
	f(Interval{10, 20}, 9, coupon.VoucherNotActive, Interval{since, 10})
	f(Interval{10, 20}, 10, coupon.OK, Interval{10, 20})
	f(Interval{10, 20}, 19, coupon.OK, Interval{10, 20})
	f(Interval{10, 20}, 20, coupon.VoucherExpired, Interval{20, ever}) // the instant of expiry is expired
	f(Interval{10, ever}, 9, coupon.VoucherNotActive, Interval{since, 10})
	f(Interval{since, 20}, 20, coupon.VoucherExpired, Interval{20, ever})
	f(Interval{20, 10}, 15, coupon.VoucherNotActive, Interval{since, 20}) // crossed ends: P6 says not active first
	f(Interval{20, 10}, 20, coupon.VoucherExpired, Interval{20, ever})
}

func TestIntervalIntersect(t *testing.T) {
	f := func(a, b, want Interval, empty bool) {
		t.Helper()
		if got := a.Intersect(b); got != want || b.Intersect(a) != want || got.Empty() != empty {
			t.Errorf("%v and %v: %v, empty %v", a, b, got, got.Empty())
		}
	}
	f(Always(), Interval{1, 2}, Interval{1, 2}, false)
	f(Interval{1, 5}, Interval{3, 9}, Interval{3, 5}, false)
	f(Interval{1, 3}, Interval{3, 9}, Interval{3, 3}, true)
	f(Interval{1, 2}, Interval{8, 9}, Interval{8, 2}, true)
}
