package engine

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/scrip-engine/scrip/wire"
)

// Pains 14 to 16: cards that are spent in parallel never go below zero, and the
// ledger sums to the balance.
func TestPain14GiftCardsAreNotOverspent(t *testing.T) {
	eachShards(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		w.create("CARD", `{"type":"GIFT_VOUCHER","gift":{"amount":1000,"currency":"USD"}}`)
		var spent atomic.Int64
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				more := `,"order":{"amount":300}`
				if i%2 == 0 {
					more = `,"order":{"amount":300},"customer":{"source_id":"x"}`
				}
				var out wire.RedeemResponse
				err := w.Redeem(ctx, w.keyed(fmt.Sprint("g", i)), request(t, "CARD", more), &out)
				switch {
				case err == nil:
					spent.Add(out.Redemptions[0].Gift.Amount)
				case keyOf(err) != wire.KeyGiftAmountExceeded:
					t.Errorf("%v", err)
				}
			})
		}
		wg.Wait()
		if spent.Load() != 1000 {
			t.Fatalf("spent %d of 1000", spent.Load())
		}
		w.refused("CARD", `,"order":{"amount":1}`, wire.KeyGiftAmountExceeded)
		w.ledger("CARD", 0)
	})
}

// ledger fails unless the card's transactions sum to its balance.
func (w *world) ledger(code string, want int64) {
	w.t.Helper()
	if got := w.voucher(code).Gift.Balance.Value; got != want {
		w.t.Errorf("%s: balance %d, want %d", code, got, want)
	}
	sum, entries := int64(0), 0
	page := Page{Limit: 100, Number: 1}
	for more := true; more; {
		list, err := w.Transactions(context.Background(), w.c, code, page)
		w.ok(err)
		for i := range list.Data {
			sum += list.Data[i].Details.Balance.Amount
			entries++
		}
		more, page = list.HasMore, Page{Limit: 100, Cursor: list.NextCursor}
	}
	if sum != want {
		w.t.Errorf("%s: %d transactions sum to %d, want %d", code, entries, sum, want)
	}
}

// Pains 17 and 18: credits come back by redemption and by amount, never more than
// was taken, and into the card that they came from.
func TestPain18PartialRollbacks(t *testing.T) {
	eachShards(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		for _, code := range []string{"G1", "G2"} {
			w.create(code, `{"type":"GIFT_VOUCHER","gift":{"amount":500}}`)
		}
		r1, r2 := w.redeem("G1", `,"order":{"amount":400}`), w.redeem("G2", `,"order":{"amount":400}`)
		back := func(id string, amount int64) error {
			req := &wire.RollbackRequest{}
			if amount > 0 {
				req.Amount = wire.Some(amount)
			}
			_, err := w.Rollback(ctx, w.c, id, req)
			return err
		}
		w.ok(back(r1.ID, 150))
		w.wants(back(r1.ID, 251), wire.KeyInvalidRollbackParams)
		w.wants(back(r1.ID, -1), "")
		w.wants(back(r1.ID, 0), wire.KeyAlreadyRolledBack)
		w.ledger("G1", 500)
		w.ledger("G2", 100)
		w.ok(back(r2.ID, 0))
		w.ledger("G2", 500)
		w.wants(back("r_0000000000000000", 0), wire.KeyNotFound)
		got, err := w.Redemption(ctx, w.c, r1.ID)
		w.ok(err)
		if got.Redemption.Status != wire.StatusRolledBack || got.Redemption.RolledBackAmount.Value != 400 {
			t.Errorf("redemption: %s", got.Redemption.AppendJSON(nil))
		}
		if uses := w.voucher("G1").Redemption.RedeemedQuantity; uses != 0 {
			t.Errorf("uses %d", uses)
		}
	})
}

// Explicit credits are all or nothing; without them the card pays what it has.
func TestGiftCredits(t *testing.T) {
	w := newWorld(t, 1)
	w.create("G", `{"type":"GIFT_VOUCHER","gift":{"amount":100}}`)
	gift := func(credits int64) *wire.RedeemRequest {
		r := request(t, "G", `,"order":{"amount":1000}`)
		r.Redeemables[0].Gift.Credits = wire.Some(credits)
		return r
	}
	var out wire.RedeemResponse
	w.wants(w.Redeem(context.Background(), w.c, gift(101), &out), wire.KeyGiftAmountExceeded)
	small := gift(101) // more than the card has, although the order needs less
	small.Order.Amount = wire.Some[int64](50)
	w.wants(w.Redeem(context.Background(), w.c, small, &out), wire.KeyGiftAmountExceeded)
	w.ok(w.Redeem(context.Background(), w.c, gift(30), &out))
	if r := w.redeem("G", `,"order":{"amount":1000}`); r.Gift.Amount != 70 || r.Order.TotalAmount != 930 {
		t.Errorf("took %s", r.AppendJSON(nil))
	}
	w.refused("G", "", wire.KeyMissingOrder)
	w.ledger("G", 0)
}

// Pain 12: redeem, rollback, balance and switch beside each other keep the
// counters of the code equal to what the journal says.
func TestPain12RedeemBesideRollback(t *testing.T) {
	eachShards(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		w.create("BOTH", `{"type":"GIFT_VOUCHER","gift":{"amount":300}}`)
		var wg sync.WaitGroup
		for g := range 4 {
			wg.Go(func() {
				for i := range 12 {
					var out wire.RedeemResponse
					err := w.Redeem(ctx, w.keyed(fmt.Sprint(g, "-", i)), request(t, "BOTH", `,"order":{"amount":100}`), &out)
					if keyOf(err) == wire.KeyGiftAmountExceeded {
						continue
					}
					if err != nil {
						t.Errorf("redeem: %v", err)
						return
					}
					if _, err := w.Rollback(ctx, w.c, out.Redemptions[0].ID, &wire.RollbackRequest{}); err != nil {
						t.Errorf("rollback: %v", err)
					}
				}
			})
		}
		wg.Go(func() {
			for range 12 {
				if _, err := w.ChangeBalance(ctx, w.c, "BOTH", &wire.BalanceChange{Amount: wire.Some[int64](1)}); err != nil {
					t.Errorf("balance: %v", err)
				}
			}
		})
		wg.Wait()
		w.ledger("BOTH", 312)
		if uses := w.voucher("BOTH").Redemption.RedeemedQuantity; uses != 0 {
			t.Errorf("uses %d", uses)
		}
	})
}
