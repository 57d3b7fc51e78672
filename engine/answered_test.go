package engine

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/scrip-engine/scrip/catalog"
	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/shard"
	"github.com/scrip-engine/scrip/wire"
)

// settle waits until no job is under way.
func (w *world) settle() {
	w.t.Helper()
	for v := w.catalog.View(); len(v.ActiveJobs()) > 0; v = w.catalog.View() {
		w.ok(w.catLog.WaitApplied(context.Background(), v.Index()+1))
	}
}

// A shop whose connection broke asks again and is told that its codes cannot be
// made, though they were: what the first attempt did stands in its own way. Each of
// these asks with one key before and after what would refuse it now (P3).
func TestRetriesAreAnsweredWhateverChanged(t *testing.T) {
	eachShards(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		const name, csv = "Retried", "Code\nI-1\nI-2\n"
		const body = `{"name":"Retried","start_date":"2027-01-01T00:00:00Z","vouchers_count":1,` +
			`"voucher":{"type":"DISCOUNT_VOUCHER","discount":{"type":"PERCENT","percent_off":10}}}`
		_, err := w.PutCustomer(ctx, w.c, decode[wire.Customer](t, `{"source_id":"ann"}`))
		w.ok(err)
		steps := []struct {
			what  string
			ask   func(c Call) (string, error)
			other func(c Call) error // another request; nil: there is none
		}{
			{"create", func(c Call) (string, error) {
				v, err := w.CreateCampaign(ctx, c, decode[wire.CampaignCreate](t, body))
				if err != nil {
					return "", err
				}
				return v.ID, nil
			}, nil},
			{"generate", func(c Call) (string, error) { return w.generateFull(c, name, 1) },
				func(c Call) error { _, err := w.generateFull(c, name, 2); return err }},
			{"import", func(c Call) (string, error) { return w.importFile(c, name, csv) },
				func(c Call) error { _, err := w.importFile(c, name, csv+"I-3\n"); return err }},
			{"update", func(c Call) (string, error) { return w.endAt(c, name, `"2027-06-01T00:00:00Z"`) },
				func(c Call) error { _, err := w.endAt(c, name, `"2027-06-02T00:00:00Z"`); return err }},
			{"disable", func(c Call) (string, error) {
				v, err := w.SetCampaignEnabled(ctx, c, name, false)
				if err != nil {
					return "", err
				}
				return v.ID, nil
			}, nil},
			{"add", func(c Call) (string, error) { return w.issued(c, name, "NAMED", `{"holder_id":"ann"}`) },
				func(c Call) error { _, err := w.issued(c, name, "NAMED", `{}`); return err }},
			{"draw", func(c Call) (string, error) { return w.issued(c, name, "", `{"holder_id":"ann"}`) },
				func(c Call) error {
					_, err := w.issued(c, name, "", `{"code_config":{"pattern":"OTHER-####"}}`)
					return err
				}},
			{"hold", func(c Call) (string, error) { return w.held(c, "NAMED", "ann") },
				func(c Call) error { _, err := w.held(c, "NAMED", "bob"); return err }},
		}
		first := map[string]string{}
		for _, s := range steps {
			out, err := s.ask(w.keyed("k"))
			if err != nil {
				t.Fatalf("%s: %v", s.what, err)
			}
			first[s.what] = out
			w.settle()
		}
		check := func(when string) {
			t.Helper()
			codes := w.codesOf(w.catalog.View().Campaign(1))
			for _, s := range steps {
				if out, err := s.ask(w.keyed("k")); err != nil || out != first[s.what] {
					t.Errorf("%s: %s again: %q %v, first %q", when, s.what, out, err, first[s.what])
				}
				if s.other != nil {
					if err := s.other(w.keyed("k")); keyOf(err) != wire.KeyIdempotencyKeyConflict {
						t.Errorf("%s: another request to %s: %v", when, s.what, err)
					}
				}
			}
			if now := w.codesOf(w.catalog.View().Campaign(1)); now != codes {
				t.Errorf("%s: %d codes, then %d", when, codes, now)
			}
		}
		check("at once")
		_, err = w.UpdateCampaign(ctx, w.c, name, decode[wire.CampaignUpdate](t,
			`{"start_date":"2028-01-01T00:00:00Z","expiration_date":null}`))
		w.ok(err)
		w.ok(w.DeleteCustomer(ctx, w.c, "ann"))
		check("after the dates moved and the customer left")
		_, err = w.DeleteCampaign(ctx, w.c, name)
		w.ok(err)
		w.settle()
		check("after the campaign was deleted")
		if _, ok := w.catalog.View().CampaignByRef(w.c.Caller.Project, name); ok {
			t.Fatal("a retry made the campaign again")
		}
		for _, s := range steps[1:] {
			if _, err := s.ask(w.keyed("fresh")); keyOf(err) != wire.KeyNotFound {
				t.Errorf("%s of what is gone: %v", s.what, err)
			}
		}
	})
}

