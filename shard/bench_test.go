package shard

import (
	"testing"

	"github.com/scrip-engine/scrip/coupon"
)

// BenchmarkApplyRedeem is the law's own time for one redemption of a code with
// many uses, a hundred an entry, each under a key of its own. Writing the commands
// is part of it.
func BenchmarkApplyRedeem(b *testing.B) {
	const size, now = 100, int64(1_700_000_000_000)
	s := New(Config{Last: coupon.Slots - 1, Epoch: 1})
	b.Cleanup(s.Close)
	secret := coupon.NewSecret([32]byte{1, 2, 3})
	h := Header{Kind: KindCampaign, Epoch: 1, NotAfter: now + 10_000, CatalogIndex: 100,
		ValidFrom: AlwaysFrom, ValidUntil: AlwaysUntil, FingerprintVersion: 1, Fingerprint: 7, Actor: 1}
	replies := make([]Reply, size)
	apply := func(cmds ...[]byte) {
		if err := s.Apply(now, cmds, replies[:len(cmds)]); err != nil {
			b.Fatal(err)
		}
		for i := range cmds {
			if replies[i].Outcome != coupon.OK {
				b.Fatalf("%+v", replies[i])
			}
		}
	}
	apply(AppendCampaign(AppendHeader(nil, &h), &Campaign{Ordinal: 1, Project: 1, Limit: Unlimited}))
	h.Kind = KindCreate
	hash := secret.Hash("proj", coupon.DomainCode, []byte("hot"))
	h.Slot = hash.Slot()
	apply(AppendCreate(AppendHeader(nil, &h), &Create{Project: 1, Campaign: 1, Rules: testRules, Code: NewCode{Hash: hash, Issued: []byte("hot")}}))
	h.Kind = KindRedeem
	q := Redeem{Project: 1, Campaign: 1, Order: 10_000, Discount: 1_000, Applied: 1_000, Currency: 840}
	cmds := make([][]byte, size)
	b.ReportAllocs()
	n := uint64(0)
	for b.Loop() {
		// One iteration is one redemption: every hundredth applies them all.
		n++
		h.Key = coupon.Hash{Hi: n * 0x9E3779B97F4A7C15, Lo: n}
		i := int(n) % size
		cmds[i] = AppendRedeem(AppendHeader(cmds[i][:0], &h), &q)
		if i == size-1 && n > size {
			apply(cmds...)
		}
	}
}
