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

// window is a vector of rows that gives back its oldest ones, in whole chunks. A
// row keeps its ordinal.
type window struct {
	rows  rows   // those from first on
	first uint64 // rows given back, a multiple of rowsPerChunk
}

// len counts the rows that were ever appended.
func (w *window) len() uint64 { return w.first + uint64(w.rows.n) }

// at returns row i, which was not given back.
func (w *window) at(a *arena.Arena, i uint64, size int) []byte {
	return w.rows.at(a, uint32(i-w.first), size)
}

func (w *window) add(a *arena.Arena, size int) []byte {
	_, row := w.rows.add(a, size)
	return row
}

// skip makes an empty window begin behind n rows that it never held. The first of
// them that share a chunk with row n stay as zeros.
func (w *window) skip(a *arena.Arena, n uint64, size int) {
	w.first = n / rowsPerChunk * rowsPerChunk
	for w.len() < n {
		w.add(a, size)
	}
}

// drop gives back the chunks that lie wholly before row upTo.
func (w *window) drop(a *arena.Arena, upTo uint64, size int) {
	for w.first+rowsPerChunk <= upTo && w.rows.n >= rowsPerChunk {
		a.Free(w.rows.chunks[0], rowsPerChunk*size)
		w.rows.chunks = w.rows.chunks[1:]
		w.rows.n -= rowsPerChunk
		w.first += rowsPerChunk
	}
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
