package history

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"

	"github.com/bits-and-blooms/bloom/v3"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/scrip-engine/scrip/internal/durable"
)

const (
	// tracesMax bounds the traces of one record.
	tracesMax = 2
	// filterBitsPerTrace and filterHashes give one false positive in 2,200: Bloom,
	// Communications of the ACM, 1970; k = m/n ln 2.
	filterBitsPerTrace = 16
	filterHashes       = 11
	// writeBytes is gathered before it is written.
	writeBytes = 256 << 10
	// bytesPerSync is how much a sync at the end may have left to write. The log's own
	// syncs would queue behind half a gigabyte, and the watchdog ends a process whose
	// disk takes that long.
	bytesPerSync = 1 << 20
)

// Entry is one record to keep, with the ways to it.
type Entry struct {
	Record []byte // not empty, at most RecordBytesMax; the writer copies it
	Stamp  int64
	Group  uint16            // below Groups
	Number uint32            // above every earlier one of the group
	Traces [tracesMax]uint64 // 0 for none
	Chain  uint64            // digest of the journal up to this record
}

// Write cuts the next segment: the records behind Durable, up to upTo or to where the
// segment is full, which next fills in one by one. When it returns nil, those up to
// Durable are durable (H1). After an error nothing has changed, and it may be tried
// again. The caller writes nothing else meanwhile.
func (s *Store) Write(upTo uint64, next func(seq uint64, e *Entry) error) error {
	first, chain := s.end()
	if upTo < first+1 {
		return fmt.Errorf("history: a segment from %d to %d", first+1, upTo)
	}
	fsys, unfinished := s.cfg.FS, s.cfg.FS.PathJoin(s.cfg.Dir, unfinishedName)
	if err := s.dropAhead(first); err != nil {
		return fmt.Errorf("history: %w", err)
	}
	last, err := writeSegment(fsys, unfinished, first+1, min(upTo, first+SegmentRecordsMax), chain, s.groups(), next)
	if err != nil {
		// On a full disk what was begun would be in everybody's way.
		if gone := fsys.Remove(unfinished); !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, gone)
		}
		return fmt.Errorf("history: write a segment from %d: %w", first+1, err)
	}
	name := segmentName(first+1, last)
	if err := fsys.Rename(unfinished, fsys.PathJoin(s.cfg.Dir, name)); err != nil {
		return fmt.Errorf("history: %w", err)
	}
	if err := s.take(name); err != nil {
		// The next attempt may end elsewhere, and would be a second segment from here.
		return fmt.Errorf("history: %w", errors.Join(err, durable.Remove(fsys, s.cfg.Dir, name)))
	}
	return nil
}

// take brings in a segment that got its name.
func (s *Store) take(name string) error {
	if err := durable.SyncDir(s.cfg.FS, s.cfg.Dir); err != nil {
		return err
	}
	g, err := openSegment(s.cfg.FS, s.cfg.Dir, name)
	if err != nil {
		return err
	}
	return s.add(g)
}

// writer gathers a segment.
type writer struct {
	f       vfs.File
	buf     []byte
	at      uint64 // of the next byte
	foot    footer
	entries [3][]entry
	groups  []uint32
}

func writeSegment(fsys vfs.FS, path string, first, last, chain uint64, groups []uint32, next func(uint64, *Entry) error) (end uint64, err error) {
	f, err := fsys.Create(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return 0, err
	}
	f = vfs.NewSyncingFile(f, vfs.SyncingFileOptions{BytesPerSync: bytesPerSync, NoSyncOnClose: true})
	defer func() { err = errors.Join(err, f.Close()) }()
	w := &writer{f: f, groups: groups, foot: footer{first: first, last: last, filterHashes: filterHashes}}
	w.buf = appendHeader(make([]byte, 0, writeBytes+RecordBytesMax), first, chain)
	for seq := first; seq <= w.foot.last; seq++ {
		var e Entry
		if err := next(seq, &e); err != nil {
			return 0, err
		}
		if err := w.record(seq, &e); err != nil {
			return 0, err
		}
		if w.at+uint64(len(w.buf)) > SegmentBytesMax {
			w.foot.last = seq
		}
	}
	w.foot.dataEnd = w.at + uint64(len(w.buf))
	if err := w.finish(); err != nil {
		return 0, err
	}
	return w.foot.last, f.Sync()
}

func (w *writer) record(seq uint64, e *Entry) error {
	place := w.at + uint64(len(w.buf))
	if len(e.Record) == 0 || len(e.Record) > RecordBytesMax {
		return fmt.Errorf("record %d of %d bytes", seq, len(e.Record))
	}
	if e.Group >= Groups || e.Number <= w.groups[e.Group] {
		return fmt.Errorf("record %d is number %d of group %d", seq, e.Number, e.Group)
	}
	w.groups[e.Group] = e.Number
	w.entries[bySeq] = append(w.entries[bySeq], entry{seq, uint32(place)})
	w.entries[byID] = append(w.entries[byID], entry{idKey(e.Group, e.Number), uint32(place)})
	for _, t := range e.Traces {
		if t != 0 {
			w.entries[byTrace] = append(w.entries[byTrace], entry{t, uint32(place)})
		}
	}
	if seq == w.foot.first {
		w.foot.firstStamp = e.Stamp
	}
	w.foot.lastStamp, w.foot.chain = e.Stamp, e.Chain
	w.buf = appendFrame(w.buf, seq, e.Record)
	return w.flush(false)
}

// flush writes what was gathered. The file may write into what it is given, and keeps
// nothing.
func (w *writer) flush(all bool) error {
	if len(w.buf) == 0 || !all && len(w.buf) < writeBytes {
		return nil
	}
	w.at += uint64(len(w.buf))
	_, err := w.f.Write(w.buf)
	w.buf = w.buf[:0]
	return err
}

// finish writes the indexes, the filter and the footer.
func (w *writer) finish() error {
	filter := w.makeFilter()
	for i, entries := range w.entries {
		t := &w.foot.tables[i]
		t.at, t.entries = w.at+uint64(len(w.buf)), uint64(len(entries))
		t.fences = t.at + pagesOf(t.entries)*pageBytes
		w.buf = appendTable(w.buf, entries)
		w.entries[i] = nil
		if err := w.flush(true); err != nil {
			return err
		}
	}
	w.foot.groupsAt = w.at
	groups := make([]byte, 0, groupsBytes)
	for _, n := range w.groups {
		groups = binary.LittleEndian.AppendUint32(groups, n)
	}
	w.buf = binary.LittleEndian.AppendUint32(append(w.buf, groups...), sum(groups))
	w.foot.filterAt, w.foot.filterWords = w.at+groupsBytes, uint64(len(filter))
	body := make([]byte, 0, 8*len(filter)+4)
	for _, word := range filter {
		body = binary.LittleEndian.AppendUint64(body, word)
	}
	w.buf = binary.LittleEndian.AppendUint32(append(w.buf, body...), sum(body))
	w.buf = w.foot.append(w.buf)
	return w.flush(true)
}

func idKey(group uint16, number uint32) uint64 { return uint64(group)<<32 | uint64(number) }

// makeFilter is the words of a Bloom filter over the traces.
func (w *writer) makeFilter() []uint64 {
	traces := w.entries[byTrace]
	if len(traces) == 0 {
		return nil
	}
	words := make([]uint64, (len(traces)*filterBitsPerTrace+63)/64)
	filter := bloom.From(words, filterHashes)
	var b [8]byte
	for _, e := range traces {
		binary.LittleEndian.PutUint64(b[:], e.key)
		filter.Add(b[:])
	}
	return words
}
