package shard

import (
	"fmt"
	"testing"

	"github.com/scrip-engine/scrip/coupon"
)

// filler fills a shard with what a Load says, by commands.
type filler struct {
	t      *testing.T
	s      *Shard
	secret *coupon.Secret
}

func (f *filler) apply(kind Kind, slot uint16, key coupon.Hash, body any) {
	f.t.Helper()
	c := &command{Header{Kind: kind, Slot: slot, Epoch: 1, NotAfter: 10, CatalogIndex: 10, ValidFrom: AlwaysFrom,
		ValidUntil: AlwaysUntil, Key: key}, body}
	r := make([]Reply, 1)
	if err := f.s.Apply(1, [][]byte{c.encode()}, r); err != nil || r[0].Outcome != coupon.OK {
		f.t.Fatalf("%v: %v %v", kind, r[0].Outcome, err)
	}
}

func (f *filler) issue(campaign uint32, n int64) {
	f.apply(KindCampaign, 3, coupon.Hash{}, &Campaign{Ordinal: campaign, Project: 1, Birth: 1, Limit: 3 - 2*int64(campaign),
		IsGift: campaign == 2, Gift: 100 * int64(campaign-1), Currency: 978 * uint16(campaign-1)})
	for i := int64(0); i < n; i += 1000 {
		q := &Import{Project: 1, Campaign: campaign, Rules: testRules, Job: uint64(campaign), Chunk: uint32(i/1000 + 1)}
		for k := range min(1000, n-i) {
			text := fmt.Appendf(nil, "k%d-%09d", campaign, i+k)
			q.Codes = append(q.Codes, NewCode{Hash: f.secret.Hash("b", coupon.DomainCode, text), Issued: text})
		}
		f.apply(KindImport, 3, coupon.Hash{}, q)
	}
}

func (f *filler) redeem(i uint32, campaign uint32) {
	slot, ordinal, _ := f.s.Place(i)
	q := &Redeem{Ordinal: ordinal, Project: 1, Campaign: campaign, Order: 5000, Currency: 978,
		Tail: AppendTail(AppendTail(nil, TagOrderSource, []byte("order-000000001")), TagOrderStatus, []byte("CREATED"))}
	if campaign == 2 {
		q.GiftMax = 10
	} else {
		q.Discount, q.Applied = 500, 500
	}
	f.apply(KindRedeem, slot, f.secret.KeyHash(fmt.Append(nil, i)), q)
}

// A machine that is bought by the formula must carry what it was bought for.
func TestTheFormulaHoldsAgainstTheArenas(t *testing.T) {
	check := func(what string, l Load) {
		t.Helper()
		f := &filler{t, New(Config{Last: coupon.Slots - 1, Epoch: 1}), coupon.NewSecret([32]byte{7})}
		defer f.s.Close()
		l.CodeBytes, l.ProfileBytes, l.RecordBytes = AverageCodeBytes, AverageProfileBytes, AverageRecordBytes
		if l.Codes > 0 {
			f.issue(1, l.Codes)
		}
		if l.Cards > 0 {
			f.issue(2, l.Cards)
		}
		for i := range l.Customers {
			source := f.secret.Hash("b", coupon.DomainCustomer, fmt.Append(nil, i))
			f.apply(KindCustomer, source.Slot(), coupon.Hash{}, &Customer{Project: 1, Source: source, Sealed: make([]byte, l.ProfileBytes)})
		}
		for i := range uint32(l.Records - l.KeyedCards) {
			f.redeem(i, 1)
		}
		for i := range uint32(l.KeyedCards) {
			f.redeem(uint32(l.Codes)+i, 2)
		}
		got, need := f.s.Memory().Live, Estimate(&l)
		if d := need.Total() - got; d > got/10 || d < -got/10 {
			t.Errorf("%s: %d bytes in the arena, the formula says %d: %+v", what, got, need.Total(), need)
		}
	}
	const n = 40_000
	check("codes", Load{Codes: 2 * n})
	check("cards", Load{Cards: n})
	check("customers", Load{Customers: n})
	check("redemptions of codes", Load{Codes: n, Records: n})
	check("redemptions of cards", Load{Cards: n, Records: n, KeyedCards: n})
	check("everything", Load{Codes: n, Cards: n / 2, Customers: n / 2, Records: n + n/2, KeyedCards: n / 2})
}
