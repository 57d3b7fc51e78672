package history

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// A segment, little-endian, with CRC-32C everywhere:
//
//	header   "SCHS" | version u16 | 0 u16 | first u64 | digest before u64 | CRC u32
//	records  of each: length u32 | CRC of sequence and record u32 | record
//	indexes  by sequence, by id, by trace; see table.go
//	groups   the newest number of every group up to here u32 ×4096 | CRC u32
//	filter   words u64 … | CRC u32
//	footer   see below | CRC u32
//
// The file's name says the first and the last sequence; the footer is found from the
// file's end.
const (
	magic       = "SCHS"
	version     = 1
	headerBytes = 28
	frameBytes  = 8
	footerBytes = 4 + 8*(6+3*tableFields+4) + 4
	tableFields = 3
)

// Bounds of a segment.
const (
	// SegmentRecordsMax bounds what a writer holds to sort the indexes: 36 MiB.
	SegmentRecordsMax = 1 << 20
	// SegmentBytesMax bounds the records of a segment, so that a copy of it is short.
	SegmentBytesMax = 512 << 20
	// RecordBytesMax bounds one record, far above what a journal writes.
	RecordBytesMax = 1 << 20
	// Groups is how many groups of ids there are. Numbers of a group ascend with the
	// records, so the newest of each tells which segment an id is in.
	Groups      = 4096
	groupsBytes = Groups*4 + 4
)

// Errors. ErrNotFound is an answer; every other error of a read is about the storage.
var (
	ErrNotFound = errors.New("history: no such record")
	ErrDamaged  = errors.New("history: damaged")
	ErrClosed   = errors.New("history: closed")
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func sum(parts ...[]byte) (c uint32) {
	for _, p := range parts {
		c = crc32.Update(c, castagnoli, p)
	}
	return c
}

func damaged(what string) error { return fmt.Errorf("%w: %s", ErrDamaged, what) }

func appendHeader(dst []byte, first, chain uint64) []byte {
	le := binary.LittleEndian
	at := len(dst)
	dst = le.AppendUint16(le.AppendUint16(append(dst, magic...), version), 0)
	dst = le.AppendUint64(le.AppendUint64(dst, first), chain)
	return le.AppendUint32(dst, sum(dst[at:]))
}

func decodeHeader(b []byte) (first, chain uint64, err error) {
	le := binary.LittleEndian
	if len(b) != headerBytes || string(b[:4]) != magic || le.Uint16(b[4:]) != version || le.Uint16(b[6:]) != 0 ||
		le.Uint32(b[headerBytes-4:]) != sum(b[:headerBytes-4]) {
		return 0, 0, damaged("header")
	}
	return le.Uint64(b[8:]), le.Uint64(b[16:]), nil
}

// appendFrame appends one record as the file has it.
func appendFrame(dst []byte, seq uint64, record []byte) []byte {
	le := binary.LittleEndian
	dst = le.AppendUint32(dst, uint32(len(record)))
	var s [8]byte
	le.PutUint64(s[:], seq)
	dst = le.AppendUint32(dst, sum(s[:], record))
	return append(dst, record...)
}

// frameSize is the whole size of a frame from its beginning.
func frameSize(b []byte) (int, error) {
	if len(b) < frameBytes {
		return 0, damaged("record beyond the end")
	}
	n := binary.LittleEndian.Uint32(b)
	if n == 0 || n > RecordBytesMax {
		return 0, damaged("length of a record")
	}
	return frameBytes + int(n), nil
}

// decodeFrame returns the record of a whole frame, which aliases b.
func decodeFrame(b []byte, seq uint64) ([]byte, error) {
	var s [8]byte
	binary.LittleEndian.PutUint64(s[:], seq)
	if binary.LittleEndian.Uint32(b[4:]) != sum(s[:], b[frameBytes:]) {
		return nil, damaged(fmt.Sprintf("record %d", seq))
	}
	return b[frameBytes:], nil
}

// footer says where everything is.
type footer struct {
	last, chain           uint64 // and the digest of the journal up to there
	firstStamp, lastStamp int64
	first, dataEnd        uint64
	tables                [3]place
	groupsAt              uint64
	filterAt, filterWords uint64
	filterHashes          uint64
}

// place is where a table is: its pages, and behind them its fences.
type place struct{ at, entries, fences uint64 }

// Tables of a segment, in the order of the file.
const (
	bySeq = iota
	byID
	byTrace
)

func (f *footer) fields() []*uint64 {
	all := []*uint64{&f.first, &f.last, &f.chain, &f.dataEnd}
	for i := range f.tables {
		t := &f.tables[i]
		all = append(all, &t.at, &t.entries, &t.fences)
	}
	return append(all, &f.groupsAt, &f.filterAt, &f.filterWords, &f.filterHashes)
}

func (f *footer) append(dst []byte) []byte {
	le := binary.LittleEndian
	at := len(dst)
	dst = append(dst, "SCHF"...)
	dst = le.AppendUint64(le.AppendUint64(dst, uint64(f.firstStamp)), uint64(f.lastStamp))
	for _, v := range f.fields() {
		dst = le.AppendUint64(dst, *v)
	}
	return le.AppendUint32(dst, sum(dst[at:]))
}

func (f *footer) decode(b []byte) error {
	le := binary.LittleEndian
	if len(b) != footerBytes || string(b[:4]) != "SCHF" || le.Uint32(b[footerBytes-4:]) != sum(b[:footerBytes-4]) {
		return damaged("footer")
	}
	f.firstStamp, f.lastStamp = int64(le.Uint64(b[4:])), int64(le.Uint64(b[12:]))
	for i, v := range f.fields() {
		*v = le.Uint64(b[20+8*i:])
	}
	return nil
}

// sound reports whether the parts lie where a writer puts them, in a file of a size.
// Everything that is allocated by these numbers is bounded by the file.
func (f *footer) sound(size uint64) bool {
	n := f.last - f.first + 1
	if f.first == 0 || f.last < f.first || n > SegmentRecordsMax || f.dataEnd > SegmentBytesMax+headerBytes+RecordBytesMax+frameBytes {
		return false
	}
	at := f.dataEnd
	for i, t := range f.tables {
		limit := uint64(tracesMax * SegmentRecordsMax)
		if t.at != at || t.entries > limit || i != byTrace && t.entries != n || t.fences != at+pagesOf(t.entries)*pageBytes {
			return false
		}
		at = t.fences + pagesOf(t.entries)*8 + 4
	}
	return f.groupsAt == at && f.filterAt == at+groupsBytes && f.filterWords <= size/8 && f.filterHashes <= 64 &&
		f.filterAt+f.filterWords*8+4+footerBytes == size
}
