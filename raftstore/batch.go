package raftstore

import (
	"sync/atomic"
	"time"
)

// Commit says where in the group's log an answered command stands.
type Commit struct {
	Index uint64
	Term  uint64
	Stamp int64 // the leader's stamp, unix ms
}

// batch gathers the commands of one entry and carries their answers back. All who
// wait for it share one channel: one wake-up an entry, no timer and no channel a
// command.
type batch[R any] struct {
	kind    entryKind
	version uint32 // of TermStart and RaiseVersion
	term    uint64 // of TermStart: the term it starts
	born    time.Time

	// Guarded by the proposer's lock until sealed, then fixed.
	commands [][]byte // nil where one was withdrawn
	bytes    int      // of the commands and their overhead
	live     int
	sealed   bool
	position []int32 // slot → position in the entry; nil when none was withdrawn

	// entry is what raft was given. The machine's answers go to replies[position];
	// both are written before the entry is proposed or by the FSM goroutine alone.
	entry   []byte
	replies []R

	// commit and err are written by who wins finished, before done is closed.
	finished atomic.Bool
	commit   Commit
	err      error
	done     chan struct{}
}

func newBatch[R any](kind entryKind) *batch[R] {
	return &batch[R]{kind: kind, done: make(chan struct{})}
}

// addLocked appends a command and returns its slot.
func (b *batch[R]) addLocked(cmd []byte) int {
	b.commands = append(b.commands, cmd)
	b.bytes += commandOverhead + len(cmd)
	b.live++
	return len(b.commands) - 1
}

// withdrawLocked takes a command back before the batch is sealed.
func (b *batch[R]) withdrawLocked(slot int) (size int) {
	size = commandOverhead + len(b.commands[slot])
	b.commands[slot] = nil
	b.bytes -= size
	b.live--
	return size
}

// sealLocked fixes the commands.
func (b *batch[R]) sealLocked() {
	b.sealed = true
	if b.live == len(b.commands) {
		return
	}
	b.position = make([]int32, len(b.commands))
	var n int32
	for i, c := range b.commands {
		b.position[i] = n
		if c != nil {
			n++
		}
	}
}

// encode builds the entry. Called once, after sealing.
func (b *batch[R]) encode(stamp int64) {
	if b.kind != entryCommands {
		b.entry = appendControl(make([]byte, 0, entryHeaderSize+4), b.kind, stamp, b.version)
		return
	}
	b.entry = appendCommands(make([]byte, 0, entryHeaderSize+b.bytes), stamp, b.live, b.commands)
	b.replies = make([]R, b.live)
}

// carries reports whether the log entry's data is this batch's entry: the same
// bytes in memory, not equal ones. raft hands the leader's FSM the very slice that
// was proposed (raft_test.go fails when it stops to do so).
func (b *batch[R]) carries(data []byte) bool {
	return len(data) > 0 && &data[0] == &b.entry[0]
}

// finish publishes the outcome; the first one counts.
func (b *batch[R]) finish(c Commit, err error) bool {
	if !b.finished.CompareAndSwap(false, true) {
		return false
	}
	b.commit, b.err = c, err
	close(b.done)
	return true
}

// reply returns the answer of a slot. Valid after done without err.
func (b *batch[R]) reply(slot int) R {
	if b.position != nil {
		slot = int(b.position[slot])
	}
	return b.replies[slot]
}
