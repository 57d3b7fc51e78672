// Package jobs makes and imports codes in bulk: durable jobs that go on by
// themselves after a crash, beside redemptions that never wait for them.
//
// A job is a record of the catalog, its input a file in the spool, its progress
// the chunks that the shards have applied. The package keeps no state of its own
// that a restart could lose.
//
// What it promises:
//
//   - J1 A code that a job was asked for is created at most once, and every row is
//     either created or told as failed: requested = created + failed, in any
//     interleaving of crashes. Counts are those of what the shards applied.
//   - J2 A file is on disk, fsynced with its name, before Spool returns its digest;
//     a job reads nothing whose digest is another.
//   - J3 Why a row failed is on disk before the shard is asked for anything that
//     would make it forget.
//   - J4 The chunks of an import follow from the file and the slot map alone, never
//     from the state in which a row is looked at, so a resumed job cuts as the
//     first did. What the cut depends on beyond them is in the rejects' header.
//   - J5 At most one chunk is on its way to a shard, over all jobs, and none is
//     larger than coupon's ImportChunk bounds: a redemption waits for one at most.
//   - J6 What a host calls temporary is asked again, with the same chunk under the
//     same number, until it is answered or the runner is closed. A job never ends
//     with a chunk of which it does not know what became of it.
//   - J7 Codes are drawn from crypto/rand by coupon's patterns. A draw that is taken
//     is drawn again, and a space that runs out ends the job as failed, with the
//     count of what was made.
//   - J8 A backup has the files of the jobs under way as they stood at its cut, so
//     that after a restore these go on where the shards of the backup stand.
//
// # How an import survives a crash
//
// Rows go to the shard of their code, in the order of the file, and a shard's
// rows are cut into chunks numbered from 1. A shard remembers per job the highest
// chunk it applied. A resumed job reads the file again, passes over chunks below
// that one, and asks for the newest once more: its rows that the shard refused
// may not have reached the disk. To tell which they are, it must know which rows
// were in the chunk: those that failed before they were sent are on disk before
// the chunk is proposed, and stay out of it for ever, whatever has changed since.
//
// # Threads
//
// One goroutine chooses jobs; each runs in one more, which reads, and in one for
// each shard, which checks, proposes and waits. A few jobs run at a time, with one
// place kept for small ones, so that ten codes do not wait for ten million.
//
// What it refuses to do: decide whether a row is valid or a campaign may be
// filled (the host's), look at a code's state (the shard's), keep rejects for
// ever, run before the host says that it is ready.
package jobs
