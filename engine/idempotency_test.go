package engine

import (
	"context"
	"fmt"
	"testing"

	"github.com/scrip-engine/scrip/catalog"
	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/wire"
)

// Pain 3: the retry of a checkout gets the first result, never a refusal and never
// a second use; also after a restart, and at the same key another request is a
// conflict (P3).
func TestPain03RetriesGetTheFirstResult(t *testing.T) {
	eachShards(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		camp := w.tenPercent("Retry", "", "").ID
		for i := range 20 {
			w.add(camp, fmt.Sprint("R-", i), `{}`)
		}
		first := map[int]*wire.Redemption{}
		for i := range 20 {
			r, err := w.try("order-7", fmt.Sprint("R-", i), `,"order":{"amount":100},"customer":{"email":"x@y.z"}`)
			w.ok(err) // one key for twenty codes: the anchor is the code
			first[i] = r
		}
		_, err := w.SetCampaignEnabled(ctx, w.c, camp, false)
		w.ok(err)
		w.reopen()
		for i := range 20 {
			code := fmt.Sprint("r-", i)
			r, err := w.try("order-7", fmt.Sprint("R-", i), `,"order":{"amount":100},"customer":{"email":"x@y.z"}`)
			w.ok(err)
			if r.ID != first[i].ID || !r.Replayed || r.Date != first[i].Date || r.CustomerID != first[i].CustomerID {
				t.Fatalf("retry: %s, first %s", r.AppendJSON(nil), first[i].AppendJSON(nil))
			}
			for _, other := range []string{``, `,"order":{"amount":101}`, `,"order":{"amount":100},"customer":{"email":"q@y.z"}`,
				`,"order":{"amount":100},"customer":{"email":"x@y.z"},"metadata":{"a":1}`} {
				_, err := w.try("order-7", code, other)
				w.wants(err, wire.KeyIdempotencyKeyConflict)
			}
			// What the fingerprint does not cover may differ.
			_, err = w.try("order-7", fmt.Sprint("R-", i), `,"tracking_id":"t","order":{"amount":100},"customer":{"email":"x@y.z"}`)
			w.ok(err)
		}
	})
}

// A key from the body stands in for clients that cannot set a header; the header
// wins; a full rollback releases it (pains 24 and 27).
func TestPain24KeysFromTheBody(t *testing.T) {
	for source, more := range map[string]string{
		sourceTracking:    `,"tracking_id":"t-1","order":{"amount":100}`,
		sourceOrderSource: `,"order":{"amount":100,"source_id":"o-1"}`,
	} {
		eachShards(t, func(t *testing.T, w *world) {
			ctx := context.Background()
			reply, err := w.change(ctx, catalog.Header{NotAfter: w.notAfter()},
				&catalog.UpdateProject{Project: w.c.Caller.Project, IdempotencySource: catalog.Set(source)})
			w.ok(err)
			w.ok(w.raise(ctx, &w.c, reply.Fence))
			w.add(w.tenPercent("Body", "", `,"redemption":{"quantity":3}`).ID, "BODY", `{}`)
			first, err := w.try("", "BODY", more)
			w.ok(err)
			again, err := w.try("", "BODY", more)
			w.ok(err)
			if again.ID != first.ID || !again.Replayed {
				t.Fatalf("the same order was redeemed twice: %s %s", first.ID, again.ID)
			}
			other, err := w.try("header", "BODY", more)
			w.ok(err)
			if other.ID == first.ID {
				t.Fatal("the header did not win")
			}
			_, err = w.Rollback(ctx, w.c, first.ID, &wire.RollbackRequest{})
			w.ok(err)
			fresh, err := w.try("", "BODY", more)
			w.ok(err)
			if fresh.ID == first.ID || fresh.Replayed {
				t.Fatal("an order that was given back is answered from the past")
			}
			if used := w.voucher("BODY").Redemption.RedeemedQuantity; used != 2 {
				t.Errorf("used %d, want 2", used)
			}
		})
	}
}

