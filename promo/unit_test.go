package promo

import (
	"fmt"
	"testing"

	"github.com/scrip-engine/scrip/coupon"
)

// unitOff makes units of the product "shirt" free; the shop calls it "S-1".
func unitOff(units int64, effect Effect) Discount {
	return Discount{
		Kind: Unit, Effect: effect, UnitOff: units, UnitType: "shirt",
		Product: Ref{ID: "shirt", SourceID: "S-1", Name: "T-shirt", Price: 2500, HasPrice: true},
	}
}

func priced(id string, quantity, price int64) Item {
	return Item{ProductID: id, Quantity: quantity, Price: price, HasPrice: true}
}

func cart(items ...Item) *Order { return &Order{Items: items} }

// units writes what happened: amount, discount and total of the order, then for
// each line quantity(free)×amount−discount, and a plus before lines added.
func units(r *Result) string {
	text := fmt.Sprintf("%d-%d=%d", r.Amount, r.TotalDiscountAmount, r.TotalAmount)
	for i, l := range r.Lines {
		mark := " "
		if added := i - (len(r.Lines) - len(r.Added)); added >= 0 {
			mark = " +" + r.Added[added].ProductID + r.Added[added].SKUID + ":"
		}
		text += fmt.Sprintf("%s%d(%d)%d-%d", mark, l.Quantity, l.DiscountQuantity, l.Amount, l.DiscountAmount)
	}
	return text
}

// What a free unit does to a cart. The cases with 2900 and 3100 are the worked
// example that Voucherify publishes; an integrator's tests contain its numbers.
func TestFreeUnits(t *testing.T) {
	f := func(d Discount, o *Order, want string) {
		t.Helper()
		if err := d.Validate(); err != nil {
			t.Fatal(err)
		}
		var r Result
		if got := d.Evaluate(o, &r); got != coupon.OK {
			t.Fatalf("refused: %v", got)
		}
		if got := units(&r); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		if r.DiscountAmount != min(o.AlreadyDiscounted, r.InitialAmount) || r.ItemsDiscountAmount != r.ItemsAppliedDiscountAmount {
			t.Errorf("a free unit is a discount of the item: %+v", r)
		}
	}
	add, missing := unitOff(1, AddNewItems), unitOff(1, AddMissingItems)
	three := unitOff(3, AddMissingItems)

	f(add, cart(priced("shirt", 1, 2900)), "5800-2900=2900 2(1)5800-2900")
	f(missing, cart(priced("shirt", 1, 2900)), "2900-2900=0 1(1)2900-2900")
	f(missing, cart(priced("shirt", 1, 2900), priced("cap", 1, 3100)), "6000-2900=3100 1(1)2900-2900 1(0)3100-0")
	f(add, cart(priced("cap", 1, 100)), "2600-2500=100 1(0)100-0 +shirt:1(1)2500-2500")
	f(missing, cart(priced("cap", 1, 100)), "2600-2500=100 1(0)100-0 +shirt:1(1)2500-2500")
	f(missing, cart(priced("shirt", 5, 10)), "50-10=40 5(1)50-10")

	f(three, cart(priced("shirt", 1, 10)), "30-30=0 3(3)30-30")                                           // one there, two missing
	f(three, cart(priced("shirt", 1, 10), priced("shirt", 1, 12)), "32-32=0 2(2)20-20 1(1)12-12")         // line by line
	f(three, cart(priced("shirt", 0, 10)), "30-30=0 3(3)30-30")                                           // a line of nothing
	f(three, cart(priced("shirt", 2, 10), priced("shirt", 2, 12)), "44-32=12 2(2)20-20 2(1)24-12")        // enough are there
	f(three, cart(Item{SourceID: "S-1", Quantity: 4, Amount: 10, HasAmount: true}), "10-8=2 4(3)10-8")    // 7.5 rounds up
	f(missing, cart(Item{SKUID: "shirt", Quantity: 1, Amount: 10, HasAmount: true}), "10-10=0 1(1)10-10") // the unit type is a SKU's id

	// A line whose amount is not quantity × price is left as it is.
	odd := Item{ProductID: "shirt", Quantity: 2, Price: 10, HasPrice: true, Amount: 15, HasAmount: true}
	f(add, cart(odd), "25-10=15 2(0)15-0 +shirt:1(1)10-10")

	// The order's own amount: with less in it than in its lines, and with more.
	low, high := cart(priced("shirt", 1, 2900)), cart(priced("shirt", 1, 2900))
	low.Amount, low.HasAmount, high.Amount, high.HasAmount = 1000, true, 4000, true
	f(missing, low, "1000-1000=0 1(1)2900-1000")
	f(missing, high, "4000-2900=1100 1(1)2900-2900")
	f(add, low, "3900-2900=1000 2(1)5800-2900")

	earlier := cart(priced("shirt", 1, 1000), priced("cap", 1, 500))
	earlier.AlreadyDiscounted = 1200
	f(missing, earlier, "1500-1500=0 1(1)1000-300 1(0)500-0")

	// What was taken off earlier took nothing off the unit that comes now.
	earlier = cart(priced("cap", 1, 10))
	earlier.AlreadyDiscounted = 50 // more than the order is worth now
	f(add, earlier, "2510-2510=0 1(0)10-0 +shirt:1(1)2500-2500")

	empty := &Order{HasAmount: true}
	f(add, empty, "2500-2500=0 +shirt:1(1)2500-2500")
}

