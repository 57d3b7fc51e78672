package promo

import (
	"math/big"
	"sort"
	"testing"

	"github.com/scrip-engine/scrip/coupon"
	"pgregory.net/rapid"
)

// rapid prints the seed of a failure; -rapid.seed repeats it.

// anyAmount prefers the sizes of carts and the ends of the range.
func anyAmount() *rapid.Generator[int64] {
	return rapid.OneOf(rapid.Int64Range(0, 20), rapid.Int64Range(0, 100_000), rapid.Int64Range(0, coupon.AmountMax))
}

// anyOrder gives orders that Validate accepts: with and without an amount of
// their own, with and without items, some of which match unitOff.
func anyOrder(t *rapid.T) *Order {
	o := &Order{HasAmount: rapid.Bool().Draw(t, "hasAmount")}
	if o.HasAmount {
		o.Amount = anyAmount().Draw(t, "amount")
	}
	o.AlreadyDiscounted = rapid.OneOf(rapid.Just(int64(0)), rapid.Int64Range(0, 50), anyAmount()).Draw(t, "already")
	left := int64(coupon.AmountMax)
	for range rapid.IntRange(0, 12).Draw(t, "items") {
		it := Item{
			ProductID: rapid.SampledFrom([]string{"shirt", "cap"}).Draw(t, "product"),
			Quantity:  rapid.Int64Range(0, 9).Draw(t, "quantity"),
		}
		if it.HasPrice = rapid.Bool().Draw(t, "hasPrice"); it.HasPrice {
			it.Price = min(anyAmount().Draw(t, "price"), left/9)
		}
		if it.HasAmount = !it.HasPrice || rapid.Bool().Draw(t, "hasLineAmount"); it.HasAmount {
			it.Amount = min(anyAmount().Draw(t, "lineAmount"), left)
		}
		amount, _, _ := it.amount()
		left -= amount
		o.Items = append(o.Items, it)
	}
	return o
}

func anyDiscount(t *rapid.T) Discount {
	switch rapid.SampledFrom([]Kind{Amount, Percent, Fixed, Unit}).Draw(t, "kind") {
	case Amount:
		return amountOff(1 + min(anyAmount().Draw(t, "off"), coupon.AmountMax-1))
	case Percent:
		return percent(coupon.Percent(rapid.IntRange(1, int(coupon.PercentMax)).Draw(t, "percent")), anyAmount().Draw(t, "limit"))
	case Fixed:
		return fixed(anyAmount().Draw(t, "fixed"))
	}
	d := unitOff(rapid.Int64Range(1, 30).Draw(t, "units"), rapid.SampledFrom([]Effect{AddNewItems, AddMissingItems}).Draw(t, "effect"))
	d.Product.Price = anyAmount().Draw(t, "unitPrice")
	return d
}

// checkInvariants fails for a result that breaks M1, M2 or M3.
func checkInvariants(t *rapid.T, r *Result) {
	t.Helper()
	if r.TotalAmount < 0 || r.TotalAmount > r.Amount || r.TotalAmount != r.Amount-r.TotalDiscountAmount {
		t.Fatalf("M1: %d − %d = %d", r.Amount, r.TotalDiscountAmount, r.TotalAmount)
	}
	if r.AppliedDiscountAmount < 0 || r.ItemsAppliedDiscountAmount < 0 || r.UnitemisedDiscount < 0 {
		t.Fatalf("M1: a discount takes off less than nothing: %+v", r)
	}
	order, items := r.UnitemisedDiscount, int64(0)
	for i := range r.Lines {
		l := &r.Lines[i]
		if l.OrderShare < 0 || l.DiscountAmount < 0 || l.TotalAmount() < 0 || l.DiscountQuantity > l.Quantity {
			t.Fatalf("M3: line %d: %+v", i, *l)
		}
		order += l.OrderShare
		items += l.DiscountAmount
	}
	if order != r.AppliedDiscountAmount || items != r.ItemsAppliedDiscountAmount {
		t.Fatalf("M2: lines sum to %d and %d of %d and %d", order, items, r.AppliedDiscountAmount, r.ItemsAppliedDiscountAmount)
	}
	if r.TotalAppliedDiscountAmount != order+items || r.TotalDiscountAmount < r.TotalAppliedDiscountAmount {
		t.Fatalf("M2: totals of %+v", r)
	}
}

