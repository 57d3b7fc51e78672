package shard

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/scrip-engine/scrip/coupon"
)

// applyCreate issues one code. The text is the anchor of its key: the record
// that issued it is the receipt.
func (s *Shard) applyCreate(h *Header, body []byte, r *Reply) error {
	var q Create
	if err := decodeCreate(body, &q); err != nil {
		return err
	}
	if q.Code.Hash.Slot() != h.Slot {
		r.Outcome = coupon.Moved
		return nil
	}
	p := s.lock(h.Slot)
	defer p.mu.Unlock()
	old, ordinal, err := s.findCode(q.Project, q.Rules, &q.Code)
	if err != nil {
		return err
	}
	if f := s.receiptOfCreate(s.now, old, h.Key); f != nil {
		return s.settle(f, h, r)
	}
	r.Slot, r.Ordinal = h.Slot, ordinal
	if !s.admit(h, s.fenceOf(q.Project, q.Campaign), r) {
		return nil
	}
	r.Outcome = s.mayIssue(h.Slot, ordinal, old)
	if r.Outcome == coupon.OK && !s.open(q.Project, q.Campaign) {
		r.Outcome = coupon.ResourceNotFound
	}
	if r.Outcome == coupon.OK && (s.slots[h.Slot].codes.n > codesPerSlotMax || s.full(len(body)+recordBytesMax)) {
		r.Outcome = coupon.CapacityExceeded
	}
	if r.Outcome != coupon.OK {
		return nil
	}
	// ---- nothing refuses below this line ----
	birth := s.bear(q.Campaign, q.Project, s.journal.rows.len()+1, q.Rules)
	ordinal = s.issue(birth, q.Campaign, &q.Code, old, ordinal)
	rec := s.newRecord(h)
	rec.Project, rec.Campaign, rec.Ordinal, rec.Tail = q.Project, q.Campaign, ordinal, q.Tail
	rec.Customer = q.Code.Spec.Holder
	if q.Code.Spec.has(SpecDisabled) {
		rec.Flags |= RecordOff
	}
	v := &s.codeView
	s.view(h.Slot, ordinal, s.codeRow(h.Slot, ordinal), v)
	rec.Balance, rec.Gift, rec.Currency = v.Balance, v.Balance, v.Currency
	if v.IsGift {
		rec.Flags |= RecordIsGift
	}
	s.commit(h.Slot, rec)
	r.fill(rec)
	r.Version = v.Version
	return nil
}

// receiptOfCreate is the record that issued a code, if it is the receipt for the
// key. row may be nil, and dead: a code that is gone still answers for its creation.
func (s *Shard) receiptOfCreate(now int64, row codeRow, key coupon.Hash) front {
	if row == nil || key.IsZero() {
		return nil
	}
	f := s.journal.read(s.birth(row.birth()).seq())
	if f == nil || !s.answers(now, f, KindCreate, key) {
		return nil
	}
	return f
}

