// Package lint holds the tree to the rules that the compiler does not know. It
// is a test: `go test ./internal/lint`.
//
// It promises that a green run means:
//
//	L1 A package imports only lower floors, and nothing but tests imports what
//	   is made for tests (floors_test.go has the table).
//	L2 The deterministic rooms (shard, catalog, promo) see no clock, no chance
//	   and no I/O, and show no map's order (P1, P9).
//	L3 No test is skipped, and none sleeps to wait for a state.
//	L4 There is no package variable but errors and constant tables, and no init.
//	L5 Every package says in its doc.go what it promises.
//	L6 Files and functions stay small; the larger ones of ratchet.txt only shrink.
//	L7 The words of words.txt stay out of the tree.
//
// Every message names the remedy. An exception to L2 or L4 is a line with its
// reason in allow.txt, and a line that excuses nothing any more is itself a
// finding.
//
// It refuses to judge taste: what needs a reader is for review.
package lint
