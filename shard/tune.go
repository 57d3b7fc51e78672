package shard

import (
	"encoding/binary"

	"github.com/scrip-engine/scrip/coupon"
)

// Tune changes what Apply goes by and what therefore must be the same on every
// replica and in every replay: a setting of one process may not decide what the log
// means.
type Tune struct {
	// Budget bounds the bytes of live records from here on; 0 leaves it.
	Budget int64
	// Generation goes into every id that is given out from here on; 0 leaves it. A
	// restored shard gets another one, so that ids which were lost with the newer
	// state are never given to somebody else.
	Generation uint16
}

// AppendTune appends the body to dst.
func AppendTune(dst []byte, r *Tune) []byte {
	dst = binary.LittleEndian.AppendUint64(dst, uint64(r.Budget))
	return binary.LittleEndian.AppendUint16(dst, r.Generation)
}

func decodeTune(b []byte, r *Tune) error {
	c := cursor{b: b}
	*r = Tune{Budget: c.i64(), Generation: c.u16()}
	if r.Budget < 0 || r.Budget > budgetBytesMax {
		c.fail("budget")
	}
	return c.end()
}

// applyTune is idempotent and leaves no record: nothing of it concerns a code.
func (s *Shard) applyTune(_ *Header, body []byte, _ *Reply) error {
	var q Tune
	if err := decodeTune(body, &q); err != nil {
		return err
	}
	if q.Budget != 0 {
		s.budget.Store(q.Budget)
	}
	if q.Generation != 0 {
		s.generation.Store(uint32(q.Generation))
	}
	return nil
}

// nextID is the id of the n-th event of a slot, counted from 1.
func (s *Shard) nextID(slot uint16, n uint32) coupon.ID {
	return coupon.ID{Slot: slot, Seq: uint64(s.generation.Load())<<32 | uint64(n)}
}

// Generation is that of the ids that are given out now; 0 before the first restore.
func (s *Shard) Generation() uint16 { return uint16(s.generation.Load()) }

// CodeID is the public id of the code at a place; zero when there is none. Like
// every id it carries the generation in which it was given out.
func (s *Shard) CodeID(slot uint16, ordinal uint32) coupon.ID {
	if slot >= coupon.Slots {
		return coupon.ID{}
	}
	p := s.rlock(slot)
	defer p.mu.RUnlock()
	row := s.codeRow(slot, ordinal)
	if row == nil {
		return coupon.ID{}
	}
	s.meta.RLock()
	defer s.meta.RUnlock()
	return coupon.ID{Slot: slot, Seq: uint64(s.birth(row.birth()).generation())<<32 | uint64(ordinal+1)}
}
