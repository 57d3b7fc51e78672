package raftstore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/hashicorp/raft"
)

// logStore is the raft.LogStore of one group on the host's Pebble.
//
// StoreLogs, StoreLog and DeleteRange are called by raft's main goroutine alone;
// truncatePrefix by the goroutine that made an image; the readers by anybody.
// All writes are durable on return, except the removal of a prefix, which is
// harmless when a crash undoes it.
//
// The log is strictly contiguous. A gap, an overwrite, a write error or bytes
// that do not verify end the process (R6, R14): the state on disk is then decided
// by the next start-up and not by a guess here.
type logStore struct {
	group uint32
	db    *pebble.DB
	life  *lifeline
	watch *stallWatch
	floor *floorFile
	prog  *progress
	met   *groupMetrics

	// running is set when raft has started. Before, an error goes to OpenGroup's
	// caller; after, it ends the process.
	running atomic.Bool

	mu          sync.RWMutex // guards the fields below
	first, last uint64       // both 0 when the log is empty
	recent      [recentMax]raft.Log
}

// recentMax entries stay in memory, so that whoever replicates or applies the
// newest ones does not read the disk. With entries of at most 256 KiB this is
// 16 MiB a group.
const recentMax = 64

// logValueHeader is the size of a log value in front of its data.
const logValueHeader = 8 + 1 + 8 + 4

var (
	_ raft.LogStore          = (*logStore)(nil)
	_ raft.MonotonicLogStore = (*logStore)(nil)
)

// openLogStore finds the ends of the group's log and verifies every entry in
// between, so that what is corrupt is refused with its name before raft starts.
func openLogStore(s *logStore) error {
	lower, upper := logBounds(s.group)
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper})
	if err != nil {
		return fmt.Errorf("open log: %w", err)
	}
	for ok := it.First(); ok && err == nil; ok = it.Next() {
		err = s.admit(it)
	}
	if cerr := it.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return fmt.Errorf("open log: %w", err)
	}
	return nil
}

// admit verifies the entry at the iterator and lets the log end with it.
func (s *logStore) admit(it *pebble.Iterator) error {
	index := indexOf(it.Key())
	if s.first == 0 {
		s.first = index
	} else if index != s.last+1 {
		return fmt.Errorf("%w: log entry %d follows %d", ErrLogGap, index, s.last)
	}
	s.last = index
	v, err := it.ValueAndErr()
	if err != nil {
		return err
	}
	return verifyLog(it.Key(), v)
}

// IsMonotonic tells raft to remove the old log after an install instead of
// leaving a gap.
func (s *logStore) IsMonotonic() bool { return true }

func (s *logStore) FirstIndex() (uint64, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.first, nil
}

func (s *logStore) LastIndex() (uint64, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.last, nil
}

// GetLog fills l. A missing entry is the sentinel raft.ErrLogNotFound, which raft
// compares with ==.
func (s *logStore) GetLog(index uint64, l *raft.Log) error {
	s.mu.RLock()
	if r := &s.recent[index%recentMax]; r.Index == index && index != 0 {
		*l = *r
		s.mu.RUnlock()
		return nil
	}
	s.mu.RUnlock()
	err := s.read(index, l)
	if err != nil && err != raft.ErrLogNotFound && s.running.Load() {
		s.life.halt("group %d: read log entry %d: %v", s.group, index, err)
	}
	return err
}

// read gets one entry from Pebble and verifies it.
func (s *logStore) read(index uint64, l *raft.Log) error {
	key := makeKey(s.group, kindLog, index)
	v, closer, err := s.db.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return raft.ErrLogNotFound
	}
	if err != nil {
		return fmt.Errorf("read log entry: %w", err)
	}
	err = decodeLog(key, v, l)
	if cerr := closer.Close(); err == nil && cerr != nil {
		err = cerr
	}
	return err
}

func (s *logStore) StoreLog(l *raft.Log) error { return s.StoreLogs([]*raft.Log{l}) }

