package raftstore

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// Without it: a backup would miss what was acknowledged before it, or a restored node
// would not start, or start with the old node's identity.
func TestBackupUnderLoadAndRestore(t *testing.T) {
	n := start(t, testConfig(t, vfs.NewMem(), nil))
	h := newHistory()
	var wg sync.WaitGroup
	stop := make(chan struct{})
	wg.Add(1)
	go func() {
		defer wg.Done()
		loadUntil(t, n, h, func() bool {
			select {
			case <-stop:
				return true
			default:
				return false
			}
		})
	}()
	for n.ledger.size() < 50 {
		if _, err := n.Prove(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	before := h.clone()
	backups := vfs.NewMem()
	info, err := n.host.Backup(context.Background(), backups, "backup", nil)
	if err != nil {
		t.Fatal(err)
	}
	close(stop)
	wg.Wait()
	if _, err := n.host.Backup(context.Background(), backups, "backup", nil); err == nil {
		t.Error("a backup was written over another")
	}

	fs := vfs.NewCrashableMem()
	got, err := Restore(backups, "backup", fs, "data")
	if err != nil || got.ID != info.ID || len(got.Groups) != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	cfg := testConfig(t, fs.CrashClone(vfs.CrashCloneCfg{}), nil) // all of it is durable
	cfg.NodeID = ""
	restored := start(t, cfg)
	if restored.host.NodeID() == n.host.NodeID() || restored.host.ClusterID() != n.host.ClusterID() {
		t.Errorf("restored as node %s of cluster %s", restored.host.NodeID(), restored.host.ClusterID())
	}
	for v := range before.acked {
		if restored.ledger.count(v) != 1 {
			t.Errorf("%d was acknowledged before the backup and is there %d times", v, restored.ledger.count(v))
		}
	}
	if restored.LastStamp() < got.Groups[0].Stamp {
		t.Error("time went back")
	}
	mustPropose(t, restored, 1<<40)
	mustClose(t, restored)
	mustClose(t, start(t, cfg))
}

// Without it: rot in a backup would be found on the day it is needed, or not even then.
func TestSpoiledBackupIsRefused(t *testing.T) {
	n := start(t, testConfig(t, vfs.NewMem(), nil))
	mustPropose(t, n, 1, 2, 3)
	for _, file := range []string{backupManifest, "00000007.image"} {
		backups := vfs.NewMem()
		if _, err := n.host.Backup(context.Background(), backups, "backup", nil); err != nil {
			t.Fatal(err)
		}
		spoil(t, backups, "backup/"+file, 70)
		if _, err := Restore(backups, "backup", vfs.NewMem(), "data"); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// Without it: a restore that was interrupted would start with half of its groups, and
// one into a used directory would mix two.
func TestUnfinishedRestoreIsRefused(t *testing.T) {
	fs := vfs.NewMem()
	n := start(t, testConfig(t, fs, nil))
	if _, err := Restore(fs, "nothing", fs, "elsewhere"); err == nil {
		t.Error("restored from nothing")
	}
	backups := vfs.NewMem()
	if _, err := n.host.Backup(context.Background(), backups, "backup", nil); err != nil {
		t.Fatal(err)
	}
	if _, err := Restore(backups, "backup", fs, "data"); err == nil {
		t.Error("restored over a data directory")
	}
	mustClose(t, n)
	if err := writeFileAtomic(fs, "data/"+restoringFile, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(testConfig(t, fs, nil)); !errors.Is(err, ErrCorrupt) {
		t.Errorf("opened: %v", err)
	}
}