// applyImport issues one chunk of a job. The header's slot is the campaign's: it
// owns the record, which names the range of shard-wide ordinals.
func (s *Shard) applyImport(h *Header, body []byte, r *Reply) error {
	q := &s.importBody
	if err := decodeImport(body, q); err != nil {
		return err
	}
	job := s.jobs[q.Job]
	if job != nil && q.Chunk <= job.chunk {
		return s.replayChunk(job, q.Chunk, r)
	}
	if !s.admit(h, s.fenceOf(q.Project, q.Campaign), r) {
		return nil
	}
	if job == nil && q.Chunk != 1 || job != nil && q.Chunk != job.chunk+1 {
		r.Outcome = coupon.Reevaluate // a chunk is missing before this one
		return nil
	}
	if !s.open(q.Project, q.Campaign) {
		r.Outcome = coupon.ResourceNotFound
		return nil
	}
	if job == nil && !s.jobFits(q.OldestActive) || s.full(len(body)+len(q.Codes)*(codeBytes+sideFixedBytes)+recordBytesMax) {
		r.Outcome = coupon.CapacityExceeded
		return nil
	}
	// ---- nothing refuses below this line, but single codes may fail ----
	first := s.order.n
	birth := s.bear(q.Campaign, q.Project, s.journal.rows.len()+1, q.Rules)
	s.failed, s.marked = s.failed[:0], s.marked[:0]
	for i := range q.Codes {
		at := s.order.n - first
		o, err := s.importOne(birth, q, &q.Codes[i])
		if err != nil {
			return err
		}
		if o != coupon.OK {
			s.failed = append(s.failed, FailedRow{uint32(i), o})
			continue
		}
		s.marked = appendMarked(s.marked, at, &q.Codes[i].Spec)
	}
	rec := s.newRecord(h)
	rec.Project, rec.Campaign, rec.Ordinal, rec.Uses = q.Project, q.Campaign, first, int64(s.order.n-first)
	rec.Tail = AppendTail(rec.Tail, TagFailedRows, appendFailed(nil, s.failed))
	rec.Tail = AppendTail(rec.Tail, TagJob, binary.LittleEndian.AppendUint64(nil, q.Job))
	rec.Tail = AppendTail(rec.Tail, TagMarked, s.marked)
	p := s.lock(h.Slot)
	s.commit(h.Slot, rec)
	p.mu.Unlock()
	s.progress(q.Job, q.Chunk, rec.Seq, uint64(rec.Uses), uint64(len(s.failed)))
	r.fill(rec)
	r.Failed, r.FailedRows = uint32(len(s.failed)), append([]FailedRow(nil), s.failed...)
	return nil
}

func (s *Shard) importOne(birth uint32, q *Import, n *NewCode) (coupon.Outcome, error) {
	slot := n.Hash.Slot()
	if !s.owns(slot) {
		return coupon.Moved, nil
	}
	p := s.lock(slot)
	defer p.mu.Unlock()
	old, ordinal, err := s.findCode(q.Project, q.Rules, n)
	if err != nil {
		return 0, err
	}
	if o := s.mayIssue(slot, ordinal, old); o != coupon.OK {
		return o, nil
	}
	if s.slots[slot].codes.n > codesPerSlotMax {
		return coupon.CapacityExceeded, nil
	}
	s.issue(birth, q.Campaign, n, old, ordinal)
	return coupon.OK, nil
}

// open reports whether codes may be issued in a campaign of the project; 0 is
// no campaign. Those of one that has ended would be born dead.
func (s *Shard) open(project, campaign uint32) bool {
	c := s.campaignOf(campaign)
	return campaign == 0 || c != nil && c.Project == project && !c.Ended
}

// replayChunk answers a chunk that was applied before. The rows that failed are
// known for the newest chunk, which is the one a resumed job asks again.
func (s *Shard) replayChunk(job *jobState, chunk uint32, r *Reply) error {
	*r = Reply{Outcome: coupon.OK, Replayed: true, Stamp: s.now}
	if chunk != job.chunk {
		return nil
	}
	f := s.journal.read(job.last)
	if r.Seq = job.last; f == nil {
		return nil // sealed: who asks after a day reads the rows in the history
	}
	var rec Record
	if err := DecodeRecord(f, &rec); err != nil {
		return err
	}
	return ReplayChunk(&rec, r)
}

// mayIssue refuses a text that is taken, or whose dead owner is remembered.
func (s *Shard) mayIssue(slot uint16, ordinal uint32, old codeRow) coupon.Outcome {
	if old != nil {
		v := &s.codeView
		s.view(slot, ordinal, old, v)
		if !v.Deleted {
			return coupon.DuplicateFound
		}
		if s.remembered(slot, ordinal, old) {
			return coupon.CodeBlocked
		}
	}
	return coupon.OK
}

// remembered reports whether a receipt of a dead code may still be alive: any
// change within the memory of keys counts, which errs on the safe side.
func (s *Shard) remembered(slot uint16, ordinal uint32, row codeRow) bool {
	birth := s.birth(row.birth())
	last := birth.stamp()
	if c := s.campaignOf(birth.campaign()); c != nil {
		last = max(last, c.endedAt)
	}
	if side := s.sideOf(row); side != nil {
		last = max(last, side.i64(sideUpdated))
	}
	return s.now < last+coupon.KeyMemoryMillis
}

