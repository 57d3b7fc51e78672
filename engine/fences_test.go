package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/scrip-engine/scrip/catalog"
	"github.com/scrip-engine/scrip/wire"
)

// P7: when a switch was acknowledged, no later redemption passes it, and when it
// was switched back, no later answer says that it is off. Three clients redeem
// meanwhile; each notes what it saw before it asked.
func TestSwitchesHoldWhenAcknowledged(t *testing.T) {
	for _, what := range []string{"campaign", "code"} {
		eachShards(t, func(t *testing.T, w *world) {
			ctx := context.Background()
			camp := w.tenPercent("Switch", "", `,"redemption":{"quantity":null}`).ID
			codes := make([]string, 3)
			for i := range codes {
				codes[i] = fmt.Sprint("SW-", i)
				w.add(camp, codes[i], `{}`)
			}
			// An even generation is on. It is odd or even from before the call until
			// after the next one began.
			var asked, acked atomic.Int64
			stop := make(chan struct{})
			var wg sync.WaitGroup
			for i, code := range codes {
				if what == "code" {
					code = codes[0]
				}
				wg.Go(func() {
					for n := 0; ; n++ {
						select {
						case <-stop:
							return
						default:
						}
						before := acked.Load()
						var out wire.RedeemResponse
						err := w.Redeem(ctx, w.keyed(fmt.Sprint(i, "-", n)), request(t, code, ""), &out)
						after := asked.Load()
						if k := keyOf(err); err != nil && k != wire.KeyVoucherDisabled {
							t.Errorf("%v", err)
							return
						}
						if before != after {
							continue // a switch was under way
						}
						if off := before%2 == 1; off != (err != nil) {
							t.Errorf("generation %d, off is %v, redemption says %v", before, off, err)
							return
						}
					}
				})
			}
			for gen := int64(1); gen <= 12; gen++ {
				asked.Store(gen)
				var err error
				if what == "campaign" {
					_, err = w.SetCampaignEnabled(ctx, w.c, camp, gen%2 == 0)
				} else {
					_, err = w.SetVoucherEnabled(ctx, w.c, codes[0], gen%2 == 0)
				}
				if err != nil {
					t.Error(err)
					break
				}
				acked.Store(gen)
				for range 4 { // and from here
					_, err := w.try(fmt.Sprint("here", gen), codes[0], "")
					if off := gen%2 == 1; off != (err != nil) {
						t.Errorf("generation %d: %v", gen, err)
					}
				}
			}
			close(stop)
			wg.Wait()
			if len(w.catalog.View().PendingFences()) != 0 {
				t.Error("a fence is still owed after its acknowledgement")
			}
		})
	}
}

// What was evaluated before a switch must not be decided after it: the law sends
// it back, and it waits for the catalog instead of trying at once again.
func TestEvaluatedBeforeTheSwitch(t *testing.T) {
	eachShards(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		camp := w.tenPercent("Old", "", `,"redemption":{"quantity":null}`).ID
		w.add(camp, "OLD", `{}`)
		c := w.keyed("old")
		r := w.newRedemption(&c, request(t, "OLD", ""))
		defer r.release()
		w.ok(r.begin(ctx))
		if v, err := r.survey(ctx); err != nil || v != surveyPropose {
			t.Fatalf("verdict %d, %v", v, err)
		}
		_, err := w.SetCampaignEnabled(ctx, w.c, camp, false)
		w.ok(err)
		reply, err := r.propose(ctx)
		w.ok(err)
		if done, _ := r.settle(ctx, &reply); done {
			t.Fatalf("decided: %+v", reply)
		}
		_, err = r.run(ctx)
		w.wants(err, wire.KeyVoucherDisabled)
	})
}

// A survey below the code's fence looks again instead of refusing: a refusal must
// not be older than an enable (P7).
func TestRefusalIsNotOlderThanTheFence(t *testing.T) {
	w := newWorld(t, 1)
	ctx, cancel := context.WithCancel(context.Background())
	camp := w.tenPercent("F", "", "")
	w.add(camp.ID, "F", `{}`)
	_, err := w.SetCampaignEnabled(ctx, w.c, camp.ID, false)
	w.ok(err)
	// The shard knows of a change that this node's catalog has not applied yet.
	ahead := w.catalog.View().Index() + 1000
	w.ok(w.raiseShards(ctx, &w.c, catalog.Fence{Scope: catalog.CampaignFence, Ordinal: w.catalog.View().Campaign(1).Ordinal, Index: ahead}))
	cancel()
	c := w.c
	r := w.newRedemption(&c, request(t, "F", ""))
	defer r.release()
	w.ok(r.begin(context.Background()))
	if _, err := r.survey(ctx); err == nil || keyOf(err) == wire.KeyVoucherDisabled {
		t.Fatalf("answered from an older catalog: %v", err)
	}
}

