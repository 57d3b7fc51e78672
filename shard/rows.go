package shard

import "github.com/scrip-engine/scrip/internal/arena"

// rowsPerChunk is how many rows one chunk of a table holds. 32 keeps the
// unused end of a slot's last chunk near 300 bytes, which 4,096 slots can
// afford, and a chunk list at 4 bytes per 32 rows.
const rowsPerChunk = 32

// rows is an append-only vector of fixed-size rows that never move. Row i is
// the i-th that was appended: that ordinal is its name for ever.
type rows struct {
	chunks []arena.Ref
	n      uint32
}

// at returns row i itself, size bytes of it.
func (t *rows) at(a *arena.Arena, i uint32, size int) []byte {
	c := a.At(t.chunks[i/rowsPerChunk], rowsPerChunk*size)
	off := int(i%rowsPerChunk) * size
	return c[off : off+size : off+size]
}

// add appends a zeroed row and returns its ordinal.
func (t *rows) add(a *arena.Arena, size int) (uint32, []byte) {
	if t.n%rowsPerChunk == 0 {
		t.chunks = append(t.chunks, a.Alloc(rowsPerChunk*size))
	}
	i := t.n
	t.n++
	return i, t.at(a, i, size)
}

// textChunkBytes is the size of a chunk of a slot's code texts. A text lies
// whole in one chunk; 512 bytes of text and two of length always fit.
const textChunkBytes = 1024

// texts is an append-only store of short byte strings that never change.
type texts struct {
	chunks []arena.Ref
	n      uint32 // next free byte, counted over all chunks
}

// add stores b and returns its offset. len(b) ≤ coupon.CodeBytesMax.
func (t *texts) add(a *arena.Arena, b []byte) uint32 {
	need := uint32(len(b)) + 1
	if len(b) >= 0x80 {
		need++
	}
	left := uint32(len(t.chunks))*textChunkBytes - t.n
	if left < need {
		t.n += left
		t.chunks = append(t.chunks, a.Alloc(textChunkBytes))
	}
	off := t.n
	c := a.At(t.chunks[off/textChunkBytes], textChunkBytes)[off%textChunkBytes:]
	if len(b) < 0x80 {
		c[0] = byte(len(b))
		copy(c[1:], b)
	} else {
		c[0], c[1] = byte(len(b))|0x80, byte(len(b)>>7)
		copy(c[2:], b)
	}
	t.n += need
	return off
}

// at returns the string at an offset that add returned. The bytes are the
// arena's; they never change.
func (t *texts) at(a *arena.Arena, off uint32) []byte {
	c := a.At(t.chunks[off/textChunkBytes], textChunkBytes)[off%textChunkBytes:]
	n := int(c[0])
	if n < 0x80 {
		return c[1 : 1+n : 1+n]
	}
	n = n&0x7f | int(c[1])<<7
	return c[2 : 2+n : 2+n]
}
