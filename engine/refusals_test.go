package engine

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/scrip-engine/scrip/wire"
)

func (w *world) refusalCounts(q RefusalCountQuery) *wire.RefusalCounts {
	w.t.Helper()
	out, err := w.RefusalCounts(context.Background(), w.c, q)
	w.ok(err)
	return out
}

func (w *world) refusalList(q RefusalQuery) *wire.List[wire.Refusal] {
	w.t.Helper()
	if q.Limit == 0 {
		q.Limit = 100
	}
	out, err := w.Engine.Refusals(context.Background(), w.c, q)
	w.ok(err)
	return out
}

// Without this support cannot say why a customer was refused, or says it of
// another code, customer or order.
func TestRefusalsAreRemembered(t *testing.T) {
	eachShards(t, func(t *testing.T, w *world) {
		camp := w.tenPercent("Summer", "", "")
		v := w.add("Summer", "SUMMER-0001", `{"redemption":{"quantity":1}}`)
		w.redeem("SUMMER-0001", `,"customer":{"source_id":"ann"}`)
		w.clock.Advance(time.Minute)
		c := w.keyed("k")
		c.RequestID = "trace-1"
		_, err := w.tryAs(c, "summer-0001", `,"customer":{"source_id":"ann"},"order":{"amount":100,"source_id":"o-7"}`)
		w.wants(err, wire.KeyQuantityExceeded)
		w.refused("NO-SUCH-CODE", "", wire.KeyNotFound)
		_, err = w.try("k2", "SUMMER-0001", `,"customer":{"id":"cust_0000000000000000"}`)
		w.wants(err, wire.KeyResourceNotFound)

		got := w.refusalList(RefusalQuery{Campaign: "Summer"})
		if got.Total != 1 || got.Kept.Dropped != 0 || got.Kept.Since != wire.Time(epoch) {
			t.Fatalf("%+v %+v", got, got.Kept)
		}
		r := got.Data[0]
		if r.CustomerID == "" {
			t.Error("no customer")
		}
		r.CustomerID = ""
		want := wire.Refusal{Object: "refusal", Key: wire.KeyQuantityExceeded, LimitScope: wire.ScopeVoucher, CodeLastFour: "0001",
			VoucherID: v.ID, CampaignID: camp.ID, OrderSourceID: "o-7", RequestID: "trace-1", CreatedAt: wire.Time(epoch + 60_000)}
		if r != want {
			t.Errorf("got  %+v\nwant %+v", r, want)
		}
		// What failed before the code was looked at says nothing of a campaign, also
		// where a pooled request had one.
		if n := w.refusalList(RefusalQuery{Key: wire.KeyResourceNotFound}).Data; len(n) != 1 || n[0].CampaignID != "" || n[0].VoucherID != "" {
			t.Errorf("%+v", n)
		}
		for name, q := range map[string]RefusalQuery{"customer": {Customer: "ann"}, "order": {Order: "o-7"}, "code": {Code: "SUMMER-0001", Key: wire.KeyQuantityExceeded},
			"trace": {RequestID: "trace-1"}} {
			if n := w.refusalList(q); n.Total != 1 {
				t.Errorf("by %s: %d", name, n.Total)
			}
		}
		if n := w.refusalList(RefusalQuery{Campaign: "other"}); n.Total != 0 || n.Kept == nil {
			t.Errorf("of an unknown campaign: %+v", n)
		}

		counts := w.refusalCounts(RefusalCountQuery{Operation: wire.OperationRedemption, Step: "minute"})
		rows := fmt.Sprint(counts.Data)
		wantRows := fmt.Sprint([]wire.RefusalCount{
			{Time: wire.Time(epoch + 60_000), Key: wire.KeyNotFound, Operation: wire.OperationRedemption, Count: 1},
			{Time: wire.Time(epoch + 60_000), Key: wire.KeyResourceNotFound, Operation: wire.OperationRedemption, Count: 1},
			{Time: wire.Time(epoch + 60_000), CampaignID: camp.ID, Key: wire.KeyQuantityExceeded, Operation: wire.OperationRedemption, Count: 1}})
		if rows != wantRows || counts.Total != 3 || counts.MayMissSeconds != 0 || counts.AsOf != wire.Time(epoch+60_000) {
			t.Errorf("%+v", counts)
		}
		if n := w.refusalCounts(RefusalCountQuery{Operation: wire.OperationValidation}); n.Total != 1 {
			t.Errorf("validations: %+v", n)
		}

		w.reopen()
		if n := w.refusalCounts(RefusalCountQuery{}); n.Total != 4 || n.MayMissSeconds != 0 {
			t.Errorf("after a restart: %+v", n)
		}
		if n := w.refusalList(RefusalQuery{}); n.Total != 0 || n.Kept.Since != wire.Time(epoch+60_000) {
			t.Errorf("after a restart: %+v", n)
		}
	})
}

// Without this items of a batch are refused unseen, and errors that decide
// nothing about a code are taken for refusals.
func TestRefusalsOfBatchesAreRemembered(t *testing.T) {
	w := newWorld(t, 1)
	w.create("ONCE-ONLY", `{"discount":{"type":"PERCENT","percent_off":10},"redemption":{"quantity":1}}`)
	var req wire.BatchRequest
	item := `{"redeemables":[{"object":"voucher","id":"ONCE-ONLY"}]}`
	w.ok(req.Decode([]byte(`{"redemptions":[` + item + `,` + item + `,{"redeemables":7},` + item + `]}`)))
	var out wire.BatchResponse
	w.ok(w.RedeemBatch(context.Background(), w.c, &req, &out))
	viewer := w.c
	viewer.Caller.Role = RoleViewer
	_, err := w.tryAs(viewer, "ONCE-ONLY", "")
	w.wants(err, wire.KeyForbidden)
	got := w.refusalList(RefusalQuery{Limit: 1})
	if got.Total != 2 || !got.HasMore || len(got.Data) != 1 {
		t.Fatalf("%+v", got)
	}
	rest := w.refusalList(RefusalQuery{Cursor: got.NextCursor})
	if len(rest.Data) != 1 || rest.HasMore || rest.Data[0].Key != wire.KeyQuantityExceeded {
		t.Errorf("%+v", rest)
	}
	if n := w.refusalCounts(RefusalCountQuery{}); n.Total != 2 || n.Data[0].Count != 2 {
		t.Errorf("%+v", n)
	}
	w.clock.Advance(time.Second)
	w.reopen()
	_, err = w.Engine.Refusals(context.Background(), w.c, RefusalQuery{Limit: 1, Cursor: got.NextCursor})
	w.wants(err, wire.KeyInvalidQueryParams)
	_, err = w.RefusalCounts(context.Background(), w.c, RefusalCountQuery{Step: "week"})
	w.wants(err, wire.KeyInvalidQueryParams)
	_, err = w.RefusalCounts(context.Background(), w.c, RefusalCountQuery{Operation: "explain"})
	w.wants(err, wire.KeyInvalidQueryParams)
}
