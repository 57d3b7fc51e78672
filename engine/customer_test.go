package engine

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/scrip-engine/scrip/wire"
)

// A customer comes into being with the redemption that names one, also when
// another shard owns the customer; one source id is one customer (pain 30).
func TestPain30CustomersAreBornOnce(t *testing.T) {
	eachShards(t, func(t *testing.T, w *world) {
		camp := w.tenPercent("Born", "", `,"redemption":{"quantity":null,"per_customer":1}`).ID
		for i := range 8 {
			w.add(camp, fmt.Sprint("BORN-", i), `{}`)
		}
		for c := range 8 {
			id := ""
			for i := range 8 {
				who := fmt.Sprintf(`,"customer":{"source_id":"c-%d","name":"N%d"}`, c, i)
				r := w.redeem(fmt.Sprint("BORN-", i), who)
				if id == "" {
					id = r.Customer.ID
				}
				if r.Customer.ID != id || r.Customer.SourceID != fmt.Sprint("c-", c) {
					t.Fatalf("customer %d is %+v and %s", c, r.Customer, id)
				}
				e := w.refused(fmt.Sprint("BORN-", i), who, wire.KeyQuantityExceeded)
				if e.LimitScope != wire.ScopeCustomer {
					t.Fatalf("scope %q", e.LimitScope)
				}
				w.refused(fmt.Sprint("BORN-", i), fmt.Sprintf(`,"customer":{"id":%q}`, id), wire.KeyQuantityExceeded)
			}
			got, err := w.Customer(context.Background(), w.c, fmt.Sprint("c-", c))
			w.ok(err)
			if got.ID != id || got.Name != "N7" {
				t.Errorf("customer %d: %+v", c, got)
			}
		}
	})
}

// Pains 26 and 31: a customer's limit counts what was not given back, whatever
// the interleaving; a rollback returns the customer's use as well as the code's.
func TestPain26LimitsPerCustomerCountWhatRemains(t *testing.T) {
	eachShards(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		w.add(w.tenPercent("Per", "", `,"redemption":{"quantity":5,"per_customer":2}`).ID, "PER", `{}`)
		const who = `,"customer":{"source_id":"ann"}`
		var passed atomic.Int32
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				var out wire.RedeemResponse
				err := w.Redeem(ctx, w.keyed(fmt.Sprint("p", i)), request(t, "PER", who), &out)
				switch {
				case err == nil:
					passed.Add(1)
				case keyOf(err) != wire.KeyQuantityExceeded:
					t.Errorf("%v", err)
				}
			})
		}
		wg.Wait()
		if passed.Load() != 2 {
			t.Fatalf("%d uses of 2", passed.Load())
		}
		list, err := w.VoucherRedemptions(ctx, w.c, "PER", Page{Limit: 10, Number: 1})
		w.ok(err)
		_, err = w.Rollback(ctx, w.c, list.Data[0].Redemption.ID, &wire.RollbackRequest{})
		w.ok(err)
		w.redeem("PER", who)
		w.refused("PER", who, wire.KeyQuantityExceeded)
		for i := range 3 {
			w.redeem("PER", fmt.Sprintf(`,"customer":{"source_id":"b%d"}`, i))
		}
		if e := w.refused("PER", `,"customer":{"source_id":"late"}`, wire.KeyQuantityExceeded); e.LimitScope != wire.ScopeVoucher {
			t.Errorf("scope %q", e.LimitScope)
		}
	})
}

// A holder-only campaign gives nothing to whoever is not the holder; a code that
// nobody holds is nobody's.
func TestHolderOnlyCodes(t *testing.T) {
	eachShards(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		camp := w.tenPercent("Held", "", `,"holder_only":true,"redemption":{"quantity":null}`).ID
		w.add(camp, "FREE", `{}`)
		w.add(camp, "ANNS", `{"holder_id":"ann"}`)
		const ann, bob = `,"customer":{"source_id":"ann"}`, `,"customer":{"source_id":"bob"}`
		w.refused("FREE", "", wire.KeyMissingCustomer)
		w.refused("FREE", ann, wire.KeyCustomerRulesViolated)
		w.refused("ANNS", "", wire.KeyMissingCustomer)
		w.refused("ANNS", bob, wire.KeyCustomerRulesViolated)
		w.redeem("ANNS", ann)
		edit := func(body string) {
			t.Helper()
			_, err := w.UpdateVoucher(ctx, w.c, "ANNS", decode[wire.VoucherUpdate](t, body))
			w.ok(err)
		}
		edit(`{"holder_id":"bob"}`)
		w.refused("ANNS", ann, wire.KeyCustomerRulesViolated)
		w.redeem("ANNS", bob)
		edit(`{"holder_id":null}`)
		w.refused("ANNS", bob, wire.KeyCustomerRulesViolated)
	})
}

// The law does not know that a campaign is for holders only: that nobody holds a
// code is evaluated outside. A code that loses its holder between the two must
// not be redeemed by anybody.
func TestHolderLostBetweenEvaluationAndLaw(t *testing.T) {
	w := newWorld(t, 1)
	ctx := context.Background()
	w.add(w.tenPercent("Held", "", `,"holder_only":true,"redemption":{"quantity":null}`).ID, "ANNS", `{"holder_id":"ann"}`)
	c := w.keyed("race")
	r := w.newRedemption(&c, request(t, "ANNS", `,"customer":{"source_id":"ann"}`))
	defer r.release()
	w.ok(r.begin(ctx))
	verdict, err := r.survey(ctx)
	w.ok(err)
	if verdict != surveyPropose {
		t.Fatalf("verdict %d", verdict)
	}
	_, err = w.UpdateVoucher(ctx, w.c, "ANNS", decode[wire.VoucherUpdate](t, `{"holder_id":null}`))
	w.ok(err)
	reply, err := r.propose(ctx)
	w.ok(err)
	if done, _ := r.settle(ctx, &reply); done {
		t.Fatalf("decided on what was evaluated for another holder: %+v", reply)
	}
	_, err = r.run(ctx)
	w.wants(err, wire.KeyCustomerRulesViolated)
}

// A customer who was forgotten is gone with everything that was known, and the
// redemptions stay.
func TestForgottenCustomers(t *testing.T) {
	eachShards(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		w.add(w.tenPercent("F", "", `,"redemption":{"quantity":null}`).ID, "F", `{}`)
		const ann = `,"customer":{"source_id":"ann","email":"ann@x"}`
		r, err := w.try("k", "F", ann)
		w.ok(err)
		w.ok(w.DeleteCustomer(ctx, w.c, "ann"))
		_, err = w.Customer(ctx, w.c, "ann")
		w.wants(err, wire.KeyNotFound)
		w.wants(w.DeleteCustomer(ctx, w.c, "ann"), wire.KeyNotFound)
		_, err = w.try("", "F", fmt.Sprintf(`,"customer":{"id":%q}`, r.Customer.ID))
		w.wants(err, wire.KeyResourceNotFound)
		again, err := w.try("k", "F", ann)
		w.ok(err)
		if again.ID != r.ID || again.Customer.Email != "" || again.Customer.SourceID != "" {
			t.Errorf("retry: %s", again.AppendJSON(nil))
		}
		if fresh := w.redeem("F", ann); fresh.Customer.ID == r.Customer.ID {
			t.Error("the forgotten customer came back")
		}
	})
}
