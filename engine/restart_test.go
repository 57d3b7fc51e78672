package engine

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/scrip-engine/scrip/catalog"
	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/wire"
)

const tenPercentManyTimes = `{"type":"DISCOUNT_VOUCHER","discount":{"type":"PERCENT","percent_off":10},"redemption":{"quantity":100000}}`

// second makes another project and a call on it.
func (w *world) second(role string) Call {
	w.t.Helper()
	r, err := w.change(context.Background(), catalog.Header{NotAfter: w.notAfter()}, &catalog.CreateProject{
		Name: "second", Currency: "USD", CodeVersion: coupon.CodeRulesVersion, IdempotencySource: "header"})
	w.ok(err)
	return Call{Caller: Caller{Project: r.Ordinal, Role: role}}
}

// A budget that Apply read from a configuration file would change what old entries
// meant: uses that were acknowledged would be refused by the replay (P4).
func TestAnotherBudgetKeepsTheHistory(t *testing.T) {
	w := newWorld(t, 1, func(c *Config) { c.MemoryBudgetBytes = 256 << 10 })
	w.create("A", tenPercentManyTimes)
	for n := 0; ; n++ {
		if _, err := w.try(fmt.Sprint("k", n), "A", ""); err != nil {
			w.wants(err, wire.KeyCapacity)
			break
		}
	}
	used := w.voucher("A").Redemption.RedeemedQuantity
	for _, budget := range []int64{128 << 10, 1 << 20} {
		w.ok(w.Close())
		w.Engine = open(t, w.fs, func(c *Config) { c.Clock, c.MemoryBudgetBytes = w.clock, budget })
		w.c = w.Default()
		if got := w.voucher("A").Redemption.RedeemedQuantity; got != used {
			t.Fatalf("with a budget of %d there are %d uses, there were %d", budget, got, used)
		}
	}
	if _, err := w.try("more", "A", ""); err != nil {
		t.Errorf("the larger budget is not in force: %v", err)
	}
}

// An id that was lost with the newer state and then given to somebody else would
// roll back the wrong order.
func TestIDsAreNotGivenTwiceAfterARestore(t *testing.T) {
	w := newWorld(t, 1)
	w.create("A", tenPercentManyTimes)
	_, err := w.Backup(context.Background(), "/bak")
	w.ok(err)
	lost := w.redeem("A", `,"order":{"amount":1000}`)
	lostCode := w.create("B", tenPercentManyTimes)
	lostCatalog := w.catalogIDs("lost")
	events, err := w.Events(context.Background(), w.c, "", 100)
	w.ok(err)
	w.ok(w.Close())
	_, err = Restore(w.fs, "/bak", "/restored")
	w.ok(err)
	w.Engine = open(t, w.fs, func(c *Config) { c.Clock, c.Dir, c.EndRecovery = w.clock, "/restored", true })
	w.c = w.Default()
	other, otherCode := w.redeem("A", `,"order":{"amount":99000}`), w.create("C", tenPercentManyTimes)
	if lost.ID == other.ID || lostCode.ID == otherCode.ID {
		t.Fatalf("given twice: %s %s", lost.ID, lostCode.ID)
	}
	for _, id := range w.catalogIDs("new") {
		if slices.Contains(lostCatalog, id) {
			t.Errorf("given twice: %s", id)
		}
	}
	_, err = w.DeleteCampaign(context.Background(), w.c, lostCatalog[0])
	w.wants(err, wire.KeyNotFound)
	_, err = w.Rollback(context.Background(), w.c, lost.ID, &wire.RollbackRequest{})
	w.wants(err, wire.KeyNotFound)
	_, err = w.Voucher(context.Background(), w.c, lostCode.ID)
	w.wants(err, wire.KeyNotFound)
	if v, err := w.Voucher(context.Background(), w.c, otherCode.ID); err != nil || v.Code != "C" {
		t.Errorf("a code by its new id: %v", err)
	}
	_, err = w.Events(context.Background(), w.c, events.NextCursor, 10)
	w.wants(err, wire.KeyInvalidQueryParams)
}

