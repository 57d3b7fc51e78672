package views

import (
	"encoding/binary"

	"github.com/cockroachdb/pebble/v2"
)

// chunkRuns is how many runs one key of a list holds. The runs behind the last
// full chunk are in the list's head, so that a list with few entries, of which
// there are as many as codes and orders, is one key. The head of a busy list is
// written with every batch: 32 runs take about 100 bytes.
//
// Where a chunk ends depends on the number of runs before it alone (V1).
const chunkRuns = 32

// run is one entry of a list, or for codes as many as one record issued: they
// take consecutive positions and have consecutive ordinals.
type run struct {
	start int64 // first position: that of the chunk is in its key
	count int64
	seq   uint64 // of the record
	stamp int64
	// first is the shard-wide ordinal of the first code. In a holder's list it is
	// the campaign and the place of the one code: see packHeld.
	first uint64
}

func (r *run) end() int64 { return r.start + r.count }

// appendTo writes a run as what it adds to the one before it in its chunk. The
// lowest bit says that count and first follow: they do for codes.
func (r *run) appendTo(dst []byte, before *run) []byte {
	codes := r.count != 1 || r.first != 0
	delta := (r.seq - before.seq) << 1
	if codes {
		delta |= 1
	}
	dst = binary.AppendUvarint(dst, delta)
	dst = binary.AppendVarint(dst, r.stamp-before.stamp)
	if codes {
		dst = binary.AppendUvarint(dst, uint64(r.count))
		dst = binary.AppendUvarint(dst, r.first)
	}
	return dst
}

// decodeRuns appends to dst the runs of one chunk, whose first is at start.
func decodeRuns(dst []run, start int64, b []byte) ([]run, error) {
	f := fields{b: b}
	r := run{start: start}
	for n := 0; len(f.b) > 0; n++ {
		delta := f.uint()
		r.start += r.count
		r.seq += delta >> 1
		r.stamp += f.int()
		r.count, r.first = 1, 0
		if delta&1 != 0 {
			r.count, r.first = int64(f.uint()), f.uint()
		}
		if f.bad || n == chunkRuns || r.count < 1 {
			return dst, errFormat
		}
		dst = append(dst, r)
	}
	return dst, nil
}

// head is the length of a list in positions, how many are marked, and the tail:
// the runs that are in no chunk yet. In memory, between two commits, the tail may
// hold whole chunks too.
type head struct {
	n, marked int64

	start int64  // position of the tail's first run
	tail  []byte // runs, chunk after chunk
	runs  int    // in the chunk that is not full
	last  run    // its newest
	full  []cut  // where a full chunk of the tail ends
}

// cut is the end of a chunk within a tail, in bytes and as a position.
type cut struct {
	at  int
	end int64
}

// reset makes h empty and keeps its memory.
func (h *head) reset() { *h = head{tail: h.tail[:0], full: h.full[:0]} }

func (h *head) appendTo(dst []byte) []byte {
	if h.n == 0 {
		return dst
	}
	dst = binary.AppendUvarint(binary.AppendUvarint(dst, uint64(h.n)), uint64(h.marked))
	return append(dst, h.tail...)
}

func (h *head) decode(b []byte) error {
	f := fields{b: b}
	h.reset()
	h.n, h.marked = int64(f.uint()), int64(f.uint())
	if f.bad || h.n < 1 || h.marked < 0 || h.marked > h.n {
		return errFormat
	}
	var few [chunkRuns]run
	runs, err := decodeRuns(few[:0], 0, f.b)
	if err != nil || len(runs) == chunkRuns {
		return errFormat
	}
	h.start, h.runs = h.n, len(runs)
	for i := range runs {
		h.start -= runs[i].count
		h.last = runs[i]
		if h.start < 0 {
			return errFormat
		}
	}
	h.tail = append(h.tail, f.b...)
	return nil
}

// add puts a run at the end, and sets its position.
func (h *head) add(r *run) {
	r.start = h.n
	h.tail = r.appendTo(h.tail, &h.last)
	h.n += r.count
	h.last = *r
	if h.runs++; h.runs == chunkRuns {
		h.full = append(h.full, cut{len(h.tail), h.n})
		h.runs, h.last = 0, run{}
	}
}

// chunkAt is the chunk of the tail that holds a position.
func (h *head) chunkAt(pos int64) (start int64, b []byte) {
	start, from := h.start, 0
	for _, c := range h.full {
		if pos < c.end {
			return start, h.tail[from:c.at]
		}
		start, from = c.end, c.at
	}
	return start, h.tail[from:]
}

// spill gives full chunks keys of their own. key is the head's.
func (h *head) spill(key []byte, b *pebble.Batch) error {
	if len(h.full) == 0 {
		return nil
	}
	var space [keyBytesMax]byte
	list := append(space[:0], key[:len(key)-1]...)
	from := 0
	for _, c := range h.full {
		if err := b.Set(appendAt(list, partEntry, h.start), h.tail[from:c.at], nil); err != nil {
			return err
		}
		from, h.start = c.at, c.end
	}
	h.tail = append(h.tail[:0], h.tail[from:]...)
	h.full = h.full[:0]
	return nil
}