func TestPropertyEveryDiscountKeepsTheInvariants(t *testing.T) {
	var r Result // reused, as a handler does
	rapid.Check(t, func(t *rapid.T) {
		o, d := anyOrder(t), anyDiscount(t)
		if err := o.Validate(); err != nil {
			t.Fatalf("the generator gave an order that is refused: %v", err)
		}
		if err := d.Validate(); err != nil {
			t.Fatalf("the generator gave a discount that is refused: %v", err)
		}
		switch got := d.Evaluate(o, &r); got {
		case coupon.OK:
			checkInvariants(t, &r)
		case coupon.MissingAmount:
			if o.HasAmount {
				t.Fatal("the order has an amount")
			}
		case coupon.InvalidAmount:
			if d.Kind != Unit {
				t.Fatal("an order that is valid was refused")
			}
		default:
			t.Fatalf("outcome %v", got)
		}
	})
}

func TestPropertyGiftKeepsTheInvariants(t *testing.T) {
	var r Result
	rapid.Check(t, func(t *rapid.T) {
		o := anyOrder(t)
		g := Gift{Balance: anyAmount().Draw(t, "balance"), HasCredits: rapid.Bool().Draw(t, "hasCredits")}
		if g.HasCredits {
			g.Credits = anyAmount().Draw(t, "credits")
		}
		if EvaluateGift(g, o, &r) != coupon.OK {
			return
		}
		checkInvariants(t, &r)
		if r.AppliedDiscountAmount > g.Balance || r.AppliedDiscountAmount > r.GiftMaximum || (g.HasCredits && r.AppliedDiscountAmount > g.Credits) {
			t.Fatalf("pays %d of balance %d, maximum %d, credits %d", r.AppliedDiscountAmount, g.Balance, r.GiftMaximum, g.Credits)
		}
		if r.AppliedDiscountAmount < min(g.Balance, r.GiftMaximum) {
			t.Fatal("pays less than it could")
		}
	})
}

// What is added is free: a unit discount never changes what a customer pays for
// the rest by more than it gives.
func TestPropertyAddedUnitsCostNothing(t *testing.T) {
	var r Result
	rapid.Check(t, func(t *rapid.T) {
		o := anyOrder(t)
		o.AlreadyDiscounted = 0
		d := anyDiscount(t)
		if d.Kind != Unit || d.Evaluate(o, &r) != coupon.OK {
			return
		}
		if r.TotalAmount > r.InitialAmount {
			t.Fatalf("the customer pays %d instead of %d", r.TotalAmount, r.InitialAmount)
		}
		if d.Effect == AddNewItems && r.TotalAmount != r.InitialAmount {
			t.Fatalf("new items changed the price from %d to %d", r.InitialAmount, r.TotalAmount)
		}
		var free int64
		for _, l := range r.Lines {
			free += l.DiscountQuantity
		}
		if free != d.UnitOff {
			t.Fatalf("%d units are free, want %d", free, d.UnitOff)
		}
	})
}

// A dearer cart never gets a smaller discount, a higher percentage never takes
// off less, and the cap holds after rounding (M4).
func TestPropertyPercentIsMonotoneAndCapped(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyAmount().Draw(t, "a"), anyAmount().Draw(t, "b")
		p := coupon.Percent(rapid.IntRange(1, int(coupon.PercentMax)-1).Draw(t, "p"))
		limit := anyAmount().Draw(t, "limit")
		low, high, more := percent(p, limit), percent(p, limit), percent(p+1, limit)
		x, y := low.off(min(a, b)), high.off(max(a, b))
		if x > y || more.off(max(a, b)) < y {
			t.Fatalf("not monotone: %d of the smaller, %d of the larger", x, y)
		}
		if limit > 0 && y > limit {
			t.Fatalf("M4: %d is above the cap %d", y, limit)
		}
	})
}

