// Package refusals remembers what was refused, on the node that refused it. A
// refusal leaves no record in a journal and no receipt: it changes nothing, and a
// storm of them must cost no log. But support asks why a customer was refused,
// and a merchant asks how often.
//
// Two things are kept. Counters, by minute, project, campaign, operation and
// error key, live on disk for RetentionDays. The newest Config.Records refusals
// of redemptions are kept whole in memory, in a ring.
//
// # Invariants
//
//	F1  A counter is exact: after Note has returned, every Counts sees it once,
//	    whatever is flushed, sealed or read at the same time.
//	F2  A crash takes at most what was noted in the last flush interval, and no
//	    flush is counted twice. Who asks is told: each end that was not a clean
//	    one leaves a gap, and Counts says how many seconds of gaps lie in the
//	    range that was asked for. Where writing fails the interval grows until it
//	    succeeds again; scrip_refusals_flush_failures_total shows that.
//	F3  Note takes no lock that more than a few others can wait for, writes no
//	    file and keeps no string of its argument.
//	F4  A file is appended to whole blocks with checksums, or replaced as a whole
//	    by rename. A failed write makes the file suspect: it is replaced from
//	    memory, which holds all of it.
//	F5  Of a code its last four characters are kept, if it has at least twice as
//	    many. Of a customer, the id.
//
// # What is bounded (P10)
//
// The distinct counters of one interval and of one segment, the files, the gaps,
// the ring, the rows of an answer: limits.go. Over the bound of distinct counters
// a refusal is counted under campaign 0, never dropped.
//
// # What it refuses to do
//
// It is no audit log: what may be lost for a second is not proof of anything. It
// speaks for one node. A disk that is full or fails costs counters, never the
// process.
package refusals
