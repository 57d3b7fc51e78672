package shard

import (
	"bytes"
	"testing"

	"github.com/scrip-engine/scrip/coupon"
)

func (w *world) claim(key string, fingerprint uint64) Reply {
	w.t.Helper()
	h := Header{Kind: KindClaim, Slot: 7, Epoch: 1, NotAfter: w.now + 10_000, CatalogIndex: 100, ValidFrom: AlwaysFrom,
		ValidUntil: AlwaysUntil, FingerprintVersion: 1, Fingerprint: fingerprint, Actor: 1}
	if key != "" {
		h.Key = w.secret.KeyHash([]byte(key))
	}
	return w.apply(AppendClaim(AppendHeader(nil, &h), &Claim{Project: 1, Campaign: 9}))
}

// restored is the world over a shard that was restored from this one's image.
func (w *world) restored() *world {
	w.t.Helper()
	var img bytes.Buffer
	fz, err := w.s.Freeze()
	if err != nil {
		w.t.Fatal(err)
	}
	defer fz.Release()
	if _, err := fz.WriteTo(&img); err != nil {
		w.t.Fatal(err)
	}
	next := newWorld(w.t)
	next.now = w.now
	if err := next.s.Restore(&img); err != nil {
		w.t.Fatal(err)
	}
	return next
}

// Without a claim another request under the key would not find the receipt of the
// first, whose anchor only the same request leads to (P3).
func TestAClaimBindsAKeyToARequest(t *testing.T) {
	w := newWorld(t)
	first := w.claim("k", 1)
	f := func(w *world, key string, fingerprint uint64, want coupon.Outcome, replayed bool) Reply {
		t.Helper()
		r := w.claim(key, fingerprint)
		if r.Outcome != want || r.Replayed != replayed {
			t.Fatalf("claim of %q: %v replayed %v, want %v %v", key, r.Outcome, r.Replayed, want, replayed)
		}
		return r
	}
	if again := f(w, "k", 1, coupon.OK, true); again.Seq != first.Seq {
		t.Fatalf("record %d, the first was %d", again.Seq, first.Seq)
	}
	f(w, "k", 2, coupon.KeyConflict, false)
	f(w, "other", 2, coupon.OK, false)
	if r := f(w, "", 3, coupon.OK, false); r.Seq != 0 {
		t.Fatal("a claim without a key left a record")
	}
	w.now = first.Stamp + claimFreshMillis - 2
	f(w, "k", 1, coupon.OK, true)
	second := f(w, "k", 1, coupon.OK, false) // renewed
	if second.Seq == first.Seq {
		t.Fatal("an old claim was not renewed")
	}
	// The renewed one is the only one, also in a shard that came from an image (S1).
	back := w.restored()
	for _, w := range []*world{w, back} {
		if r := f(w, "k", 1, coupon.OK, true); r.Seq != second.Seq {
			t.Fatalf("answered by record %d, not %d", r.Seq, second.Seq)
		}
		f(w, "k", 2, coupon.KeyConflict, false)
		var rec Record
		if !w.s.Claimed(7, w.secret.KeyHash([]byte("k")), &rec) || rec.Seq != second.Seq || rec.Campaign != 9 || rec.Fingerprint != 1 {
			t.Fatalf("the claim reads as %+v", rec)
		}
		if w.s.Claimed(8, w.secret.KeyHash([]byte("k")), &rec) || w.s.Claimed(7, coupon.Hash{}, &rec) {
			t.Fatal("a claim where there is none")
		}
		w.now = second.Stamp + coupon.KeyMemoryMillis - 2
		f(w, "k", 2, coupon.KeyConflict, false)
		f(w, "k", 2, coupon.OK, false) // its day is over
	}
	one, err := w.s.Digest()
	if err != nil {
		t.Fatal(err)
	}
	if two, err := back.s.Digest(); err != nil || one != two {
		t.Fatalf("digests %x and %x, %v", one, two, err)
	}
}

// A claim is refused like every change: late, behind a fence, without room.
func TestAClaimCanBeRefused(t *testing.T) {
	w := newWorld(t)
	w.apply(AppendFence(w.header(KindFence, 0, ""), &Fence{FenceProject, 1, 150}))
	if r := w.claim("k", 1); r.Outcome != coupon.Stale || r.CatalogIndex != 150 {
		t.Fatalf("behind the fence: %+v", r)
	}
	w = newWorld(t)
	first := w.claim("k", 1)
	w.apply(AppendTune(w.header(KindTune, 0, ""), &Tune{Budget: 1}))
	if r := w.claim("l", 1); r.Outcome != coupon.CapacityExceeded {
		t.Fatalf("without room: %+v", r)
	}
	w.now += claimFreshMillis
	if r := w.claim("k", 1); r.Outcome != coupon.OK || r.Seq != first.Seq {
		t.Fatalf("the claim that is there: %+v", r)
	}
}

// A caller that asks again for a code that was created, and deleted since, is
// answered from the receipt: readers find it where the law does (S8).
func TestReadersFindTheReceiptOfACreate(t *testing.T) {
	w := newWorld(t)
	h := w.hash("A")
	key := w.secret.KeyHash([]byte("k"))
	r := w.apply(AppendCreate(w.header(KindCreate, h.Slot(), "k"), &Create{Project: 1, Rules: testRules,
		Code: NewCode{Hash: h, Issued: []byte("A"), Spec: Spec{Mask: SpecLimit, Limit: 1}}}))
	look := func(key coupon.Hash) *Look {
		l := new(Look)
		w.s.Look(&Query{Project: 1, Rules: testRules, Hash: h, Folded: []byte("a"), Kind: KindCreate, Key: key}, l)
		return l
	}
	for range 2 {
		if l := look(key); !l.HasReceipt || l.Receipt.Seq != r.Seq {
			t.Fatalf("receipt %v %d, want %d", l.HasReceipt, l.Receipt.Seq, r.Seq)
		}
		if look(w.secret.KeyHash([]byte("l"))).HasReceipt || look(coupon.Hash{}).HasReceipt {
			t.Fatal("another key has the receipt")
		}
		w.apply(AppendDelete(w.header(KindDelete, h.Slot(), ""), &Delete{r.Ordinal, 1}))
	}
	w.now += coupon.KeyMemoryMillis
	w.campaign(Campaign{Ordinal: 1, Project: 1})
	if look(key).HasReceipt {
		t.Fatal("found after its day")
	}
}
