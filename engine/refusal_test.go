package engine

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/scrip-engine/scrip/wire"
)

// Of several reasons the caller gets the first of the documented list (P6), from
// memory as well as through the log; and a retry of the success stands before
// all of them (P3). Without this, support explains one reason and the shop shows
// another.
func TestRefusalsInOrderOfPrecedence(t *testing.T) {
	eachShards(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		camp := w.campaign(`{"name":"All","voucher":{"type":"DISCOUNT_VOUCHER","discount":
			{"type":"UNIT","unit_off":1,"unit_type":"p","effect":"ADD_MISSING_ITEMS","product":{"id":"p","price":1}}}}`).ID
		w.add(camp, "CODE", `{"holder_id":"ann"}`)
		const right = `,"order":{"amount":1000},"customer":{"source_id":"ann"}`
		first, err := w.try("first", "CODE", right)
		w.ok(err)

		edit := func(body string) {
			t.Helper()
			_, err := w.UpdateVoucher(ctx, w.c, "CODE", decode[wire.VoucherUpdate](t, body))
			w.ok(err)
		}
		editCampaign := func(body string) {
			t.Helper()
			_, err := w.UpdateCampaign(ctx, w.c, camp, decode[wire.CampaignUpdate](t, body))
			w.ok(err)
		}
		switchCampaign := func(on bool) {
			t.Helper()
			_, err := w.SetCampaignEnabled(ctx, w.c, camp, on)
			w.ok(err)
		}
		switchCode := func(on bool) {
			t.Helper()
			_, err := w.SetVoucherEnabled(ctx, w.c, "CODE", on)
			w.ok(err)
		}
		edit(`{"expiration_date":"2020-01-01T00:00:00Z"}`)
		editCampaign(`{"start_date":"2090-01-01T00:00:00Z"}`)
		switchCampaign(false)
		switchCode(false)

		const nobody = `,"order":{"currency":"EUR"}`
		for _, step := range []struct {
			code, more, key, details string
			then                     func()
		}{
			{"NONE", nobody, wire.KeyNotFound, "", nil},
			{"CODE", nobody, wire.KeyVoucherDisabled, "The voucher and its campaign are disabled", func() { switchCampaign(true) }},
			{"CODE", nobody, wire.KeyVoucherDisabled, "The voucher is disabled", func() { switchCode(true); switchCampaign(false) }},
			{"CODE", nobody, wire.KeyVoucherDisabled, "The campaign is disabled", func() { switchCampaign(true) }},
			{"CODE", nobody, wire.KeyVoucherNotActive, "It starts at 2090-01-01T00:00:00.000Z", func() { editCampaign(`{"start_date":null}`) }},
			{"CODE", nobody, wire.KeyVoucherExpired, "It ended at 2020-01-01T00:00:00.000Z", func() { edit(`{"expiration_date":null}`) }},
			{"CODE", nobody, wire.KeyMissingCustomer, "", nil},
			{"CODE", `,"customer":{"source_id":"bob"}`, wire.KeyCustomerRulesViolated, "", nil},
			{"CODE", `,"customer":{"source_id":"ann"}`, wire.KeyMissingOrder, "", nil},
			{"CODE", `,"order":{"currency":"EUR"},"customer":{"source_id":"ann"}`, wire.KeyMissingAmount, "", nil},
			{"CODE", `,"order":{"amount":1,"currency":"EUR"},"customer":{"source_id":"ann"}`, wire.KeyCurrencyMismatch, "", nil},
			{"CODE", right, wire.KeyQuantityExceeded, "1 of 1 uses are taken", nil},
		} {
			e := w.refused(step.code, step.more, step.key)
			if step.details != "" && e.Details != step.details {
				t.Errorf("%s: details %q, want %q", step.key, e.Details, step.details)
			}
			again, err := w.try("first", "CODE", right)
			if err != nil || again.ID != first.ID || !again.Replayed {
				t.Errorf("at %s the retry gets %v", step.key, err)
			}
			_, err = w.try("first", "CODE", nobody)
			w.wants(err, wire.KeyIdempotencyKeyConflict)
			if step.then != nil {
				step.then()
			}
		}
	})
}

// What no code can be is not found, and costs neither a proof nor the log.
func TestTextsThatNoCodeHas(t *testing.T) {
	w := newWorld(t, 1)
	w.create("REAL", `{"discount":{"type":"AMOUNT","amount_off":1}}`)
	for _, text := range []string{" ", "a\u200bb", "\ue000", "�", "💣\u0301", "v_0000000000000000",
		"V_zzzzzzzzzzzzzzzz", strings.Repeat("x", 600), "REAL\ue000", "..", "import"} {
		e := w.refused(text, "", wire.KeyNotFound)
		if e.ResourceID != text {
			t.Errorf("%q: resource_id %q", text, e.ResourceID)
		}
	}
	for _, text := range []string{"", "import", "importCSV", "bulk", "metadata", "qualification", "a\u200bb", "\u0000"} {
		if text == "" {
			continue // an empty text is drawn
		}
		_, err := w.CreateVoucher(context.Background(), w.c, text, &wire.VoucherCreate{})
		if k := keyOf(err); k != wire.KeyInvalidCode && k != wire.KeyInvalidVoucher {
			t.Errorf("create %q: %v", text, err)
		}
	}
	// One normalisation for create and for use: trimmed, folded, composed.
	w.create("  Straße-É ", `{"discount":{"type":"AMOUNT","amount_off":1}}`)
	w.redeem("STRASSE-E\u0301", `,"order":{"amount":10}`)
}