// A key that was revoked opens nothing any more, also for what was on its way; and
// the project's fence stands before the law.
func TestRevokedKeys(t *testing.T) {
	eachShards(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		w.add(w.tenPercent("Rev", "", `,"redemption":{"quantity":null}`).ID, "REV", `{}`)
		k, err := w.CreateKey(ctx, w.c, &wire.APIKeyCreate{Name: "till"})
		w.ok(err)
		caller, ok := w.Authenticate([]byte(k.AppID), []byte(k.Secret))
		if !ok || caller.Role != RoleUser {
			t.Fatalf("a new key opens nothing: %+v", caller)
		}
		c := Call{Caller: caller, Key: "one"}
		first, err := w.tryAs(c, "REV", "")
		w.ok(err)
		late := Call{Caller: caller, Key: "late"}
		r := w.newRedemption(&late, request(t, "REV", ""))
		defer r.release()
		w.ok(r.begin(ctx))
		if v, err := r.survey(ctx); err != nil || v != surveyPropose {
			t.Fatalf("verdict %d, %v", v, err)
		}
		token, err := w.OAuthToken([]byte(k.AppID), []byte(k.Secret))
		w.ok(err)

		w.ok(w.RevokeKey(ctx, w.c, k.ID))
		if _, ok := w.Authenticate([]byte(k.AppID), []byte(k.Secret)); ok {
			t.Error("a revoked key authenticates")
		}
		if _, ok := w.AuthenticateBearer([]byte(token.AccessToken)); ok {
			t.Error("a token of a revoked key authenticates")
		}
		reply, err := r.propose(ctx) // on its way when the key was revoked
		w.ok(err)
		if done, _ := r.settle(ctx, &reply); done {
			t.Fatalf("decided: %+v", reply)
		}
		_, err = r.run(ctx)
		w.wants(err, wire.KeyUnauthorized)
		for name, ask := range map[string]func() error{
			"redeem":   func() error { _, err := w.tryAs(c, "REV", ""); return err },
			"validate": func() error { return w.Validate(ctx, c, request(t, "REV", ""), new(wire.ValidationResponse)) },
			"rollback": func() error { _, err := w.Rollback(ctx, c, first.ID, &wire.RollbackRequest{}); return err },
			"voucher":  func() error { _, err := w.Voucher(ctx, c, "REV"); return err },
			"create":   func() error { _, err := w.CreateVoucher(ctx, c, "NEW", &wire.VoucherCreate{}); return err },
			"list":     func() error { _, err := w.Vouchers(ctx, c, VoucherQuery{}); return err },
			"customer": func() error { _, err := w.PutCustomer(ctx, c, &wire.Customer{SourceID: "x"}); return err },
		} {
			if k := keyOf(ask()); k != wire.KeyUnauthorized {
				t.Errorf("%s with a revoked key: %q", name, k)
			}
		}
	})
}

// P8: what was acknowledged is there for every later request, whoever asks and
// through which shard.
func TestFreshCodesAndCampaignsAreEverywhere(t *testing.T) {
	eachShards(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		type fresh struct{ campaign, code string }
		made := make(chan fresh, 64)
		var wg sync.WaitGroup
		for g := range 2 {
			wg.Go(func() {
				for i := range 12 {
					camp, err := w.CreateCampaign(ctx, w.c, decode[wire.CampaignCreate](t, fmt.Sprintf(
						`{"name":"F-%d-%d","voucher":{"type":"DISCOUNT_VOUCHER","discount":{"type":"PERCENT","percent_off":5}}}`, g, i)))
					if err != nil {
						t.Errorf("campaign: %v", err)
						return
					}
					v, err := w.AddVoucher(ctx, w.c, camp.ID, "", &wire.VoucherCreate{})
					if err != nil {
						t.Errorf("code: %v", err)
						return
					}
					made <- fresh{camp.Name, v.Code}
				}
			})
		}
		var readers sync.WaitGroup
		for range 2 {
			readers.Go(func() {
				for f := range made {
					var out wire.RedeemResponse
					if err := w.Redeem(ctx, w.c, request(t, f.code, ""), &out); err != nil {
						t.Errorf("%s of %s: %v", f.code, f.campaign, err)
					}
					if v, err := w.Voucher(ctx, w.c, f.code); err != nil || v.Campaign != f.campaign {
						t.Errorf("%s: %v", f.code, err)
					}
					if _, err := w.Campaign(ctx, w.c, f.campaign); err != nil {
						t.Errorf("%s: %v", f.campaign, err)
					}
				}
			})
		}
		wg.Wait()
		close(made)
		readers.Wait()
	})
}

