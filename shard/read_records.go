package shard

import (
	"bytes"

	"github.com/scrip-engine/scrip/coupon"
)

// Readers of records get copies. They see what is in memory; for what was sealed they
// go to the history.

// RollbackReceipt returns the rollback of a redemption that a key made.
func (s *Shard) RollbackReceipt(redemption coupon.ID, key coupon.Hash, rec *Record) bool {
	if redemption.Slot >= coupon.Slots || key.IsZero() {
		return false
	}
	p := s.rlock(redemption.Slot)
	defer p.mu.RUnlock()
	return s.receipt(s.time.Load(), KindRollback, redemption.Slot, packID(redemption), key).copyTo(rec)
}

// Event reads the journal record with a public id; false also for one that was
// sealed.
func (s *Shard) Event(id coupon.ID, rec *Record) bool {
	if id.Slot >= coupon.Slots {
		return false
	}
	p := s.rlock(id.Slot)
	defer p.mu.RUnlock()
	return s.event(id).copyTo(rec)
}

// NewestRollback reads the newest rollback of a redemption; false also when it was
// sealed.
func (s *Shard) NewestRollback(redemption coupon.ID, rec *Record) bool {
	if redemption.Slot >= coupon.Slots {
		return false
	}
	p := s.rlock(redemption.Slot)
	defer p.mu.RUnlock()
	return s.rollbackOf(redemption).copyTo(rec)
}

// LastSeq is the sequence of the newest journal record.
func (s *Shard) LastSeq() uint64 { return s.journal.last() }

// Record reads the journal record with a sequence; false also for one that was
// sealed.
func (s *Shard) Record(seq uint64, rec *Record) bool {
	j := &s.journal
	j.mu.RLock()
	defer j.mu.RUnlock()
	if seq <= j.sealed || seq > j.rows.len() {
		return false
	}
	return j.at(seq).copyTo(rec)
}

// copyTo decodes a record for a reader who keeps it: what it holds is its own, since
// the journal's memory is given back one day. False when there is none.
func (f front) copyTo(rec *Record) bool {
	if f == nil || DecodeRecord(f, rec) != nil {
		return false
	}
	rec.Tail = bytes.Clone(rec.Tail)
	return true
}
