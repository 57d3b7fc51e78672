package invariant

import "fmt"

// Violation is the value that a failed check panics with. It is not an error on
// purpose: nobody should find it with errors.As and carry on.
type Violation struct {
	// Text is the whole sentence, from the number of the invariant on.
	Text string
}

// String returns the text; the runtime prints it when the panic ends the process.
func (v Violation) String() string { return v.Text }

// Check panics with text unless ok. The text is a constant, so that a check on
// the hot path costs one branch and no allocation:
//
//	invariant.Check(used <= limit, "S5: used above the limit")
func Check(ok bool, text string) {
	if !ok {
		panic(Violation{Text: text})
	}
}

// Checkf is Check with the values that broke the invariant. Its arguments are
// evaluated, and may be allocated, also when ok: keep it off the hot path, or
// branch first and call Failf.
func Checkf(ok bool, format string, args ...any) {
	if !ok {
		Failf(format, args...)
	}
}

// Failf panics with the formatted text. It is for a branch that is already
// known to be impossible:
//
//	if used > limit {
//		invariant.Failf("S5: used %d > %d", used, limit)
//	}
func Failf(format string, args ...any) {
	panic(Violation{Text: fmt.Sprintf(format, args...)})
}
