package raftstore

import (
	"errors"
	"fmt"

	"github.com/hashicorp/raft"
)

// The two families of failure (P5). Every error that Propose, ProposeAll, Prove
// and RaiseVersion return belongs to exactly one.
var (
	// ErrNotProposed: nothing happened and nothing will (R2). Try again, here or
	// at the leader.
	ErrNotProposed = errors.New("not proposed")
	// ErrUnknown: the entry was handed over and may have been committed, or may
	// still be. Ask again with the same key.
	ErrUnknown = errors.New("outcome unknown")
)

// Members of the ErrNotProposed family.
var (
	// ErrNotLeader: this node does not lead the group, or not yet.
	ErrNotLeader = fmt.Errorf("%w: this node does not lead the group", ErrNotProposed)
	// ErrQueueFull: the group's queue is over its bound of commands, bytes or
	// age (P10). The caller's answer is "capacity", with Retry-After.
	ErrQueueFull = fmt.Errorf("%w: the group's queue is full", ErrNotProposed)
	// ErrTooLarge: one command is larger than an entry may be.
	ErrTooLarge = fmt.Errorf("%w: the command is larger than an entry may be", ErrNotProposed)
	// ErrClosed: the group or its host is closed or closing.
	ErrClosed = fmt.Errorf("%w: the group is closed", ErrNotProposed)
	// ErrFailed: the host has failed and its exit returned. Nothing is proposed,
	// proved or answered any more; the process has to be started again.
	ErrFailed = fmt.Errorf("%w: the storage or the state of this process failed, and it is ending", ErrNotProposed)
	// ErrClockJump: the leader's clock left the interval in which it may stamp.
	// A Config.Stamp returns it, wrapped or bare.
	ErrClockJump = fmt.Errorf("%w: the clock jumped", ErrNotProposed)
	// ErrWithdrawn: the caller's context ended while the command still waited.
	// The context's own error is wrapped too.
	ErrWithdrawn = fmt.Errorf("%w: withdrawn from the queue", ErrNotProposed)
	// ErrVersionNotSupported: RaiseVersion was asked for a version that a member
	// does not support, or for one below the active version.
	ErrVersionNotSupported = fmt.Errorf("%w: version not supported by every member", ErrNotProposed)
)

// Reasons why Open and OpenGroup refuse.
var (
	// ErrLocked: another process (or another Host in this one) holds the
	// directory.
	ErrLocked = errors.New("data directory is in use by another process")
	// ErrIdentity: the directory belongs to another node or cluster than the
	// configuration says.
	ErrIdentity = errors.New("data directory belongs to another node or cluster")
	// ErrRolledBack: the disk has forgotten what it once synced (R11).
	ErrRolledBack = errors.New("disk is behind its floor file")
	// ErrLogGap: the log does not reach the newest image that verifies.
	ErrLogGap = errors.New("log does not reach the image")
	// ErrCorrupt: bytes on disk do not verify (R12).
	ErrCorrupt = errors.New("corrupt data")
	// ErrBinaryTooOld: the group's active version, or the format of a file, is
	// newer than this binary.
	ErrBinaryTooOld = errors.New("written by a newer binary")
)

// IsUnknown reports whether the operation may have happened.
func IsUnknown(err error) bool { return errors.Is(err, ErrUnknown) }

// IsNotProposed reports whether the operation certainly did not happen.
func IsNotProposed(err error) bool { return errors.Is(err, ErrNotProposed) }

// classify sorts the error of a raft future into one of the two families.
// It is the only place that knows raft's errors; errors_test.go fails when the
// library's meaning of one of them changes.
//
// Not proposed are only the errors that leaderLoop, runFollower and runCandidate
// answer before dispatchLogs. Unknown is everything else: ErrLeadershipLost is
// given to entries that are in the log; ErrRaftShutdown may come from before or
// from after the dispatch; ErrAbortedByRestore drops entries that were
// dispatched; and a raw StoreLogs error leaves open what is on disk (R14 keeps
// it from happening).
func classify(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, raft.ErrNotLeader), errors.Is(err, raft.ErrLeadershipTransferInProgress):
		return fmt.Errorf("%w (%w)", ErrNotLeader, err)
	case errors.Is(err, raft.ErrEnqueueTimeout):
		return fmt.Errorf("%w (%w)", ErrQueueFull, err)
	default:
		return fmt.Errorf("%w: %w", ErrUnknown, err)
	}
}
