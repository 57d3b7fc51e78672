package shard

import (
	"testing"

	"github.com/scrip-engine/scrip/coupon"
)

// Explain, the refusals from memory and Apply run the same checks. If their
// order were not that of Precedence, two nodes could give two reasons (P6, S4).
// Every set of reasons is tried with everything that an evaluation can find.
func TestExamineTellsTheFirst(t *testing.T) {
	someone := coupon.ID{Slot: 1, Seq: 1}
	reasons := []struct {
		outcome coupon.Outcome
		apply   func(*CodeView, *Facts)
	}{
		{coupon.NotFound, func(v *CodeView, _ *Facts) { v.Deleted = true }},
		{coupon.VoucherDisabled, func(v *CodeView, _ *Facts) { v.Disabled = true }},
		{coupon.VoucherDisabled, func(_ *CodeView, f *Facts) { f.CampaignOff = true }},
		{coupon.VoucherNotActive, func(v *CodeView, f *Facts) { v.From = f.Now + 1 }},
		{coupon.VoucherExpired, func(_ *CodeView, f *Facts) { f.CampaignUntil = f.Now }},
		{coupon.MissingCustomer, func(v *CodeView, f *Facts) { v.PerCustomer, f.Customer = 1, coupon.ID{} }},
		{coupon.NotTheHolder, func(v *CodeView, _ *Facts) { v.Holder = coupon.ID{Slot: 2, Seq: 2} }},
		{coupon.CurrencyMismatch, func(v *CodeView, f *Facts) { v.IsGift, f.Currency = true, 2 }},
		{coupon.QuantityExceeded, func(v *CodeView, _ *Facts) { v.Used, v.Limit = 1, 1 }},
		{coupon.QuantityExceeded, func(v *CodeView, _ *Facts) { v.PerCustomer, v.CustomerUses = 1, 1 }},
		{coupon.GiftAmountExceeded, func(v *CodeView, f *Facts) { v.IsGift, f.GiftMax = true, 1 }},
	}
	for set := range 1 << len(reasons) {
		for _, evaluated := range append(coupon.Precedence(), coupon.OK) {
			v := CodeView{Found: true, Project: 1, Limit: Unlimited, From: AlwaysFrom, Until: AlwaysUntil, Currency: 1}
			f := Facts{Now: 5, Project: 1, Customer: someone, CampaignFrom: AlwaysFrom, CampaignUntil: AlwaysUntil, Evaluated: evaluated}
			for i, r := range reasons {
				if set&(1<<i) != 0 {
					r.apply(&v, &f)
				}
			}
			tellsTheFirst(t, &v, &f)
		}
	}
}

func tellsTheFirst(t *testing.T, v *CodeView, f *Facts) {
	t.Helper()
	var refusing []Check
	steps := 0
	first := Examine(v, f, func(c Check) {
		steps++
		if c.Refuses {
			refusing = append(refusing, c)
		}
	})
	if short := Examine(v, f, nil); short != first {
		t.Fatalf("without a trace %+v, with one %+v", short, first)
	}
	for _, c := range refusing {
		if c.Outcome.Before(first.Outcome) {
			t.Fatalf("told %v, but %v comes before it: %+v, %+v", first.Outcome, c.Outcome, *v, *f)
		}
	}
	if first.Refuses != (len(refusing) > 0 || f.Evaluated != coupon.OK) {
		t.Fatalf("told %+v of %+v", first, refusing)
	}
	if v.Deleted && steps != 1 || !v.Deleted && steps != len(law) {
		t.Fatalf("traced %d steps of %d", steps, len(law))
	}
}

// Whatever the evaluation found must refuse, in its place: a rule violation that
// got lost would redeem.
func TestEvaluatedRefusesInItsPlace(t *testing.T) {
	f := func(evaluated coupon.Outcome, v CodeView, want coupon.Outcome) {
		t.Helper()
		facts := AllowAll()
		facts.Evaluated, facts.Currency = evaluated, 840
		v.Found, v.Until = true, AlwaysUntil
		if c := Examine(&v, &facts, nil); c.Outcome != want || !c.Refuses {
			t.Errorf("%v: told %+v, want %v", evaluated, c, want)
		}
	}
	open := CodeView{Limit: Unlimited}
	for _, o := range coupon.Precedence() {
		f(o, open, o)
	}
	f(coupon.VoucherNotActiveNow, CodeView{PerCustomer: 1}, coupon.VoucherNotActiveNow)
	f(coupon.VoucherNotActiveNow, CodeView{Disabled: true}, coupon.VoucherDisabled)
	f(coupon.MissingOrder, CodeView{PerCustomer: 1}, coupon.MissingCustomer)
	f(coupon.MissingAmount, CodeView{IsGift: true}, coupon.MissingAmount)
	f(coupon.OrderRules, CodeView{IsGift: true}, coupon.CurrencyMismatch)
	f(coupon.RedemptionRules, CodeView{Limit: 0}, coupon.RedemptionRules)
	f(coupon.LockedBySession, CodeView{Limit: 0}, coupon.QuantityExceeded)
}
