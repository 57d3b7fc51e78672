package shard

import "github.com/scrip-engine/scrip/coupon"

// Reply is the answer to one command: a plain value, filled by Apply. Which
// fields mean something depends on the outcome and the kind.
type Reply struct {
	Outcome coupon.Outcome
	Scope   Scope
	// Replayed: an earlier command with the same key did this; the fields are
	// those of then.
	Replayed bool
	ID       coupon.ID // of the redemption, rollback or customer
	Seq      uint64    // journal sequence of the record; 0 when none was written
	Stamp    int64     // replicated time of the change, or of the refusal
	// CatalogIndex is what a Stale command must be evaluated at, at least.
	CatalogIndex uint64
	Slot         uint16
	Ordinal      uint32 // of the code
	Version      uint32 // of the record, after; 0 in a replay
	Customer     coupon.ID
	Uses         int64 // of the code, after
	Balance      int64 // of the card, after
	Applied      int64 // taken off the order or given back to it, credits included; or credits moved
	Created      uint32
	Failed       uint32
	// FailedRows are the codes of an import chunk that were refused. They belong
	// to the receiver.
	FailedRows []FailedRow
}

// FailedRow is one code of a chunk that could not be issued.
type FailedRow struct {
	Row     uint32 // place in the chunk, from 0
	Outcome coupon.Outcome
}

// fill answers with what a record says was done. The first answer and every
// replay are made here, so that they cannot differ (P3); Version alone is no part
// of the record.
func (r *Reply) fill(rec *Record) {
	*r = Reply{
		Outcome: coupon.OK, ID: rec.ID, Seq: rec.Seq, Stamp: rec.Stamp,
		Slot: rec.ID.Slot, Ordinal: rec.Ordinal, Customer: rec.Customer,
		Uses: rec.Uses, Balance: rec.Balance,
	}
	switch rec.Kind {
	case KindRedeem:
		r.Applied = rec.Applied + rec.Gift
	case KindRollback:
		r.Applied = rec.Gift + rec.Discount
	case KindBalance:
		r.Applied = rec.Gift
	case KindCreate:
		r.Created = 1
	case KindCustomer, KindForget:
		if r.ID = rec.Customer; rec.Flags&RecordBirth != 0 {
			r.ID = rec.ID // a birth is the event that the id names
		}
		r.Customer, r.Ordinal = r.ID, 0
	case KindImport:
		r.Created, r.Uses = uint32(rec.Uses), 0
	}
}

// replay answers with the record of what was done then.
func (r *Reply) replay(rec *Record) {
	r.fill(rec)
	r.Replayed = true
}
