package catalog

import (
	"testing"

	"github.com/scrip-engine/scrip/coupon"
)

// A retry of a success must get the first answer, whatever has happened since.
func TestReplay(t *testing.T) {
	m := newShop(t)
	b := newCampaign("summer")
	job := newJob("GENERATE")
	b.Job = &job
	first := m.as(keyed(1, 7), b)
	if first.Outcome != coupon.OK || first.Job == 0 || first.JobID == "" || first.JobID == first.ID {
		t.Fatalf("first answer %+v", first)
	}
	m.ok(&DeleteCampaign{Project: 1, Campaign: first.Ordinal})
	m.now += 1000
	m.c = restored(t, m.c)
	want := first
	want.Replayed = true
	late := keyed(1, 7)
	late.NotAfter = 1 // a success is a success, however late the retry
	before := m.c.View()
	if again := m.as(late, b); again != want {
		t.Fatalf("got  %+v\nwant %+v", again, want)
	}
	if !sameButIndex(View{withTime(before, m.now)}, m.c.View()) {
		t.Fatal("a replay changed the state")
	}
}

func withTime(v View, now int64) *root {
	r := *v.r
	r.now = now
	return &r
}

// A replayed disable must still wait for the fence of the first.
func TestReplayCarriesTheFence(t *testing.T) {
	m := newShop(t)
	m.ok(newCampaign("summer"))
	first := m.as(keyed(1, 7), &SetCampaignEnabled{Project: 1, Campaign: 1})
	again := m.as(keyed(1, 7), &SetCampaignEnabled{Project: 1, Campaign: 1})
	if !again.Replayed || again.Fence != first.Fence || !m.c.View().FencePending(again.Fence) {
		t.Fatalf("first %+v, again %+v", first, again)
	}
	m.ok(&FenceDone{first.Fence})
	if m.c.View().FencePending(again.Fence) {
		t.Fatal("done, and still pending")
	}
}

// The scope of a key is project, operation and anchor: no more, no less.
func TestKeyScope(t *testing.T) {
	m := newShop(t)
	m.ok(newProject("other"))
	m.ok(newCampaign("taken"))
	outcome := func(want coupon.Outcome, replayed bool, h Header, b Body) {
		t.Helper()
		if r := m.as(h, b); r.Outcome != want || r.Replayed != replayed {
			t.Fatalf("%T: got %v, replayed %v", b, r.Outcome, r.Replayed)
		}
	}
	elsewhere := newCampaign("summer")
	elsewhere.Project = 2
	outcome(coupon.OK, false, keyed(1, 7), newCampaign("summer"))
	outcome(coupon.OK, true, keyed(1, 7), newCampaign("summer"))
	outcome(coupon.KeyConflict, false, keyed(1, 8), newCampaign("summer")) // another request
	outcome(coupon.DuplicateFound, false, keyed(2, 7), newCampaign("summer"))
	outcome(coupon.OK, false, keyed(1, 8), newCampaign("winter"))                        // another name
	outcome(coupon.OK, false, keyed(1, 8), elsewhere)                                    // another project
	outcome(coupon.OK, false, keyed(1, 8), &SetCampaignEnabled{Project: 1, Campaign: 1}) // another operation
	outcome(coupon.OK, false, keyed(1, 9), &SetCampaignEnabled{Project: 1, Campaign: 1, Enabled: true})
	outcome(coupon.OK, true, keyed(1, 8), &SetCampaignEnabled{Project: 1, Campaign: 1})           // the first disable
	outcome(coupon.KeyConflict, false, keyed(1, 9), &SetCampaignEnabled{Project: 1, Campaign: 2}) // one project, one anchor
	generate := &PutJob{Project: 1, Campaign: 1, NewJob: newJob("GENERATE")}
	outcome(coupon.OK, false, keyed(1, 7), generate)
	outcome(coupon.OK, true, keyed(1, 7), generate)
	outcome(coupon.OK, false, keyed(1, 7), &PutJob{Project: 1, Campaign: 2, NewJob: newJob("GENERATE")})
	outcome(coupon.OK, false, keyed(1, 7), &PutJob{Project: 1, Campaign: 1, NewJob: newJob("IMPORT")})
}

