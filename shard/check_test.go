package shard

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/scrip-engine/scrip/coupon"
)

// Explain, the refusals from memory and Apply run the same checks. If their
// order were not that of Precedence, two nodes could give two reasons (P6, S4).
func TestExamineTellsTheFirst(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		flip := rapid.Bool()
		ids := rapid.SampledFrom([]coupon.ID{{}, {Slot: 1, Seq: 1}, {Slot: 1, Seq: 2}, unborn})
		small := rapid.Int64Range(-1, 2)
		f := Facts{Now: small.Draw(t, "now"), Project: 1, Customer: ids.Draw(t, "customer"), CampaignOff: flip.Draw(t, "off"),
			CampaignFrom: small.Draw(t, "from"), CampaignUntil: small.Draw(t, "until"),
			Evaluated: rapid.SampledFrom(append(coupon.Precedence(), coupon.OK)).Draw(t, "evaluated"),
			Currency:  rapid.SampledFrom([]uint16{0, 1, 2}).Draw(t, "currency"),
			GiftMax:   small.Draw(t, "gift max"), GiftExact: flip.Draw(t, "exact")}
		v := CodeView{Found: flip.Draw(t, "found"), Deleted: flip.Draw(t, "deleted"), Project: 1, Disabled: flip.Draw(t, "disabled"),
			Limit: small.Draw(t, "limit"), Used: small.Draw(t, "used"), PerCustomer: small.Draw(t, "per"), CustomerUses: small.Draw(t, "uses"),
			IsGift: flip.Draw(t, "gift"), Balance: small.Draw(t, "balance"), Currency: 1,
			From: small.Draw(t, "own from"), Until: small.Draw(t, "own until"), Holder: ids.Draw(t, "holder")}
		var refusing []Check
		steps := 0
		first := Examine(&v, &f, func(c Check) {
			steps++
			if c.Refuses {
				refusing = append(refusing, c)
			}
		})
		if short := Examine(&v, &f, nil); short != first {
			t.Fatalf("without a trace %+v, with one %+v", short, first)
		}
		for _, c := range refusing {
			if c.Outcome.Before(first.Outcome) {
				t.Fatalf("told %v, but %v comes before it", first.Outcome, c.Outcome)
			}
		}
		if first.Refuses != (len(refusing) > 0 || f.Evaluated != coupon.OK) {
			t.Fatalf("told %+v of %+v", first, refusing)
		}
		if found := v.Found && !v.Deleted; found && steps != len(law) || !found && steps != 1 {
			t.Fatalf("traced %d steps of %d", steps, len(law))
		}
	})
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
