package shard

import (
	"encoding/binary"

	"github.com/scrip-engine/scrip/internal/arena"
	"github.com/scrip-engine/scrip/internal/invariant"
)

// index maps a 64-bit hash to small numbers: row ordinals or journal
// sequences. It is a multimap; whoever looks up compares the row itself, since
// an entry keeps only 28 bits of the hash.
//
// It is an extendible hash table. A directory of 2^depth pages is addressed by
// the top bits of the hash; a page is an open-addressing array that grows in
// steps of a quarter and splits in two when it is full. So no insertion moves
// more than pageEntriesMax entries, and a page is between two thirds and 85 %
// full once there is more than one. An entry is 6 or 8 bytes:
//
//	28 bits hash | 20 or 36 bits value + 1        (0 = empty)
//
// Positions in a page come from the hash bits below those that chose the page.
type index struct {
	dir   []page
	n     uint32
	bytes uint32 // of all pages
	depth uint8
	wide  bool // 8-byte entries
}

// page is one page of an index; several directory entries share it until it
// splits.
type page struct {
	ref   arena.Ref
	n     uint32 // entries
	cap   uint32 // places
	depth uint8  // leading hash bits that all its entries share
}

const (
	hashBits = 28
	// pageEntriesMax bounds the work of one insertion: a page of 640 places is
	// rewritten in a few microseconds.
	pageEntriesMax = 640
	pageEntriesMin = 4
	// depthMax bounds the directory: 2^18 pages of 512 entries are 134 million
	// entries in one slot. A page that cannot split any more, since its entries
	// share 18 bits, grows by doubling up to what a block holds.
	depthMax = 18

	narrowValueMax = 1<<20 - 2
	wideValueMax   = 1<<36 - 2
)

func (x *index) entryBytes() int {
	if x.wide {
		return 8
	}
	return 6
}

func (x *index) pageBytes(capacity uint32) int { return int(capacity) * x.entryBytes() }

func (x *index) load(p []byte, i int) uint64 {
	if x.wide {
		return binary.LittleEndian.Uint64(p[i*8:])
	}
	b := p[i*6 : i*6+6]
	return uint64(binary.LittleEndian.Uint32(b)) | uint64(binary.LittleEndian.Uint16(b[4:]))<<32
}

func (x *index) store(p []byte, i int, e uint64) {
	if x.wide {
		binary.LittleEndian.PutUint64(p[i*8:], e)
		return
	}
	b := p[i*6 : i*6+6]
	binary.LittleEndian.PutUint32(b, uint32(e))
	binary.LittleEndian.PutUint16(b[4:], uint16(e>>32))
}

func (x *index) valueBits() uint {
	if x.wide {
		return 36
	}
	return 20
}

func short(h uint64) uint64 { return h >> (64 - hashBits) }

// pageOf returns the directory position for a 28-bit hash.
func (x *index) pageOf(s uint64) int { return int(s >> (hashBits - uint64(x.depth))) }

// home is where an entry would like to be in its page.
func home(s uint64, p *page) int {
	rest := uint32(s<<(32-hashBits)) << p.depth
	return int(uint64(rest) * uint64(p.cap) >> 32)
}

// find calls yes for each value stored under h until it returns true, and
// returns that value. No allocation when yes does not escape.
func (x *index) find(a *arena.Arena, h uint64, yes func(v uint64) bool) (uint64, bool) {
	if len(x.dir) == 0 {
		return 0, false
	}
	s := short(h)
	p := &x.dir[x.pageOf(s)]
	if p.cap == 0 {
		return 0, false
	}
	b := a.At(p.ref, x.pageBytes(p.cap))
	bits := x.valueBits()
	for i, k := home(s, p), 0; k < int(p.cap); k++ {
		e := x.load(b, i)
		if e == 0 {
			return 0, false
		}
		if e>>bits == s {
			if v := e&(1<<bits-1) - 1; yes(v) {
				return v, true
			}
		}
		if i++; i == int(p.cap) {
			i = 0
		}
	}
	return 0, false
}

// add stores v under h. It does not look for an equal entry.
func (x *index) add(a *arena.Arena, h uint64, v uint64) {
	if len(x.dir) == 0 {
		x.dir = []page{{}}
	}
	s := short(h)
	for {
		p := x.dir[x.pageOf(s)]
		if int(p.n)*20 < int(p.cap)*17 { // up to 85 % full
			break
		}
		if p.cap < pageEntriesMax || p.depth == depthMax {
			x.resize(a, s)
			continue
		}
		x.split(a, s)
	}
	p := x.dir[x.pageOf(s)]
	x.put(a.At(p.ref, x.pageBytes(p.cap)), &p, s<<x.valueBits()|(v+1))
	p.n++
	x.setPage(s, p)
	x.n++
}

