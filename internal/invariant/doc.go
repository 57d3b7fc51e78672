// Package invariant stops the process where it has been proven wrong.
//
// An invariant is what cannot be unless we erred: used > limit, an index that
// went back, a record whose campaign does not exist. Going on from there would
// write the error into the log and from there to every replica and backup, so
// the check panics; it is always on, also in production.
//
// The text begins with the number of the invariant as its package's doc.go
// gives it ("S5: ", "R1: ") so that whoever finds the line in a log finds the
// sentence that was broken.
//
// It is not for input: what a caller, a disk or a network can send is an error
// or a refusal. An invariant that a request can break is a bug in the check.
package invariant
