// Package history keeps the records that a journal has sealed: on disk, for ever, and
// with next to nothing of them in memory.
//
// A Store is a directory of segments, one flat immutable file each, which together
// hold the records of one journal from the first to the last that was written, without
// a gap. It knows nothing of what a record says. Whoever writes names the ways to it:
// its sequence, its public id, and traces, which are hashes under which it will be
// asked for.
//
// One goroutine writes; any number read beside it.
//
// # Invariants
//
//	H1  When Write returns, its records are durable, with all before them. Durable
//	    never goes back.
//	H2  A segment appears under its name whole and synced, or not at all. A file that
//	    a crash left half-written has another name, and is removed at the next start
//	    and written again.
//	H3  A segment's bytes are a function of its records: replicas that cut at the same
//	    places have the same files, and each says the digest of the whole journal
//	    before and after it.
//	H4  What is read was verified: every record, every page of an index and every
//	    filter has a checksum. Damage is an error and never reads as "not there".
//	H5  Filters and fences save work and decide nothing.
//
// # Costs
//
// A record is found with two reads: one page of an index, then the record. In memory a
// segment has the first entry of every page, 24 bytes for 341 records, 16 KiB for the
// groups of ids, and a filter of 16 bits for each trace. Filters above Config.FilterBytes stay on disk, the oldest
// first, and a question about a trace then reads one page of each such segment.
//
// # What it refuses to do
//
// It changes and removes nothing. It does not open when a segment is missing or
// damaged: what acknowledged redemptions say is in there, and an operator has a backup.
package history
