package engine

import (
	"context"
	"testing"

	"github.com/scrip-engine/scrip/wire"
)

// Without it: a caller who asks for less could be told something else.
func TestBriefIsAPartOfTheWhole(t *testing.T) {
	cases := []struct{ name, voucher, more string }{
		{"order without anything", `{"discount":{"type":"AMOUNT","amount_off":5}}`, `,"order":{"amount":3}`},
		{"order", `{"discount":{"type":"PERCENT","percent_off":10}}`,
			`,"order":{"amount":999,"source_id":"o-1","metadata":{"a":1}},"metadata":{"b":2}`},
		{"items", `{"discount":{"type":"PERCENT","percent_off":10}}`,
			`,"order":{"items":[{"price":500,"quantity":3},{"price":7}]}`},
		{"free unit", `{"discount":{"type":"UNIT","unit_off":1,"unit_type":"P","product":{"id":"P","price":300},"effect":"ADD_NEW_ITEMS"}}`,
			`,"order":{"items":[{"product_id":"Q","price":500,"quantity":3}]}`},
		{"customer", `{"discount":{"type":"AMOUNT","amount_off":100}}`,
			`,"order":{"amount":50},"customer":{"source_id":"x","name":"X"}`},
		{"card", `{"type":"GIFT_VOUCHER","gift":{"amount":1000,"currency":"USD"}}`, `,"order":{"amount":300}`},
	}
	eachShards(t, func(t *testing.T, w *world) {
		for _, c := range cases {
			w.create(c.name, c.voucher)
			whole, err := w.try(c.name, c.name, c.more)
			w.ok(err)
			w.sameInBrief(c.name, c.more, whole, false)
			w.sameInBrief(c.name, c.more, whole, true)
		}
	})
}

// sameInBrief compares the replay of a redemption under its own name as key: the
// whole's minimal form, and what is made for a caller who wants no more.
func (w *world) sameInBrief(code, more string, first *wire.Redemption, rolledBack bool) {
	w.t.Helper()
	if rolledBack {
		_, err := w.Rollback(context.Background(), w.c, first.ID, new(wire.RollbackRequest))
		w.ok(err)
	}
	call := w.keyed(code)
	whole, err := w.tryAs(call, code, more)
	w.ok(err)
	call.Minimal = true
	brief, err := w.tryAs(call, code, more)
	w.ok(err)
	if !brief.Replayed || (brief.Status == wire.StatusRolledBack) != rolledBack {
		w.t.Errorf("%s: not the same redemption: %+v", code, brief)
	}
	if got, want := string(brief.AppendMinimal(nil)), string(whole.AppendMinimal(nil)); got != want {
		w.t.Errorf("%s\n got %s\nwant %s", code, got, want)
	}
}

// Without it: the first answer and its repetition could differ.
func TestBriefIsRepeated(t *testing.T) {
	w := newWorld(t, 1)
	w.create("CODE", `{"discount":{"type":"PERCENT","percent_off":10}}`)
	call := w.keyed("k")
	call.Minimal = true
	first, err := w.tryAs(call, "CODE", `,"order":{"amount":999}`)
	w.ok(err)
	again, err := w.tryAs(call, "CODE", `,"order":{"amount":999}`)
	w.ok(err)
	if first.Replayed || !again.Replayed {
		t.Fatalf("replayed: %v, then %v", first.Replayed, again.Replayed)
	}
	again.Replayed = false
	if a, b := string(first.AppendMinimal(nil)), string(again.AppendMinimal(nil)); a != b {
		t.Errorf("first %s\nthen  %s", a, b)
	}
}
