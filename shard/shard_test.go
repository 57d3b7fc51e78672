package shard

import (
	"testing"

	"github.com/scrip-engine/scrip/coupon"
)

// world drives a shard the way the engine does, with fixed facts.
type world struct {
	t      *testing.T
	s      *Shard
	secret *coupon.Secret
	now    int64
}

var testRules = coupon.CodeRules{Version: coupon.CodeRulesVersion, Fold: true}

func newWorld(t *testing.T) *world {
	t.Helper()
	s := New(Config{Last: coupon.Slots - 1, Epoch: 1})
	t.Cleanup(s.Close)
	return &world{t: t, s: s, secret: coupon.NewSecret([32]byte{1, 2, 3}), now: 1_700_000_000_000}
}

func (w *world) hash(code string) coupon.Hash {
	folded, err := testRules.AppendFolded(nil, []byte(code))
	if err != nil {
		w.t.Fatal(err)
	}
	return w.secret.Hash("proj", coupon.DomainCode, folded)
}

func (w *world) header(kind Kind, slot uint16, key string) []byte {
	h := Header{Kind: kind, Slot: slot, Epoch: 1, NotAfter: w.now + 10_000, CatalogIndex: 100,
		ValidFrom: AlwaysFrom, ValidUntil: AlwaysUntil, FingerprintVersion: 1, Fingerprint: 7, Actor: 1}
	if key != "" {
		h.Key = w.secret.KeyHash([]byte(key))
	}
	return AppendHeader(nil, &h)
}

func (w *world) apply(cmd []byte) Reply {
	w.t.Helper()
	replies := make([]Reply, 1)
	w.now++
	if err := w.s.Apply(w.now, [][]byte{cmd}, replies); err != nil {
		w.t.Fatal(err)
	}
	return replies[0]
}

func (w *world) campaign(c Campaign) {
	w.t.Helper()
	if r := w.apply(AppendCampaign(w.header(KindCampaign, 0, ""), &c)); r.Outcome != coupon.OK {
		w.t.Fatalf("campaign: %+v", r)
	}
}

func (w *world) create(code string, campaign uint32, sp Spec) Reply {
	w.t.Helper()
	h := w.hash(code)
	return w.apply(AppendCreate(w.header(KindCreate, h.Slot(), ""),
		&Create{Project: 1, Campaign: campaign, Rules: testRules, Code: NewCode{Hash: h, Issued: []byte(code), Spec: sp}}))
}

func (w *world) redeem(code, key string, q Redeem) Reply {
	w.t.Helper()
	l := w.look(code)
	if !l.View.Found {
		return Reply{Outcome: coupon.NotFound}
	}
	q.Ordinal, q.Project, q.Campaign = l.View.Ordinal, 1, l.View.Campaign
	return w.apply(AppendRedeem(w.header(KindRedeem, l.View.Slot, key), &q))
}

func (w *world) look(code string) *Look {
	folded, err := testRules.AppendFolded(nil, []byte(code))
	if err != nil {
		w.t.Fatal(err)
	}
	var l Look
	w.s.Look(&Query{Project: 1, Rules: testRules, Hash: w.hash(code), Folded: folded}, &l)
	return &l
}

// The shortest life of a coupon: issued, used once, refused, given back, used.
func TestOneUse(t *testing.T) {
	w := newWorld(t)
	w.campaign(Campaign{Ordinal: 1, Project: 1, Birth: 5, Limit: 1})
	if r := w.create("Summer-1", 1, Spec{}); r.Outcome != coupon.OK {
		t.Fatalf("create: %+v", r)
	}
	if r := w.create("SUMMER-1", 1, Spec{}); r.Outcome != coupon.DuplicateFound {
		t.Fatalf("same code in other letters: %+v", r)
	}
	first := w.redeem("summer-1", "k1", Redeem{Order: 1000, Applied: 100})
	if first.Outcome != coupon.OK || first.Uses != 1 {
		t.Fatalf("redeem: %+v", first)
	}
	if r := w.redeem("summer-1", "k1", Redeem{Order: 1000, Applied: 100}); !r.Replayed || r.ID != first.ID || r.Stamp != first.Stamp {
		t.Fatalf("retry: %+v, want a replay of %+v", r, first)
	}
	if r := w.redeem("summer-1", "k2", Redeem{Order: 1000, Applied: 100}); r.Outcome != coupon.QuantityExceeded {
		t.Fatalf("second use: %+v", r)
	}
	back := w.apply(AppendRollback(w.header(KindRollback, first.Slot, "rb"), &Rollback{Redemption: first.ID, Project: 1, Amount: RollbackAll}))
	if back.Outcome != coupon.OK || back.Uses != 0 {
		t.Fatalf("rollback: %+v", back)
	}
	if r := w.apply(AppendRollback(w.header(KindRollback, first.Slot, "rb2"), &Rollback{Redemption: first.ID, Project: 1, Amount: RollbackAll})); r.Outcome != coupon.AlreadyRolledBack {
		t.Fatalf("second rollback: %+v", r)
	}
	if r := w.redeem("summer-1", "k2", Redeem{Order: 1000, Applied: 100}); r.Outcome != coupon.OK || r.Replayed {
		t.Fatalf("use after rollback: %+v", r)
	}
	if r := w.redeem("summer-1", "k1", Redeem{Order: 1000, Applied: 100}); !r.Replayed || r.ID != first.ID {
		t.Fatalf("the first key lost its answer: %+v", r)
	}
}
