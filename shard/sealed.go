package shard

import (
	"fmt"

	"github.com/scrip-engine/scrip/coupon"
)

// What is asked of sealed records: the ways by which the history finds one, and what
// of it a command brings along.

// sealedBytesMax bounds a record without its lines and its tail.
const sealedBytesMax = 256

// AppendSealed appends the record as a command brings it along: without lines and
// tail, which no decision needs.
func AppendSealed(dst []byte, rec *Record) []byte {
	short := *rec
	short.Lines, short.Tail = nil, nil
	return appendRecord(dst, &short)
}

// verifySealed reports whether what a rollback brings along is about its redemption.
func (r *Rollback) verifySealed() error {
	var rec Record
	if len(r.Sealed) > 0 {
		if err := DecodeRecord(r.Sealed, &rec); err != nil {
			return err
		}
		if rec.Kind != KindRedeem || rec.ID != r.Redemption {
			return fmt.Errorf("sealed record of a redemption: %w", ErrFormat)
		}
	}
	if len(r.Back) > 0 {
		if err := DecodeRecord(r.Back, &rec); err != nil {
			return err
		}
		if rec.Kind != KindRollback || rec.Ref != r.Redemption || len(r.Sealed) == 0 {
			return fmt.Errorf("sealed record of a rollback: %w", ErrFormat)
		}
	}
	return nil
}

// Traces are the ways to a record in the history besides its sequence.
type Traces struct {
	Seq   uint64
	Stamp int64
	ID    coupon.ID
	// Receipt places the record under its key, as ReceiptTrace does; Back a rollback
	// under its redemption, as RollbackTrace does. Zero: not at all.
	Receipt, Back uint64
}

// IsRecord reports whether bytes are as long as they say, so that TracesOf can read
// them.
func IsRecord(b []byte) bool {
	var rec Record
	return DecodeRecord(b, &rec) == nil
}

// TracesOf reads the traces of an encoded record of the journal.
func TracesOf(encoded []byte) Traces {
	f := front(encoded)
	t := Traces{Seq: f.seq(), Stamp: f.stamp(), ID: f.id()}
	if key := f.key(); !key.IsZero() && f.flags()&RecordMinted == 0 {
		t.Receipt = ReceiptTrace(f.kind(), t.ID.Slot, f.anchor(), key)
	}
	if f.kind() == KindRollback {
		t.Back = RollbackTrace(unpackID(f.anchor()))
	}
	return t
}

// ReceiptTrace is where the records of a key are: never 0. The anchor is the code's
// ordinal, or the packed id of a rollback's redemption; see RollbackAnchor.
func ReceiptTrace(kind Kind, slot uint16, anchor uint64, key coupon.Hash) uint64 {
	return seqHash(receiptHash(key, anchor)^uint64(slot)<<32^uint64(kind)<<48) | 1
}

// RollbackTrace is where the rollbacks of a redemption are: never 0.
func RollbackTrace(redemption coupon.ID) uint64 { return seqHash(packID(redemption)^1<<63) | 1 }

// RollbackAnchor is the anchor of the keys of a redemption's rollbacks.
func RollbackAnchor(redemption coupon.ID) uint64 { return packID(redemption) }
