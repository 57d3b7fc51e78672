package raftstore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"github.com/cockroachdb/pebble/v2"
	"github.com/hashicorp/raft"
)

// stableStore is the raft.StableStore of one group: the current term and the
// vote, nothing else.
//
// raft writes a vote in two steps, SetUint64(LastVoteTerm) then
// Set(LastVoteCand). A crash between them would leave the new term with the old
// candidate, and a second vote in that term could be granted without looking at
// the log (raft #661). So the term is staged and both are written in one synced
// batch. raft does this from one goroutine, one after the other; any other
// sequence ends the process, because it means that the library changed.
type stableStore struct {
	group uint32
	db    *pebble.DB
	life  *lifeline
	watch *stallWatch
	floor *floorFile

	mu        sync.Mutex // guards the fields below
	term      uint64
	voteTerm  uint64
	candidate []byte // nil before the first vote
	staged    uint64 // vote term that waits for its candidate, 0 when none
}

var _ raft.StableStore = (*stableStore)(nil)

// The keys that raft uses.
const (
	stableTerm          = "CurrentTerm"
	stableVoteTerm      = "LastVoteTerm"
	stableVoteCandidate = "LastVoteCand"
)

// openStableStore reads what is on disk.
func openStableStore(s *stableStore) error {
	key := makeKey(s.group, kindTerm, 0)
	v, err := getSummed(s.db, key, 8)
	if err != nil {
		return fmt.Errorf("read term: %w", err)
	}
	if v != nil {
		s.term = binary.LittleEndian.Uint64(v)
	}
	if v, err = getSummed(s.db, makeKey(s.group, kindVote, 0), 8); err != nil {
		return fmt.Errorf("read vote: %w", err)
	}
	if v != nil {
		s.voteTerm, s.candidate = binary.LittleEndian.Uint64(v), v[8:]
	}
	return nil
}

// SetUint64 stores the current term, durable on return, or stages a vote's term.
func (s *stableStore) SetUint64(key []byte, v uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch string(key) {
	case stableTerm:
		return s.setTermLocked(v)
	case stableVoteTerm:
		if s.staged != 0 || v < s.voteTerm || v == 0 {
			s.life.halt("group %d: vote for term %d after term %d (staged %d)", s.group, v, s.voteTerm, s.staged)
		}
		s.staged = v
		return nil
	}
	s.life.halt("group %d: raft stores a number under unknown key %q", s.group, key)
	return nil
}

func (s *stableStore) setTermLocked(v uint64) error {
	if v == s.term {
		return nil // NewRaft writes back what it has read
	}
	if v < s.term || s.staged != 0 {
		s.life.halt("group %d: term %d after term %d (staged vote %d)", s.group, v, s.term, s.staged)
	}
	s.writeLocked("term", makeKey(s.group, kindTerm, 0), binary.LittleEndian.AppendUint64(nil, v), nil)
	s.term = v
	s.floor.term(v)
	return nil
}

// Set stores a vote's candidate together with the staged term, durable on return.
func (s *stableStore) Set(key, candidate []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if string(key) != stableVoteCandidate || s.staged == 0 {
		s.life.halt("group %d: raft stores %q out of order (staged vote %d)", s.group, key, s.staged)
	}
	if s.staged == s.voteTerm && string(candidate) != string(s.candidate) {
		s.life.halt("group %d: second vote in term %d, for %q after %q", s.group, s.staged, candidate, s.candidate)
	}
	s.writeLocked("vote", makeKey(s.group, kindVote, 0), binary.LittleEndian.AppendUint64(nil, s.staged), candidate)
	s.voteTerm, s.candidate, s.staged = s.staged, append([]byte{}, candidate...), 0
	if err := s.floor.vote(s.voteTerm); err != nil {
		s.life.halt("group %d: write floor after a vote: %v", s.group, err)
	}
	return nil
}

// writeLocked stores number | sum | rest, synced, or ends the process.
func (s *stableStore) writeLocked(what string, key, number, rest []byte) {
	s.watch.begin()
	err := s.db.Set(key, encodeSummed(key, number, rest), pebble.Sync)
	s.watch.end()
	if err != nil || s.life.failed.Load() {
		s.life.halt("group %d: write %s: %v", s.group, what, err)
	}
}

// GetUint64 returns 0 for what was never stored: raft compares a missing key's
// error with the text "not found", which Pebble's error does not have.
func (s *stableStore) GetUint64(key []byte) (uint64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch string(key) {
	case stableTerm:
		return s.term, nil
	case stableVoteTerm:
		return max(s.voteTerm, s.staged), nil
	}
	return 0, fmt.Errorf("unknown stable key %q", key)
}

// Get returns nil for what was never stored, which raft reads as "no vote". While
// a vote's term is staged the candidate of the vote before is not an answer to
// that term, so it is nil too.
func (s *stableStore) Get(key []byte) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if string(key) != stableVoteCandidate {
		return nil, fmt.Errorf("unknown stable key %q", key)
	}
	if s.staged != 0 && s.staged != s.voteTerm {
		return nil, nil
	}
	return s.candidate, nil
}

// encodeSummed is number | crc32c of (key, number, rest) | rest.
func encodeSummed(key, number, rest []byte) []byte {
	v := make([]byte, len(number)+4+len(rest))
	copy(v, number)
	copy(v[len(number)+4:], rest)
	putSum(v[len(number):], key, number, rest)
	return v
}

// getSummed reads what encodeSummed wrote, without the sum; nil when there is
// nothing. numberSize is the length of the number in front.
func getSummed(db *pebble.DB, key []byte, numberSize int) ([]byte, error) {
	v, closer, err := db.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = closer.Close() }() // Close of a Get's closer releases a block; it reports nothing that matters here
	if len(v) < numberSize+4 {
		return nil, fmt.Errorf("%w: value of %d bytes", ErrCorrupt, len(v))
	}
	number, rest := v[:numberSize], v[numberSize+4:]
	if sum(key, number, rest) != binary.LittleEndian.Uint32(v[numberSize:]) {
		return nil, fmt.Errorf("%w: checksum of key %x", ErrCorrupt, key)
	}
	return append(append([]byte{}, number...), rest...), nil
}

// putTerm adds a term to a batch.
func putTerm(b *pebble.Batch, group uint32, term uint64) error {
	key := makeKey(group, kindTerm, 0)
	return b.Set(key, encodeSummed(key, binary.LittleEndian.AppendUint64(nil, term), nil), nil)
}
