package shard

import (
	"encoding/binary"

	"github.com/scrip-engine/scrip/coupon"
)

// Changes of one code: switch, update, delete, balance. All four begin alike
// and end in one record.

// begin finds the code and answers from the receipt, or from what stands before
// every change. done means that r is the answer. The stripe is held.
func (s *Shard) begin(h *Header, project, ordinal uint32, r *Reply) (row codeRow, done bool, err error) {
	r.Slot, r.Ordinal = h.Slot, ordinal
	row = s.codeRow(h.Slot, ordinal)
	if row == nil {
		if s.admit(h, s.projectFence(project), r) {
			r.Outcome = coupon.NotFound
		}
		return nil, true, nil
	}
	if f := s.receiptOfCode(s.now, h.Kind, h.Slot, ordinal, row, h.Key); f != nil {
		return nil, true, s.settle(f, h, r)
	}
	v := &s.codeView
	s.view(h.Slot, ordinal, row, v)
	switch {
	case !s.admit(h, v.Fence, r):
	case h.BasisMask != 0 && h.BasisVersion != v.Version:
		r.Outcome = coupon.Reevaluate
	case v.Deleted || v.Project != project:
		r.Outcome = coupon.NotFound
	case s.spent(recordBytesMax):
		r.Outcome = coupon.CapacityExceeded
	default:
		return row, false, nil
	}
	return nil, true, nil
}

// finish writes the record of a change and its answer. The stripe is held.
func (s *Shard) finish(h *Header, ordinal uint32, row codeRow, rec *Record, r *Reply) {
	v := &s.codeView
	s.view(h.Slot, ordinal, row, v)
	rec.Project, rec.Campaign, rec.Ordinal = v.Project, v.Campaign, ordinal
	rec.Uses, rec.Balance = v.Used, v.Balance
	if v.IsGift {
		rec.Flags |= RecordIsGift
		rec.Currency = v.Currency
	}
	s.commit(h.Slot, rec)
	s.remember(h.Slot, s.journal.at(rec.Seq))
	s.touch(h.Slot, tableCodes, ordinal, row)
	row.bump()
	r.fill(rec)
	r.Version = row.version()
}

func (s *Shard) applyEnable(h *Header, body []byte, r *Reply) error {
	var q Enable
	if err := decodeEnable(body, &q); err != nil {
		return err
	}
	p := s.lock(h.Slot)
	defer p.mu.Unlock()
	row, done, err := s.begin(h, q.Project, q.Ordinal, r)
	if done || err != nil {
		return err
	}
	// ---- nothing refuses below this line ----
	s.ownSide(h.Slot, q.Ordinal, row).put(sideUpdated, s.now)
	s.touch(h.Slot, tableCodes, q.Ordinal, row)
	row.setFlag(flagOff, !q.On)
	rec := s.newRecord(h)
	if !q.On {
		rec.Flags |= RecordOff
	}
	s.finish(h, q.Ordinal, row, rec, r)
	return nil
}

func (s *Shard) applyUpdate(h *Header, body []byte, r *Reply) error {
	var q Update
	if err := decodeUpdate(body, &q); err != nil {
		return err
	}
	p := s.lock(h.Slot)
	defer p.mu.Unlock()
	row, done, err := s.begin(h, q.Project, q.Ordinal, r)
	if done || err != nil {
		return err
	}
	// ---- nothing refuses below this line ----
	var sp Spec
	s.ownSide(h.Slot, q.Ordinal, row).spec(&sp)
	sp.patch(&q.Set, q.Clear)
	s.replaceSide(h.Slot, q.Ordinal, row, &sp)
	if q.Set.has(SpecDisabled) || q.Clear&SpecDisabled != 0 {
		row.setFlag(flagOff, q.Set.has(SpecDisabled))
	}
	rec := s.newRecord(h)
	rec.Customer = q.Set.Holder
	masks := binary.LittleEndian.AppendUint16(nil, uint16(q.Set.Mask))
	rec.Tail = AppendTail(q.Tail[:len(q.Tail):len(q.Tail)], TagChanged, binary.LittleEndian.AppendUint16(masks, uint16(q.Clear)))
	s.finish(h, q.Ordinal, row, rec, r)
	return nil
}

// patch writes the fields of set and drops those in clear. Byte fields of sp
// alias their old block, which is freed only after the new one was filled.
func (sp *Spec) patch(set *Spec, clear SpecMask) {
	sp.Mask = sp.Mask&^clear | set.Mask&^SpecDisabled
	if clear&SpecFrom != 0 {
		sp.From = 0
	}
	if clear&SpecUntil != 0 {
		sp.Until = 0
	}
	if clear&SpecHolder != 0 {
		sp.Holder = coupon.ID{}
	}
	if set.has(SpecFrom) {
		sp.From = set.From
	}
	if set.has(SpecUntil) {
		sp.Until = set.Until
	}
	if set.has(SpecHolder) {
		sp.Holder = set.Holder
	}
	from := set.blobs()
	for i, f := range sp.blobs() {
		if set.has(f.bit) {
			*f.b = *from[i].b
		}
	}
}

func (s *Shard) applyDelete(h *Header, body []byte, r *Reply) error {
	var q Delete
	if err := decodeDelete(body, &q); err != nil {
		return err
	}
	p := s.lock(h.Slot)
	defer p.mu.Unlock()
	row, done, err := s.begin(h, q.Project, q.Ordinal, r)
	if done || err != nil {
		return err
	}
	// ---- nothing refuses below this line ----
	s.ownSide(h.Slot, q.Ordinal, row).put(sideUpdated, s.now)
	s.touch(h.Slot, tableCodes, q.Ordinal, row)
	row.setFlag(flagDead, true)
	s.finish(h, q.Ordinal, row, s.newRecord(h), r)
	s.countCampaign(s.codeView.Campaign, func(c *campaignState) { c.codes-- })
	return nil
}

// applyBalance adds to a gift card or takes from it, never below zero and never
// above what the API can express.
func (s *Shard) applyBalance(h *Header, body []byte, r *Reply) error {
	var q Balance
	if err := decodeBalance(body, &q); err != nil {
		return err
	}
	p := s.lock(h.Slot)
	defer p.mu.Unlock()
	row, done, err := s.begin(h, q.Project, q.Ordinal, r)
	if done || err != nil {
		return err
	}
	v := &s.codeView
	// The decoder and this line keep all three within AmountMax: no sum wraps.
	sum, issued := v.Balance+q.Amount, v.Issued+q.Amount
	if !v.IsGift || sum < 0 || issued > coupon.AmountMax {
		r.Outcome, r.Balance = coupon.InvalidAmount, v.Balance
		return nil
	}
	// ---- nothing refuses below this line ----
	side := s.ownSide(h.Slot, q.Ordinal, row)
	side.put(sideBalance, sum)
	side.put(sideUpdated, s.now)
	side.put(sideIssued, issued)
	rec := s.newRecord(h)
	rec.Gift, rec.Tail = q.Amount, q.Tail
	s.finish(h, q.Ordinal, row, rec, r)
	s.countCampaign(v.Campaign, func(c *campaignState) {
		if q.Amount > 0 {
			count(&c.creditsIn, q.Amount)
		} else {
			count(&c.creditsOut, -q.Amount)
		}
	})
	return nil
}
