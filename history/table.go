package history

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"sort"
)

// A table leads from keys to the places of records. It is a sorted run of entries
// {key u64, place u32} in pages of 4 KiB: 341 entries, then the page's CRC, which also
// covers the page's number. Behind the pages lie the fences, the first key of every
// page, with a CRC of their own: they are in memory, so that a look-up reads one page,
// or two when equal keys reach over an edge.
const (
	pageBytes    = 4096
	entryBytes   = 12
	pageEntries  = (pageBytes - 4) / entryBytes
	placeBytes   = 4
	pageChecksum = pageBytes - 4
)

// entry is one way to a record: place is the record's offset in the segment.
type entry struct {
	key   uint64
	place uint32
}

func pagesOf(entries uint64) uint64 { return (entries + pageEntries - 1) / pageEntries }

// appendTable sorts the entries and appends pages and fences.
func appendTable(dst []byte, entries []entry) []byte {
	slices.SortFunc(entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.place, b.place))
	})
	le := binary.LittleEndian
	var fences []byte
	for page := 0; page*pageEntries < len(entries); page++ {
		at := len(dst)
		part := entries[page*pageEntries : min(len(entries), (page+1)*pageEntries)]
		fences = le.AppendUint64(fences, part[0].key)
		for _, e := range part {
			dst = le.AppendUint32(le.AppendUint64(dst, e.key), e.place)
		}
		dst = append(dst, make([]byte, at+pageChecksum-len(dst))...)
		dst = le.AppendUint32(dst, pageSum(dst[at:], uint64(page)))
	}
	dst = append(dst, fences...)
	return le.AppendUint32(dst, sum(fences))
}

func pageSum(page []byte, number uint64) uint32 {
	var n [8]byte
	binary.LittleEndian.PutUint64(n[:], number)
	return sum(n[:], page[:pageChecksum])
}

// table is an open one.
type table struct {
	file    io.ReaderAt
	at      uint64
	entries uint64
	fences  []uint64
}

func openTable(file io.ReaderAt, p place) (t table, err error) {
	t = table{file: file, at: p.at, entries: p.entries, fences: make([]uint64, pagesOf(p.entries))}
	b := make([]byte, len(t.fences)*8+4)
	if _, err := file.ReadAt(b, int64(p.fences)); err != nil {
		return t, err
	}
	if body := b[:len(b)-4]; binary.LittleEndian.Uint32(b[len(body):]) != sum(body) {
		return t, damaged("fences")
	}
	for i := range t.fences {
		t.fences[i] = binary.LittleEndian.Uint64(b[8*i:])
	}
	if !slices.IsSorted(t.fences) {
		return t, damaged("order of the fences")
	}
	return t, nil
}

// page reads and verifies one page, into buf.
func (t *table) page(n int, buf *[pageBytes]byte) ([]byte, error) {
	if _, err := t.file.ReadAt(buf[:], int64(t.at)+int64(n)*pageBytes); err != nil {
		return nil, err
	}
	if binary.LittleEndian.Uint32(buf[pageChecksum:]) != pageSum(buf[:], uint64(n)) {
		return nil, damaged(fmt.Sprintf("page %d of an index", n))
	}
	count := min(t.entries-uint64(n)*pageEntries, pageEntries)
	return buf[:count*entryBytes], nil
}

// find appends the places that have the key, in order of the records. Of more than
// the capacity of places it keeps the newest.
func (t *table) find(key uint64, places []uint32) ([]uint32, error) {
	first := sort.Search(len(t.fences), func(i int) bool { return t.fences[i] >= key })
	var buf [pageBytes]byte
	for n := first - 1; n < len(t.fences) && (n < first || t.fences[n] <= key); n++ {
		if n < 0 {
			continue
		}
		page, err := t.page(n, &buf)
		if err != nil {
			return places, err
		}
		count := len(page) / entryBytes
		i := sort.Search(count, func(i int) bool { return binary.LittleEndian.Uint64(page[i*entryBytes:]) >= key })
		for ; i < count && binary.LittleEndian.Uint64(page[i*entryBytes:]) == key; i++ {
			if len(places) == cap(places) {
				places = places[:copy(places, places[1:])]
			}
			places = append(places, binary.LittleEndian.Uint32(page[i*entryBytes+8:]))
		}
	}
	return places, nil
}

// memory is what the table keeps in memory, in bytes.
func (t *table) memory() int64 { return int64(len(t.fences)) * 8 }