// StoreLogs appends the entries and returns when they are on disk.
func (s *logStore) StoreLogs(logs []*raft.Log) error {
	if len(logs) == 0 {
		return nil
	}
	s.mustFollow(logs)
	start := time.Now()
	b := s.db.NewBatch()
	for _, l := range logs {
		s.put(b, l)
	}
	s.commit(b, "append")
	s.met.fsyncSeconds.Observe(time.Since(start).Seconds())

	last := logs[len(logs)-1].Index
	s.mu.Lock()
	if s.first == 0 {
		s.first = logs[0].Index
	}
	s.last = last
	for _, l := range logs {
		s.recent[l.Index%recentMax] = *l
	}
	s.mu.Unlock()
	s.floor.synced(last)
	return nil
}

// commit makes the batch durable or ends the process.
func (s *logStore) commit(b *pebble.Batch, what string) {
	s.watch.begin()
	err := b.Commit(pebble.Sync)
	s.watch.end()
	// Pebble reports a failed WAL through its logger's Fatalf and then returns
	// nil; where that did not end the process, failed tells.
	if err != nil || s.life.failed.Load() {
		s.life.halt("group %d: %s log: %v", s.group, what, err)
	}
	if err := b.Close(); err != nil {
		s.life.halt("group %d: %s log: close batch: %v", s.group, what, err)
	}
}

// mustFollow ends the process unless logs continue the log by one.
func (s *logStore) mustFollow(logs []*raft.Log) {
	s.mu.RLock()
	last := s.last
	s.mu.RUnlock()
	if last == 0 { // an empty log goes on where the newest image ends
		last = s.prog.image.Load()
	}
	for _, l := range logs {
		if l.Index != last+1 {
			s.life.halt("group %d: log entry %d was to be stored after %d", s.group, l.Index, last)
		}
		if len(l.Extensions) != 0 {
			s.life.halt("group %d: log entry %d has extensions, which this format does not keep", s.group, l.Index)
		}
		last = l.Index
	}
}

// put writes one entry straight into the batch's buffer.
func (s *logStore) put(b *pebble.Batch, l *raft.Log) {
	op := b.SetDeferred(keySize, logValueHeader+len(l.Data))
	putKey(op.Key, s.group, kindLog, l.Index)
	encodeLog(op.Key, op.Value, l)
	if err := op.Finish(); err != nil {
		s.life.halt("group %d: encode log entry %d: %v", s.group, l.Index, err)
	}
}

func encodeLog(key, v []byte, l *raft.Log) {
	var at int64
	if !l.AppendedAt.IsZero() {
		at = l.AppendedAt.UnixNano()
	}
	binary.LittleEndian.PutUint64(v, l.Term)
	v[8] = byte(l.Type)
	binary.LittleEndian.PutUint64(v[9:], uint64(at))
	copy(v[logValueHeader:], l.Data)
	putSum(v[17:], key, v[:17], l.Data)
}

func verifyLog(key, v []byte) error {
	if len(v) < logValueHeader {
		return fmt.Errorf("%w: log value of %d bytes", ErrCorrupt, len(v))
	}
	if got, want := sum(key, v[:17], v[logValueHeader:]), binary.LittleEndian.Uint32(v[17:]); got != want {
		return fmt.Errorf("%w: log entry %d has checksum %08x, want %08x", ErrCorrupt, indexOf(key), got, want)
	}
	return nil
}

// decodeLog copies: v is Pebble's and is gone when its closer is closed.
func decodeLog(key, v []byte, l *raft.Log) error {
	if err := verifyLog(key, v); err != nil {
		return err
	}
	*l = raft.Log{
		Index: indexOf(key),
		Term:  binary.LittleEndian.Uint64(v),
		Type:  raft.LogType(v[8]),
		Data:  append([]byte(nil), v[logValueHeader:]...),
	}
	if at := int64(binary.LittleEndian.Uint64(v[9:])); at != 0 {
		l.AppendedAt = time.Unix(0, at)
	}
	return nil
}