// generateFull fills a pattern up to less codes below what it may hold.
func (w *world) generateFull(c Call, campaign string, less int64) (string, error) {
	w.t.Helper()
	pattern, err := coupon.CodeConfig{Pattern: "G-###"}.Compile(rulesOf(c.project(w.catalog.View())))
	w.ok(err)
	a, err := w.Generate(context.Background(), c, campaign, int64(pattern.SafeCount())-less,
		decodeTB[wire.GenerateRequest](w.t, `{"code_config":{"pattern":"G-###"}}`))
	if err != nil {
		return "", err
	}
	return a.AsyncActionID, nil
}

func (w *world) importFile(c Call, campaign, csv string) (string, error) {
	a, err := w.Import(context.Background(), c, campaign, FormatCSV, strings.NewReader(csv))
	if err != nil {
		return "", err
	}
	return a.AsyncActionID, nil
}

func (w *world) endAt(c Call, campaign, date string) (string, error) {
	v, err := w.UpdateCampaign(context.Background(), c, campaign, decodeTB[wire.CampaignUpdate](w.t, `{"expiration_date":`+date+`}`))
	if err != nil {
		return "", err
	}
	return v.ID, nil
}

func (w *world) issued(c Call, campaign, code, body string) (string, error) {
	v, err := w.AddVoucher(context.Background(), c, campaign, code, decodeTB[wire.VoucherCreate](w.t, body))
	if err != nil {
		return "", err
	}
	return v.Code, nil
}

func (w *world) held(c Call, code, who string) (string, error) {
	v, err := w.UpdateVoucher(context.Background(), c, code, decodeTB[wire.VoucherUpdate](w.t, `{"holder_id":"`+who+`"}`))
	if err != nil {
		return "", err
	}
	return v.Code, nil
}

// A name may mean another campaign since: what is remembered in the name of a
// campaign is that of the one it was done to.
func TestARetryAfterTheNameMovedOn(t *testing.T) {
	w := newWorld(t, 1)
	ctx := context.Background()
	old := w.tenPercent("Name", "", "").ID
	code, err := w.issued(w.keyed("draw"), "Name", "", `{}`)
	w.ok(err)
	_, err = w.issued(w.keyed("add"), "Name", "ADDED", `{}`)
	w.ok(err)
	_, err = w.DeleteCampaign(ctx, w.keyed("del"), "Name")
	w.ok(err)
	fresh := w.tenPercent("Name", "", "").ID
	again, err := w.issued(w.keyed("draw"), "Name", "", `{}`)
	if err != nil || again != code {
		t.Errorf("drawn: %q %v, want %q", again, err, code)
	}
	if again, err := w.issued(w.keyed("add"), "Name", "ADDED", `{}`); err != nil || again != "ADDED" {
		t.Errorf("added: %q %v", again, err)
	}
	_, err = w.DeleteCampaign(ctx, w.keyed("del"), "Name")
	w.ok(err)
	c, err := w.Campaign(ctx, w.c, "Name")
	if err != nil || c.ID != fresh || c.ID == old || c.VouchersCount != 0 {
		t.Errorf("the new campaign: %+v %v", c, err)
	}
	// A job's key belongs to the campaign: the new one has not been filled.
	if _, err := w.generateFull(w.keyed("gen"), "Name", 0); err != nil {
		t.Error(err)
	}
}

// The text that a key draws must not depend on what is taken at the moment: one
// that becomes free again would become a second code (P3).
func TestAKeyDrawsOneCode(t *testing.T) {
	eachShards(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		camp := w.tenPercent("Drawn", "", "").ID
		key := w.keyed("k")
		for _, text := range w.drawnBy(key, 2) { // taken once, and dead
			w.add(camp, text, `{}`)
			w.ok(w.DeleteVoucher(ctx, w.c, text))
		}
		w.advance(coupon.KeyMemoryMillis - 1000)
		code, err := w.issued(key, camp, "", `{}`)
		w.ok(err)
		w.advance(2000) // both would be free now
		again, err := w.issued(key, camp, "", `{}`)
		if err != nil || again != code {
			t.Errorf("drawn again: %q %v, first %q", again, err, code)
		}
		// One that looked before the first was answered, and draws only now.
		v, err := w.creationOf(&key, camp).draw(ctx)
		if err != nil || v.Code != code {
			t.Errorf("drawn late: %+v %v, first %q", v, err, code)
		}
		w.ok(w.DeleteVoucher(ctx, w.c, code))
		if again, err := w.issued(key, camp, "", `{}`); err != nil || again != code {
			t.Errorf("after it was deleted: %q %v, first %q", again, err, code)
		}
		for _, other := range []string{`{"code_config":{"pattern":"P-########"}}`, `{"code_config":{"length":12}}`, `{"metadata":{"a":1}}`} {
			_, err := w.issued(key, camp, "", other)
			w.wants(err, wire.KeyIdempotencyKeyConflict)
		}
		_, err = w.CreateVoucher(ctx, key, "", decode[wire.VoucherCreate](t, `{"discount":{"type":"AMOUNT","amount_off":1}}`))
		w.wants(err, wire.KeyIdempotencyKeyConflict)
		if n := w.codesOf(w.catalog.View().Campaign(1)); n != 0 {
			t.Errorf("%d codes more than were asked for", n)
		}
	})
}

