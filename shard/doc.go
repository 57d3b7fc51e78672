// Package shard is the law: a deterministic machine that holds the codes of a
// range of slots and decides, one command at a time, who may redeem.
//
// A command carries everything it needs: identity, time and evaluated facts. The
// shard has no clock, no randomness and no disk. What it answers depends on the
// commands before and on nothing else, so every replica that applied the same
// entries holds the same state and gave the same answers (P1).
//
// Apply runs on one goroutine. Readers run beside it: a code, its counters and
// its receipts lie under one of 256 stripes, so that what a reader sees is a
// state that existed.
//
// # Invariants
//
//	S1  Same commands, same state, same replies.
//	S2  Time never goes back: now = max(last, stamp) (P9).
//	S3  No change before the last check; a refusal leaves nothing behind, not
//	    even a journal record. All that it does is let time pass, and with it
//	    receipts that are over.
//	S4  Refusals follow the order of coupon.Outcome (P6).
//	S5  0 ≤ uses ≤ limit when a use is granted, balance ≥ 0, for every code and
//	    every customer of it (P2).
//	S6  Every code has a birth, and every redemption its code.
//	S7  The filter learns a code before its creation is answered, and decides
//	    nothing (P8).
//	S8  A key is answered once per anchor and replayed the same while it is
//	    remembered (P3). First answer and replay are made from one record.
//	S9  Two machines at one index have one digest, also when one of them was
//	    restored from an image on the way.
//	S10 One image at a time; it shows the state at the cut, whatever changes
//	    while it is written. Restore takes every image that Apply can lead to,
//	    and refuses what no command could have made.
//	S11 What is sealed is older than every key's memory, durable in the history,
//	    and gone from memory on every replica alike: no way leads to it any more.
//	    Apply never reads it; what a command needs of it the proposer read before
//	    and brought along, or is told to look again.
//
// # Memory
//
// Rows lie in an arena outside the Go heap and never move. A single-use code of
// a campaign is a row of 20 bytes, its text and 6 bytes in an index; what some
// codes have beyond that (a balance, a limit, dates, a holder) is a side of their
// own. Journal records, which are receipts, redemptions and events at once, are
// append-only until a Seal lets the old ones go to the history (seal.go). Everything
// is grouped by slot, the unit in which data may one day move to another shard.
//
// What counts against the budget is the records, not the arena: so all replicas
// are full at the same command. The last 64th is kept for switching off, deleting
// and giving back.
//
// # What it refuses to do
//
// It evaluates no rules and no discounts, and knows no names of campaigns: those
// are facts that a command brings, vouched for by the catalog index they were
// read at and by the fence that refuses older ones (P7).
package shard
