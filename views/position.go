package views

import (
	"bytes"
	"encoding/binary"
)

// Position is a place in the order of a list: where a page ended. It stays good
// whatever is inserted or leaves meanwhile (V3), for the question it came from, in
// both directions. Positions compare with == and, in the order of the list from
// the oldest on, with Compare. The zero Position is none.
type Position [positionBytes]byte

// A position is the instant u64, the shard u16 and a tie u64: of records the
// sequence, of codes the position in the list, from 1. All are big-endian, so that
// bytes compare as entries do.
const positionBytes = 18

// IsZero reports that p is no position.
func (p Position) IsZero() bool { return p == Position{} }

// Compare is negative when p comes before q.
func (p Position) Compare(q Position) int { return bytes.Compare(p[:], q[:]) }

// ParsePosition reads the bytes of a Position. Any 18 bytes are one: who hands
// them to strangers seals them.
func ParsePosition(b []byte) (p Position, ok bool) {
	return p, copy(p[:], b) == positionBytes && len(b) == positionBytes
}

// item is one entry in the merged order of several lists.
type item struct {
	stamp int64
	shard int
	tie   uint64
	seq   uint64
	first uint64 // of codes: see run.first, plus the offset in the run
}

func (a *item) compare(b *item) int {
	switch {
	case a.stamp != b.stamp:
		return order(a.stamp < b.stamp)
	case a.shard != b.shard:
		return order(a.shard < b.shard)
	case a.tie != b.tie:
		return order(a.tie < b.tie)
	}
	return 0
}

func order(less bool) int {
	if less {
		return -1
	}
	return 1
}

func (a *item) position() (p Position) {
	binary.BigEndian.PutUint64(p[:], uint64(a.stamp))
	binary.BigEndian.PutUint16(p[8:], uint16(a.shard))
	binary.BigEndian.PutUint64(p[10:], a.tie)
	return p
}

func (p Position) item() item {
	return item{stamp: int64(binary.BigEndian.Uint64(p[:])), shard: int(binary.BigEndian.Uint16(p[8:])),
		tie: binary.BigEndian.Uint64(p[10:])}
}
