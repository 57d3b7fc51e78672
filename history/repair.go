package history

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/scrip-engine/scrip/internal/durable"
)

// A segment that got its name and could then not be taken in is removed. Where that
// fails as well, it stays beside the one of the next attempt, which may end elsewhere.

// dropAhead removes what an attempt before this one left behind the last record: nobody
// has seen it.
func (s *Store) dropAhead(last uint64) error {
	names, err := segmentNames(s.cfg.FS, s.cfg.Dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		if first, _, _ := parseName(name); first > last {
			if err := durable.Remove(s.cfg.FS, s.cfg.Dir, name); err != nil {
				return err
			}
		}
	}
	return nil
}

// dropPrefixes removes segments whose every record is also in the next one, which
// begins with the same. Two that differ in a record are damage. Names are in order:
// of two that begin with the same record, the shorter is first.
func dropPrefixes(fsys vfs.FS, dir string, names []string) ([]string, error) {
	for i := 0; i+1 < len(names); {
		first, _, _ := parseName(names[i])
		if next, _, _ := parseName(names[i+1]); next != first {
			i++
			continue
		}
		if err := isPrefix(fsys, dir, names[i], names[i+1]); err != nil {
			return nil, err
		}
		if err := durable.Remove(fsys, dir, names[i]); err != nil {
			return nil, err
		}
		names = slices.Delete(names, i, i+1)
	}
	return names, nil
}

// isPrefix reads both whole: the one that stays must be sound. What is in front of the
// indexes is the same byte for byte where the records are (H3).
func isPrefix(fsys vfs.FS, dir, short, long string) error {
	a, err := verifySegment(fsys, dir, short)
	if err != nil {
		return err
	}
	b, err := verifySegment(fsys, dir, long)
	if err != nil {
		return err
	}
	differ := fmt.Errorf("%w: %s and %s differ", ErrDamaged, short, long)
	if b.dataEnd < a.dataEnd {
		return differ
	}
	f, err := fsys.Open(fsys.PathJoin(dir, short))
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	g, err := fsys.Open(fsys.PathJoin(dir, long))
	if err != nil {
		return err
	}
	defer func() { _ = g.Close() }()
	x, y := make([]byte, writeBytes), make([]byte, writeBytes)
	for at := uint64(0); at < a.dataEnd; at += writeBytes {
		n := min(writeBytes, a.dataEnd-at)
		if err := readFull(f, x[:n], int64(at)); err != nil {
			return err
		}
		if err := readFull(g, y[:n], int64(at)); err != nil {
			return err
		}
		if !bytes.Equal(x[:n], y[:n]) {
			return differ
		}
	}
	return nil
}
