// Package client is the Go client of Scrip's REST surface.
//
// It promises:
//
//   - C1 Every change carries an idempotency key: the caller's, or one that is
//     drawn before the first attempt. All attempts of a call carry the same key,
//     so a retry can never redeem twice (P3).
//   - C2 A call ends in one of three ways (P5): a result; an *Error that means
//     not done; or an *Error that IsUnknown recognises, with the key to ask again
//     with. A silence after a change was sent is unknown, never "failed". Once an
//     attempt is unknown, a later "not done" of the same call cannot say what
//     becomes of that attempt, so the call stays unknown (Error.Unsettled).
//   - C3 A refusal is final and is not retried. What is retried is bounded in
//     attempts and in time, waits at least as long as Retry-After asks, and is
//     spread by chance so that clients do not come back together.
//   - C4 Every answer and every line of a stream has a bound (P10), and a transfer
//     in which nothing moves is ended.
//   - C5 Follow delivers every event at least once, in the stream's order, across
//     reconnects: it resumes after the last event that was handed out.
//   - C6 The token goes to the configured address alone: redirects are not
//     followed.
//
// A Client may be used from any number of goroutines. What a method takes is not
// kept after it returned, and what it returns belongs to the caller.
//
// The package refuses to cache, to decide anything about a code, and to log: it
// returns what happened. It imports only the wire types.
package client
