package raftstore

import "io"

// Entry is one committed log entry: the commands that one proposer packed
// together, in the order in which they must take effect.
//
// The byte slices belong to the log. A Machine reads them during Apply and
// copies what it keeps.
type Entry struct {
	// Index is the position in the group's log. It grows, but not by one:
	// configuration changes and no-ops take positions too.
	Index uint64
	// Term is the term of the leader that proposed the entry.
	Term uint64
	// Stamp is the leader's clock when it proposed, unix milliseconds. It may
	// step back between leaders; the Machine keeps max(last, Stamp) (P9).
	Stamp int64
	// Version is the group's active version: the newest format and behaviour
	// that every member understands. Behaviour inside Apply switches on it and
	// never on what the running binary could do.
	Version uint32
	// Commands may be empty: a TermStart carries only time.
	Commands [][]byte
}

// Machine is the state that one group replicates. R is the answer to one
// command; a plain value, so that a batch of answers is one allocation.
//
// Apply, Freeze and Restore are called from one goroutine per group, never two
// at once. Readers of the Machine run beside them; guarding those is the
// Machine's own business.
type Machine[R any] interface {
	// Apply executes the commands of one entry and writes the answer to
	// Commands[i] into replies[i]. len(replies) == len(Commands), or replies is
	// nil while old entries are replayed and nobody waits. It is deterministic:
	// the same entries give the same state and the same replies everywhere (no
	// clock, no chance, no disk). An error means that a committed command
	// cannot be understood; the process stops (R6).
	Apply(e *Entry, replies []R) error

	// Freeze marks the cut for an image: what the Machine holds now. It does no
	// I/O and returns in well under a millisecond. At most one Frozen is alive
	// at a time.
	Freeze() (Frozen, error)

	// Restore replaces the state by what an image holds. The image's blocks and
	// trailer were verified before. On an error the Machine must not be used.
	Restore(r io.Reader) error
}

// Frozen is a Machine as it was at the cut. WriteTo runs on its own goroutine,
// beside Apply, and must not hold Apply up for more than 5 ms at a time.
// Release is called exactly once, after WriteTo has returned, or without it.
type Frozen interface {
	WriteTo(w io.Writer) (int64, error)
	Release()
}
