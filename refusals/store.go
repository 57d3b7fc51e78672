package refusals

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/scrip-engine/scrip/internal/durable"
)

// store keeps the counters. The segment of the present is in memory as a whole,
// and on disk as a file that every flush appends to; those of the past are sealed
// files. One lock covers memory and writing: who asks waits for a write at most,
// and Note never takes it.
type store struct {
	fs       vfs.FS
	dir      string
	log      *slog.Logger
	names    *names
	metrics  *metrics
	counters *counters

	mu      sync.Mutex
	current cells     // guarded by mu; of the present segment, unsaved included
	unsaved cells     // guarded by mu; not on disk yet
	file    vfs.File  // guarded by mu; nil when it must be written anew (F4)
	number  uint64    // guarded by mu; of the present segment
	bytes   int64     // guarded by mu; of its file
	sealed  []segment // guarded by mu; in order of their numbers
	gaps    []Gap     // guarded by mu
	floor   uint32    // guarded by mu; minute before which counters may be missing
}

// segment is a sealed file. It is never changed, only removed.
type segment struct {
	number   uint64
	min, max uint32 // minutes
	bytes    int64
}

// gather takes what was noted since the last time. The lock is held from before
// the counters are emptied until they are in current, so that no reader finds
// them in neither (F1).
func (s *store) gatherLocked() {
	s.metrics.crowded(s.counters.drain(s.addLocked))
}

func (s *store) addLocked(c cell, n uint64) {
	s.metrics.noted(c.operation(), n)
	counted, folded := s.current.add(c, n, segmentCellsMax)
	switch {
	case !counted:
		s.metrics.crowded(0, n)
		return
	case folded:
		s.metrics.crowded(n, 0)
		c = c.folded()
	}
	s.unsaved[c] += n
}

// flush makes durable what was noted before it. After an error it is all still in
// memory, and the next flush writes the file anew.
func (s *store) flush(now int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gatherLocked()
	if err := s.saveLocked(now); err != nil {
		s.abandonLocked()
		return err
	}
	if s.fullLocked(now) {
		if err := s.sealLocked(now); err != nil {
			s.abandonLocked()
			return err
		}
	}
	return s.retainLocked(now)
}

func (s *store) saveLocked(now int64) error {
	if s.file == nil {
		return s.rewriteLocked(now, &head{floor: s.floor, gaps: s.gaps})
	}
	if len(s.unsaved) == 0 {
		return nil
	}
	if err := s.appendLocked(appendCounts(nil, now, s.unsaved, s.names)); err != nil {
		return err
	}
	clear(s.unsaved)
	return nil
}

func (s *store) appendLocked(b []byte) error {
	if _, err := s.file.Write(b); err != nil {
		return fmt.Errorf("write refusals: %w", err)
	}
	if err := s.file.Sync(); err != nil {
		return fmt.Errorf("sync refusals: %w", err)
	}
	s.bytes += int64(len(b))
	return nil
}

// rewriteLocked replaces the present segment's file by what memory holds, and
// leaves it open to be appended to.
func (s *store) rewriteLocked(now int64, h *head) error {
	s.abandonLocked()
	b := appendHead(nil, now, h)
	b = appendCounts(b, now, s.current, s.names)
	file, err := s.replace(s.number, b)
	if err != nil {
		return err
	}
	s.file, s.bytes = file, int64(len(b))
	clear(s.unsaved)
	return nil
}

// replace writes a file under a temporary name and gives it its own once it is
// durable.
func (s *store) replace(number uint64, b []byte) (_ vfs.File, err error) {
	name := s.path(number)
	file, err := s.fs.Create(name+tempSuffix, vfs.WriteCategoryUnspecified)
	if err != nil {
		return nil, fmt.Errorf("write refusals: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("write refusals: %w", err), file.Close())
		}
	}()
	if _, err := file.Write(b); err != nil {
		return nil, err
	}
	if err := file.Sync(); err != nil {
		return nil, err
	}
	if err := s.fs.Rename(name+tempSuffix, name); err != nil {
		return nil, err
	}
	return file, durable.SyncDir(s.fs, s.dir)
}

// abandonLocked lets go of a file that may not hold what was written to it.
func (s *store) abandonLocked() {
	if s.file == nil {
		return
	}
	if err := s.file.Close(); err != nil {
		s.log.Warn("refusals: a file was not closed", "error", err)
	}
	s.file = nil
}

// fullLocked: the present segment has grown or lasted long enough.
func (s *store) fullLocked(now int64) bool {
	if len(s.current) == 0 {
		return false
	}
	if len(s.current) >= segmentCellsMax/2 || s.bytes >= segmentBytesMax {
		return true
	}
	first, _ := s.spanLocked()
	return int64(minuteOf(now))-int64(first) >= segmentMinutesMax
}

func (s *store) spanLocked() (first, last uint32) {
	first = 1<<32 - 1
	for c := range s.current {
		first, last = min(first, c.minute()), max(last, c.minute())
	}
	return first, last
}

// sealLocked writes the present segment once more, without repetitions, and
// begins the next. A crash between the two leaves the sealed one as the present.
func (s *store) sealLocked(now int64) error {
	first, last := s.spanLocked()
	if err := s.rewriteLocked(now, &head{floor: s.floor, min: first, max: last, gaps: s.gaps}); err != nil {
		return err
	}
	s.sealed = append(s.sealed, segment{number: s.number, min: first, max: last, bytes: s.bytes})
	s.number++
	clear(s.current)
	return s.rewriteLocked(now, &head{floor: s.floor, gaps: s.gaps})
}

// retainLocked removes what is too old, and the oldest of what is too much. That
// it is gone is on disk before it is: a crash between the two leaves files that
// nobody asks for, and the next start removes them.
func (s *store) retainLocked(now int64) error {
	total, present := s.bytes, minuteOf(now)
	for _, g := range s.sealed {
		total += g.bytes
	}
	var kept, gone []segment
	for _, g := range s.sealed {
		if old := int64(g.max)+retentionMinutes < int64(present); old || total > diskBytesMax {
			// A clock that was ahead for a while must not hide the present.
			s.floor = max(s.floor, min(g.max+1, present))
			total -= g.bytes
			gone = append(gone, g)
			continue
		}
		kept = append(kept, g)
	}
	s.metrics.diskBytes.Set(float64(total))
	if len(gone) == 0 {
		return nil
	}
	s.sealed = kept
	if err := s.rewriteLocked(now, &head{floor: s.floor, gaps: s.gaps}); err != nil {
		return err
	}
	var errs []error
	for _, g := range gone {
		if err := s.fs.Remove(s.path(g.number)); err != nil {
			errs = append(errs, fmt.Errorf("remove old refusals: %w", err))
		}
	}
	return errors.Join(errs...)
}

// close writes what is left and a mark that nothing was lost.
func (s *store) close(now int64) error {
	err := s.flush(now)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil && s.file != nil {
		err = s.appendLocked(appendBlock(nil, kindClosed, now, nil))
	}
	s.abandonLocked()
	return err
}
