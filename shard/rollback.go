package shard

import (
	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/internal/invariant"
)

// applyRollback gives a redemption back: the use, the customer's use, the
// credits. It restores what the redemption recorded, not what would be computed
// today, and passes every fence: undoing is not redeeming.
func (s *Shard) applyRollback(h *Header, body []byte, r *Reply) error {
	var q Rollback
	if err := decodeRollback(body, &q); err != nil {
		return err
	}
	if q.Redemption.Slot != h.Slot {
		r.Outcome = coupon.Moved
		return nil
	}
	p := s.lock(h.Slot)
	defer p.mu.Unlock()
	var red Record
	known, missed := s.redemption(&q, h.Seen, &red)
	if known {
		if f := s.receipt(s.now, KindRollback, h.Slot, packID(q.Redemption), h.Key); f != nil {
			return s.settle(f, h, r)
		}
	}
	switch {
	case s.now > h.NotAfter:
		r.Outcome = coupon.TooLate
		return nil
	case missed:
		r.Outcome = coupon.LookAgain
		return nil
	case !known:
		r.Outcome = coupon.NotFound
		return nil
	}
	var done int64 // credits given back before
	f := s.rollbackOf(q.Redemption)
	if f == nil && len(q.Back) > 0 {
		f = front(q.Back)
	}
	if f != nil {
		if f.flags()&RecordEnd != 0 {
			r.Outcome = coupon.AlreadyRolledBack
			return nil
		}
		var prev Record
		if err := DecodeRecord(f, &prev); err != nil {
			return err
		}
		done = prev.Applied
	}
	amount, ok := rollbackAmount(&red, q.Amount, done)
	if !ok || s.now >= h.ValidUntil { // more than is left, or the project's window is over
		r.Outcome = coupon.InvalidRollback
		return nil
	}
	if s.spent(recordBytesMax) {
		r.Outcome = coupon.CapacityExceeded
		return nil
	}
	// ---- nothing refuses below this line ----
	s.giveBack(h, &q, &red, amount, done, r)
	return nil
}

// rollbackAmount says how many credits go back. A discount goes back whole.
func rollbackAmount(red *Record, asked, done int64) (amount int64, ok bool) {
	left := red.Gift - done
	if asked == RollbackAll {
		return left, true
	}
	if red.Flags&RecordIsGift == 0 {
		return 0, asked == red.Applied
	}
	return asked, asked <= left
}

// redemption reads the record of a redemption of the project: from the journal, or
// when it was sealed, as the command brought it along. missed reports that the command
// was made before, or without a look at, what was sealed since.
func (s *Shard) redemption(q *Rollback, seen uint64, rec *Record) (known, missed bool) {
	f := s.event(q.Redemption)
	if s.isSealed(q.Redemption) {
		if f = front(q.Sealed); len(f) == 0 || seen < s.journal.sealed {
			return false, true
		}
	}
	known = f != nil && f.kind() == KindRedeem && DecodeRecord(f, rec) == nil && rec.Project == q.Project
	return known && s.codeRow(q.Redemption.Slot, rec.Ordinal) != nil, false
}

// event returns the journal record with a public id, or nil. The stripe is held.
func (s *Shard) event(id coupon.ID) front {
	if id.Slot >= coupon.Slots {
		return nil
	}
	t := &s.slots[id.Slot]
	n := uint32(id.Seq) // the generation stands above it
	if n <= t.sealed || uint64(n) > t.events.len() {
		return nil
	}
	f := s.journal.read(eventSeq(t.events.at(s.a, uint64(n)-1, eventRowBytes)))
	if f == nil || f.id() != id {
		return nil
	}
	return f
}

func (s *Shard) giveBack(h *Header, q *Rollback, red *Record, amount, done int64, r *Reply) {
	row := s.codeRow(h.Slot, red.Ordinal)
	invariant.Check(row != nil, "S6: a redemption whose code is gone")
	v := &s.codeView
	s.view(h.Slot, red.Ordinal, row, v)
	end := done+amount == red.Gift
	rec := s.newRecord(h)
	rec.Project, rec.Campaign, rec.Ordinal, rec.Customer = red.Project, red.Campaign, red.Ordinal, red.Customer
	rec.Currency, rec.Order, rec.Gift, rec.Ref, rec.Tail = red.Currency, red.Order, amount, q.Redemption, q.Tail
	rec.Flags |= red.Flags & RecordIsGift
	rec.Applied = done + amount // credits given back so far
	rec.Uses, rec.Balance = v.Used, v.Balance+amount
	if end {
		rec.Flags |= RecordEnd
		rec.Uses--
		if red.Flags&RecordIsGift == 0 {
			rec.Discount = red.Applied
		}
	}
	invariant.Check(rec.Uses >= 0, "S5: more uses given back than taken")
	s.commit(h.Slot, rec)
	s.restoreUse(h.Slot, row, v, rec)
	if end && red.Customer != (coupon.ID{}) && v.PerCustomer > 0 {
		s.addUse(h.Slot, red.Ordinal, red.Customer, -1)
	}
	s.noteRollback(rec)
	s.remember(h.Slot, s.journal.at(rec.Seq))
	s.countCampaign(red.Campaign, func(c *campaignState) {
		count(&c.creditsBack, amount)
		if end {
			c.rolledBack++
			count(&c.appliedBack, red.Applied)
		}
	})
	r.fill(rec)
	r.Version = row.version()
}

func (s *Shard) restoreUse(slot uint16, row codeRow, v *CodeView, rec *Record) {
	if side := s.sideOf(row); side != nil {
		s.touchSide(slot, row.side(), side)
		side.put(sideUsed, rec.Uses)
		side.put(sideBalance, rec.Balance)
	}
	s.touch(slot, tableCodes, v.Ordinal, row)
	if !row.has(flagSide) {
		row.setFlag(flagUsed, rec.Uses > 0)
	}
	row.bump()
}
