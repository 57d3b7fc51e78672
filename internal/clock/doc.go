// Package clock is the one way by which Scrip learns what time the machine
// believes it is.
//
// The machine's clock is a hint, never a fact: what is expired is decided by
// the time that the leader stamps into the log, which never goes back (P9).
// Whoever stamps takes a Clock through New or Open and is tested with a Fake
// that can jump forward, jump back and stand still. The state machines (shard,
// catalog) and the evaluation (promo) take no clock at all.
//
// What it refuses to be: a source of timers. A test of something that waits
// uses testing/synctest, or gives the waiter a channel.
package clock
