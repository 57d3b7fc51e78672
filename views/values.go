package views

import (
	"encoding/binary"
	"errors"
	"math/bits"

	"github.com/scrip-engine/scrip/coupon"
)

// errFormat: a value is not what its key says. The view is damaged (V6).
var errFormat = errors.New("views: malformed value")

// fields reads a value made of varints. The first malformed one sets bad.
type fields struct {
	b   []byte
	bad bool
}

func (f *fields) uint() uint64 {
	v, n := binary.Uvarint(f.b)
	if n <= 0 {
		f.bad, f.b = true, nil
		return 0
	}
	f.b = f.b[n:]
	return v
}

func (f *fields) int() int64 {
	v, n := binary.Varint(f.b)
	if n <= 0 {
		f.bad, f.b = true, nil
		return 0
	}
	f.b = f.b[n:]
	return v
}

func (f *fields) end() error {
	if f.bad || len(f.b) != 0 {
		return errFormat
	}
	return nil
}

// watermark is how far a shard's journal is covered.
type watermark struct {
	seq   uint64
	stamp int64
	codes uint64 // issued by the records covered: the next shard-wide ordinal
	check uint64 // of the record at seq: does the shard tell the same story
}

func (w *watermark) appendTo(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, w.seq)
	dst = binary.AppendVarint(dst, w.stamp)
	dst = binary.AppendUvarint(dst, w.codes)
	return binary.AppendUvarint(dst, w.check)
}

func (w *watermark) decode(b []byte) error {
	f := fields{b: b}
	*w = watermark{f.uint(), f.int(), f.uint(), f.uint()}
	return f.end()
}

// packHeld names the code of a holder's entry.
func packHeld(campaign uint32, p Place) uint64 {
	return uint64(campaign)<<32 | uint64(p.Slot)<<20 | uint64(p.Ordinal)
}

func unpackHeld(v uint64) (campaign uint32, p Place) {
	return uint32(v >> 32), Place{uint16(v >> 20 & (coupon.Slots - 1)), uint32(v & (1<<20 - 1))}
}

// sum counts the marks of a stretch of positions.
type sum struct{ marked int64 }

func (s *sum) appendTo(dst []byte) []byte {
	if s.marked == 0 {
		return dst
	}
	return binary.AppendUvarint(dst, uint64(s.marked))
}

func (s *sum) decode(b []byte) error {
	f := fields{b: b}
	s.marked = int64(f.uint())
	if s.marked < 0 || s.marked > 1<<topShift {
		return errFormat
	}
	return f.end()
}

// block has one bit for each of blockPositions positions: set is marked.
type block struct{ words [blockPositions / 64]uint64 }

const (
	// A search walks the keys of each level in turn: all of the top, which are 200
	// in a list of 100 million, and 32 of each of the two below.
	topShift   = 19
	superShift = 14
	blockShift = 9

	blockPositions = 1 << blockShift

	blockBits = 1 // followed by the bits without the zero bytes at their end
	blockFull = 2
)

func (b *block) count() (n int64) {
	for _, w := range b.words {
		n += int64(bits.OnesCount64(w))
	}
	return n
}

func (b *block) has(bit int64) bool { return b.words[bit/64]>>(bit%64)&1 == 1 }

// appendTo writes a full block, of which an ended campaign has thousands, as one
// byte.
func (b *block) appendTo(dst []byte) []byte {
	switch b.count() {
	case 0:
		return dst
	case blockPositions:
		return append(dst, blockFull)
	}
	dst = append(dst, blockBits)
	for _, w := range b.words {
		dst = binary.LittleEndian.AppendUint64(dst, w)
	}
	for dst[len(dst)-1] == 0 {
		dst = dst[:len(dst)-1]
	}
	return dst
}

func (b *block) decode(v []byte) error {
	*b = block{}
	switch {
	case len(v) == 1 && v[0] == blockFull:
		for i := range b.words {
			b.words[i] = ^uint64(0)
		}
	case len(v) > 1 && len(v) <= 1+blockPositions/8 && v[0] == blockBits:
		for i, x := range v[1:] {
			b.words[i/8] |= uint64(x) << (8 * (i % 8))
		}
	default:
		return errFormat
	}
	return nil
}

// codeState is what sets a code apart: it is disabled, or somebody holds it.
type codeState struct {
	off    bool
	holder coupon.ID
	held   int64 // position in the holder's list
}

func (s *codeState) appendTo(dst []byte) []byte {
	if *s == (codeState{}) {
		return dst
	}
	off := uint64(0)
	if s.off {
		off = 1
	}
	dst = binary.AppendUvarint(dst, off)
	return binary.AppendUvarint(binary.AppendUvarint(dst, packID(s.holder)), uint64(s.held))
}

func (s *codeState) decode(b []byte) error {
	f := fields{b: b}
	*s = codeState{f.uint() == 1, unpackID(f.uint()), int64(f.uint())}
	return f.end()
}
