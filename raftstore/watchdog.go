package raftstore

import (
	"strings"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/scrip-engine/scrip/internal/guardfs"
)

// FS is the host's file system for others of the process whose files are on the
// same disk: an operation of theirs that hangs ends the process too, since what
// they hold up would wait for ever. What fails is theirs to handle.
func (h *Host) FS() vfs.FS { return h.guard.Watch(h.disk) }

// PebbleFS is FS for another Pebble of the process: what Pebble would answer with a
// panic ends the process as a failed write of the log does.
func (h *Host) PebbleFS() vfs.FS { return h.fatalFS(guardfs.PebbleDies) }

// fatalFS hands failures to the lifeline before Pebble sees them: nobody could
// recover a panic of its goroutines, and the process would end with another code
// than ours and without a line that names the file.
func (h *Host) fatalFS(fatal func(guardfs.Op) bool) vfs.FS {
	return h.guard.Rule(h.disk, guardfs.Rule{
		Fatal: fatal,
		Over:  h.life.failed.Load,
		Fail: func(op guardfs.Op, err error) {
			if strings.Contains(err.Error(), op.Path) { // an error of package os names it
				h.life.fail("storage: %v", err)
				return
			}
			h.life.fail("storage: %v: %v", op, err)
		},
	})
}

// watchStalls is the watchdog's loop.
func (h *Host) watchStalls() {
	defer h.loops.Done()
	tick := time.NewTicker(max(h.cfg.StallLimit/4, time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-h.stop:
			return
		case <-tick.C:
			h.lookForStalls()
		}
	}
}

// lookForStalls ends the process when a write hangs: raft would keep leading and
// every caller would wait. At half of the limit it warns, once an operation.
func (h *Host) lookForStalls() {
	for _, m := range h.members() {
		if d := m.watch.stalled(); d > h.cfg.StallLimit {
			h.life.fail("group %d: a write of its log has not returned for %v", m.cfg.ID, d)
		}
	}
	op, age, ok := h.guard.Oldest()
	h.met.oldestWrite.Set(age.Seconds())
	if !ok || age <= h.cfg.StallLimit/2 {
		h.slow = guardfs.Op{}
		return
	}
	if h.slow != op {
		h.slow = op
		h.met.slowWrites.Inc()
		h.cfg.Logger.Warn("a file operation is slow; the process ends if it does not return",
			"operation", op.Name, "path", op.Path, "seconds", age.Seconds(), "limit_seconds", h.cfg.StallLimit.Seconds())
	}
	if age > h.cfg.StallLimit {
		h.life.fail("storage: %v has not returned for %v", op, age)
	}
}
