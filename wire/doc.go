// Package wire holds what travels between a client and Scrip: the requests, the
// answers and the error keys of the REST surface, in Voucherify's shapes. The
// server, the Go client, the command line and the bench harness share it, so
// that a field has one name, one type and one rule.
//
// It promises:
//
//   - W1 No decoder panics, whatever the bytes. A body that is refused yields a
//     *FieldError that names the offending field by its path
//     ("order.items[3].quantity") and the error key to answer with.
//   - W2 Integers are exact. 10, 10.0 and 1e1 are ten; 10.5, 1e-1 and anything
//     beyond ±(2^53−1) are refused. No number ever passes through a float.
//   - W3 null means absent, except for a field that is declared to tell null
//     from absent (redemption.quantity, and what a PUT may clear).
//   - W4 A field nobody knows is ignored. A field of Voucherify's that would
//     restrict, lock or discount and that this version does not carry out is
//     refused with not_supported, never ignored: a limit that the caller asked
//     for and that is silently dropped gives money away. The table is unbuilt.go.
//   - W5 A key that occurs twice in one object is refused. JSON leaves its
//     meaning open, and two parsers that disagree about an amount are a hole.
//   - W6 Answers carry every field that a strict generated client requires. A
//     field that was cleared is absent.
//   - W7 Canonical gives equal bytes for equal JSON values, so a fingerprint
//     over them survives another key order or other white space in a retry.
//
// Ownership: decoded strings and Raw values of the hot requests (redeem,
// validate, batch, rollback) may alias the body. They live as long as the body
// does. A server whose body belongs to the connection copies the body once and
// decodes the copy; then everything decoded may be kept. AppendJSON methods
// append to the slice that they are given and keep nothing.
//
// The package refuses to decide anything about the business: it knows what a
// negative amount looks like, not whether a code may be redeemed. It imports
// nothing of the project and has no state.
package wire
