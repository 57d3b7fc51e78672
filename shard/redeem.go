package shard

import (
	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/internal/invariant"
)

// THE LAW: who may redeem, in order; then the change; nothing else lives here.
//
// The order is fixed and the same on every replica: slot owned (apply) →
// receipt → not_after → fence → interval and basis → the checks in order of
// precedence (check.go) → the change. Up to the line marked below nothing is
// written, so that a refusal leaves nothing behind.

func (s *Shard) applyRedeem(h *Header, body []byte, r *Reply) error {
	q := &s.redeemBody
	if err := decodeRedeem(body, q, &s.birthBody); err != nil {
		return err
	}
	p := s.lock(h.Slot)
	defer p.mu.Unlock()
	r.Slot, r.Ordinal = h.Slot, q.Ordinal
	row := s.codeRow(h.Slot, q.Ordinal)
	if row == nil {
		if s.admit(h, s.projectFence(q.Project), r) {
			r.Outcome = coupon.NotFound
		}
		return nil
	}
	if f := s.receiptOfCode(s.now, KindRedeem, h.Slot, q.Ordinal, row, h.Key); f != nil {
		return s.settle(f, h, r)
	}
	v := &s.codeView
	s.view(h.Slot, q.Ordinal, row, v)
	if !s.admit(h, v.Fence, r) {
		return nil
	}
	if h.BasisMask != 0 && h.BasisVersion != v.Version || q.Campaign != v.Campaign && !v.Deleted {
		r.Outcome = coupon.Reevaluate
		return nil
	}
	customer := q.Customer
	if q.Birth != nil {
		if !s.owns(q.Birth.Source.Slot()) {
			r.Outcome = coupon.Moved
			return nil
		}
		customer = s.customerBySource(q.Birth.Source)
		if q.Birth.Fresh && customer != (coupon.ID{}) {
			r.Outcome = coupon.Reevaluate // somebody else's birth came first
			return nil
		}
	}
	s.countFor(v, customer)
	s.facts = redeemFacts(s.now, q, customer)
	if c := Examine(v, &s.facts, nil); c.Refuses {
		r.Outcome, r.Scope, r.Uses, r.Balance = c.Outcome, c.Scope, v.Used, v.Balance
		return nil
	}
	if s.full(len(body)+recordBytesMax) || q.Birth != nil && s.crowded(q.Birth.Source.Slot()) {
		r.Outcome = coupon.CapacityExceeded
		return nil
	}
	// ---- nothing refuses below this line ----
	if q.Birth != nil && customer == (coupon.ID{}) {
		q.Birth.Project = q.Project
		customer = s.bearCustomer(h, q.Birth, p)
	}
	s.use(h, q, v, row, customer, r)
	return nil
}

func redeemFacts(now int64, q *Redeem, customer coupon.ID) Facts {
	f := AllowAll()
	f.Now, f.Project, f.Customer = now, q.Project, customer
	f.Currency, f.GiftMax, f.GiftAsked = q.Currency, q.GiftMax, q.GiftAsked
	if q.Birth != nil && customer == (coupon.ID{}) {
		f.Customer = unborn
	}
	return f
}

// unborn stands for a customer who comes into being with this redemption: not
// nobody, and nobody's equal.
var unborn = coupon.ID{Slot: coupon.Slots}

// use takes one use: the journal record, the counters, the receipt.
func (s *Shard) use(h *Header, q *Redeem, v *CodeView, row codeRow, customer coupon.ID, r *Reply) {
	gift := min(q.GiftMax, v.Balance)
	if !v.IsGift {
		gift = 0
	}
	rec := s.newRecord(h)
	rec.Project, rec.Campaign, rec.Ordinal, rec.Customer = v.Project, v.Campaign, q.Ordinal, customer
	rec.Currency, rec.Order, rec.Discount, rec.Applied, rec.Gift = q.Currency, q.Order, q.Discount, q.Applied, gift
	rec.Lines, rec.Tail = q.Lines, q.Tail
	rec.Uses, rec.Balance = v.Used+1, v.Balance-gift
	if v.IsGift {
		rec.Flags |= RecordIsGift
		rec.Currency = v.Currency
	}
	invariant.Check(rec.Balance >= 0 && (v.Limit == Unlimited || rec.Uses <= v.Limit), "S5: a use above the limit or the balance")
	s.commit(h.Slot, rec)
	s.countUse(h.Slot, row, v, rec)
	if customer != (coupon.ID{}) && v.PerCustomer > 0 {
		s.addUse(h.Slot, q.Ordinal, customer, 1)
	}
	s.countCampaign(v.Campaign, func(c *campaignState) {
		c.redeemed++
		count(&c.applied, rec.Applied)
		count(&c.credits, gift)
	})
	r.fill(rec)
	r.Version = row.version()
}

// countUse writes the code's new count and remembers the receipt.
func (s *Shard) countUse(slot uint16, row codeRow, v *CodeView, rec *Record) {
	if v.Limit == 1 && !row.has(flagSide) {
		s.touch(slot, tableCodes, v.Ordinal, row)
		if old := s.journal.read(row.lastUse()); old != nil {
			s.remember(slot, old) // used, rolled back, used again: the first key keeps its answer
		}
		row.setUse(row.use()&^useMask | flagUsed | rec.Seq)
		row.bump()
		return
	}
	side := s.ownSide(slot, v.Ordinal, row)
	side.put(sideUsed, rec.Uses)
	side.put(sideBalance, rec.Balance)
	s.touch(slot, tableCodes, v.Ordinal, row)
	row.bump()
	s.remember(slot, s.journal.at(rec.Seq))
}
