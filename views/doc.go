// Package views answers the questions that no single code can answer: the
// redemptions of an order, the vouchers of a campaign, the timeline of a code,
// redemptions by the minute. It reads the journals of a node's shards and keeps
// ordered lists with counts, and sums, in a Pebble of its own.
//
// A view decides nothing. What it says was true at its watermark, and every
// answer carries the instant up to which it is complete; who needs the truth of
// now asks the shard. A caller that has just changed something waits for the
// change with WaitFor and then finds it in every list.
//
// # Invariants
//
//	V1  The content is a function of the journals' records up to the watermark:
//	    a view that was deleted and rebuilt has the same bytes. Neither the size
//	    of a batch nor the moment of reading shows.
//	V2  A record's entries, its counts and the watermark that covers it are one
//	    atomic write. The store has no log: a crash takes the batches that were not
//	    flushed, which are the newest, never a part of one; the follower reads
//	    their records again. The end of a campaign is the exception: it is cut into
//	    steps, and the watermark follows the last one.
//	V3  Positions in a list are never reused and never move. Something that
//	    leaves a list (a deleted code, a forgotten customer) or changes its
//	    status (a redemption that was rolled back) is marked where it stands. So
//	    a cursor stays good whatever is inserted or removed meanwhile.
//	V4  Totals are maintained, not counted: page 10,000 costs what page 1 costs,
//	    a search over counts. A filter that no list answers alone reads at most
//	    scanMax entries a page and says that its total is an estimate.
//	V5  Journals are read in order, by one follower a shard. Apply only rings a
//	    bell (Notify), which never blocks and allocates nothing; a view that is
//	    behind slows nobody.
//	V6  The directory may vanish. What is damaged, of another format or ahead of
//	    another history than the shard's is thrown away with a line in the log,
//	    and built again.
//
// # Pace
//
// A redemption is worth more than its place in a list. While a journal grows
// quickly its follower works in slices of half a millisecond and rests after each:
// a quarter of one core, more the further it is behind, and all of one from a
// million records or thirty seconds on. Somebody who waits for a record ends the
// rest. The lag is in the metrics, and AsOf in every answer. See pace.go.
//
// # What is bounded (P10)
//
// A write holds at most batchRecords records and about batchKeys keys; a page has
// at most pageMax entries. Memory is at most about 112 MB, however many lists there
// are: 48 MB of Pebble's (store.go), 48 MB of heads and counts that were in use
// lately (writer.go), and 16 MB that say what does not exist (seen.go). It grows
// with use: an empty view takes less than 2 MB.
//
// # What it refuses to do
//
// It searches no text and opens no profile: names and addresses are sealed, and
// a view has no key. It keeps no copy of a record: a list holds references, and
// the caller reads the record, or the code, from the shard.
package views