// A refusal is decided afresh: its key is free for the same request later.
func TestRefusalsAreNotRemembered(t *testing.T) {
	m := newShop(t)
	m.ok(newCampaign("summer"))
	m.wants(coupon.DuplicateFound, keyed(1, 7), newCampaign("summer"))
	m.ok(&DeleteCampaign{Project: 1, Campaign: 1})
	m.wants(coupon.OK, keyed(1, 9), newCampaign("summer"))
}

// An honest retry across an upgrade of the fingerprint must not hear "not done".
func TestFingerprintOfAnotherVersion(t *testing.T) {
	m := newShop(t)
	m.ok(newProject("x"))
	h := keyed(1, 7)
	m.wants(coupon.OK, h, newCampaign("summer"))
	h.FingerprintVersion, h.Fingerprint = coupon.FingerprintVersion+1, 99
	if r := m.as(h, newCampaign("summer")); !r.Replayed {
		t.Fatalf("got %+v", r)
	}
}

func TestReceiptsExpire(t *testing.T) {
	f := func(flags uint16, millis int64) {
		t.Helper()
		m := newShop(t)
		h := keyed(1, 7)
		h.Flags = flags
		m.wants(coupon.OK, h, newCampaign("summer"))
		m.now += millis - 1
		if r := m.as(h, newCampaign("summer")); !r.Replayed {
			t.Fatalf("forgotten a millisecond early: %+v", r)
		}
		m.now++
		m.wants(coupon.DuplicateFound, h, newCampaign("summer"))
		if v := m.c.View(); v.r.receipts.size()+v.r.ages.size()+v.r.mintedAges.size() != 0 {
			t.Fatal("an expired receipt was not swept")
		}
	}
	f(0, ReceiptMillis)
	f(FlagMinted, MintedReceiptMillis)
	if ReceiptMillis < 24*3600*1000 {
		t.Fatal("P3 promises 24 hours")
	}
}

// Sweeping a day's worth at once would stall the group; not sweeping under load
// would fill the memory.
func TestSweepIsBounded(t *testing.T) {
	m := newShop(t)
	for i := range uint64(7) {
		m.wants(coupon.OK, keyed(1+i, 7), newCampaign(string(rune('a'+i))))
	}
	m.now += ReceiptMillis
	for _, left := range []int{5, 3, 1, 0, 0} {
		m.ok(&FenceDone{Fence{Scope: ProjectFence, Ordinal: 1, Index: 1}})
		if got := m.c.View().r.receipts.size(); got != left {
			t.Fatalf("%d receipts left, want %d", got, left)
		}
	}
}

// An expired receipt that no sweep has reached yet is gone for its key, and a new
// success under the key takes its place in both indexes.
func TestExpiredReceiptIsReplaced(t *testing.T) {
	m := newShop(t)
	for i := range uint64(5) {
		m.wants(coupon.OK, keyed(1+i, 7), newCampaign(string(rune('a'+i))))
	}
	m.now += ReceiptMillis
	m.ok(&DeleteCampaign{Project: 1, Campaign: 5}) // sweeps a and b
	r := m.as(keyed(5, 8), newCampaign("e"))       // sweeps c and d, replaces e
	if r.Outcome != coupon.OK || r.Replayed {
		t.Fatalf("got %+v", r)
	}
	v := m.c.View()
	if v.r.receipts.size() != 1 || v.r.ages.size() != 1 {
		t.Fatalf("%d receipts, %d ages", v.r.receipts.size(), v.r.ages.size())
	}
	m.wants(coupon.KeyConflict, keyed(5, 7), newCampaign("e"))
}

// fillReceipts writes receipts past the commands, for the bounds are large.
func fillReceipts(m *machine, n int, minted bool, expires int64) {
	next := *m.c.state.Load()
	err := next.inBulk(func() error {
		for i := range n {
			next.keep(&receipt{
				Project: 1, Kind: KindCreateKey, KeyHi: uint64(i), KeyLo: 99, Minted: minted, Expires: expires,
				Reply: Reply{Index: uint64(1_000_000 + i)},
			})
		}
		return nil
	})
	if err != nil {
		m.t.Fatal(err)
	}
	m.c.state.Store(&next)
}

