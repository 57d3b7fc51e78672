package history

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/bits-and-blooms/bloom/v3"
	"github.com/cockroachdb/pebble/v2/vfs"
)

const (
	segmentSuffix = ".segment"
	// unfinishedName is what Write has not renamed yet.
	unfinishedName = "next.new"
	// guessBytes is read of a record at once: most are shorter.
	guessBytes = 512
	// placesMax bounds the records of one trace that are looked at in a segment, the
	// newest. Two traces of 64 keyed bits are equal by chance once in a billion years.
	placesMax = 8
)

func segmentName(first, last uint64) string {
	return fmt.Sprintf("%016x-%016x%s", first, last, segmentSuffix)
}

func parseName(name string) (first, last uint64, ok bool) {
	base, found := strings.CutSuffix(name, segmentSuffix)
	if !found {
		return 0, 0, false
	}
	n, err := fmt.Sscanf(base, "%016x-%016x", &first, &last)
	return first, last, err == nil && n == 2 && segmentName(first, last) == name
}

// segment is an open file. Everything but filter is fixed when it was opened.
type segment struct {
	footer
	name        string
	size        int64
	file        vfs.File
	chainBefore uint64
	index       [3]table
	groups      []uint32           // newest number of each, up to this segment
	filter      *bloom.BloomFilter // nil: it is on disk only
}

// openSegment opens a file and verifies everything but records and pages, which are
// verified when they are read.
func openSegment(fsys vfs.FS, dir, name string) (_ *segment, err error) {
	f, err := fsys.Open(fsys.PathJoin(dir, name))
	if err != nil {
		return nil, err
	}
	g := &segment{name: name, file: f}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("segment %s: %w", name, err), f.Close())
		}
	}()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if g.size = info.Size(); g.size < headerBytes+footerBytes {
		return nil, damaged("shorter than its header and footer")
	}
	var head [headerBytes]byte
	var foot [footerBytes]byte
	if err := errors.Join(readFull(f, head[:], 0), readFull(f, foot[:], g.size-footerBytes)); err != nil {
		return nil, err
	}
	first, chain, err := decodeHeader(head[:])
	if err := errors.Join(err, g.footer.decode(foot[:])); err != nil {
		return nil, err
	}
	if g.chainBefore = chain; first != g.first || segmentName(g.first, g.last) != name || !g.sound(uint64(g.size)) {
		return nil, damaged("parts that do not fit")
	}
	for i, p := range g.tables {
		if g.index[i], err = openTable(f, p); err != nil {
			return nil, err
		}
	}
	return g, g.readGroups()
}

func (g *segment) readGroups() error {
	b := make([]byte, groupsBytes)
	if err := readFull(g.file, b, int64(g.groupsAt)); err != nil {
		return err
	}
	body := b[:Groups*4]
	if binary.LittleEndian.Uint32(b[len(body):]) != sum(body) {
		return damaged("groups")
	}
	g.groups = make([]uint32, Groups)
	for i := range g.groups {
		g.groups[i] = binary.LittleEndian.Uint32(b[4*i:])
	}
	return nil
}

func readFull(f io.ReaderAt, b []byte, at int64) error {
	if n, err := f.ReadAt(b, at); n != len(b) {
		return errors.Join(err, damaged("short read"))
	}
	return nil
}

// filterBytes is what the filter takes, on disk and in memory.
func (g *segment) filterBytes() int64 { return int64(g.filterWords) * 8 }

// loadFilter brings the filter into memory.
func (g *segment) loadFilter() error {
	if g.filterWords == 0 {
		return nil
	}
	b := make([]byte, g.filterBytes()+4)
	if err := readFull(g.file, b, int64(g.filterAt)); err != nil {
		return err
	}
	body := b[:len(b)-4]
	if binary.LittleEndian.Uint32(b[len(body):]) != sum(body) {
		return fmt.Errorf("segment %s: %w", g.name, damaged("filter"))
	}
	words := make([]uint64, g.filterWords)
	for i := range words {
		words[i] = binary.LittleEndian.Uint64(b[8*i:])
	}
	g.filter = bloom.From(words, uint(g.filterHashes))
	return nil
}

// mayHold reports false when no record of the segment has the trace.
func (g *segment) mayHold(trace uint64) bool {
	if g.filter == nil {
		return g.tables[byTrace].entries > 0
	}
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], trace)
	return g.filter.Test(b[:])
}

// memory is what the segment keeps in memory, in bytes.
func (g *segment) memory() (n int64) {
	for i := range g.index {
		n += g.index[i].memory()
	}
	if g.filter != nil {
		n += g.filterBytes()
	}
	return n + int64(len(g.groups))*4
}

// lookup appends the newest record under a key of an index that match takes; nil takes
// any. The sequence of a record is not known before it is read: its frame is checked
// against the one that seqOf finds in it.
func (g *segment) lookup(dst []byte, index int, key uint64, seqOf func([]byte) uint64, match func([]byte) bool) ([]byte, error) {
	places, err := g.index[index].find(key, make([]uint32, 0, placesMax))
	if err != nil {
		return dst, fmt.Errorf("segment %s: %w", g.name, err)
	}
	for i := len(places) - 1; i >= 0; i-- {
		out, err := g.read(dst, places[i], seqOf)
		if err != nil {
			return dst, fmt.Errorf("segment %s: %w", g.name, err)
		}
		if match == nil || match(out[len(dst):]) {
			return out, nil
		}
	}
	return dst, ErrNotFound
}

// read appends the record at a place.
func (g *segment) read(dst []byte, at uint32, seqOf func([]byte) uint64) ([]byte, error) {
	if uint64(at) < headerBytes || uint64(at) >= g.dataEnd {
		return dst, damaged("place of a record")
	}
	n := int(min(guessBytes, g.dataEnd-uint64(at)))
	start := len(dst)
	dst = append(dst, make([]byte, n)...)
	if err := readFull(g.file, dst[start:], int64(at)); err != nil {
		return dst[:start], err
	}
	size, err := frameSize(dst[start:])
	if err != nil || uint64(at)+uint64(size) > g.dataEnd {
		return dst[:start], errors.Join(err, damaged("end of a record"))
	}
	if size > n {
		dst = append(dst, make([]byte, size-n)...)
		if err := readFull(g.file, dst[start+n:], int64(at)+int64(n)); err != nil {
			return dst[:start], err
		}
	}
	frame := dst[start : start+size]
	seq := seqOf(frame[frameBytes:])
	if _, err := decodeFrame(frame, seq); err != nil || seq < g.first || seq > g.last {
		return dst[:start], errors.Join(err, damaged("sequence of a record"))
	}
	copy(dst[start:], frame[frameBytes:])
	return dst[:start+size-frameBytes], nil
}
