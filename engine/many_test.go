package engine

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/scrip-engine/scrip/wire"
)

// Pain 2: two checkouts at one instant, many times: one of them wins; and whoever
// is named in both for the first time is one customer.
func TestPain02TwoCheckoutsAtOnce(t *testing.T) {
	eachShards(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		camp := w.tenPercent("Two", "", "").ID
		for n := range 25 {
			code := fmt.Sprint("TWO-", n)
			w.add(camp, code, `{}`)
			var outs [4]wire.RedeemResponse
			var errs [4]error
			var wg sync.WaitGroup
			start := make(chan struct{})
			for i := range 4 {
				req := request(t, code, fmt.Sprintf(`,"customer":{"source_id":"new-%d"}`, n))
				wg.Go(func() {
					<-start
					errs[i] = w.Redeem(ctx, w.keyed(fmt.Sprint(n, "-", i)), req, &outs[i])
				})
			}
			close(start)
			wg.Wait()
			won := 0
			for i, err := range errs {
				switch {
				case err == nil:
					won++
					if c, err := w.Customer(ctx, w.c, fmt.Sprint("new-", n)); err != nil || c.ID != outs[i].Redemptions[0].Customer.ID {
						t.Errorf("%s: the customer is %+v, %v", code, c, err)
					}
				case keyOf(err) != wire.KeyQuantityExceeded:
					t.Errorf("%s: %v", code, err)
				}
			}
			if won != 1 {
				t.Fatalf("%s was redeemed %d times", code, won)
			}
		}
	})
}

// Pain 1: counters come from the state that decided; what is shown is what was
// sold, whoever asked.
func TestPain01SalesPastTheLimit(t *testing.T) {
	eachShards(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		const limit, clients, each = 40, 6, 20
		w.create("SALE", fmt.Sprintf(`{"discount":{"type":"AMOUNT","amount_off":1},"redemption":{"quantity":%d}}`, limit))
		var mu sync.Mutex
		sold := map[string]bool{}
		var wg sync.WaitGroup
		for g := range clients {
			wg.Go(func() {
				for i := range each {
					var out wire.RedeemResponse
					for range 2 { // every request twice, as a client does that heard nothing
						err := w.Redeem(ctx, w.keyed(fmt.Sprint(g, "-", i)), request(t, "SALE", ""), &out)
						if err == nil {
							mu.Lock()
							sold[out.Redemptions[0].ID] = true
							mu.Unlock()
						} else if keyOf(err) != wire.KeyQuantityExceeded {
							t.Errorf("%v", err)
						}
					}
				}
			})
		}
		wg.Wait()
		if used := w.voucher("SALE").Redemption.RedeemedQuantity; len(sold) != limit || used != limit {
			t.Errorf("sold %d, shown %d, limit %d", len(sold), used, limit)
		}
		list, err := w.VoucherRedemptions(ctx, w.c, "SALE", Page{Limit: 100, Number: 1})
		w.ok(err)
		if list.Total != limit || len(list.Data) != limit {
			t.Errorf("listed %d, total %d", len(list.Data), list.Total)
		}
	})
}

// Pain 13: a code's limit and a customer's are one atomic step: no order of two
// requests takes the one and leaves the other.
func TestPain13TwoLimitsInOneStep(t *testing.T) {
	eachShards(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		w.create("BOTH", `{"discount":{"type":"AMOUNT","amount_off":1},"redemption":{"quantity":10,"per_customer":2}}`)
		var wg sync.WaitGroup
		var mu sync.Mutex
		uses := map[string]int{}
		for c := range 8 {
			for i := range 3 {
				wg.Go(func() {
					var out wire.RedeemResponse
					who := fmt.Sprint("c", c)
					err := w.Redeem(ctx, w.keyed(fmt.Sprint(c, "-", i)), request(t, "BOTH", fmt.Sprintf(`,"customer":{"source_id":%q}`, who)), &out)
					if err == nil {
						mu.Lock()
						uses[who]++
						mu.Unlock()
					} else if keyOf(err) != wire.KeyQuantityExceeded {
						t.Errorf("%v", err)
					}
				})
			}
		}
		wg.Wait()
		sum := 0
		for who, n := range uses {
			if sum += n; n > 2 {
				t.Errorf("%s: %d uses", who, n)
			}
		}
		if sum != 10 {
			t.Errorf("%d uses of 10", sum)
		}
	})
}

// Events tell of everything once, in the order in which each shard did it, and a
// cursor goes on where it stopped, also after a restart.
func TestEventsAreComplete(t *testing.T) {
	eachShards(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		camp := w.tenPercent("Ev", "", "").ID
		want := map[string]bool{}
		for i := range 12 {
			code := fmt.Sprint("EV-", i)
			w.add(camp, code, `{}`)
			want[w.redeem(code, "").ID] = true
		}
		seen, ids, cursor := map[string]bool{}, map[string]bool{}, ""
		for n := 0; ; n++ {
			list, err := w.Events(ctx, w.c, cursor, 5)
			w.ok(err)
			for _, ev := range list.Data {
				if ids[ev.ID+ev.Type] {
					t.Errorf("%s %s twice", ev.Type, ev.ID)
				}
				ids[ev.ID+ev.Type] = true
				if ev.Type == wire.EventRedemptionSucceeded {
					seen[ev.Data.RedemptionID] = true
				}
			}
			cursor = list.NextCursor
			if !list.HasMore {
				break
			}
			if n == 2 {
				w.reopen()
			}
		}
		if len(seen) != len(want) {
			t.Errorf("%d redemptions of %d", len(seen), len(want))
		}
		if _, err := w.Events(ctx, w.c, cursor[:len(cursor)-2]+"AA", 5); keyOf(err) != wire.KeyInvalidQueryParams {
			t.Errorf("a cursor that we never gave: %v", err)
		}
	})
}

// Pain 53: requested = created + failed, each failure with its reason, and the
// same file again makes nothing.
func TestPain53ImportsTellWhatFailed(t *testing.T) {
	eachShards(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		camp := w.tenPercent("Imp", "", "").ID
		w.add(camp, "TAKEN", `{}`)
		var b strings.Builder
		b.WriteString("Code,Category\n")
		for i := range 50 {
			fmt.Fprintf(&b, "I-%d,x\n", i)
		}
		b.WriteString("TAKEN,x\nI-0,x\nimport,x\n" + "TOOBIG," + strings.Repeat("y", 900) + "\n")
		run := func(key string) *wire.AsyncAction {
			acc, err := w.Import(ctx, w.keyed(key), camp, FormatCSV, strings.NewReader(b.String()))
			w.ok(err)
			for {
				v := w.catalog.View()
				if len(v.ActiveJobs()) == 0 {
					break
				}
				w.ok(w.catLog.WaitApplied(ctx, v.Index()+1))
			}
			job, err := w.AsyncAction(ctx, w.c, acc.AsyncActionID)
			w.ok(err)
			return job
		}
		first := run("file")
		r := first.Result
		if r.DoneCount != 50 || r.FailedCount != 4 || r.Requested.Value != 54 || len(r.Failed) != 4 {
			t.Fatalf("first: %+v", r)
		}
		for _, f := range r.Failed {
			if f.Reason == "" {
				t.Errorf("%s failed without a reason", f.Code)
			}
		}
		if again := run("file"); again.ID != first.ID {
			t.Error("the same key is another job")
		}
		if r := run("other").Result; r.DoneCount != 0 || r.FailedCount != 54 {
			t.Errorf("the same file again: %+v", r)
		}
		for i := range 50 {
			w.redeem(fmt.Sprint("i-", i), "")
		}
	})
}
