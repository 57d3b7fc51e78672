package clock

import (
	"sync"
	"time"
)

// Clock tells the time. Implementations may be used from any number of
// goroutines. A reading may be lower than the one before it: clocks are
// corrected, and virtual machines are moved.
type Clock interface {
	// Now is the present time with the precision that the clock has.
	Now() time.Time
	// UnixMilli is Now in milliseconds since 1970-01-01 UTC, the unit of
	// every time in a log entry, a record and an answer.
	UnixMilli() int64
}

// System is the clock of the machine. Its zero value is ready.
type System struct{}

// Now returns the machine's time, in UTC so that no local zone leaks into logs.
func (System) Now() time.Time { return time.Now().UTC() }

// UnixMilli returns the machine's time in milliseconds.
func (System) UnixMilli() int64 { return time.Now().UnixMilli() }

// Fake is a clock that moves only when it is told to. Create it with NewFake.
type Fake struct {
	mu  sync.Mutex
	now time.Time // guarded by mu
}

// NewFake returns a clock that stands at start.
func NewFake(start time.Time) *Fake { return &Fake{now: start.UTC()} }

// NewFakeMilli returns a clock that stands at a time in Unix milliseconds.
func NewFakeMilli(start int64) *Fake { return NewFake(time.UnixMilli(start)) }

// Now returns the time that was last set.
func (f *Fake) Now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

// UnixMilli returns the time that was last set, in milliseconds.
func (f *Fake) UnixMilli() int64 { return f.Now().UnixMilli() }

// Set moves the clock to t, which may lie in its past: that is how a test makes
// a clock jump back.
func (f *Fake) Set(t time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = t.UTC()
}

// Advance moves the clock by d, backwards if d is negative, and returns the new
// time.
func (f *Fake) Advance(d time.Duration) time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(d)
	return f.now
}
