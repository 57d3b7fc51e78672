package views

import (
	"context"
	"slices"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/scrip-engine/scrip/coupon"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// drawn is chance that rapid can shrink.
type drawn struct{ t *rapid.T }

func (d drawn) Intn(n int) int { return rapid.IntRange(0, n-1).Draw(d.t, "n") }

func open(t testing.TB, fs vfs.FS, w *world) *Views {
	v, err := Open(Config{FS: fs, Dir: "views", Sources: w.sources(), Exit: func(code int, reason string) { t.Errorf("exit %d: %s", code, reason) }})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// catchUp waits until the view covers everything, and returns how much that is.
func catchUp(t testing.TB, v *Views, w *world) (upTo []uint64) {
	for i, s := range w.shards {
		upTo = append(upTo, s.LastSeq())
		v.Notify(i)
		if err := v.WaitFor(context.Background(), i, upTo[i]); err != nil {
			t.Fatal(err)
		}
	}
	return upTo
}

// Without this a list, a total or a count could say something that the journals
// do not: every answer is compared with a scan of all records.
func TestAnswersAreWhatAScanOfTheJournalsSays(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c := drawn{rt}
		w := newWorld(t, 1+c.Intn(3), c)
		defer w.close()
		v := open(t, vfs.NewMem(), w)
		defer func() {
			if err := v.Close(); err != nil {
				rt.Fatal(err)
			}
		}()
		for range 1 + c.Intn(3) {
			for range 10 + c.Intn(60) {
				w.act()
			}
			n := newNaive(w, catchUp(t, v, w))
			for range 12 {
				checkList(rt, v, n, w.randomList())
				checkCodes(rt, v, n, w.randomCodes())
			}
			checkCounts(rt, v, n)
		}
	})
}

func (w *world) randomList() (q ListQuery) {
	q.Project = uint32(1 + w.c.Intn(testProjects))
	q.Kind = ListKind(w.c.Intn(6))
	if q.Kind == Redemptions {
		q.Status = Status(w.c.Intn(3))
	}
	some := func() bool { return w.c.Intn(3) == 0 }
	switch q.Kind {
	case Customers:
	case Timeline:
		if c, ok := pick(w, w.codes); ok && some() {
			q.Code = &c.place
		} else {
			q.Customer, _ = pick(w, w.customers)
		}
	default:
		if c, ok := pick(w, w.codes); ok && some() {
			q.Code = &c.place
		}
		if some() {
			q.Campaign, _ = pick(w, w.campaigns)
		}
		if q.Kind != Transactions && some() {
			q.Customer, _ = pick(w, w.customers)
		}
		if q.Kind != Transactions && some() {
			q.Order = "order-1"
		}
	}
	q.From, q.Until = w.randomTimes()
	q.Descending, q.WholeInstants = w.c.Intn(2) == 0, w.c.Intn(4) == 0
	q.Offset, q.Limit = int64(w.c.Intn(30)*w.c.Intn(2)), 1+w.c.Intn(20)
	return q
}

func (w *world) randomTimes() (from, until int64) {
	if w.c.Intn(3) == 0 {
		from = w.now - int64(w.c.Intn(900_000))
	}
	if w.c.Intn(3) == 0 {
		until = max(from, w.now-int64(w.c.Intn(900_000)))
	}
	if w.c.Intn(20) == 0 {
		from, until = -5, -int64(w.c.Intn(2)) // before 1970: all, or nothing
	}
	return from, until
}

func (w *world) randomCodes() (q CodeQuery) {
	q.Project = uint32(1 + w.c.Intn(testProjects))
	if w.c.Intn(2) == 0 {
		q.Campaign, _ = pick(w, w.campaigns)
	}
	if w.c.Intn(2) == 0 {
		q.Holder, _ = pick(w, w.customers)
	}
	q.From, q.Until = w.randomTimes()
	q.Descending = w.c.Intn(2) == 0
	q.Offset, q.Limit = int64(w.c.Intn(40)*w.c.Intn(2)), 1+w.c.Intn(20)
	return q
}

// checkList reads the page and all that follow it by cursor.
func checkList(t *rapid.T, v *Views, n *naive, q ListQuery) {
	if q.Kind == Timeline && q.Code == nil && q.Customer == (coupon.ID{}) {
		return
	}
	all := n.list(q)
	want := all[min(int(q.Offset), len(all)):]
	for first := true; first || len(want) > 0; first = false {
		page, err := v.List(q)
		if err != nil {
			t.Fatalf("%+v: %v", q, err)
		}
		if page.Total != int64(len(all)) || page.TotalIsEstimate {
			t.Fatalf("%+v: total %d, want %d", q, page.Total, len(all))
		}
		size := min(q.Limit, len(want))
		for q.WholeInstants && size > 0 && size < len(want) && want[size].stamp == want[size-1].stamp {
			size++
		}
		var refs []Ref
		for _, it := range want[:size] {
			refs = append(refs, Ref{it.shard, it.seq})
		}
		if !slices.Equal(page.Refs, refs) || page.More != (size < len(want)) {
			t.Fatalf("%+v: got %v more %v, want %v of %v", q, page.Refs, page.More, refs, want)
		}
		want = want[size:]
		q.After, q.Offset = page.Next, 0
	}
}

