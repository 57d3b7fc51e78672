// Command mutants shows that the tests can fail. It breaks the code in the ways
// that mutants.txt lists, one at a time, and requires that the test named there
// notices: `make mutants`.
//
// A mutant is a mistake that somebody could make and nobody would see: the
// fsync that is skipped, the receipt that is not looked for, the fence that is
// not raised. Each names the promise that it breaks (P1 to P10, or an invariant
// of a package), and the test that stands for that promise.
//
// What it promises:
//
//	M1 A mutant counts as caught only if the named test ran and failed. Code
//	   that does not compile, a pattern that matches no test and a run out of
//	   time prove nothing and are errors.
//	M2 A mutant whose old text is not in its file exactly once is stale, and an
//	   error: the list keeps up with the code.
//	M3 The tree is never changed. The broken file reaches the compiler through
//	   go's -overlay.
//	M4 The exit code is 0 only if every mutant was caught.
//
// It does not run the tests on the sound code: `make test` does. And it sees
// only what a Go test compiles: a test that starts bin/scrip runs the sound
// program.
package main