// A restored directory that goes on by itself would fail the jobs that were under
// way when the backup was made.
func TestNothingChangesInRecovery(t *testing.T) {
	w := newWorld(t, 1)
	reply, err := w.change(context.Background(), catalog.Header{NotAfter: w.notAfter()}, &catalog.PutJob{
		Project: w.c.Caller.Project, NewJob: catalog.NewJob{Kind: wire.AsyncVoucherImport,
			Params: []byte(`{"format":"csv"}`), Spool: "upload-that-is-gone"}})
	w.ok(err)
	_, err = w.Backup(context.Background(), "/bak")
	w.ok(err)
	w.ok(w.Close())
	_, err = Restore(w.fs, "/bak", "/restored")
	w.ok(err)
	w.Engine = open(t, w.fs, func(c *Config) { c.Clock, c.Dir = w.clock, "/restored" })
	before := w.catalog.View().Job(reply.Ordinal)
	w.ok(w.Close()) // ends whatever would have worked on it
	if now := w.catalog.View().Job(before.Ordinal); now.Version != before.Version {
		t.Errorf("in recovery the job went from %s to %s", before.Status, now.Status)
	}
}

// catalogIDs makes campaigns, then keys, then jobs, and returns their ids. There are
// enough of each that two histories of one log meet at the same place of it.
func (w *world) catalogIDs(name string) (ids []string) {
	w.t.Helper()
	ctx := context.Background()
	const many = 30
	for i := range many {
		ids = append(ids, w.tenPercent(fmt.Sprint(name, "-", i), "", "").ID)
	}
	for range many {
		key, err := w.CreateKey(ctx, w.c, &wire.APIKeyCreate{Name: name})
		w.ok(err)
		ids = append(ids, key.ID)
	}
	for range many {
		r, err := w.change(ctx, catalog.Header{NotAfter: w.notAfter()}, &catalog.PutJob{Project: w.c.Caller.Project,
			NewJob: catalog.NewJob{Kind: "OTHER"}})
		w.ok(err)
		ids = append(ids, r.ID)
	}
	return ids
}

func (w *world) gateAround(f func()) {
	w.t.Helper()
	w.ok(w.gate.close(context.Background()))
	f()
	w.gate.open()
}

// A change that waits for a backup longer than its caller does would hold up a
// checkout for the length of an image (P10).
func TestTheGateKeepsDeadlines(t *testing.T) {
	w := newWorld(t, 1)
	w.create("A", tenPercentManyTimes)
	w.gateAround(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		var out wire.RedeemResponse
		w.wants(w.Redeem(ctx, w.keyed("k"), request(t, "A", ""), &out), wire.KeyUnavailable)
	})
	if r, err := w.try("k", "A", ""); err != nil || r.Replayed {
		t.Errorf("what was told as not done: %v %+v", err, r)
	}
}

// The id of another project's card must not show the card.
func TestAnIDOfAnotherProjectShowsNothing(t *testing.T) {
	w := newWorld(t, 1)
	v := w.create("SECRET-CODE", `{"type":"GIFT_VOUCHER","gift":{"amount":5000},"metadata":{"vip":true}}`)
	out, err := w.ValidateVoucher(context.Background(), w.second(RoleViewer), v.ID, request(t, v.ID, ""))
	w.ok(err)
	if out.Valid || out.Code == "SECRET-CODE" || out.Gift != nil || len(out.Metadata) > 0 {
		t.Errorf("shown: %+v", out)
	}
}

// A caller who writes into an answer must not write into the ledger.
func TestAnswersOwnTheirMemory(t *testing.T) {
	w := newWorld(t, 1)
	w.create("A", tenPercentManyTimes)
	const meta = `,"metadata":{"note":"original"}`
	r, err := w.try("k", "A", meta)
	w.ok(err)
	copy(r.Metadata, `{"note":"tampered"}`)
	again, err := w.try("k", "A", meta)
	w.ok(err)
	if string(again.Metadata) != `{"note":"original"}` {
		t.Errorf("the record says %s", again.Metadata)
	}
}

// The window for rollbacks is decided by replicated time and behind the receipt: a
// retry keeps its answer, and no clock makes one good that was told to be over.
func TestRollbackWindow(t *testing.T) {
	w := newWorld(t, 1)
	w.create("A", tenPercentManyTimes)
	_, err := w.UpdateProject(context.Background(), w.c, decodeTB[wire.ProjectUpdate](t, `{"rollback_window_seconds":1}`))
	w.ok(err)
	back := func(key, id string) error {
		_, err := w.Rollback(context.Background(), w.keyed(key), id, &wire.RollbackRequest{})
		return err
	}
	first, late := w.redeem("A", ""), w.redeem("A", "")
	w.ok(back("rb", first.ID))
	w.clock.Advance(5 * time.Second)
	w.ok(back("rb", first.ID))
	w.wants(back("late", late.ID), wire.KeyInvalidRollbackParams)
	w.clock.Advance(-5 * time.Second)
	w.wants(back("late", late.ID), wire.KeyInvalidRollbackParams)
}