func checkCodes(t *rapid.T, v *Views, n *naive, q CodeQuery) {
	all := n.listCodes(q)
	want := all[min(int(q.Offset), len(all)):]
	for first := true; first || len(want) > 0; first = false {
		page, err := v.Codes(q)
		if err != nil {
			t.Fatalf("%+v: %v", q, err)
		}
		size := min(q.Limit, len(want))
		if page.Total != int64(len(all)) || page.TotalIsEstimate || page.More != (size < len(want)) || !slices.Equal(page.Codes, want[:size]) {
			t.Fatalf("%+v: total %d of %d, more %v, got %v, want %v", q, page.Total, len(all), page.More, page.Codes, want[:size])
		}
		want = want[size:]
		q.After, q.Offset = page.Next, 0
	}
}

func checkCounts(t *rapid.T, v *Views, n *naive) {
	same := func(what string, got Counts, err error, want Counts) {
		if err != nil || got != want {
			t.Fatalf("%s: %v\n got %+v\nwant %+v", what, err, got, want)
		}
	}
	for project := uint32(1); project <= testProjects; project++ {
		got, _, err := v.ProjectCounts(project)
		same("project", got, err, n.counts(project, nil, coupon.ID{}))
		for campaign := uint32(0); campaign <= testCampaigns; campaign++ {
			got, _, err := v.CampaignCounts(project, campaign)
			same("campaign", got, err, n.counts(project, &campaign, coupon.ID{}))
			checkRollup(t, v, n, project, campaign)
		}
		for _, id := range n.w.customers {
			got, _, err := v.CustomerCounts(project, id)
			same("customer", got, err, n.counts(project, nil, id))
		}
	}
	for _, campaign := range n.w.campaigns {
		checkAgainstShards(t, v, n.w, campaign)
	}
}

// checkAgainstShards compares with the counters that the law itself keeps.
func checkAgainstShards(t *rapid.T, v *Views, w *world, campaign uint32) {
	got, _, err := v.CampaignCounts(w.projectOfCampaign(campaign), campaign)
	if err != nil {
		t.Fatal(err)
	}
	var redeemed, rolledBack, applied, appliedBack, credits, creditsBack int64
	for _, s := range w.shards {
		c, _ := s.Campaign(campaign)
		redeemed, rolledBack = redeemed+c.Redeemed, rolledBack+c.RolledBack
		applied, appliedBack = applied+c.Applied, appliedBack+c.AppliedBack
		credits, creditsBack = credits+c.Credits, creditsBack+c.CreditsBack
	}
	if got.Redemptions != redeemed || got.RolledBack != rolledBack || got.Discount != applied || got.DiscountBack != appliedBack ||
		got.Gift != credits || got.GiftBack != creditsBack {
		t.Fatalf("campaign %d: %+v, the shards say %d %d %d %d %d %d", campaign, got, redeemed, rolledBack, applied, appliedBack, credits, creditsBack)
	}
}

func checkRollup(t *rapid.T, v *Views, n *naive, project, campaign uint32) {
	const minutes, span = 3, 600 * minuteMillis
	from := n.w.now - n.w.now%minuteMillis - span/2
	got, _, err := v.Rollup(RollupQuery{Project: project, Campaign: campaign, From: from, Until: from + span, Minutes: minutes})
	if err != nil {
		t.Fatal(err)
	}
	sums := map[int64]Bucket{}
	for i := range n.entries {
		e := &n.entries[i]
		if e.of.Project != project || campaign != 0 && e.of.Campaign != campaign || e.rec.Stamp < from || e.rec.Stamp >= from+span {
			continue
		}
		start := from + (e.rec.Stamp-from)/(minutes*minuteMillis)*(minutes*minuteMillis)
		b := sums[start]
		b.Start = start
		switch {
		case e.rec.Kind == 1:
			b.redeemed(&e.rec)
		case e.rec.Kind == 2 && e.rec.Flags&8 != 0:
			b.RolledBack++
		default:
			continue
		}
		sums[start] = b
	}
	if len(got) != len(sums) {
		t.Fatalf("rollup: %d buckets, want %d", len(got), len(sums))
	}
	for _, b := range got {
		if sums[b.Start] != b {
			t.Fatalf("rollup: %+v, want %+v", b, sums[b.Start])
		}
	}
}
