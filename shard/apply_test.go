package shard

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/scrip-engine/scrip/coupon"
)

// A shard that decided for slots it does not own would be a second truth about
// their codes. Nothing of a command for another owner may be done.
func TestOtherOwnersSlots(t *testing.T) {
	w := newWorld(t)
	own := w.hash("here").Slot()
	far := w.hash("there")
	if own == far.Slot() {
		t.Fatal("the two codes share a slot")
	}
	w.s = New(Config{First: own, Last: own, Epoch: 1})
	t.Cleanup(w.s.Close)
	if r := w.create("there", 0, Spec{}); r.Outcome != coupon.Moved {
		t.Fatalf("create: %+v", r)
	}
	q := Import{Project: 1, Rules: testRules, Job: 1, Chunk: 1, Codes: []NewCode{
		{Hash: far, Issued: []byte("there")}, {Hash: w.hash("here"), Issued: []byte("here")}}}
	r := w.apply(AppendImport(w.header(KindImport, own, ""), &q))
	if r.Created != 1 || len(r.FailedRows) != 1 || r.FailedRows[0] != (FailedRow{0, coupon.Moved}) {
		t.Fatalf("import: %+v", r)
	}
	if r := w.redeem("here", "", Redeem{Birth: &Customer{Source: far}}); r.Outcome != coupon.Moved {
		t.Fatalf("a customer of another owner was born: %+v", r)
	}
	if r := w.redeem("here", "", Redeem{Birth: &Customer{Source: w.hash("here")}}); r.Outcome != coupon.OK {
		t.Fatalf("redeem: %+v", r)
	}
	other := w.hash("here")
	other.Hi ^= 1 << 52
	if r := w.apply(AppendCreate(w.header(KindCreate, own, ""), &Create{Project: 1, Rules: testRules,
		Code: NewCode{Hash: other, Issued: []byte("x")}})); r.Outcome != coupon.Moved {
		t.Fatalf("a code under another slot's header: %+v", r)
	}
}

// What cannot be understood stops the group, and says which command it was. The
// stamp of a clock gone mad would make every key immortal or dead.
func TestApplyRefusesWhatItCannotRead(t *testing.T) {
	w := newWorld(t)
	good := AppendFence(w.header(KindFence, 0, ""), &Fence{FenceProject, 1, 1})
	f := func(want string, stamp int64, cmds ...[]byte) {
		t.Helper()
		if err := w.s.Apply(stamp, cmds, nil); !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one about %q", err, want)
		}
	}
	f("command 2 of 3", w.now, good, []byte("?"), good)
	f("kind 99", w.now, w.header(99, 0, ""))
	f("stamp", math.MaxInt64, good)
	f("text of a code", w.now, AppendCreate(w.header(KindCreate, 0, ""), &Create{Project: 1, Rules: testRules, Code: NewCode{Issued: []byte("a\x00b")}}))
	f("text of a code", w.now, AppendImport(w.header(KindImport, 0, ""), &Import{Project: 1, Rules: testRules, Job: 1, Chunk: 1, Codes: []NewCode{{Issued: []byte{0xff}}}}))
	f("rules", w.now, AppendCreate(w.header(KindCreate, 0, ""), &Create{Project: 1, Code: NewCode{Issued: []byte("a")}}))
	for _, q := range []Redeem{{Order: -1}, {Order: coupon.AmountMax + 1}, {Applied: math.MaxInt64}, {Discount: math.MinInt64}, {GiftMax: -1},
		{Lines: []int64{1 << 62}}, {Lines: make([]int64, linesMax+1)}, {Birth: &Customer{}}, {Tail: make([]byte, coupon.TailBytesMax+1)},
		{Customer: coupon.ID{Slot: coupon.Slots}}} {
		f("command 1 of 1", w.now, AppendRedeem(w.header(KindRedeem, 0, ""), &q))
	}
	for _, sp := range []Spec{{Mask: SpecLimit, Limit: -2}, {Mask: SpecLimit, Limit: math.MaxInt64}, {Mask: SpecGift, Gift: -1},
		{Mask: SpecGift, Gift: math.MaxInt64}, {Mask: SpecPerCustomer, PerCustomer: -1}, {Mask: SpecDisabled << 1},
		{Mask: SpecMetadata, Metadata: make([]byte, coupon.MetadataBytesMax+1)}} {
		f("command 1 of 1", w.now, AppendCreate(w.header(KindCreate, 0, ""), &Create{Project: 1, Rules: testRules, Code: NewCode{Issued: []byte("a"), Spec: sp}}))
	}
	f("command 1 of 1", w.now, AppendBalance(w.header(KindBalance, 0, ""), &Balance{Amount: math.MinInt64}))
	f("command 1 of 1", w.now, AppendRollback(w.header(KindRollback, 0, ""), &Rollback{Amount: -2}))
	f("command 1 of 1", w.now, AppendUpdate(w.header(KindUpdate, 0, ""), &Update{Set: Spec{Mask: SpecLimit, Limit: 9}}))
	f("command 1 of 1", w.now, AppendUpdate(w.header(KindUpdate, 0, ""), &Update{Set: Spec{Mask: SpecFrom}, Clear: SpecFrom}))
	f("command 1 of 1", w.now, AppendCampaign(w.header(KindCampaign, 0, ""), &Campaign{Ordinal: 0}))
	if w.s.LastSeq() != 0 {
		t.Fatalf("%d records were written", w.s.LastSeq())
	}
}

// Names of kinds are in logs and events: each has one, and no two share it.
func TestKindsHaveNames(t *testing.T) {
	seen := map[string]Kind{}
	for k := KindRedeem; k <= KindCampaign; k++ {
		if other, ok := seen[k.String()]; ok || strings.HasPrefix(k.String(), "kind_") {
			t.Errorf("kind %d is called %q, like %d", uint16(k), k, uint16(other))
		}
		seen[k.String()] = k
	}
}

// Balances and counters at the end of their range stop there and stay true.
func TestAmountsAtTheEndOfTheirRange(t *testing.T) {
	w := newWorld(t)
	w.campaign(Campaign{Ordinal: 1, Project: 1, Limit: Unlimited, IsGift: true, Gift: coupon.AmountMax, Currency: 978})
	w.create("g", 1, Spec{})
	var last Reply
	for range 1100 { // 1,025 such amounts wrap 64 bits
		last = w.redeem("g", "", Redeem{GiftMax: coupon.AmountMax, Order: coupon.AmountMax, Applied: coupon.AmountMax})
		if last.Outcome != coupon.OK || last.Balance != 0 || last.Applied != 2*coupon.AmountMax {
			t.Fatalf("redeem: %+v", last)
		}
		back := w.apply(AppendRollback(w.header(KindRollback, last.Slot, ""), &Rollback{Redemption: last.ID, Project: 1, Amount: RollbackAll}))
		if back.Outcome != coupon.OK || back.Balance != coupon.AmountMax || back.Uses != 0 {
			t.Fatalf("rollback: %+v", back)
		}
	}
	info, _ := w.s.Campaign(1)
	if info.Credits != math.MaxInt64 || info.CreditsBack != math.MaxInt64 || info.Redeemed != 1100 {
		t.Fatalf("counters: %+v", info)
	}
	l := w.look("g")
	if r := w.apply(AppendBalance(w.header(KindBalance, l.View.Slot, ""), &Balance{l.View.Ordinal, 1, 1, nil})); r.Outcome != coupon.InvalidAmount {
		t.Fatalf("balance above the largest amount: %+v", r)
	}
}
