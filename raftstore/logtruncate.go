package raftstore

import (
	"github.com/cockroachdb/pebble/v2"
	"github.com/hashicorp/raft"
)

// DeleteRange removes min..max. raft asks for two things: the suffix that
// conflicts with a new leader's log, and, after an install, the whole log. The
// prefix is ours alone (truncatePrefix; TrailingLogs keeps raft from it).
//
// It ends the process rather than remove an applied entry that no image holds,
// or the whole log without a durable image to go on from (R10): a late
// InstallSnapshot makes stock raft do just that.
func (s *logStore) DeleteRange(minIndex, maxIndex uint64) error {
	first, _ := s.FirstIndex()
	last, _ := s.LastIndex()
	minIndex, maxIndex = max(minIndex, first), min(maxIndex, last)
	if first == 0 || minIndex > maxIndex {
		return nil
	}
	image, applied := s.prog.image.Load(), s.prog.applied.Load()
	switch {
	case maxIndex != last:
		s.life.halt("group %d: raft wants to delete %d..%d inside the log %d..%d", s.group, minIndex, maxIndex, first, last)
	case max(minIndex, image+1) <= applied:
		s.life.halt("group %d: raft wants to delete %d..%d, applied up to %d, newest image at %d", s.group, minIndex, maxIndex, applied, image)
	case minIndex == first && image+1 < first || minIndex == first && image == 0:
		s.life.halt("group %d: raft wants to delete the whole log %d..%d, newest image at %d", s.group, first, last, image)
	}
	s.deleteSuffix(minIndex, max(image, minIndex-1))
	return nil
}

// deleteSuffix removes from..last, synced. The floor goes down first, synced: a
// crash in between must not leave a floor above a healthy disk.
func (s *logStore) deleteSuffix(from, floor uint64) {
	s.mu.RLock()
	first, last := s.first, s.last
	s.mu.RUnlock()
	if last == 0 || from > last {
		return
	}
	if err := s.floor.lower(floor); err != nil {
		s.life.halt("group %d: lower floor to %d: %v", s.group, floor, err)
	}
	b := s.db.NewBatch()
	if err := b.DeleteRange(makeKey(s.group, kindLog, from), makeKey(s.group, kindLog, last+1), nil); err != nil {
		s.life.halt("group %d: delete log %d..%d: %v", s.group, from, last, err)
	}
	s.commit(b, "truncate")

	s.mu.Lock()
	defer s.mu.Unlock()
	if from <= first {
		s.first, s.last = 0, 0
	} else {
		s.last = from - 1
	}
	s.recent = [recentMax]raft.Log{}
}

// truncatePrefix removes the entries up to and including index, which a durable
// image holds. It is not synced: a crash that undoes it leaves a longer log. The
// last entry always stays, so that raft finds its term.
func (s *logStore) truncatePrefix(index uint64) error {
	s.mu.RLock()
	first, last := s.first, s.last
	s.mu.RUnlock()
	index = min(index, s.prog.image.Load())
	if last == 0 || index < first || index >= last {
		return nil
	}
	if err := s.db.DeleteRange(makeKey(s.group, kindLog, first), makeKey(s.group, kindLog, index+1), pebble.NoSync); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.first = index + 1
	for i := range s.recent {
		if s.recent[i].Index <= index {
			s.recent[i] = raft.Log{}
		}
	}
	return nil
}

// reset removes the whole log, synced, before raft starts; the image at index is
// what it goes on from.
func (s *logStore) reset(index uint64) error {
	if err := s.floor.lower(index); err != nil {
		return err
	}
	lower, upper := logBounds(s.group)
	if err := s.db.DeleteRange(lower, upper, pebble.Sync); err != nil {
		return err
	}
	if err := s.life.err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.first, s.last = 0, 0
	s.recent = [recentMax]raft.Log{}
	return nil
}