// Full memory refuses; it never forgets a younger key (P3). Keys that nobody gave
// have a budget of their own, in which the oldest makes room.
func TestReceiptBounds(t *testing.T) {
	m := newShop(t)
	fillReceipts(m, ReceiptsMax-1, false, m.now+1000)
	m.wants(coupon.OK, keyed(1, 7), newCampaign("last"))
	m.wants(coupon.CapacityExceeded, keyed(2, 7), newCampaign("one more"))
	if _, ok := m.c.View().CampaignByRef(1, "one more"); ok {
		t.Fatal("C3: refused and created")
	}
	if r := m.as(keyed(1, 7), newCampaign("last")); !r.Replayed {
		t.Fatalf("full, and forgot: %+v", r)
	}
	m.wants(coupon.OK, header(), newCampaign("without a key"))
	minted := keyed(3, 7)
	minted.Flags = FlagMinted
	m.wants(coupon.OK, minted, newCampaign("minted"))
	fillReceipts(m, MintedReceiptsMax-1, true, m.now+2000)
	minted.Key.Hi++
	m.wants(coupon.OK, minted, newCampaign("minted too"))
	if got := m.c.View().r.mintedAges.size(); got != MintedReceiptsMax {
		t.Fatalf("%d minted receipts", got)
	}
	m.now += 1000
	m.wants(coupon.OK, keyed(2, 7), newCampaign("one more")) // two were swept
}

// A refusal that is found in today's state must not reach a caller whose key was
// answered before: readers see the memory of keys as Apply does (P3).
func TestReadersSeeTheMemoryOfKeys(t *testing.T) {
	m := newShop(t)
	m.ok(newCampaign("summer"))
	first := m.as(keyed(1, 7), &PutJob{Project: 1, Campaign: 1, NewJob: newJob("GENERATE")})
	m.ok(&DeleteCampaign{Project: 1, Campaign: 1})
	m.ok(newCampaign("summer"))
	f := func(h Header, campaign uint32, kind string, want Reply, found bool) {
		t.Helper()
		got, ok := m.c.View().Replay(&h, &PutJob{Project: 1, Campaign: campaign, NewJob: NewJob{Kind: kind}})
		if got != want || ok != found {
			t.Fatalf("got %+v %v, want %+v %v", got, ok, want, found)
		}
	}
	again := first
	again.Replayed = true
	f(keyed(1, 7), 1, "GENERATE", again, true)
	f(keyed(1, 8), 1, "GENERATE", Reply{Outcome: coupon.KeyConflict}, true)
	f(keyed(2, 7), 1, "GENERATE", Reply{}, false)
	f(keyed(1, 7), 2, "GENERATE", Reply{}, false)
	f(keyed(1, 7), 1, "IMPORT", Reply{}, false)
	f(Header{}, 1, "GENERATE", Reply{}, false)

	key := keyed(1, 7).Key
	named := func(want uint32, kind string, key coupon.Hash, ref string) {
		t.Helper()
		got, ok := m.c.View().CampaignOfKey(1, kind, key, ref)
		if ok != (want != 0) || ok && got.Ordinal != want {
			t.Fatalf("%s %q: %+v %v, want %d", kind, ref, got, ok, want)
		}
	}
	named(1, "GENERATE", key, "summer")
	named(1, "GENERATE", key, m.c.View().Campaign(1).ID)
	named(0, "GENERATE", key, "winter")
	named(0, "GENERAT", key, "summer")
	named(0, "GENERATE", keyed(2, 7).Key, "summer")
	named(0, "GENERATE", coupon.Hash{}, "summer")
	m.as(keyed(1, 7), &PutJob{Project: 1, Campaign: 2, NewJob: newJob("GENERATE")})
	named(2, "GENERATE", key, "summer")

	m.now += ReceiptMillis
	m.wants(coupon.ResourceNotFound, keyed(9, 9), &DeleteCampaign{Project: 1, Campaign: 99}) // time passes
	f(keyed(1, 7), 1, "GENERATE", Reply{}, false)
	named(0, "GENERATE", key, "summer")
}
