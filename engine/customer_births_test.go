package engine

import (
	"context"
	"fmt"
	"testing"

	"github.com/scrip-engine/scrip/wire"
)

// A key is forgotten after its day; it must not bring back the customer of then.
func TestAKeyNamesNobodyForEver(t *testing.T) {
	eachShards(t, func(t *testing.T, w *world) {
		ann, err := w.put("signup", `{"name":"Ann","email":"ann@example.com"}`)
		w.ok(err)
		w.advance(2 * day)
		bob, err := w.put("signup", `{"name":"Bob"}`)
		w.ok(err)
		if bob.ID == ann.ID || bob.Email != "" {
			t.Fatalf("Bob is %s with %q; Ann is %s", bob.ID, bob.Email, ann.ID)
		}
		w.named(ann.ID, "Ann")
	})
}

// A redemption that is refused leaves nobody behind of whom only a profile was
// said: no id of theirs was ever told.
func TestRefusedItemsBearNobody(t *testing.T) {
	eachShards(t, func(t *testing.T, w *world) {
		people := func() (n int) {
			for _, g := range w.shards {
				n += int(g.law.LastSeq())
			}
			return n
		}
		for i := range 4 {
			code := fmt.Sprint("ONCE", i)
			w.create(code, `{"type":"DISCOUNT_VOUCHER","discount":{"type":"AMOUNT","amount_off":100},"redemption":{"quantity":1}}`)
			before := people()
			req, out := new(wire.BatchRequest), new(wire.BatchResponse)
			for range 10 {
				req.Redemptions = append(req.Redemptions, wire.BatchItem{RedeemRequest: *request(t, code, `,"order":{"amount":1000},"customer":{"name":"x"}`)})
			}
			w.ok(w.RedeemBatch(context.Background(), w.c, req, out))
			if n := people() - before; n != 2 {
				t.Errorf("%d records of one redemption and one birth", n)
			}
		}
	})
}
