package engine

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/scrip-engine/scrip/wire"
)

// put is a customer by POST; the body is its JSON.
func (w *world) put(key, body string) (*wire.CustomerAnswer, error) {
	w.t.Helper()
	return w.PutCustomer(context.Background(), w.keyed(key), decodeTB[wire.Customer](w.t, body))
}

func (w *world) patch(key, ref, body string) (*wire.CustomerAnswer, error) {
	w.t.Helper()
	return w.UpdateCustomer(context.Background(), w.keyed(key), ref, decodeTB[wire.CustomerUpdate](w.t, body))
}

func (w *world) forget(key, ref string) error {
	w.t.Helper()
	return w.DeleteCustomer(context.Background(), w.keyed(key), ref)
}

func (w *world) named(ref, name string) {
	w.t.Helper()
	got, err := w.Customer(context.Background(), w.c, ref)
	w.ok(err)
	if got.Name != name {
		w.t.Fatalf("%s is called %q, want %q", ref, got.Name, name)
	}
}

// A retry that arrives late must not write the older name over the newer one, and
// a key that comes back with another body is a mistake to be told (P3).
func TestKeysOfCustomers(t *testing.T) {
	eachShards(t, func(t *testing.T, w *world) {
		first, err := w.put("k1", `{"source_id":"ann","name":"Ann"}`)
		w.ok(err)
		_, err = w.put("k2", `{"source_id":"ann","name":"Anna"}`)
		w.ok(err)
		_, err = w.put("k3", `{"id":"`+first.ID+`","name":"Annabel"}`)
		w.ok(err)
		_, err = w.patch("k4", "ann", `{"name":"Annie"}`)
		w.ok(err)
		_, err = w.patch("k5", first.ID, `{"name":"Annie"}`) // changes nothing, and is remembered
		w.ok(err)
		_, err = w.patch("k6", "ann", `{"name":"Anouk"}`)
		w.ok(err)
		retries := func() {
			t.Helper()
			for key, body := range map[string]string{"k1": `{"source_id":"ann","name":"Ann"}`,
				"k2": `{"source_id":"ann","name":"Anna"}`, "k3": `{"id":"` + first.ID + `","name":"Annabel"}`} {
				again, err := w.put(key, body)
				w.ok(err)
				if again.ID != first.ID {
					t.Fatalf("the retry of %s is another customer: %s", key, again.ID)
				}
			}
			for key, ref := range map[string]string{"k4": "ann", "k5": first.ID} {
				again, err := w.patch(key, ref, `{"name":"Annie"}`)
				w.ok(err)
				if again.ID != first.ID {
					t.Fatalf("the retry of %s is another customer: %s", key, again.ID)
				}
			}
		}
		retries()
		w.named("ann", "Anouk")
		w.reopen()
		retries()
		w.named("ann", "Anouk")
		_, err = w.put("k1", `{"source_id":"ann","name":"Else"}`)
		w.wants(err, wire.KeyIdempotencyKeyConflict)
		_, err = w.patch("k4", "ann", `{"name":"Else"}`)
		w.wants(err, wire.KeyIdempotencyKeyConflict)
		_, err = w.put("k1", `{"source_id":"bob","name":"Bob"}`) // another anchor
		w.ok(err)

		w.ok(w.forget("k9", "ann"))
		w.ok(w.forget("k9", "ann"))
		w.wants(w.forget("other", "ann"), wire.KeyNotFound)
		retries() // of a customer who is gone: the stored outcome, and nobody is born
		_, err = w.Customer(context.Background(), w.c, "ann")
		w.wants(err, wire.KeyNotFound)
		fresh, err := w.put("k10", `{"source_id":"ann","name":"New"}`)
		w.ok(err)
		w.ok(w.forget("k9", "ann")) // the old one was forgotten under this key
		retries()
		w.named("ann", "New")
		if fresh.ID == first.ID {
			t.Fatal("the forgotten customer came back")
		}
	})
}

// Without a source id the key decides who is created.
func TestCustomersNamedByTheirKey(t *testing.T) {
	eachShards(t, func(t *testing.T, w *world) {
		first, err := w.put("k", `{"name":"Ann"}`)
		w.ok(err)
		again, err := w.put("k", `{"name":"Ann"}`)
		w.ok(err)
		other, err := w.put("l", `{"name":"Ann"}`)
		w.ok(err)
		if again.ID != first.ID || other.ID == first.ID || first.SourceID != "" {
			t.Fatalf("%s, again %s, other %s", first.ID, again.ID, other.ID)
		}
		_, err = w.put("k", `{"name":"Bob"}`)
		w.wants(err, wire.KeyIdempotencyKeyConflict)
		w.named(first.ID, "Ann")
		w.ok(w.forget("", first.ID))
		again, err = w.put("k", `{"name":"Ann"}`)
		w.ok(err)
		if again.ID != first.ID || again.Name != "" {
			t.Fatalf("after the forgetting: %+v", again)
		}
	})
}

