package invariant

import (
	"errors"
	"testing"
)

// Without this a check could let a broken state pass into the log, or stop a
// healthy process.
func TestChecks(t *testing.T) {
	f := func(check func(), want string) {
		t.Helper()
		if got := panicText(t, check); got != want {
			t.Errorf("panicked with %q, want %q", got, want)
		}
	}
	f(func() { Check(true, "S5: used above the limit") }, "")
	f(func() { Check(false, "S5: used above the limit") }, "S5: used above the limit")
	f(func() { Checkf(true, "S5: used %d > %d", 4, 3) }, "")
	f(func() { Checkf(false, "S5: used %d > %d", 4, 3) }, "S5: used 4 > 3")
	f(func() { Failf("R1: index %d before %d", 7, 8) }, "R1: index 7 before 8")
}

// A violation that is an error would be wrapped, classified and answered as if
// the process could be trusted to go on.
func TestViolationIsNoError(t *testing.T) {
	var v any = Violation{Text: "S1: replies differ"}
	if err, ok := v.(error); ok {
		t.Errorf("Violation is an error: %v", errors.Unwrap(err))
	}
}

// The law checks its invariants on every command: an allocation there would be
// paid several hundred thousand times a second.
func TestCheckAllocatesNothing(t *testing.T) {
	used := 3
	if n := testing.AllocsPerRun(1000, func() { Check(used <= 3, "S5: used above the limit") }); n != 0 {
		t.Errorf("Check allocates %v times", n)
	}
}

// panicText runs check and returns the text of its violation, or "".
func panicText(t *testing.T, check func()) (text string) {
	t.Helper()
	defer func() {
		switch v := recover().(type) {
		case nil:
		case Violation:
			text = v.String()
		default:
			t.Errorf("panicked with %T %v, want a Violation", v, v)
		}
	}()
	check()
	return ""
}
