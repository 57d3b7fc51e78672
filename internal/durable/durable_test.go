package durable

import (
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// afterPowerLoss is what is left of fsys when only what was synced is.
func afterPowerLoss(fsys *vfs.MemFS) *vfs.MemFS {
	return fsys.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 0})
}

// Without it a data directory, or one of those above it, would be gone with
// everything that was synced in it.
func TestDirectoriesAreFoundAgain(t *testing.T) {
	fsys := vfs.NewCrashableMem()
	if err := MakeDir(fsys, "a/b/c"); err != nil {
		t.Fatal(err)
	}
	if _, err := afterPowerLoss(fsys).Stat("a/b/c"); err != nil {
		t.Error(err)
	}
	if err := MakeDir(fsys, "a/b/c"); err != nil {
		t.Errorf("made already: %v", err)
	}
}

// Without it what was removed would come back beside what took its place.
func TestRemovedFilesStayAway(t *testing.T) {
	fsys := vfs.NewCrashableMem()
	f, err := fsys.Create("f", vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err := SyncDir(fsys, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := afterPowerLoss(fsys).Stat("f"); err != nil {
		t.Fatalf("its name was synced: %v", err)
	}
	if err := Remove(fsys, "", "f"); err != nil {
		t.Fatal(err)
	}
	if _, err := afterPowerLoss(fsys).Stat("f"); err == nil {
		t.Error("it came back")
	}
	if err := Remove(fsys, "", "f"); err == nil {
		t.Error("nothing was removed, and nobody was told")
	}
}