// put places e in a page that has room.
func (x *index) put(b []byte, p *page, e uint64) {
	i := home(e>>x.valueBits(), p)
	for x.load(b, i) != 0 {
		if i++; i == int(p.cap) {
			i = 0
		}
	}
	x.store(b, i, e)
}

// setPage writes p to every directory entry that shares it.
func (x *index) setPage(s uint64, p page) {
	span := 1 << (x.depth - p.depth)
	first := x.pageOf(s) &^ (span - 1)
	for i := range span {
		x.dir[first+i] = p
	}
}

// resize gives the page of s a quarter more places.
func (x *index) resize(a *arena.Arena, s uint64) {
	old := x.dir[x.pageOf(s)]
	capacity := max(old.cap+old.cap/4, old.cap+1, pageEntriesMin)
	if old.depth == depthMax {
		capacity = max(capacity, old.cap*2)
	}
	p := x.newPage(a, int(capacity), old.depth)
	x.move(a, &old, func(uint64) *page { return &p })
	x.setPage(s, p)
}

// split distributes the page of s over two, doubling the directory when the
// page was the only one under its entry.
func (x *index) split(a *arena.Arena, s uint64) {
	old := x.dir[x.pageOf(s)]
	if old.depth == x.depth {
		dir := make([]page, 2*len(x.dir))
		for i := range dir {
			dir[i] = x.dir[i/2]
		}
		x.dir = dir
		x.depth++
	}
	var n [2]int
	bit := func(e uint64) int { return int(e>>x.valueBits()>>(hashBits-1-uint(old.depth))) & 1 }
	x.each(a, &old, func(e uint64) { n[bit(e)]++ })
	var half [2]page
	for i := range half {
		half[i] = x.newPage(a, max(n[i]*3/2, pageEntriesMin), old.depth+1)
	}
	x.move(a, &old, func(e uint64) *page { return &half[bit(e)] })
	span := 1 << (x.depth - old.depth)
	first := x.pageOf(s) &^ (span - 1)
	for i := range span {
		x.dir[first+i] = half[i*2/span]
	}
}

// newPage allocates a page, using the whole block that the size class gives.
func (x *index) newPage(a *arena.Arena, capacity int, depth uint8) page {
	invariant.Check(capacity*x.entryBytes() <= arena.BlockBytesMax, "P10: half a million entries share 18 bits of a keyed hash")
	size := min(arena.SizeClass(capacity*x.entryBytes()), arena.BlockBytesMax)
	p := page{cap: uint32(size / x.entryBytes()), depth: depth}
	p.ref = a.Alloc(x.pageBytes(p.cap))
	x.bytes += uint32(x.pageBytes(p.cap))
	return p
}

func (x *index) each(a *arena.Arena, p *page, f func(e uint64)) {
	if p.cap == 0 {
		return
	}
	b := a.At(p.ref, x.pageBytes(p.cap))
	for i := range int(p.cap) {
		if e := x.load(b, i); e != 0 {
			f(e)
		}
	}
}

// move puts the entries of old where to says, and frees old.
func (x *index) move(a *arena.Arena, old *page, to func(e uint64) *page) {
	x.each(a, old, func(e uint64) {
		p := to(e)
		x.put(a.At(p.ref, x.pageBytes(p.cap)), p, e)
		p.n++
	})
	if old.cap > 0 {
		a.Free(old.ref, x.pageBytes(old.cap))
		x.bytes -= uint32(x.pageBytes(old.cap))
	}
}

// remove takes out one entry (h, v) and reports whether it was there. The run
// behind it closes up, so that no tombstones gather.
func (x *index) remove(a *arena.Arena, h uint64, v uint64) bool {
	if len(x.dir) == 0 {
		return false
	}
	s := short(h)
	p := x.dir[x.pageOf(s)]
	if p.cap == 0 {
		return false
	}
	b := a.At(p.ref, x.pageBytes(p.cap))
	want := s<<x.valueBits() | (v + 1)
	i := home(s, &p)
	for k := 0; x.load(b, i) != want; k++ {
		if x.load(b, i) == 0 || k == int(p.cap) {
			return false
		}
		if i++; i == int(p.cap) {
			i = 0
		}
	}
	x.closeGap(b, &p, i)
	p.n--
	x.setPage(s, p)
	x.n--
	return true
}

// closeGap empties place i and moves later entries of the run back, as in
// Knuth, The Art of Computer Programming, vol. 3, section 6.4, algorithm R.
func (x *index) closeGap(b []byte, p *page, i int) {
	n := int(p.cap)
	for j := i; ; {
		x.store(b, i, 0)
		for {
			if j++; j == n {
				j = 0
			}
			e := x.load(b, j)
			if e == 0 {
				return
			}
			h := home(e>>x.valueBits(), p)
			inGap := i <= j && (h <= i || h > j) || i > j && h <= i && h > j
			if inGap {
				x.store(b, i, e)
				i = j
				break
			}
		}
	}
}
