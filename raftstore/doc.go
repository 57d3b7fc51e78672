// Package raftstore replicates a Machine: it turns commands into entries of a
// log that survives power loss, and applies them in one order.
//
// A Host is one per process and data directory. It owns the Pebble that holds
// the logs, terms and votes of all groups, their floor files and images, and
// the one way in which the process ends when storage cannot be trusted. A Group
// is one Raft group with one Machine.
//
//	OpenGroup   newest image that verifies → Machine.Restore → hashicorp/raft
//	Propose     queue → one entry → StoreLogs (synced) → Apply → the reply
//	Prove       "what this node has applied is the newest there is", no disk
//	Image       Freeze → one flat file → fsync, rename, fsync → log truncated
//	Backup      a fresh image of every group, and a manifest written last
//	Restore     a backup becomes the data directory of a new node
//
// Groups have one voter in this release. Nothing here assumes it but the
// transport (transport.go), which refuses to reach anybody.
//
// # Invariants
//
//   - R1 Nothing is acknowledged before it is durable on a majority of the voters
//     (P4). StoreLogs returns after fsync, or the process ends.
//   - R2 An error of the ErrNotProposed family means that no entry exists and none
//     will. Everything else is ErrUnknown (P5).
//   - R3 Bytes given to Propose are never touched again by the giver: raft, the
//     log's cache and the Machine read them later.
//   - R4 A group's keys share one prefix and no other key has it. Every scan is
//     bounded inside it.
//   - R5 Freeze does no I/O; an image is written beside Apply, in blocks.
//   - R6 A committed entry that cannot be decoded or applied ends the process. A
//     silent skip is a forked ledger.
//   - R7 Close order is the reverse of open order.
//   - R8 The machine's own applied index is the only one that readers see. raft's
//     AppliedIndex means "handed over", not "applied".
//   - R9 Nothing is answered from memory before an entry of the current term was
//     applied, also with one voter: TermStart is that entry.
//   - R10 The log covers everything above the older of the two kept images. A
//     DeleteRange that would break this ends the process.
//   - R11 A disk that has forgotten what it once synced (a restored volume, a
//     rolled-back manifest) is refused by the floor file, never used.
//   - R12 A file that does not verify is an error, never an empty state.
//   - R13 One entry of a group is in flight at a time; what arrives meanwhile goes
//     into the next one. See proposer.go for why not two.
//   - R14 A storage error is never returned to raft for a write that may still
//     land. The only answer is the end of the process (exit code 70).
//
// # What it refuses
//
// A second process on one directory; a disk below its floor; a log that does not
// reach its image; a log whose active version is newer than the binary; votes
// and logs in any order that raft does not use.
//
// # Measures against known behaviour of hashicorp/raft v1.8.0
//
//   - #661 vote term and candidate are two writes: one synced batch here.
//   - #695 heartbeats beside the main loop: SetHeartbeatHandler is a no-op.
//   - #612 the pipeline can wedge: there is none.
//   - VerifyLeader accepts stale answers and counts non-voters: not used; see
//     proof.go.
//   - RestoreCommittedLogs can deadlock NewRaft: off.
//   - a crash between an installed image and its log leaves a gap: reconciled
//     before NewRaft; see reconcile.go.
//   - its metrics are process-global: they stay in their default blackhole sink,
//     and metrics.go counts for each group.
package raftstore
