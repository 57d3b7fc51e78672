package history

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sort"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/scrip-engine/scrip/internal/durable"
)

// Config of a Store. FS, Dir and Seq are required.
type Config struct {
	FS  vfs.FS
	Dir string // made when it is not there
	// Seq reads the sequence that a record says of itself, from any bytes; 0 when it
	// says none. Called from any goroutine.
	Seq func(record []byte) uint64
	// FilterBytes bounds the filters in memory; default DefaultFilterBytes.
	FilterBytes int64
}

// DefaultFilterBytes is enough for 500 million traces.
const DefaultFilterBytes = 1 << 30

// Store is an open history. See the package comment.
type Store struct {
	cfg      Config
	segments atomic.Pointer[[]*segment] // in order; replaced whole by the writer
	durable  atomic.Uint64

	// open is held for reading by whoever reads the files.
	open   sync.RWMutex
	closed bool // guarded by open
}

// Open opens the directory. It fails when a segment is missing or damaged; what a
// crash has left unfinished is removed.
func Open(cfg Config) (*Store, error) {
	if cfg.FilterBytes == 0 {
		cfg.FilterBytes = DefaultFilterBytes
	}
	s := &Store{cfg: cfg}
	s.segments.Store(new([]*segment))
	if err := s.load(); err != nil {
		return nil, errors.Join(fmt.Errorf("open the history in %s: %w", cfg.Dir, err), s.Close())
	}
	return s, nil
}

func (s *Store) load() error {
	if err := durable.MakeDir(s.cfg.FS, s.cfg.Dir); err != nil {
		return err
	}
	names, err := segmentNames(s.cfg.FS, s.cfg.Dir)
	if err != nil {
		return err
	}
	if err := s.cfg.FS.Remove(s.cfg.FS.PathJoin(s.cfg.Dir, unfinishedName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if names, err = dropPrefixes(s.cfg.FS, s.cfg.Dir, names); err != nil {
		return err
	}
	var all []*segment
	for _, name := range names {
		g, err := openSegment(s.cfg.FS, s.cfg.Dir, name)
		if err != nil {
			return err
		}
		all = append(all, g)
		s.segments.Store(&all)
		if err := follows(all); err != nil {
			return err
		}
	}
	return s.publish(all)
}

// segmentNames lists the segments of a directory in order.
func segmentNames(fsys vfs.FS, dir string) ([]string, error) {
	names, err := fsys.List(dir)
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	return slices.DeleteFunc(names, func(name string) bool {
		_, _, ok := parseName(name)
		return !ok
	}), nil
}

// follows checks that the last segment continues the one before it.
func follows(all []*segment) error {
	g := all[len(all)-1]
	last, chain := uint64(0), uint64(0)
	if len(all) > 1 {
		last, chain = all[len(all)-2].last, all[len(all)-2].chain
	}
	if g.first != last+1 || g.chainBefore != chain {
		return fmt.Errorf("%w: %s does not follow record %d", ErrDamaged, g.name, last)
	}
	return nil
}

// add takes a new segment in.
func (s *Store) add(g *segment) error {
	all := append(slices.Clone(*s.segments.Load()), g)
	err := follows(all)
	if err == nil {
		err = s.publish(all)
	}
	if err != nil {
		return errors.Join(err, g.file.Close())
	}
	return nil
}

// publish brings the filters of the newest segments into memory and lets readers see
// the segments.
func (s *Store) publish(all []*segment) error {
	all = slices.Clone(all)
	left := s.cfg.FilterBytes
	for i := len(all) - 1; i >= 0; i-- {
		g := all[i]
		left -= g.filterBytes()
		switch {
		case left < 0 && g.filter != nil:
			cold := *g // readers hold the other one
			cold.filter = nil
			all[i] = &cold
		case left >= 0 && g.filter == nil:
			if err := g.loadFilter(); err != nil {
				return err
			}
		}
	}
	s.segments.Store(&all)
	if len(all) > 0 {
		s.durable.Store(all[len(all)-1].last)
	}
	return nil
}

// Durable is the newest record that is here, durably, with all before it.
func (s *Store) Durable() uint64 { return s.durable.Load() }

// End is Durable with the digest of the journal up to there.
func (s *Store) End() (seq, chain uint64) { return s.end() }

func (s *Store) end() (seq, chain uint64) {
	if all := *s.segments.Load(); len(all) > 0 {
		return all[len(all)-1].last, all[len(all)-1].chain
	}
	return 0, 0
}

// Record appends the record with a sequence to dst.
func (s *Store) Record(dst []byte, seq uint64) ([]byte, error) {
	all, done, err := s.reading()
	if err != nil {
		return dst, err
	}
	defer done()
	i := sort.Search(len(all), func(i int) bool { return all[i].last >= seq })
	if i == len(all) || seq < all[i].first {
		return dst, ErrNotFound
	}
	out, err := all[i].lookup(dst, bySeq, seq, s.cfg.Seq, nil)
	if errors.Is(err, ErrNotFound) {
		return dst, fmt.Errorf("%w: %s does not know record %d", ErrDamaged, all[i].name, seq)
	}
	return out, err
}

// ByID appends the record with a number of a group to dst.
func (s *Store) ByID(dst []byte, group uint16, number uint32) ([]byte, error) {
	all, done, err := s.reading()
	if err != nil {
		return dst, err
	}
	defer done()
	if group >= Groups {
		return dst, ErrNotFound
	}
	i := sort.Search(len(all), func(i int) bool { return all[i].groups[group] >= number })
	if i == len(all) {
		return dst, ErrNotFound
	}
	return all[i].lookup(dst, byID, idKey(group, number), s.cfg.Seq, nil)
}

// groups is a copy of the newest number of every group.
func (s *Store) groups() []uint32 {
	if all := *s.segments.Load(); len(all) > 0 {
		return slices.Clone(all[len(all)-1].groups)
	}
	return make([]uint32, Groups)
}

// Newest appends the newest record with a trace that match takes, among those from a
// sequence on.
func (s *Store) Newest(dst []byte, trace, from uint64, match func(record []byte) bool) ([]byte, error) {
	all, done, err := s.reading()
	if err != nil {
		return dst, err
	}
	defer done()
	for _, g := range slices.Backward(all) {
		if g.last < from {
			break
		}
		if g.mayHold(trace) {
			if out, err := g.lookup(dst, byTrace, trace, s.cfg.Seq, match); !errors.Is(err, ErrNotFound) {
				return out, err
			}
		}
	}
	return dst, ErrNotFound
}

// Stats are sizes.
type Stats struct {
	Segments int
	Records  uint64
	Bytes    int64 // on disk
	Memory   int64 // of fences and filters
}

// Stats returns the sizes as of the last Write.
func (s *Store) Stats() (st Stats) {
	for _, g := range *s.segments.Load() {
		st.Segments++
		st.Records += g.last - g.first + 1
		st.Bytes += g.size
		st.Memory += g.memory()
	}
	return st
}

// reading keeps the files open until done is called.
func (s *Store) reading() (all []*segment, done func(), err error) {
	s.open.RLock()
	if s.closed {
		s.open.RUnlock()
		return nil, nil, ErrClosed
	}
	return *s.segments.Load(), s.open.RUnlock, nil
}

// Close closes the files, when the last read is over; later ones get ErrClosed. It may
// be called more than once, and not beside Write.
func (s *Store) Close() error {
	s.open.Lock()
	defer s.open.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	var errs []error
	for _, g := range *s.segments.Load() {
		errs = append(errs, g.file.Close())
	}
	return errors.Join(errs...)
}