// Pain 40: a code must be found however it is typed; in a case-sensitive project
// it must not.
func TestPain40CaseOfCodes(t *testing.T) {
	fold, keep := newWorld(t, 1), newWorld(t, 1, func(c *Config) { c.CaseSensitive = true })
	const body = `{"discount":{"type":"AMOUNT","amount_off":1},"redemption":{"quantity":null}}`
	fold.create("AbC10", body)
	fold.redeem("abc10", `,"order":{"amount":10}`)
	_, err := fold.CreateVoucher(context.Background(), fold.c, "ABC10", decode[wire.VoucherCreate](t, body))
	fold.wants(err, wire.KeyDuplicateFound)
	keep.create("AbC10", body)
	keep.refused("abc10", "", wire.KeyNotFound)
	keep.create("ABC10", body)
	keep.redeem("AbC10", `,"order":{"amount":10}`)
}

// Pain 33: an attribute that is missing is a typed refusal, never a 500.
func TestPain33GuestWithoutIdentity(t *testing.T) {
	eachShards(t, func(t *testing.T, w *world) {
		camp := w.tenPercent("Once", "", `,"redemption":{"quantity":null,"per_customer":1}`).ID
		w.add(camp, "ONCE", `{}`)
		w.refused("ONCE", `,"order":{"amount":100}`, wire.KeyMissingCustomer)
		w.refused("ONCE", `,"order":{"amount":100},"customer":{}`, wire.KeyMissingCustomer)
		w.redeem("ONCE", `,"order":{"amount":100},"customer":{"email":"a@b.c"}`)
	})
}

// Orders that no shop has, and orders at the edges.
func TestOrdersAtTheEdges(t *testing.T) {
	w := newWorld(t, 1)
	camp := w.tenPercent("Edge", "", `,"redemption":{"quantity":null}`).ID
	w.add(camp, "EDGE", `{}`)
	w.create("OFF", `{"discount":{"type":"AMOUNT","amount_off":9007199254740991},"redemption":{"quantity":null}}`)
	const most = 9007199254740991
	r := w.redeem("EDGE", fmt.Sprintf(`,"order":{"amount":%d}`, most))
	if r.Order.TotalAmount != most-(most/10) || r.Order.TotalDiscountAmount != most/10 {
		t.Errorf("10 %% of the largest amount: %s", r.AppendJSON(nil))
	}
	if r := w.redeem("OFF", `,"order":{"amount":5}`); r.Order.TotalAmount != 0 || r.Order.TotalAppliedDiscountAmount != 5 {
		t.Errorf("more off than there is: %s", r.AppendJSON(nil))
	}
	if r := w.redeem("OFF", `,"order":{"amount":0}`); r.Order.TotalAmount != 0 {
		t.Errorf("an order of nothing: %s", r.AppendJSON(nil))
	}
	for _, order := range []string{
		fmt.Sprintf(`{"items":[{"price":%d,"quantity":2}]}`, most),
		fmt.Sprintf(`{"items":[{"amount":%d},{"amount":1}]}`, most),
	} {
		_, err := w.try("", "EDGE", `,"order":`+order)
		if k, _ := wire.Lookup(keyOf(err)); k.Family != wire.FamilyRequest && k.Family != wire.FamilyRefusal {
			t.Errorf("%s: %v", order, err)
		}
	}
	w.refused("EDGE", `,"order":{"amount":5,"currency":"XQQ"}`, wire.KeyCurrencyMismatch)
	w.create("GIFT", `{"type":"GIFT_VOUCHER","gift":{"amount":1000}}`)
	w.refused("GIFT", `,"order":{"amount":5,"currency":"EUR"}`, wire.KeyCurrencyMismatch)
	w.refused("GIFT", `,"order":{"amount":5,"currency":"XQQ"}`, wire.KeyCurrencyMismatch)
}

// Pain 41 and 42: lines sum to the whole, the total is never negative, also read
// back from the record.
func TestPain41LinesSumToTheWhole(t *testing.T) {
	w := newWorld(t, 1)
	camp := w.campaign(`{"name":"Third","voucher":{"type":"DISCOUNT_VOUCHER","redemption":{"quantity":null},"discount":{"type":"PERCENT","percent_off":33.33}}}`).ID
	w.add(camp, "THIRD", `{}`)
	r := w.redeem("THIRD", `,"order":{"items":[{"product_id":"a","price":333,"quantity":1},{"product_id":"b","price":1,"quantity":7},{"product_id":"c","amount":10}]}`)
	sum := int64(0)
	for _, it := range r.Order.Items {
		sum += it.AppliedDiscountAmount.Value
	}
	if sum != r.Order.AppliedDiscountAmount.Value || r.Order.Amount != 350 || r.Order.TotalAmount != 350-sum {
		t.Errorf("lines sum to %d: %s", sum, r.AppendJSON(nil))
	}
	v := w.validate("THIRD", `,"order":{"items":[{"product_id":"a","price":333,"quantity":1},{"product_id":"b","price":1,"quantity":7},{"product_id":"c","amount":10}]}`)
	if v.Order.TotalDiscountAmount != r.Order.TotalDiscountAmount || len(v.Order.Items) != 3 {
		t.Errorf("validated: %+v, redeemed %+v", v.Order, r.Order)
	}
}
