package shard

import (
	"encoding/binary"
	"fmt"

	"github.com/scrip-engine/scrip/coupon"
)

// What the record of an import chunk says of single codes.

// Marked is one code of an import chunk that was born with a holder, or switched
// off: what a reader of the journal has to know of it besides its place.
type Marked struct {
	Offset uint32 // from the chunk's first shard-wide ordinal
	Off    bool
	Holder coupon.ID // zero: nobody
}

// appendMarked appends a code that has something to say: its offset, whether it is
// off, and its holder.
func appendMarked(dst []byte, offset uint32, sp *Spec) []byte {
	if !sp.has(SpecDisabled) && !sp.has(SpecHolder) {
		return dst
	}
	dst = binary.AppendUvarint(dst, uint64(offset))
	dst = append(dst, boolByte(sp.has(SpecDisabled)))
	return binary.AppendUvarint(dst, packID(sp.Holder))
}

// EachMarked calls yield for every marked code of an import record, in order of
// creation, until it returns an error.
func EachMarked(rec *Record, yield func(Marked) error) error {
	c := cursor{b: TailField(rec.Tail, TagMarked)}
	for len(c.b) > 0 {
		m := Marked{Offset: c.uvarint32(), Off: c.u8() != 0, Holder: unpackID(c.uvarint())}
		if c.err != nil {
			return fmt.Errorf("marked codes of record %d: %w", rec.Seq, c.err)
		}
		if err := yield(m); err != nil {
			return err
		}
	}
	return nil
}

// ReplayChunk answers a chunk that was applied before with the record that it left.
func ReplayChunk(rec *Record, r *Reply) error {
	failed, err := decodeFailed(TailField(rec.Tail, TagFailedRows))
	if err != nil {
		return err
	}
	r.replay(rec)
	r.Failed, r.FailedRows = uint32(len(failed)), failed
	return nil
}

func appendFailed(dst []byte, failed []FailedRow) []byte {
	for _, f := range failed {
		dst = binary.AppendUvarint(dst, uint64(f.Row))
		dst = binary.AppendUvarint(dst, uint64(f.Outcome))
	}
	return dst
}

func decodeFailed(b []byte) ([]FailedRow, error) {
	var failed []FailedRow
	c := cursor{b: b}
	for len(c.b) > 0 {
		failed = append(failed, FailedRow{c.uvarint32(), coupon.Outcome(c.uvarint())})
	}
	return failed, c.err
}
