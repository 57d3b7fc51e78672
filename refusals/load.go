package refusals

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/scrip-engine/scrip/internal/durable"
)

const (
	fileSuffix = ".seg"
	tempSuffix = ".tmp"
)

func (s *store) path(number uint64) string {
	return s.fs.PathJoin(s.dir, fmt.Sprintf("%08d%s", number, fileSuffix))
}

// open reads what is there, once, and begins to write where the last run ended.
func (s *store) open(now int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := durable.MakeDir(s.fs, s.dir); err != nil {
		if _, missing := s.fs.Stat(s.dir); missing != nil {
			return fmt.Errorf("open refusals: %w", err)
		}
		s.log.Warn("refusals: the name of the directory is not synced", "error", err)
	}
	numbers, err := s.list()
	if err != nil {
		return fmt.Errorf("open refusals: %w", err)
	}
	if len(numbers) == 0 {
		s.floor, s.number = minuteOf(now), 1
		s.beginLocked(now)
		return nil
	}
	for _, number := range numbers[:len(numbers)-1] {
		if err := s.openSealedLocked(number, now); err != nil {
			return err
		}
	}
	return s.openLastLocked(numbers[len(numbers)-1], now)
}

// list returns the numbers of the segments in order, and removes what a crash
// left half-written.
func (s *store) list() (numbers []uint64, err error) {
	entries, err := s.fs.List(s.dir)
	if err != nil {
		return nil, err
	}
	for _, name := range entries {
		if strings.HasSuffix(name, tempSuffix) {
			if err := s.fs.Remove(s.fs.PathJoin(s.dir, name)); err != nil {
				return nil, err
			}
			continue
		}
		n, err := strconv.ParseUint(strings.TrimSuffix(name, fileSuffix), 10, 64)
		if err == nil && strings.HasSuffix(name, fileSuffix) {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	return numbers, nil
}

// openSealedLocked reads a file of the past. One that is damaged is replaced by
// what could be read of it, and the time it covers becomes a gap.
func (s *store) openSealedLocked(number uint64, now int64) error {
	b, err := readFile(s.fs, s.path(number))
	if err != nil {
		return fmt.Errorf("open refusals: %w", err)
	}
	found := cells{}
	c := decodeSegment(b, s.into(found))
	g := segment{number: number, min: c.head.min, max: c.head.max, bytes: int64(len(b))}
	s.floor = max(s.floor, c.head.floor)
	if c.whole {
		s.sealed = append(s.sealed, g)
		return nil
	}
	s.log.Warn("refusals: a file is damaged; what could be read of it is kept", "file", s.path(number))
	gap := Gap{From: int64(g.min) * minuteMillis, Until: (int64(g.max) + 1) * minuteMillis}
	if g.max == 0 { // not even the beginning can be read
		gap = Gap{From: int64(s.floor) * minuteMillis, Until: now}
		if n := len(s.sealed); n > 0 {
			gap.From = int64(s.sealed[n-1].max) * minuteMillis
		}
		g.min, g.max = minuteOf(gap.From), minuteOf(gap.Until)
	}
	gap.Seconds = (gap.Until - gap.From) / 1000
	s.gapLocked(gap)
	b = appendHead(nil, now, &head{floor: s.floor, min: g.min, max: g.max})
	file, err := s.replace(number, appendCounts(b, now, found, s.names))
	if err != nil {
		return err
	}
	s.sealed = append(s.sealed, g)
	return file.Close()
}

// openLastLocked reads the file that was written to last and goes on with it. An
// end without the mark of a clean one is a gap: the flush under way is lost, and
// what had not been flushed.
func (s *store) openLastLocked(number uint64, now int64) error {
	b, err := readFile(s.fs, s.path(number))
	if err != nil {
		return fmt.Errorf("open refusals: %w", err)
	}
	c := decodeSegment(b, s.into(s.current))
	s.number, s.floor = number, max(s.floor, c.head.floor)
	for _, g := range c.head.gaps {
		s.gapLocked(g)
	}
	if !c.closed || !c.whole {
		s.gapLocked(Gap{From: min(c.stamp, now), Until: now, Seconds: flushSeconds})
	}
	s.beginLocked(now)
	return nil
}

// beginLocked makes the present segment's file. A disk that is too full for it
// does not keep the node from starting: the next flush tries again.
func (s *store) beginLocked(now int64) {
	if err := s.rewriteLocked(now, &head{floor: s.floor, gaps: s.gaps}); err != nil {
		s.log.Warn("refusals are not written yet; they are kept in memory meanwhile", "error", err)
	}
}

// gapLocked notes a gap; of too many the oldest two become one.
func (s *store) gapLocked(g Gap) {
	s.gaps = append(s.gaps, g)
	if len(s.gaps) > gapsMax {
		a, b := s.gaps[0], s.gaps[1]
		s.gaps[1] = Gap{From: min(a.From, b.From), Until: max(a.Until, b.Until), Seconds: a.Seconds + b.Seconds}
		s.gaps = slices.Delete(s.gaps, 0, 1)
	}
}

// into returns what adds decoded counters to m. The table of keys grows by what
// other versions wrote: Open is the one time when it may.
func (s *store) into(m cells) func(minute, project, campaign uint32, key []byte, op Operation, n uint64) {
	return func(minute, project, campaign uint32, key []byte, op Operation, n uint64) {
		m[newCell(minute, project, campaign, s.names.add(string(key)), op)] += n
	}
}

func readFile(fs vfs.FS, name string) (b []byte, err error) {
	file, err := fs.Open(name, vfs.SequentialReadsOption)
	if err != nil {
		return nil, err
	}
	defer func() {
		if cerr := file.Close(); err == nil {
			err = cerr
		}
	}()
	// What is beyond the bound is not ours: it reads as damage.
	return io.ReadAll(io.LimitReader(file, segmentReadBytesMax))
}