// findCode returns the newest row with the text, dead or alive, or nil. The error
// says that the text is no code by the project's rules.
func (s *Shard) findCode(project uint32, rules coupon.CodeRules, n *NewCode) (codeRow, uint32, error) {
	folded, err := rules.AppendFolded(s.foldScratch[0][:0], n.Issued)
	if err != nil {
		return nil, 0, fmt.Errorf("text of a code: %w", ErrFormat)
	}
	s.foldScratch[0] = folded
	ordinal, ok := s.slots[n.Hash.Slot()].codeIndex.find(s.a, n.Hash.Lo, func(v uint64) bool {
		return s.sameText(n.Hash.Slot(), uint32(v), project, rules, folded, &s.foldScratch[1])
	})
	if !ok {
		return nil, 0, nil
	}
	return s.codeRow(n.Hash.Slot(), uint32(ordinal)), uint32(ordinal), nil
}

// sameText compares a row's code, folded by the project's rules, with folded.
// The index kept 28 bits of the hash; this is the proof.
func (s *Shard) sameText(slot uint16, ordinal, project uint32, rules coupon.CodeRules, folded []byte, scratch *[]byte) bool {
	row := s.codeRow(slot, ordinal)
	if s.birth(row.birth()).project() != project {
		return false
	}
	text := s.slots[slot].text.at(s.a, row.text())
	if bytes.Equal(text, folded) {
		return true
	}
	if !rules.Fold {
		return false
	}
	b, err := rules.AppendFolded((*scratch)[:0], text)
	*scratch = b
	return err == nil && bytes.Equal(b, folded)
}

// bear notes a birth: what the codes issued next have in common.
func (s *Shard) bear(campaign, project uint32, seq uint64, rules coupon.CodeRules) uint32 {
	s.meta.Lock()
	defer s.meta.Unlock()
	i, b := s.births.add(s.a, birthRowBytes)
	s.grow(birthRowBytes)
	birthRow(b).set(campaign, project, s.now, seq, rules, s.Generation())
	return i
}

// issue adds the row of a code, and its side where the code has more to say.
// A dead code of the same text makes way. The stripe is held.
func (s *Shard) issue(birth, campaign uint32, n *NewCode, dead codeRow, deadOrdinal uint32) uint32 {
	slot := n.Hash.Slot()
	t := &s.slots[slot]
	if dead != nil {
		s.touchHash(slot, deadOrdinal, n.Hash)
		t.codeIndex.remove(s.a, n.Hash.Lo, uint64(deadOrdinal))
	}
	ordinal, b := t.codes.add(s.a, codeRowBytes)
	row := codeRow(b)
	row.setBirth(birth)
	row.setText(t.text.add(s.a, n.Issued))
	row.setVersion(1)
	s.grow(codeBytes + len(n.Issued))
	sp := n.Spec
	if c := s.campaignOf(campaign); c != nil && c.IsGift && !sp.has(SpecGift) {
		sp.Mask |= SpecGift
		sp.Gift, sp.Currency = c.Gift, c.Currency
	}
	use := uint64(0)
	if sp.has(SpecDisabled) {
		use |= flagOff
	}
	if sp.Mask&^SpecDisabled != 0 {
		use |= flagSide | uint64(s.newSide(&sp, 0, sp.Gift, 0))
	}
	row.setUse(use)
	if s.cfg.Filter != nil {
		s.cfg.Filter.Add(FilterKey(n.Hash))
	}
	t.codeIndex.add(s.a, n.Hash.Lo, uint64(ordinal))
	s.meta.Lock()
	_, place := s.order.add(s.a, orderRowBytes)
	binary.LittleEndian.PutUint32(place, packPlace(slot, ordinal))
	s.meta.Unlock()
	s.countCampaign(campaign, func(c *campaignState) { c.codes++ })
	return ordinal
}
