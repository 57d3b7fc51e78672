package refusals

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
)

// A segment file is a row of blocks:
//
//	length u32 | CRC32C u32 of the payload | payload
//
// with everything little-endian, and a payload of
//
//	version u8 | kind u8 | stamp varint | body
//
// A block of counters carries the texts of the keys that it uses, so that it can
// be read alone. Its rows are in order, each minute told as the step from the one
// before it.
const (
	blockVersion   = 1
	blockHeadBytes = 8
)

type blockKind uint8

const (
	kindHead   blockKind = 1 // what is known when the file begins
	kindCounts blockKind = 2 // counters to be added up
	kindClosed blockKind = 3 // a clean end
)

// errDamaged means that a file does not go on as one of ours does.
var errDamaged = errors.New("refusals: damaged block")

// head begins every file.
type head struct {
	floor    uint32 // minute before which counters may be missing
	min, max uint32 // minutes of a sealed segment; 0 in one that is appended to
	gaps     []Gap
}

// Gap is a time in which an unclean end may have taken counters with it.
type Gap struct {
	From, Until int64 // unix ms; the end lies between
	Seconds     int64 // of refusals that may be missing, at most
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// appendBlock appends a block whose body the function appends.
func appendBlock(dst []byte, kind blockKind, stamp int64, body func([]byte) []byte) []byte {
	start := len(dst)
	dst = append(dst, make([]byte, blockHeadBytes)...)
	dst = append(dst, blockVersion, byte(kind))
	dst = binary.AppendVarint(dst, stamp)
	if body != nil {
		dst = body(dst)
	}
	payload := dst[start+blockHeadBytes:]
	binary.LittleEndian.PutUint32(dst[start:], uint32(len(payload)))
	binary.LittleEndian.PutUint32(dst[start+4:], crc32.Checksum(payload, castagnoli))
	return dst
}

func appendHead(dst []byte, stamp int64, h *head) []byte {
	return appendBlock(dst, kindHead, stamp, func(b []byte) []byte {
		for _, v := range []uint32{h.floor, h.min, h.max, uint32(len(h.gaps))} {
			b = binary.AppendUvarint(b, uint64(v))
		}
		for _, g := range h.gaps {
			for _, v := range []int64{g.From, g.Until, g.Seconds} {
				b = binary.AppendVarint(b, v)
			}
		}
		return b
	})
}

// appendCounts appends all counters, in as many blocks as they need.
func appendCounts(dst []byte, stamp int64, m cells, names *names) []byte {
	rows := m.sorted()
	for len(rows) > 0 {
		n := min(len(rows), blockCellsMax)
		part := rows[:n]
		rows = rows[n:]
		dst = appendBlock(dst, kindCounts, stamp, func(b []byte) []byte { return appendRows(b, part, m, names) })
	}
	return dst
}

func appendRows(b []byte, rows []cell, m cells, names *names) []byte {
	local := map[uint16]uint64{}
	var texts []string
	for _, c := range rows {
		if _, ok := local[c.key()]; !ok {
			local[c.key()] = uint64(len(texts))
			texts = append(texts, names.texts[c.key()])
		}
	}
	b = binary.AppendUvarint(b, uint64(len(texts)))
	for _, text := range texts {
		b = append(binary.AppendUvarint(b, uint64(len(text))), text...)
	}
	b = binary.AppendUvarint(b, uint64(len(rows)))
	last := uint32(0)
	for _, c := range rows {
		b = binary.AppendUvarint(b, uint64(c.minute()-last))
		last = c.minute()
		b = binary.AppendUvarint(b, uint64(c.project()))
		b = binary.AppendUvarint(b, uint64(c.campaign()))
		b = binary.AppendUvarint(b, local[c.key()])
		b = append(b, byte(c.operation()))
		b = binary.AppendUvarint(b, m[c])
	}
	return b
}

// contents is what a file says, as far as it can be read.
type contents struct {
	head   head
	stamp  int64 // of the last block
	closed bool  // by a clean end
	whole  bool  // nothing unreadable follows
}

// decodeSegment hands each counter to add, in the order of the file. add gets the
// text of the key, which belongs to b.
func decodeSegment(b []byte, add func(minute, project, campaign uint32, key []byte, op Operation, n uint64)) contents {
	var c contents
	for len(b) > 0 {
		payload, rest, err := cutBlock(b)
		if err != nil {
			return c
		}
		r := reader{b: payload[2:]}
		stamp := r.varint()
		c.closed = false
		switch blockKind(payload[1]) {
		case kindHead:
			c.head = r.head()
		case kindCounts:
			r.rows(add)
		case kindClosed:
			c.closed = true
		default:
			r.bad = true
		}
		if r.bad || len(r.b) > 0 {
			return c
		}
		c.stamp, b = stamp, rest
	}
	c.whole = true
	return c
}

func cutBlock(b []byte) (payload, rest []byte, err error) {
	if len(b) < blockHeadBytes {
		return nil, nil, errDamaged
	}
	n := binary.LittleEndian.Uint32(b)
	sum := binary.LittleEndian.Uint32(b[4:])
	b = b[blockHeadBytes:]
	if uint64(n) > uint64(len(b)) || n < 2 {
		return nil, nil, errDamaged
	}
	payload, rest = b[:n], b[n:]
	if crc32.Checksum(payload, castagnoli) != sum || payload[0] != blockVersion {
		return nil, nil, errDamaged
	}
	return payload, rest, nil
}

// reader takes numbers off the front of b. What does not fit makes it bad, and
// all further numbers 0.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) u32() uint32 {
	v := r.uvarint()
	if v > 1<<32-1 {
		r.bad = true
	}
	return uint32(v)
}

func (r *reader) bytes(n uint64) []byte {
	if n > uint64(len(r.b)) {
		r.bad, r.b = true, nil
		return nil
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}

func (r *reader) head() (h head) {
	h.floor, h.min, h.max = r.u32(), r.u32(), r.u32()
	for n := r.uvarint(); n > 0 && !r.bad; n-- {
		h.gaps = append(h.gaps, Gap{From: r.varint(), Until: r.varint(), Seconds: r.varint()})
	}
	if r.bad {
		return head{}
	}
	return h
}

// rows hands over a block's counters, or none of a block that cannot be read to
// its end: half of one would make the sum a guess.
func (r *reader) rows(add func(minute, project, campaign uint32, key []byte, op Operation, n uint64)) {
	var texts [][]byte
	for n := r.uvarint(); n > 0 && !r.bad; n-- {
		texts = append(texts, r.bytes(r.uvarint()))
	}
	n := r.uvarint()
	check := *r
	check.eachRow(n, texts, nil)
	if check.bad || len(check.b) > 0 {
		r.bad = true
		return
	}
	r.eachRow(n, texts, add)
}

func (r *reader) eachRow(n uint64, texts [][]byte, add func(minute, project, campaign uint32, key []byte, op Operation, n uint64)) {
	minute := uint32(0)
	for ; n > 0 && !r.bad; n-- {
		minute += r.u32()
		project, campaign, key := r.u32(), r.u32(), r.uvarint()
		op := r.bytes(1)
		count := r.uvarint()
		if key >= uint64(len(texts)) || len(op) == 0 {
			r.bad = true
		}
		if add != nil && !r.bad {
			add(minute, project, campaign, texts[key], Operation(op[0]), count)
		}
	}
}