// Everything that makes or changes something repeats its outcome under its key.
func TestKeysOfOtherChanges(t *testing.T) {
	eachShards(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		create := func() *wire.Campaign {
			out, err := w.CreateCampaign(ctx, w.keyed("camp"), decode[wire.CampaignCreate](t,
				`{"name":"Keyed","vouchers_count":1,"voucher":{"type":"GIFT_VOUCHER","gift":{"amount":500}}}`))
			w.ok(err)
			return out
		}
		camp := create()
		if again := create(); again.ID != camp.ID || again.VouchersCount != 1 {
			t.Fatalf("campaign: %+v, then %+v", camp, again)
		}
		_, err := w.CreateCampaign(ctx, w.keyed("other"), decode[wire.CampaignCreate](t,
			`{"name":"Keyed","voucher":{"type":"GIFT_VOUCHER","gift":{"amount":500}}}`))
		w.wants(err, wire.KeyDuplicateFound)
		_, err = w.CreateCampaign(ctx, w.keyed("camp"), decode[wire.CampaignCreate](t,
			`{"name":"Keyed","voucher":{"type":"GIFT_VOUCHER","gift":{"amount":501}}}`))
		w.wants(err, wire.KeyIdempotencyKeyConflict)

		drawn := func() string {
			v, err := w.AddVoucher(ctx, w.keyed("draw"), camp.ID, "", &wire.VoucherCreate{})
			w.ok(err)
			return v.Code
		}
		code := drawn()
		if again := drawn(); again != code {
			t.Fatalf("drawn twice: %s and %s", code, again)
		}
		if v, err := w.AddVoucher(ctx, w.c, camp.ID, "", &wire.VoucherCreate{}); err != nil || v.Code == code {
			t.Fatalf("another draw: %v %v", v, err)
		}
		named := func(campaign, body string) error {
			_, err := w.AddVoucher(ctx, w.keyed("named"), campaign, "NAMED", decode[wire.VoucherCreate](t, body))
			return err
		}
		w.ok(named(camp.ID, `{}`))
		w.ok(named(camp.ID, `{}`))
		w.wants(named(camp.ID, `{"metadata":{"a":1}}`), wire.KeyIdempotencyKeyConflict)
		second := w.campaign(`{"name":"Second","voucher":{"type":"GIFT_VOUCHER","gift":{"amount":500}}}`)
		w.wants(named(second.ID, `{}`), wire.KeyIdempotencyKeyConflict)

		add := func(key, source string, amount int64) (*wire.BalanceResponse, error) {
			return w.ChangeBalance(ctx, w.keyed(key), "NAMED", &wire.BalanceChange{Amount: wire.Some(amount), SourceID: source})
		}
		for range 2 {
			b, err := add("", "till-1", 100)
			w.ok(err)
			if b.Balance != 600 {
				t.Fatalf("balance by source id: %+v", b)
			}
			b, err = add("key", "", 50)
			w.ok(err)
			if b.Balance != 650 {
				t.Fatalf("balance by key: %+v", b)
			}
		}
		_, err = add("", "till-1", 101)
		w.wants(err, wire.KeyIdempotencyKeyConflict)
		_, err = add("", "", -651)
		w.wants(err, wire.KeyInvalidAmount)

		red, err := w.try("pay", "NAMED", `,"order":{"amount":200}`)
		w.ok(err)
		back := func(amount int64) (*wire.Rollback, error) {
			return w.Rollback(ctx, w.keyed("back"), red.ID, &wire.RollbackRequest{Amount: wire.Some(amount)})
		}
		b1, err := back(80)
		w.ok(err)
		b2, err := back(80)
		w.ok(err)
		if b1.ID != b2.ID || !b2.Replayed {
			t.Fatalf("rolled back twice: %s %s", b1.ID, b2.ID)
		}
		_, err = back(81)
		w.wants(err, wire.KeyIdempotencyKeyConflict)
		if got := w.voucher("NAMED").Gift.Balance.Value; got != 650-200+80 {
			t.Errorf("balance %d", got)
		}
		for range 2 {
			w.ok(w.DeleteVoucher(ctx, w.keyed("delete"), "NAMED"))
		}
		w.wants(w.DeleteVoucher(ctx, w.keyed("delete again"), "NAMED"), wire.KeyNotFound)
		_, err = add("key", "", 50) // the stored outcome, though the card is gone
		w.ok(err)
		_, err = w.try("pay", "NAMED", `,"order":{"amount":200}`)
		w.ok(err)
	})
}