func TestPropertyHundredPercentLeavesNothing(t *testing.T) {
	var r Result
	rapid.Check(t, func(t *rapid.T) {
		o, all := anyOrder(t), percent(coupon.PercentMax, 0)
		if all.Evaluate(o, &r) == coupon.OK && r.TotalAmount != 0 {
			t.Fatalf("%d is left", r.TotalAmount)
		}
	})
}

// oracleOff is the arithmetic again, slowly, with numbers that have no size.
func oracleOff(d *Discount, base int64) int64 {
	off := big.NewInt(0)
	switch d.Kind {
	case Amount:
		off.SetInt64(d.AmountOff)
	case Percent: // round(base × p / 10000) = floor((2 × base × p + 10000) / 20000)
		off.Mul(big.NewInt(base), big.NewInt(2*int64(d.PercentOff)))
		off.Add(off, big.NewInt(10000)).Div(off, big.NewInt(20000))
		if d.AmountLimit > 0 && off.Cmp(big.NewInt(d.AmountLimit)) > 0 {
			off.SetInt64(d.AmountLimit)
		}
	case Fixed:
		off.Sub(big.NewInt(base), big.NewInt(d.FixedAmount))
	}
	if off.Sign() < 0 {
		return 0
	}
	if off.Cmp(big.NewInt(base)) > 0 {
		return base
	}
	return off.Int64()
}

// oracleSplit is largest remainder with exact fractions.
func oracleSplit(whole int64, weights []int64) []int64 {
	sum := big.NewInt(0)
	for _, w := range weights {
		sum.Add(sum, big.NewInt(w))
	}
	out := make([]int64, len(weights))
	if sum.Sign() == 0 {
		return out
	}
	fractions, order, left := make([]*big.Rat, len(weights)), make([]int, len(weights)), whole
	for i, w := range weights {
		exact := new(big.Rat).SetFrac(new(big.Int).Mul(big.NewInt(whole), big.NewInt(w)), sum)
		floor := new(big.Int).Quo(exact.Num(), exact.Denom())
		fractions[i] = exact.Sub(exact, new(big.Rat).SetInt(floor))
		out[i], order[i] = floor.Int64(), i
		left -= out[i]
	}
	sort.SliceStable(order, func(i, j int) bool { return fractions[order[i]].Cmp(fractions[order[j]]) > 0 })
	for _, i := range order[:left] {
		out[i]++
	}
	return out
}

// The fast arithmetic against the slow one, to the last unit of every line.
func TestPropertyAgreesWithTheOracle(t *testing.T) {
	var r Result
	rapid.Check(t, func(t *rapid.T) {
		o, d := anyOrder(t), anyDiscount(t)
		if d.Kind == Unit || d.Evaluate(o, &r) != coupon.OK {
			return
		}
		if want := oracleOff(&d, max(0, r.InitialAmount-o.AlreadyDiscounted)); r.AppliedDiscountAmount != want {
			t.Fatalf("takes off %d, want %d", r.AppliedDiscountAmount, want)
		}
		weights, unnamed := []int64{}, r.Amount
		for _, l := range r.Lines {
			weights = append(weights, l.Amount)
			unnamed -= l.Amount
		}
		want := oracleSplit(r.AppliedDiscountAmount, append(weights, max(0, unnamed)))
		for i, l := range r.Lines {
			if l.OrderShare != want[i] {
				t.Fatalf("line %d has %d, want %d", i, l.OrderShare, want[i])
			}
		}
		if last := want[len(want)-1]; r.UnitemisedDiscount != last {
			t.Fatalf("%d falls on no line, want %d", r.UnitemisedDiscount, last)
		}
	})
}