// A campaign that was deleted takes its codes with it for good; its redemptions
// stay, and a code of it that is being redeemed meanwhile is either used or gone.
func TestDeletedCampaigns(t *testing.T) {
	eachShards(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		camp := w.tenPercent("Gone", "", "").ID
		for i := range 16 {
			w.add(camp, fmt.Sprint("G-", i), `{}`)
		}
		done := make(chan struct{})
		var wg sync.WaitGroup
		var redeemed sync.Map
		for i := range 16 {
			wg.Go(func() {
				var out wire.RedeemResponse
				switch err := w.Redeem(ctx, w.keyed(fmt.Sprint("d", i)), request(t, fmt.Sprint("G-", i), ""), &out); {
				case err == nil:
					redeemed.Store(i, out.Redemptions[0].ID)
				case keyOf(err) != wire.KeyNotFound:
					t.Errorf("%v", err)
				}
			})
		}
		var accepted *wire.Accepted
		wg.Go(func() {
			defer close(done)
			var err error
			if accepted, err = w.DeleteCampaign(ctx, w.keyed("del"), camp); err != nil {
				t.Errorf("delete: %v", err)
			}
		})
		wg.Wait()
		<-done
		if t.Failed() {
			return
		}
		again, err := w.DeleteCampaign(ctx, w.keyed("del"), camp)
		if err != nil || again.AsyncActionID != accepted.AsyncActionID {
			t.Errorf("the retry of the delete: %+v %v", again, err)
		}
		for i := range 16 {
			code := fmt.Sprint("G-", i)
			w.refused(code, "", wire.KeyNotFound)
			_, err := w.Voucher(ctx, w.c, code)
			w.wants(err, wire.KeyNotFound)
			id, ok := redeemed.Load(i)
			if !ok {
				continue
			}
			r, err := w.try(fmt.Sprint("d", i), code, "")
			if err != nil || r.ID != id {
				t.Errorf("%s: the retry of a success says %v", code, err)
			}
			if _, err := w.Redemption(ctx, w.c, id.(string)); err != nil {
				t.Errorf("%s: %v", code, err)
			}
		}
		_, err = w.AddVoucher(ctx, w.c, camp, "G-NEW", &wire.VoucherCreate{})
		w.wants(err, wire.KeyNotFound)
		job, err := w.AsyncAction(ctx, w.c, accepted.AsyncActionID)
		if err != nil || job.Status != string(catalog.JobDone) {
			t.Errorf("job: %+v %v", job, err)
		}
	})
}

// A change whose caller died before its fence was raised owes the raise: the driver
// and the caller's retry each see to it, and the retry is not acknowledged without.
func TestOwedFencesAreDriven(t *testing.T) {
	w := newWorld(t, 4)
	ctx := context.Background()
	camp := w.tenPercent("Owed", "", `,"redemption":{"quantity":null}`).ID
	w.add(camp, "OWED", `{}`)
	found := w.catalog.View().Campaign(1)
	body := &catalog.SetCampaignEnabled{Project: found.Project, Campaign: found.Ordinal, Enabled: false}
	c := w.keyed("off")
	reply, err := w.changeCatalog(ctx, &c, opEnable, struct{ Switch string }{camp}, body) // and here the node dies
	w.ok(err)
	_, err = w.SetCampaignEnabled(ctx, c, camp, false)
	w.ok(err)
	for _, g := range w.shards {
		if f := g.law.Fence(found.Project, found.Ordinal); f < reply.Fence.Index {
			t.Errorf("%s: acknowledged at fence %d, needs %d", g.name(), f, reply.Fence.Index)
		}
	}
	w.refused("OWED", "", wire.KeyVoucherDisabled)
	var unknown *wire.Error
	if err := w.RevokeKey(ctx, w.c, "key_none"); !errors.As(err, &unknown) || unknown.Key != wire.KeyNotFound {
		t.Errorf("%v", err)
	}
}