// A key twice in one batch: the second sees the first; the items answer for
// themselves, in order, on any number of shards.
func TestBatchAnswersEachItem(t *testing.T) {
	eachShards(t, func(t *testing.T, w *world) {
		camp := w.tenPercent("Batch", "", "").ID
		for i := range 30 {
			w.add(camp, fmt.Sprint("B-", i), `{}`)
		}
		body := `{"redemptions":[`
		for i := range 30 {
			body += fmt.Sprintf(`{"redeemables":[{"object":"voucher","id":"B-%d"}],"idempotency_key":"k%d","customer":{"source_id":"c%d","name":"N"}},`, i, i, i%3)
		}
		body += `{"redeemables":[{"object":"voucher","id":"B-0"}],"idempotency_key":"k0","customer":{"source_id":"c0","name":"N"}},
			{"redeemables":[{"object":"voucher","id":"B-0"}],"idempotency_key":"k99"},
			{"redeemables":[{"object":"voucher","id":"B-0"}],"idempotency_key":"k0"},
			{"redeemables":[{"object":"voucher","id":"NONE"}]},
			{"redeemables":[]}]}`
		run := func() *wire.BatchResponse {
			req, out := new(wire.BatchRequest), new(wire.BatchResponse)
			w.ok(req.Decode([]byte(body)))
			w.ok(w.RedeemBatch(context.Background(), w.c, req, out))
			if len(out.Results) != 35 {
				t.Fatalf("%d results", len(out.Results))
			}
			return out
		}
		out, again := run(), run()
		for i := range 31 {
			if out.Results[i].Status != 200 {
				t.Fatalf("item %d: %+v", i, out.Results[i].Error)
			}
			if again.Results[i].Redemption.ID != out.Results[i].Redemption.ID || !again.Results[i].Redemption.Replayed {
				t.Errorf("item %d of the retry", i)
			}
		}
		if out.Results[30].Redemption.ID != out.Results[0].Redemption.ID || !out.Results[30].Redemption.Replayed {
			t.Error("the second item of one key has another redemption")
		}
		for i, key := range map[int]string{31: wire.KeyQuantityExceeded, 32: wire.KeyIdempotencyKeyConflict, 33: wire.KeyNotFound, 34: wire.KeyInvalidPayload} {
			if e := out.Results[i].Error; e == nil || e.Key != key {
				t.Errorf("item %d: %+v, want %s", i, e, key)
			}
		}
	})
}

// A key is remembered for its day and not a millisecond less; afterwards it is
// free, and a code that has no use left says so.
func TestKeysAreRememberedForADay(t *testing.T) {
	w := newWorld(t, 1)
	w.add(w.tenPercent("Day", "", "").ID, "DAY", `{}`)
	first, err := w.try("k", "DAY", "")
	w.ok(err)
	w.advance(coupon.KeyMemoryMillis - 1)
	again, err := w.try("k", "DAY", "")
	w.ok(err)
	if again.ID != first.ID {
		t.Fatal("another redemption")
	}
	w.advance(1)
	_, err = w.try("k", "DAY", "")
	w.wants(err, wire.KeyQuantityExceeded)
}
