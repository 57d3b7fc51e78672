package history

import (
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/scrip-engine/scrip/internal/durable"
)

// Copy copies the segments of a directory into another, which it makes, up to the one
// that holds the record last, and verifies every byte on the way. The copy is durable
// when Copy returns. A directory that does not exist has no segments. It returns the
// bytes that were copied, and the last record of the copy.
func Copy(from vfs.FS, dir string, to vfs.FS, target string, last uint64) (bytes int64, end uint64, err error) {
	bytes, end, err = copyAll(from, dir, to, target, last)
	if err != nil {
		err = fmt.Errorf("copy the history in %s: %w", dir, err)
	}
	return bytes, end, err
}

func copyAll(from vfs.FS, dir string, to vfs.FS, target string, last uint64) (bytes int64, end uint64, err error) {
	names, err := segmentNames(from, dir)
	if errors.Is(err, fs.ErrNotExist) && last == 0 {
		return 0, 0, nil
	}
	if err != nil {
		return 0, 0, err
	}
	if err := durable.MakeDir(to, target); err != nil {
		return 0, 0, err
	}
	chain := uint64(0)
	for _, name := range names {
		if end >= last {
			continue
		}
		g, err := verifySegment(from, dir, name)
		if err != nil {
			return bytes, end, err
		}
		if g.first != end+1 || g.chainBefore != chain {
			return bytes, end, fmt.Errorf("%w: %s does not follow record %d", ErrDamaged, name, end)
		}
		if err := copyFile(from, dir, to, target, name); err != nil {
			return bytes, end, err
		}
		// What arrived is what is verified last: a copy is for a day without the other.
		if g, err = verifySegment(to, target, name); err != nil {
			return bytes, end, err
		}
		bytes, end, chain = bytes+g.size, g.last, g.chain
	}
	if end < last {
		return bytes, end, fmt.Errorf("%w: it ends at record %d, before %d", ErrDamaged, end, last)
	}
	return bytes, end, durable.SyncDir(to, target)
}

func copyFile(from vfs.FS, dir string, to vfs.FS, target, name string) (err error) {
	src, err := from.Open(from.PathJoin(dir, name))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, src.Close()) }()
	dst, err := to.Create(to.PathJoin(target, name), vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	_, err = io.CopyBuffer(struct{ io.Writer }{dst}, struct{ io.Reader }{src}, make([]byte, writeBytes))
	if err == nil {
		err = dst.Sync()
	}
	return errors.Join(err, dst.Close())
}

// Verify reads a whole directory. It returns the last record.
func Verify(fsys vfs.FS, dir string) (last uint64, err error) {
	names, err := segmentNames(fsys, dir)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	for _, name := range names {
		g, err := verifySegment(fsys, dir, name)
		if err != nil {
			return last, fmt.Errorf("history: %w", err)
		}
		if g.first != last+1 {
			return last, fmt.Errorf("%w: %s does not follow record %d", ErrDamaged, name, last)
		}
		last = g.last
	}
	return last, err
}

// verifySegment reads every byte of a segment. What it returns is closed.
func verifySegment(fsys vfs.FS, dir, name string) (g *segment, err error) {
	g, err = openSegment(fsys, dir, name)
	if err != nil {
		return nil, err
	}
	file := g.file
	defer func() { err = errors.Join(err, file.Close()) }()
	if err := g.verifyRecords(); err != nil {
		return nil, fmt.Errorf("segment %s: %w", name, err)
	}
	var buf [pageBytes]byte
	for i := range g.index {
		t := &g.index[i]
		for n := range t.fences {
			if _, err := t.page(n, &buf); err != nil {
				return nil, fmt.Errorf("segment %s: %w", name, err)
			}
		}
	}
	return g, g.loadFilter()
}

func (g *segment) verifyRecords() error {
	buf := make([]byte, 0, guessBytes)
	at := uint64(headerBytes)
	for seq := g.first; seq <= g.last; seq++ {
		if at >= g.dataEnd {
			return damaged("records that are missing")
		}
		record, err := g.read(buf[:0], uint32(at), func([]byte) uint64 { return seq })
		if err != nil {
			return err
		}
		at, buf = at+frameBytes+uint64(len(record)), record
	}
	if at != g.dataEnd {
		return damaged("bytes behind the records")
	}
	return nil
}
