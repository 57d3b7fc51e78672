package raftstore

import (
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// ExitFailStop is the exit code of a process that could not trust its storage
// or its own state (R6, R14). Start it again: start-up is the one recovery path.
const ExitFailStop = 70

// lifeline is the one way in which a host ends abnormally.
//
// In production exit does not return. Where it does (a test, or a program that
// embeds the engine and chose so), the host is dead all the same: no write is
// acknowledged any more, everybody who waits is told "unknown", and nothing is
// proved or answered from memory. failed says so from before exit is called, dead
// wakes who waits when it has returned.
type lifeline struct {
	exit func(code int, reason string)
	log  *slog.Logger

	failed atomic.Bool
	dead   chan struct{}

	mu      sync.Mutex // guards the fields below
	release map[uint32]func()
}

func newLifeline(log *slog.Logger, exit func(int, string)) *lifeline {
	if exit == nil {
		exit = func(code int, _ string) { os.Exit(code) }
	}
	return &lifeline{exit: exit, log: log, dead: make(chan struct{}), release: make(map[uint32]func())}
}

// fail ends the process. Where exit returns, all that wait are released.
func (l *lifeline) fail(format string, args ...any) {
	if !l.failed.CompareAndSwap(false, true) {
		return
	}
	reason := fmt.Sprintf(format, args...)
	l.log.Error("fail-stop: the process ends and must be started again", "reason", reason)
	l.exit(ExitFailStop, reason)
	close(l.dead)
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, f := range l.release {
		f()
	}
}

// halt is fail for a goroutine of raft in the middle of a write: it must get
// neither a success nor an error (R14), so it gets no answer at all.
func (l *lifeline) halt(format string, args ...any) {
	l.fail(format, args...)
	runtime.Goexit()
}

// err is ErrFailed from the moment of a failure on.
func (l *lifeline) err() error {
	if l.failed.Load() {
		return ErrFailed
	}
	return nil
}

// onFail has f called when the host dies and exit returned. f must not block.
func (l *lifeline) onFail(group uint32, f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if f == nil {
		delete(l.release, group)
		return
	}
	l.release[group] = f
}

// stallWatch knows since when one writer has been inside a write. A disk that
// hangs keeps leadership for ever while heartbeats go on (raft #503, #614), so
// the host's watchdog ends the process instead.
type stallWatch struct {
	now   func() time.Time
	epoch time.Time
	since atomic.Int64 // nanoseconds after epoch, 0 when no write is under way
}

func newStallWatch(now func() time.Time) *stallWatch { return &stallWatch{now: now, epoch: now()} }

func (w *stallWatch) begin() { w.since.Store(max(1, int64(w.now().Sub(w.epoch)))) }
func (w *stallWatch) end()   { w.since.Store(0) }

// stalled is how long the current write has been going on.
func (w *stallWatch) stalled() time.Duration {
	s := w.since.Load()
	if s == 0 {
		return 0
	}
	return w.now().Sub(w.epoch) - time.Duration(s)
}
