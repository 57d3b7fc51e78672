package shard

import "github.com/scrip-engine/scrip/coupon"

// Receipts (P3). The journal record of a change is its receipt; what is kept
// beside it is the way from a key to the record. A single-use code without a
// side holds that in its row; everything else has an entry in its slot's
// receipts. A receipt is alive by replicated time, never by being there.

// alive reports, at a replicated time, whether a record still answers for its key.
func alive(now int64, f front) bool {
	memory := int64(coupon.KeyMemoryMillis)
	if f.flags()&RecordMinted != 0 {
		memory = coupon.MintedKeyMillis
	}
	return now < f.stamp()+memory
}

// answers reports whether the record is the receipt for (kind, key). A key from
// the body is released by a full rollback.
func (s *Shard) answers(now int64, f front, kind Kind, key coupon.Hash) bool {
	if f.kind() != kind || f.key() != key || !alive(now, f) {
		return false
	}
	if f.flags()&RecordDerived == 0 {
		return true
	}
	back := s.rollbackOf(f.id())
	return back == nil || back.flags()&RecordEnd == 0
}

// receiptOfCode finds the receipt for (kind, code, key), or nil.
func (s *Shard) receiptOfCode(now int64, kind Kind, slot uint16, ordinal uint32, row codeRow, key coupon.Hash) front {
	if key.IsZero() {
		return nil
	}
	if kind == KindRedeem && !row.has(flagSide) {
		if seq := row.lastUse(); seq != 0 {
			if f := s.journal.read(seq); f != nil && s.answers(now, f, kind, key) {
				return f
			}
		}
	}
	return s.receipt(now, kind, slot, uint64(ordinal), key)
}

// receipt finds the receipt for (kind, anchor, key) in a slot, or nil.
func (s *Shard) receipt(now int64, kind Kind, slot uint16, anchor uint64, key coupon.Hash) front {
	if key.IsZero() {
		return nil
	}
	var found front
	s.slots[slot].receipts.find(s.a, receiptHash(key, anchor), func(seq uint64) bool {
		f := s.journal.read(seq)
		if !s.answers(now, f, kind, key) || f.anchor() != anchor {
			return false
		}
		found = f
		return true
	})
	return found
}

// receiptHash places a receipt. The anchor is part of it: a client may use one
// key for every code that there is, and must not make one place crowded.
func receiptHash(key coupon.Hash, anchor uint64) uint64 { return key.Hi ^ seqHash(anchor) }

// settle answers a command from a receipt: the stored outcome, or a conflict
// when the same key came with another request.
func (s *Shard) settle(f front, h *Header, r *Reply) error {
	v, fp := f.fingerprint()
	if v == h.FingerprintVersion && fp != h.Fingerprint {
		r.Outcome = coupon.KeyConflict
		return nil
	}
	var rec Record
	if err := DecodeRecord(f, &rec); err != nil {
		return err
	}
	r.replay(&rec)
	return nil
}

// remember makes the record the receipt for its key. One that answers no more
// is not kept, so a key has one receipt at a time. The stripe is held.
func (s *Shard) remember(slot uint16, f front) {
	if key := f.key(); !key.IsZero() && s.answers(s.now, f, f.kind(), key) {
		s.slots[slot].receipts.add(s.a, receiptHash(key, f.anchor()), f.seq())
	}
}

// sweep lets receipts go that are no longer alive: at most sweepsPerCommand on
// each of the two cursors, the day-old keys and the minted ones. No stripe is
// held.
func (s *Shard) sweep() {
	for i, memory := range [...]int64{coupon.KeyMemoryMillis, coupon.MintedKeyMillis} {
		for range sweepsPerCommand {
			if s.sweepAt[i] > s.journal.rows.len() {
				break
			}
			f := s.journal.at(s.sweepAt[i])
			if s.now < f.stamp()+memory {
				break
			}
			if i == 0 || f.flags()&RecordMinted != 0 {
				s.letGo(f, s.sweepAt[i])
			}
			s.sweepAt[i]++
		}
	}
}

func (s *Shard) letGo(f front, seq uint64) {
	if f.key().IsZero() {
		return
	}
	slot := f.id().Slot
	p := s.lock(slot)
	defer p.mu.Unlock()
	s.slots[slot].receipts.remove(s.a, receiptHash(f.key(), f.anchor()), seq)
}

// rollbackOf returns the newest rollback of a redemption, or nil.
func (s *Shard) rollbackOf(redemption coupon.ID) front {
	var found front
	s.slots[redemption.Slot].rollbacks.find(s.a, seqHash(redemption.Seq), func(seq uint64) bool {
		f := s.journal.read(seq)
		if f.anchor() != packID(redemption) {
			return false
		}
		found = f
		return true
	})
	return found
}

// noteRollback makes rec the newest rollback of its redemption. When nothing is
// left of that one, a key from its body is free again. The stripe is held.
func (s *Shard) noteRollback(rec *Record) {
	t := &s.slots[rec.Ref.Slot]
	if old := s.rollbackOf(rec.Ref); old != nil {
		t.rollbacks.remove(s.a, seqHash(rec.Ref.Seq), old.seq())
	}
	t.rollbacks.add(s.a, seqHash(rec.Ref.Seq), rec.Seq)
	if f := s.event(rec.Ref); f != nil && rec.Flags&RecordEnd != 0 && f.flags()&RecordDerived != 0 {
		t.receipts.remove(s.a, receiptHash(f.key(), f.anchor()), f.seq())
	}
}

// seqHash spreads small numbers over the bits that an index uses: the finaliser
// of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
func seqHash(v uint64) uint64 {
	v += 0x9e3779b97f4a7c15
	v = (v ^ v>>30) * 0xbf58476d1ce4e5b9
	v = (v ^ v>>27) * 0x94d049bb133111eb
	return v ^ v>>31
}
