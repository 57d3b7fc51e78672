package views

import (
	"errors"
	"fmt"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/shard"
)

// Without this somebody who pages through codes while an import runs sees some
// twice and others never.
func TestCursorIsStableWhileTheListChanges(t *testing.T) {
	c := seeded(t)
	for _, descending := range []bool{false, true} {
		w := newWorld(t, 3, c)
		v := open(t, vfs.NewMem(), w)
		for range 500 {
			w.act()
		}
		start := newNaive(w, catchUp(t, v, w))
		done := make(chan struct{})
		go func() {
			defer close(done)
			for i := range 700 {
				w.act()
				v.Notify(i % 3)
			}
		}()
		reds, codes := pageRefs(t, v, descending), pageCodes(t, v, descending)
		<-done
		end := newNaive(w, catchUp(t, v, w))
		for _, it := range start.list(ListQuery{Project: 1}) {
			if n := reds[Ref{it.shard, it.seq}]; n != 1 {
				t.Errorf("descending %v: redemption %+v was seen %d times", descending, it, n)
			}
		}
		alive := map[CodeRef]bool{}
		for _, ref := range end.listCodes(CodeQuery{Project: 1}) {
			alive[ref] = true
		}
		for _, ref := range start.listCodes(CodeQuery{Project: 1}) {
			if n := codes[ref]; n > 1 || alive[ref] && n != 1 {
				t.Errorf("descending %v: code %+v was seen %d times", descending, ref, n)
			}
		}
		closeViews(t, v)
		w.close()
	}
}

func pageRefs(t *testing.T, v *Views, descending bool) map[Ref]int {
	seen := map[Ref]int{}
	q := ListQuery{Project: 1, Descending: descending, Limit: 3}
	for {
		page, err := v.List(q)
		if err != nil {
			t.Fatal(err)
		}
		for _, ref := range page.Refs {
			seen[ref]++
		}
		if !page.More {
			return seen
		}
		q.After = page.Next
	}
}

func pageCodes(t *testing.T, v *Views, descending bool) map[CodeRef]int {
	seen := map[CodeRef]int{}
	q := CodeQuery{Project: 1, Descending: descending, Limit: 3}
	for {
		page, err := v.Codes(q)
		if err != nil {
			t.Fatal(err)
		}
		for _, ref := range page.Codes {
			seen[ref]++
		}
		if !page.More {
			return seen
		}
		q.After = page.Next
	}
}

// bulk redeems one code without limit n times: every tenth by the customer, on an
// order of its own.
func (w *world) bulk(n int, customer coupon.ID) liveCode {
	code := w.newCode(shard.Spec{Mask: shard.SpecLimit, Limit: shard.Unlimited})
	slot := code.Hash.Slot()
	i := w.shardOf(slot)
	r := w.apply(i, shard.AppendCreate(w.header(shard.KindCreate, slot), &shard.Create{Rules: testRules, Project: 2, Campaign: 1, Code: code}))
	for k := range n {
		w.now++
		q := &shard.Redeem{Ordinal: r.Ordinal, Project: 2, Campaign: 1, Order: 10, Applied: 1}
		if k%10 == 0 {
			q.Customer = customer
			q.Tail = shard.AppendTail(nil, shard.TagOrderSource, fmt.Appendf(nil, "bulk-%d", k))
		}
		if out := w.apply(i, shard.AppendRedeem(w.header(shard.KindRedeem, slot), q)); out.Outcome != coupon.OK {
			w.t.Fatalf("redeem: %+v", out)
		}
	}
	return liveCode{shard: i, place: Place{slot, r.Ordinal}}
}

// Without this a filter that no list answers reads a million records for one page
// (P10), or hides that it did not.
func TestFinerFiltersReadABoundedNumberOfRecords(t *testing.T) {
	w := newWorld(t, 1, seeded(t))
	defer w.close()
	v := open(t, vfs.NewMem(), w)
	defer closeViews(t, v)
	id := coupon.ID{Slot: 7, Seq: 1}
	const n = 11 * scanMax / 10
	first := w.bulk(n, id)
	second := w.bulk(n/10, id)
	catchUp(t, v, w)

	q := ListQuery{Project: 2, Code: &first.place, Campaign: 1, Limit: 10}
	page, err := v.List(q)
	if err != nil || len(page.Refs) != 10 || !page.More || !page.TotalIsEstimate || page.Total != n {
		t.Fatalf("all fit: %d of %d, %+v, %v", len(page.Refs), page.Total, page.PageInfo, err)
	}
	q = ListQuery{Project: 2, Customer: id, Code: &second.place, Limit: 10}
	page, err = v.List(q)
	if err != nil || len(page.Refs) != 10 || page.TotalIsEstimate || page.Total != n/100 {
		t.Fatalf("the customer's list is short enough: %d of %d, %v", len(page.Refs), page.Total, err)
	}
	q = ListQuery{Project: 2, Code: &second.place, Campaign: 3, Limit: 10}
	page, err = v.List(q)
	if err != nil || len(page.Refs) != 0 || page.TotalIsEstimate || page.Total != 0 {
		t.Fatalf("an empty list is the narrowest: %+v, %v", page, err)
	}
	// The other campaign has as many redemptions, none of them of this code: a page
	// ends with nothing found, and says where to go on.
	q = ListQuery{Project: 2, Campaign: 1, Code: &Place{1, 0}, Limit: 10}
	if page, err = v.List(q); err != nil || page.More {
		t.Fatalf("%+v, %v", page, err)
	}
	seen := 0
	q = ListQuery{Project: 2, Code: &first.place, Campaign: 1, Limit: pageMax}
	for pages := 0; ; pages++ {
		if page, err = v.List(q); err != nil || pages > n/pageMax+1 {
			t.Fatalf("page %d: %v", pages, err)
		}
		seen += len(page.Refs)
		if !page.More {
			break
		}
		q.After = page.Next
	}
	if seen != n {
		t.Fatalf("saw %d of %d", seen, n)
	}
}

// Without this a question without an answer is answered with something else.
func TestQuestionsWithoutMeaningAreRefused(t *testing.T) {
	w := newWorld(t, 1, seeded(t))
	defer w.close()
	v := open(t, vfs.NewMem(), w)
	defer closeViews(t, v)
	someone := coupon.ID{Slot: 1, Seq: 1}
	f := func(q ListQuery) {
		t.Helper()
		q.Project = 1
		if _, err := v.List(q); !errors.Is(err, ErrQuery) {
			t.Errorf("%+v: %v", q, err)
		}
	}
	f(ListQuery{Kind: 17})
	f(ListQuery{Status: 9})
	f(ListQuery{Kind: Rollbacks, Status: Succeeded})
	f(ListQuery{Kind: Timeline})
	f(ListQuery{Kind: Timeline, Customer: someone, Code: &Place{}})
	f(ListQuery{Kind: Customers, Campaign: 1})
	f(ListQuery{Kind: Transactions, Customer: someone})
	f(ListQuery{Offset: -1})
	if _, err := v.Codes(CodeQuery{Project: 1, Offset: -1}); !errors.Is(err, ErrQuery) {
		t.Errorf("codes: %v", err)
	}
	if _, _, err := v.Rollup(RollupQuery{Project: 1, From: 5, Until: 5, Minutes: 1}); !errors.Is(err, ErrQuery) {
		t.Errorf("rollup: %v", err)
	}
	if _, _, err := v.Rollup(RollupQuery{Project: 1, Until: 1 << 50, Minutes: 1}); !errors.Is(err, ErrTooManyBuckets) {
		t.Errorf("rollup: %v", err)
	}
}
