package raftstore

import (
	"errors"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

func readFloor(t *testing.T, fs vfs.FS) floorState {
	t.Helper()
	f, exists, err := openFloor(fs, "floor", 7)
	if err != nil || !exists {
		t.Fatalf("open floor: exists %v, %v", exists, err)
	}
	return f.state
}

func newFloor(t *testing.T, fs vfs.FS, st floorState) *floorFile {
	t.Helper()
	f, exists, err := openFloor(fs, "floor", 7)
	if err != nil || exists {
		t.Fatalf("open floor: exists %v, %v", exists, err)
	}
	if err := f.create(st); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.close() })
	return f
}

// Without it: a floor that is torn while it is written, or rots in one slot, would
// be refused although the other slot is good; one that rots in both would be
// ignored.
func TestFloorSurvivesOneBadSlot(t *testing.T) {
	fs := vfs.NewCrashableMem()
	f := newFloor(t, fs, floorState{Term: 1, Synced: 10})
	f.synced(20)
	if err := f.flush(); err != nil {
		t.Fatal(err)
	}
	if got := readFloor(t, fs); got.Synced != 20 {
		t.Fatalf("got %+v", got)
	}
	spoil(t, fs, "floor", int64(f.sequence%2)*floorSlotStep+40)
	if got := readFloor(t, fs); got.Synced != 10 {
		t.Fatalf("after a torn write: %+v", got)
	}
	spoil(t, fs, "floor", int64((f.sequence+1)%2)*floorSlotStep+40)
	if _, _, err := openFloor(fs, "floor", 7); !errors.Is(err, ErrCorrupt) {
		t.Fatalf("both slots bad: %v", err)
	}
	if _, _, err := openFloor(fs, "floor", 8); !errors.Is(err, ErrCorrupt) {
		t.Fatalf("another group's floor: %v", err)
	}
}

// spoil flips one bit of a file.
func spoil(t testing.TB, fs vfs.FS, path string, at int64) {
	t.Helper()
	f, err := fs.OpenReadWrite(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 1)
	if _, err := f.ReadAt(b, at); err != nil {
		t.Fatal(err)
	}
	b[0] ^= 0x10
	if _, err := f.WriteAt(b, at); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		t.Fatal(err)
	}
}

// Without it: a crash while the first floor is made leaves a file that no start
// accepts.
func TestFloorIsCreatedWholeOrNotAtAll(t *testing.T) {
	fs := vfs.NewCrashableMem()
	rng := seeded(t)
	newFloor(t, fs, floorState{Term: 3, Synced: 5})
	for range 50 {
		c := fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 50, RNG: rng})
		if got := readFloor(t, c); got.Term != 3 || got.Synced != 5 {
			t.Fatalf("after create returned: %+v", got)
		}
	}
}

// Without it: noting would cost an fsync per command, or a vote none.
func TestFloorWritesOnlyWhenItMust(t *testing.T) {
	fs := vfs.NewCrashableMem()
	f := newFloor(t, fs, floorState{Term: 1, Synced: 1})
	was := f.sequence
	for i := range uint64(100) {
		f.synced(i + 2)
	}
	f.term(4)
	if f.sequence != was {
		t.Fatal("a note wrote the file")
	}
	if err := errors.Join(f.vote(4), f.flush(), f.flush()); err != nil {
		t.Fatal(err)
	}
	if f.sequence != was+1 {
		t.Fatalf("%d writes for a vote and two empty flushes, want 1", f.sequence-was)
	}
	want := floorState{Term: 4, VoteTerm: 4, Synced: 101}
	if got := readFloor(t, fs.CrashClone(vfs.CrashCloneCfg{})); got != want {
		t.Fatalf("got %+v, want %+v", got, want)
	}
}

// Without it: a conflict's truncation would leave the floor above a healthy disk, and
// the node would refuse to start.
func TestFloorIsLoweredBeforeASuffixGoes(t *testing.T) {
	fs := vfs.NewCrashableMem()
	s := openStores(t, fs, 1)
	s.store(t, 1, 10, 1)
	s.prog(5, 0)
	if err := s.log.floor.flush(); err != nil {
		t.Fatal(err)
	}
	if err := s.log.DeleteRange(7, 10); err != nil {
		t.Fatal(err)
	}
	c := openStores(t, fs.CrashClone(vfs.CrashCloneCfg{}), 1)
	if last, _ := c.log.LastIndex(); c.log.floor.state.Synced > last || last != 6 {
		t.Fatalf("floor says %d, log ends at %d", c.log.floor.state.Synced, last)
	}
}
