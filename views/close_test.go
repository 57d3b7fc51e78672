package views

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// Without this a clean stop throws away what the memtables hold, and each start
// reads it again.
func TestCloseKeepsEverything(t *testing.T) {
	w := newWorld(t, 1, seeded(t))
	defer w.close()
	for range 200 {
		w.act()
	}
	fs := vfs.NewMem()
	v := open(t, fs, w)
	last := catchUp(t, v, w)[0]
	closeViews(t, v)

	late := &replaying{Source: w.shards[0]} // nothing to read
	v, err := Open(Config{FS: fs, Dir: "views", Sources: []Source{late}})
	must(t, err)
	defer closeViews(t, v)
	var mark watermark
	must(t, get(v.db, watermarkKey(0), &mark))
	if mark.seq != last {
		t.Errorf("the view stands at %d after a restart, want %d", mark.seq, last)
	}
}

// Without this a disk that takes no more is tried again at once and for ever, while
// followers and Close wait for it.
func TestFlushThatFailsEndsTheProcess(t *testing.T) {
	w := newWorld(t, 1, seeded(t))
	defer w.close()
	for range 100 {
		w.act()
	}
	var full atomic.Bool
	errFull := errors.New("no space")
	fs := errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		if full.Load() && op.Kind == errorfs.OpCreate && strings.HasSuffix(op.Path, ".sst") {
			return errFull
		}
		return nil
	}))
	exits := make(chan int, 1)
	v, err := Open(Config{FS: fs, Dir: "views", Sources: w.sources(), Exit: func(code int, _ string) {
		select {
		case exits <- code:
		default: // it was told already
		}
	}})
	must(t, err)
	must(t, v.WaitFor(context.Background(), 0, w.shards[0].LastSeq()))
	full.Store(true)
	closeViews(t, v)
	if code := <-exits; code != exitFailStop {
		t.Errorf("exit %d", code)
	}
}