// The retry of a redemption whose customer was forgotten since gets what the first
// attempt got, however it names the customer (P3).
func TestRetriesOfForgottenCustomers(t *testing.T) {
	eachShards(t, func(t *testing.T, w *world) {
		camp := w.tenPercent("F", "", `,"redemption":{"quantity":null}`).ID
		for _, code := range []string{"BY-ID", "BY-SOURCE", "BY-PROFILE"} {
			w.add(camp, code, `{}`)
		}
		ann, err := w.put("", `{"source_id":"ann","name":"Ann"}`)
		w.ok(err)
		whos := map[string]string{
			"BY-ID":      fmt.Sprintf(`,"customer":{"id":%q}`, ann.ID),
			"BY-SOURCE":  `,"customer":{"source_id":"ann","name":"Ann"}`,
			"BY-PROFILE": `,"customer":{"name":"Somebody"}`,
		}
		first := map[string]string{}
		for code, who := range whos {
			r, err := w.try("k", code, who)
			w.ok(err)
			first[code] = r.ID
		}
		w.ok(w.forget("", "ann"))
		for code, who := range whos {
			r, err := w.try("k", code, who)
			w.ok(err)
			if r.ID != first[code] || !r.Replayed {
				t.Errorf("%s: %s, first %s", code, r.ID, first[code])
			}
		}
		_, err = w.try("k", "BY-ID", `,"customer":{"source_id":"bob"}`)
		w.wants(err, wire.KeyIdempotencyKeyConflict)
		w.add(camp, "NOBODY", `{}`)
		_, err = w.try("k", "NOBODY", "")
		w.ok(err)
		_, err = w.try("k", "NOBODY", `,"customer":{"id":"cust_nobody"}`)
		w.wants(err, wire.KeyIdempotencyKeyConflict)
		_, err = w.try("other", "BY-ID", whos["BY-ID"])
		w.wants(err, wire.KeyResourceNotFound)
		_, err = w.try("other", "NO-SUCH-CODE", whos["BY-ID"])
		w.wants(err, wire.KeyResourceNotFound)
	})
}

// atGate is a context that tells when somebody waits with it.
type atGate struct {
	context.Context
	arrived func()
}

func (c atGate) Done() <-chan struct{} {
	c.arrived()
	return c.Context.Done()
}

// Of births of one customer at one instant no profile may be lost: one who was
// born meanwhile is read again and written over field by field.
func TestBirthsAtOneInstant(t *testing.T) {
	eachShards(t, func(t *testing.T, w *world) {
		w.add(w.tenPercent("B", "", `,"redemption":{"quantity":null}`).ID, "B", `{}`)
		for i := range 8 {
			source := fmt.Sprint("twin-", i)
			redeem := func(key, more string) func(context.Context) error {
				return func(ctx context.Context) error {
					var out wire.RedeemResponse
					return w.Redeem(ctx, w.keyed(key+source), request(t, "B", fmt.Sprintf(`,"customer":{"source_id":%q,%s}`, source, more)), &out)
				}
			}
			put := func(key, more string) func(context.Context) error {
				return func(ctx context.Context) error {
					_, err := w.PutCustomer(ctx, w.keyed(key), decode[wire.Customer](t, fmt.Sprintf(`{"source_id":%q,%s}`, source, more)))
					return err
				}
			}
			var all, here sync.WaitGroup
			w.gateAround(func() { // everybody has looked before the first one is written
				for _, birth := range []func(context.Context) error{redeem("a", `"name":"Ann"`), redeem("b", `"email":"ann@x"`),
					put("", `"phone":"1"`), put("c", `"description":"d"`)} {
					here.Add(1)
					ctx := atGate{context.Background(), sync.OnceFunc(here.Done)}
					all.Go(func() {
						if err := birth(ctx); err != nil {
							t.Error(err)
						}
					})
				}
				here.Wait()
			})
			all.Wait()
			got, err := w.Customer(context.Background(), w.c, source)
			w.ok(err)
			if got.Name != "Ann" || got.Email != "ann@x" || got.Phone != "1" || got.Description != "d" {
				t.Fatalf("a profile was lost: %+v", got)
			}
		}
	})
}

// The items of a batch are decided in their order, also where one brings along a
// customer whom an item before it has brought already; and no profile is lost.
func TestBatchesKeepTheirOrderWithNewCustomers(t *testing.T) {
	eachShards(t, func(t *testing.T, w *world) {
		camp := w.tenPercent("O", "", "").ID
		for i := range 8 {
			for _, code := range []string{"A", "B"} {
				w.add(camp, fmt.Sprint(code, i), `{}`)
			}
			item := func(code, who string) string {
				return fmt.Sprintf(`{"redeemables":[{"object":"voucher","id":"%s%d"}],"idempotency_key":"%s%d%x","customer":{"source_id":%s}}`, code, i, code, i, who, who)
			}
			req, out := new(wire.BatchRequest), new(wire.BatchResponse)
			w.ok(req.Decode([]byte(`{"redemptions":[` + item("A", fmt.Sprintf(`"new-%d","name":"Ann"`, i)) + `,` +
				item("B", fmt.Sprintf(`"new-%d","email":"ann@x"`, i)) + `,` + item("B", `"known"`) + `]}`)))
			w.ok(w.RedeemBatch(context.Background(), w.c, req, out))
			for n, status := range []int{200, 200, 400} {
				if out.Results[n].Status != status {
					t.Fatalf("round %d, item %d: %d %+v", i, n, out.Results[n].Status, out.Results[n].Error)
				}
			}
			got, err := w.Customer(context.Background(), w.c, fmt.Sprint("new-", i))
			w.ok(err)
			if got.Name != "Ann" || got.Email != "ann@x" {
				t.Fatalf("a profile was lost: %+v", got)
			}
		}
	})
}