// The three ways to say what a line costs are three fields of the API; mixing
// them up would charge for what is free.
func TestLineAmounts(t *testing.T) {
	l := Line{Amount: 6200, DiscountAmount: 3100, OrderShare: 100}
	if l.SubtotalAmount() != 3100 || l.TotalDiscountAmount() != 3200 || l.TotalAmount() != 3000 {
		t.Errorf("%d, %d, %d", l.SubtotalAmount(), l.TotalDiscountAmount(), l.TotalAmount())
	}
}

// Free shipping is a unit like any other: a shipping line becomes free, and
// where there is none, one is added that is free.
func TestFreeShipping(t *testing.T) {
	ship := Discount{Kind: Unit, Effect: AddMissingItems, UnitOff: 1, UnitType: ShippingUnit}
	var r Result
	for _, c := range []struct {
		order *Order
		want  string
	}{
		{cart(priced("shirt", 1, 2000), priced(ShippingUnit, 1, 499)), "2499-499=2000 1(0)2000-0 1(1)499-499"},
		{cart(priced("shirt", 1, 2000)), "2000-0=2000 1(0)2000-0 +prod_5h1pp1ng:1(1)0-0"},
	} {
		if got := ship.Evaluate(c.order, &r); got != coupon.OK || units(&r) != c.want {
			t.Errorf("outcome %v, got %s, want %s", got, units(&r), c.want)
		}
	}
	ship.Product = Ref{Name: "Parcel", Price: 499, HasPrice: true}
	if ship.Evaluate(cart(priced("shirt", 1, 2000)), &r); units(&r) != "2499-499=2000 1(0)2000-0 +prod_5h1pp1ng:1(1)499-499" {
		t.Errorf("with a price: %s", units(&r))
	}
}

// A code for one size must not make another size free.
func TestFreeUnitMatchesOnlyItsSKU(t *testing.T) {
	d := Discount{Kind: Unit, Effect: AddMissingItems, UnitOff: 1, UnitType: "sku_L",
		Product: Ref{ID: "shirt"}, SKU: Ref{ID: "sku_L", SourceID: "S-1-L", Name: "L", Price: 30, HasPrice: true}}
	f := func(it Item, want bool) {
		t.Helper()
		if got := d.matches(&it); got != want {
			t.Errorf("matches %+v: %v", it, got)
		}
	}
	f(Item{SKUID: "sku_L", ProductID: "shirt"}, true)
	f(Item{SourceID: "S-1-L"}, true)
	f(Item{SKUID: "sku_M", ProductID: "shirt"}, false)
	f(Item{ProductID: "shirt"}, false)
	f(Item{SKUID: "sku_M", SourceID: "S-1-L"}, false)
	f(Item{}, false)

	var r Result
	if d.Evaluate(&Order{HasAmount: true}, &r); len(r.Added) != 1 {
		t.Fatal("nothing was added")
	}
	if got, want := r.Added[0], (Item{ProductID: "shirt", SKUID: "sku_L", SourceID: "S-1-L", Quantity: 1, Price: 30, HasPrice: true}); got != want {
		t.Errorf("added %+v, want %+v", got, want)
	}
}

// A free unit that would push the order beyond what JSON can say is refused;
// wrapped, it would become a negative order.
func TestFreeUnitsBeyondTheLargestAmount(t *testing.T) {
	f := func(d Discount, o *Order) {
		t.Helper()
		var r Result
		if got := d.Evaluate(o, &r); got != coupon.InvalidAmount || len(r.Lines) != 0 {
			t.Errorf("outcome %v, %d lines", got, len(r.Lines))
		}
	}
	f(unitOff(coupon.AmountMax, AddNewItems), cart(priced("cap", 1, 1)))
	f(unitOff(1, AddNewItems), total(coupon.AmountMax))
	f(unitOff(1, AddNewItems), cart(priced("shirt", 1, coupon.AmountMax)))
	f(unitOff(1, AddNewItems), cart(priced("shirt", coupon.AmountMax, 0)))
}