// drawnBy lists the first texts that a key draws by the default pattern.
func (w *world) drawnBy(c Call, n int) (texts []string) {
	w.t.Helper()
	p := c.project(w.catalog.View())
	pattern, err := coupon.CodeConfig{}.Compile(rulesOf(p))
	w.ok(err)
	random := newDraw(w.secret, w.callersKey(&c, opCreate), true)
	for range n {
		text, err := pattern.Draw(random, nil)
		w.ok(err)
		texts = append(texts, string(text))
	}
	return texts
}

// Identical requests at once are one code, and requests that differ are one code
// and conflicts.
func TestConcurrentDrawsOfAKey(t *testing.T) {
	eachShards(t, func(t *testing.T, w *world) {
		camp := w.tenPercent("Race", "", "").ID
		codes := map[string]map[string]int{}
		var mu sync.Mutex
		var wg sync.WaitGroup
		for i := range 48 {
			key, body := fmt.Sprint("k", i%6), `{}`
			if i%4 == 3 {
				body = `{"code_config":{"pattern":"X-########"}}`
			}
			wg.Go(func() {
				code, err := w.issued(w.keyed(key), camp, "", body)
				mu.Lock()
				defer mu.Unlock()
				if codes[key] == nil {
					codes[key] = map[string]int{}
				}
				switch {
				case err == nil:
					codes[key][code]++
				case keyOf(err) != wire.KeyIdempotencyKeyConflict:
					t.Errorf("%s %s: %v", key, body, err)
				}
			})
		}
		wg.Wait()
		for key, made := range codes { // order: each is checked alone
			if len(made) != 1 {
				t.Errorf("%s drew %v", key, made)
			}
		}
		if n := w.codesOf(w.catalog.View().Campaign(1)); n != 6 {
			t.Errorf("%d codes of 6 keys", n)
		}
	})
}

// creationOf is the request for a drawn code that says nothing but its campaign.
func (w *world) creationOf(c *Call, campaign string) *creation {
	return &creation{e: w.Engine, c: c, p: c.project(w.catalog.View()), ref: campaign, req: &wire.VoucherCreate{},
		id: w.identify(c, opCreate, w.fingerprintOf(opCreate, []byte(`{}`), []byte(campaign)))}
}

// A node that dies between the claim and the code: the request finishes it, and no
// other one does.
func TestACrashBetweenClaimAndCode(t *testing.T) {
	w := newWorld(t, 4)
	ctx := context.Background()
	camp := w.tenPercent("Crash", "", "").ID
	c := w.keyed("k")
	n := w.creationOf(&c, camp)
	w.ok(n.prepare(ctx))
	w.ok(n.claim(ctx))
	w.reopen()
	_, err := w.issued(w.keyed("k"), camp, "", `{"code_config":{"pattern":"X-########"}}`)
	w.wants(err, wire.KeyIdempotencyKeyConflict)
	code, err := w.issued(w.keyed("k"), camp, "", `{}`)
	if err != nil || code != w.drawnBy(w.keyed("k"), 1)[0] {
		t.Errorf("%q %v", code, err)
	}
	var rec shard.Record
	slot := n.claimSlot()
	if !w.shardOf(slot).law.Claimed(slot, n.id.key, &rec) || rec.Campaign != w.catalog.View().Campaign(1).Ordinal {
		t.Errorf("claim: %+v", rec)
	}
}

// A retry that finds no receipt is refused as everybody is.
func TestARefusalStaysOneWithoutAReceipt(t *testing.T) {
	w := newWorld(t, 1)
	camp := w.tenPercent("Full", "", "").ID
	_, err := w.generateFull(w.keyed("a"), camp, 0)
	w.ok(err)
	w.settle()
	_, err = w.generateFull(w.keyed("b"), camp, 0)
	w.wants(err, wire.KeyInvalidCodeConfig)
	_, err = w.insteadOf(context.Background(), err, &w.c, opJob, nil, &catalog.PutJob{})
	w.wants(err, wire.KeyInvalidCodeConfig)
}
