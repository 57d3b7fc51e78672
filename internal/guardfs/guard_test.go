package guardfs

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/scrip-engine/scrip/internal/clock"
)

const category = vfs.WriteCategoryUnspecified

// changes are all that a file system can be asked to change; each is done on a
// file system with the files "old" and "dir".
var changes = map[string]func(vfs.FS) error{
	Create:  func(fs vfs.FS) error { return used(fs.Create("new", category)) },
	Open:    func(fs vfs.FS) error { return used(fs.OpenReadWrite("old", category)) },
	Reuse:   func(fs vfs.FS) error { return used(fs.ReuseForWrite("old", "new", category)) },
	Remove:  func(fs vfs.FS) error { return fs.Remove("old") },
	"all":   func(fs vfs.FS) error { return fs.RemoveAll("dir") },
	Rename:  func(fs vfs.FS) error { return fs.Rename("old", "new") },
	Link:    func(fs vfs.FS) error { return fs.Link("old", "new") },
	MakeDir: func(fs vfs.FS) error { return fs.MkdirAll("more", 0o700) },
	SyncDir: func(fs vfs.FS) error { return used(fs.OpenDir("dir")) },
	Write: func(fs vfs.FS) error {
		return inFile(fs, func(f vfs.File) error { _, err := f.Write([]byte("x")); return err })
	},
	"at": func(fs vfs.FS) error {
		return inFile(fs, func(f vfs.File) error { _, err := f.WriteAt([]byte("x"), 0); return err })
	},
	Sync:   func(fs vfs.FS) error { return inFile(fs, vfs.File.Sync) },
	"data": func(fs vfs.FS) error { return inFile(fs, vfs.File.SyncData) },
	"to": func(fs vfs.FS) error {
		return inFile(fs, func(f vfs.File) error { _, err := f.SyncTo(1); return err })
	},
}

func used(f vfs.File, err error) error {
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func inFile(fs vfs.FS, change func(vfs.File) error) error {
	f, err := fs.OpenReadWrite("old", category)
	if err != nil {
		return err
	}
	return errors.Join(change(f), f.Close())
}

func disk(t *testing.T) *vfs.MemFS {
	t.Helper()
	fs := vfs.NewMem()
	f, err := fs.Create("old", category)
	if err := errors.Join(err, f.Close(), fs.MkdirAll("dir", 0o700)); err != nil {
		t.Fatal(err)
	}
	return fs
}

var errBroken = errors.New("injected: input/output error")

// Without it: a change that fails could reach Pebble, which panics, by one of the
// ways into a file system (G2), or the disk be changed after the end was decided (G3).
func TestAFatalFailureIsHandedOver(t *testing.T) {
	for name, change := range changes {
		broken := disk(t)
		toggle := &errorfs.Toggle{Injector: errorfs.InjectorFunc(func(op errorfs.Op) error {
			if op.Kind.ReadOrWrite() == errorfs.OpIsWrite && op.Kind != errorfs.OpFileClose {
				return errBroken
			}
			return nil
		})}
		var failed []Op
		fs := New(time.Now).Rule(errorfs.Wrap(broken, toggle), Rule{Fatal: Any,
			Fail: func(op Op, err error) {
				if !errors.Is(err, errBroken) {
					t.Errorf("%s: failed with %v", name, err)
				}
				failed = append(failed, op)
			},
			Over: func() bool { return len(failed) > 0 }})
		toggle.On()
		if err := change(fs); err != nil {
			t.Errorf("%s: the caller sees %v", name, err)
		}
		if len(failed) != 1 || failed[0].Path == "" {
			t.Fatalf("%s: handed over %v", name, failed)
		}
		toggle.Off()
		before := names(t, broken)
		for again, change := range changes {
			if err := change(fs); err != nil {
				t.Errorf("%s after the end: %v", again, err)
			}
		}
		if after := names(t, broken); after != before {
			t.Errorf("%s: changed after the end from %q to %q", name, before, after)
		}
	}
}

func names(t *testing.T, fs vfs.FS) string {
	t.Helper()
	list, err := fs.List("")
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(list)
	f, err := fs.Open("old")
	if err != nil {
		return strings.Join(list, " ")
	}
	b, err := io.ReadAll(f)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	return strings.Join(append(list, string(b)), " ")
}

// Without it: failures that Pebble lives with (a file that is gone already, a full
// disk for a table) would end the process, and those of our own files would not be
// told to who handles them.
func TestOtherFailuresAreTheCallers(t *testing.T) {
	g := New(time.Now)
	rule := Rule{Fatal: PebbleDies, Over: func() bool { return false }, Fail: func(op Op, err error) { t.Errorf("%v: %v", op, err) }}
	if err := g.Rule(disk(t), Rule{Fatal: Any, Over: rule.Over, Fail: rule.Fail}).Remove("gone"); err == nil {
		t.Error("removed what is not there")
	}
	fails := errorfs.Wrap(disk(t), errorfs.InjectorFunc(func(op errorfs.Op) error {
		if op.Kind == errorfs.OpCreate {
			return errBroken
		}
		return nil
	}))
	for name, fs := range map[string]vfs.FS{"watched": g.Watch(fails), "pebble's": g.Rule(fails, rule)} {
		if _, err := fs.Create("000001.sst", category); !errors.Is(err, errBroken) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The list that PebbleDies stands for.
func TestPebbleDies(t *testing.T) {
	try := func(want bool, op Op) {
		t.Helper()
		if PebbleDies(op) != want {
			t.Errorf("%v: want %v", op, want)
		}
	}
	try(true, Op{SyncDir, "d"})
	try(true, Op{Create, "d/000002.log"})
	try(true, Op{Reuse, "d/000002.log"})
	try(true, Op{Close, "d/000002.log"})
	try(false, Op{Remove, "d/000002.log"})
	try(false, Op{Create, "d/000003.sst"})
	try(false, Op{Sync, "d/MANIFEST-000001"}) // answered with Fatalf
}

// Without it: a change that hangs would not be seen, or one that has returned would
// be taken for one that hangs (G1).
func TestOldestIsTheChangeUnderWay(t *testing.T) {
	now := clock.NewFakeMilli(0)
	g := New(now.Now)
	inside, release := make(chan errorfs.Op), make(chan struct{})
	toggle := &errorfs.Toggle{Injector: errorfs.InjectorFunc(func(op errorfs.Op) error {
		if op.Kind != errorfs.OpFileClose && op.Kind.ReadOrWrite() == errorfs.OpIsWrite {
			inside <- op
			<-release
		}
		return nil
	})}
	for name, change := range changes {
		if name == Create || name == Reuse || name == Open {
			continue // these are two changes
		}
		fs := g.Watch(errorfs.Wrap(disk(t), toggle))
		f, err := fs.OpenReadWrite("old", category)
		if err != nil {
			t.Fatal(err)
		}
		toggle.On()
		done := make(chan error, 1)
		go func() { done <- change(once{fs, f}) }()
		<-inside
		now.Advance(3 * time.Second)
		op, age, ok := g.Oldest()
		if !ok || age != 3*time.Second || op.Path == "" || op.Name == Close {
			t.Errorf("%s: %v for %v (%v)", name, op, age, ok)
		}
		release <- struct{}{}
		if err := <-done; err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if op, _, ok := g.Oldest(); ok {
			t.Errorf("%s: %v is still under way", name, op)
		}
		toggle.Off()
	}
	if n := len(g.calls); n > 2 {
		t.Errorf("%d places for one change at a time", n)
	}
}

// once is a file system with one file that is open already.
type once struct {
	vfs.FS
	file vfs.File
}

func (o once) OpenReadWrite(string, vfs.DiskWriteCategory, ...vfs.OpenOption) (vfs.File, error) {
	return o.file, nil
}
