package raftstore

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/hashicorp/raft"
)

// withLog opens the log Pebble of a closed node.
func withLog(t *testing.T, fs vfs.FS, f func(*pebble.DB)) {
	t.Helper()
	h, err := Open(testConfig(t, fs, nil))
	if err != nil {
		t.Fatal(err)
	}
	f(h.db)
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
}

func deleteLog(t *testing.T, fs vfs.FS, from, to uint64) {
	t.Helper()
	withLog(t, fs, func(db *pebble.DB) {
		if err := db.DeleteRange(makeKey(7, kindLog, from), makeKey(7, kindLog, to+1), pebble.Sync); err != nil {
			t.Fatal(err)
		}
	})
}

func mustImage(t *testing.T, n *node) ImageInfo {
	t.Helper()
	info, err := n.Image(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return info
}

// imaged is a closed disk with ids 1..9, images after 3 and 6, and what they are.
func imaged(t *testing.T) (fs *vfs.MemFS, older, newer ImageInfo) {
	t.Helper()
	fs = vfs.NewCrashableMem()
	n := start(t, testConfig(t, fs, nil))
	mustPropose(t, n, 1, 2, 3)
	older = mustImage(t, n)
	mustPropose(t, n, 4, 5, 6)
	newer = mustImage(t, n)
	mustPropose(t, n, 7, 8, 9)
	if s := n.Status(); s.FirstIndex != older.Index+1 || len(s.Images) != 2 {
		t.Fatalf("log begins at %d with images %+v", s.FirstIndex, s.Images)
	}
	mustClose(t, n)
	return fs, older, newer
}

// serves opens the disk, expects ids 1..upTo, and lets it take part again, twice.
func serves(t *testing.T, fs vfs.FS, upTo uint64) {
	t.Helper()
	for i := range uint64(2) {
		n := start(t, testConfig(t, fs, nil))
		for v := uint64(1); v <= upTo; v++ {
			if n.ledger.count(v) != 1 {
				t.Fatalf("id %d is there %d times", v, n.ledger.count(v))
			}
		}
		if got, want := n.ledger.size(), int(upTo+i); got != want {
			t.Fatalf("%d ids are there, want %d", got, want)
		}
		mustPropose(t, n, 100+i)
		mustClose(t, n)
	}
}

func refuses(t *testing.T, fs vfs.FS, want error, says string) {
	t.Helper()
	n, err := openNode(testConfig(t, fs, newExits()), testGroup)
	if err == nil {
		_ = n.host.Close()
	}
	if !errors.Is(err, want) || !strings.Contains(err.Error(), says) {
		t.Fatalf("got %v, want %v saying %q", err, want, says)
	}
}

// Without it: a restart from an image would lose or repeat entries, or the log would
// never shrink (R10).
func TestRestartFromImages(t *testing.T) {
	fs, _, _ := imaged(t)
	serves(t, fs, 9)
}

// Without it: a third image would stay for ever, or the log be cut to the newest.
func TestTwoImagesAreKept(t *testing.T) {
	fs, older, newer := imaged(t)
	n := start(t, testConfig(t, fs, nil))
	mustPropose(t, n, 10)
	third := mustImage(t, n)
	if again := mustImage(t, n); again != third {
		t.Errorf("nothing new, yet another image: %+v", again)
	}
	s := n.Status()
	if len(s.Images) != 2 || s.Images[0].Index != third.Index || s.Images[1].Index != newer.Index || s.FirstIndex != newer.Index+1 {
		t.Fatalf("%+v", s)
	}
	if _, err := fs.Stat(older.Path); err == nil {
		t.Error("the oldest image is still there")
	}
	mustClose(t, n)
}

// Without it: enough log gathers and nobody makes an image.
func TestImagesFollowLogBytes(t *testing.T) {
	cfg := testConfig(t, vfs.NewMem(), nil)
	cfg.ImageLogBytes = 200
	n := start(t, cfg)
	for v := uint64(1); len(n.Status().Images) < 2; v++ {
		mustPropose(t, n, v)
	}
}

// Without it: a crash between an image and its log makes raft store S+1 behind a log
// that ends before S, at every start again.
func TestLogThatEndsBeforeTheImageIsRemoved(t *testing.T) {
	fs, _, newer := imaged(t)
	deleteLog(t, fs, newer.Index-1, 1000)
	lowerFloor(t, fs, newer.Index)
	serves(t, fs, 6)
}

// lowerFloor plays a truncation that raft asked for.
func lowerFloor(t *testing.T, fs vfs.FS, to uint64) {
	t.Helper()
	f, _, err := openFloor(fs, "data/floor/00000007", 7)
	if err == nil {
		err = errors.Join(f.lower(to), f.close())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Without it: a log that lost at the image's index would be replayed on top of it.
func TestLogOfAnotherBranchIsRemoved(t *testing.T) {
	fs, _, newer := imaged(t)
	withLog(t, fs, func(db *pebble.DB) {
		l := &raft.Log{Index: newer.Index, Term: newer.Term + 5, Type: raft.LogNoop}
		key, v := makeKey(7, kindLog, l.Index), make([]byte, logValueHeader)
		encodeLog(key, v, l)
		if err := db.Set(key, v, pebble.Sync); err != nil {
			t.Fatal(err)
		}
	})
	serves(t, fs, 6)
}

// Without it: entries missing between image and log would be skipped silently.
func TestGapBetweenImageAndLogIsRefused(t *testing.T) {
	fs, _, newer := imaged(t)
	deleteLog(t, fs, 1, newer.Index+1)
	refuses(t, fs, ErrLogGap, "restore this node from a backup")
	refuses(t, fs, ErrLogGap, "join again")
	fs, _, newer = imaged(t)
	deleteLog(t, fs, newer.Index+2, newer.Index+2) // a hole inside
	refuses(t, fs, ErrLogGap, "follows")
}

// Without it: rot in the newest image stops a node whose older image and log are
// good; or is noticed once and forgotten at the next start.
func TestCorruptNewestImageFallsBackToTheOlder(t *testing.T) {
	fs, _, newer := imaged(t)
	spoil(t, fs, newer.Path, newer.Bytes/2)
	serves(t, fs, 9)
	if _, err := fs.Stat(newer.Path + imageBadSuffix); err != nil {
		t.Errorf("the corrupt file is not kept for the operator: %v", err)
	}
}

// Without it: an image that does not verify could be read as an empty state (R12).
func TestWithoutAGoodImageTheLogMustReach(t *testing.T) {
	fs, older, newer := imaged(t)
	spoil(t, fs, newer.Path, newer.Bytes/2)
	spoil(t, fs, older.Path, older.Bytes/2)
	refuses(t, fs, ErrLogGap, "2 do not verify")
}

// Without it: a file of a newer binary would be put aside as corrupt.
func TestNewerImageFormatIsRefused(t *testing.T) {
	fs, _, newer := imaged(t)
	spoil(t, fs, newer.Path, 8) // the format's lowest byte
	refuses(t, fs, ErrBinaryTooOld, "image format")
	if _, err := fs.Stat(newer.Path); err != nil {
		t.Errorf("the image was moved: %v", err)
	}
}

// Without it: a leftover of a crash would stay, or be taken for an image.
func TestUnfinishedImageIsRemoved(t *testing.T) {
	fs, _, newer := imaged(t)
	if err := fs.Rename(newer.Path, newer.Path+imageTmpSuffix); err != nil {
		t.Fatal(err)
	}
	refuses(t, fs, ErrRolledBack, "image") // it was durable once: the floor knows
	if names, err := fs.List("data/images/00000007"); err != nil || len(names) != 1 {
		t.Errorf("left: %v, %v", names, err)
	}
}

// Without it: a volume restored from a snapshot, or a manifest that lost its tail,
// forgets votes and acknowledged entries, and nobody notices (R11).
func TestRolledBackDiskIsRefused(t *testing.T) {
	fs := vfs.NewCrashableMem()
	n := start(t, testConfig(t, fs, nil))
	mustPropose(t, n, 1, 2, 3)
	mustClose(t, n)
	old := fs.CrashClone(vfs.CrashCloneCfg{})
	n = start(t, testConfig(t, fs, nil))
	mustPropose(t, n, 4, 5, 6)
	mustClose(t, n)
	copyFile(t, fs, old, "data/floor/00000007") // the log goes back, the floor does not
	refuses(t, old, ErrRolledBack, "do not delete the floor file")
	serves(t, fs, 6)
}

func copyFile(t *testing.T, from, to vfs.FS, path string) {
	t.Helper()
	r, err := from.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(r)
	if err = errors.Join(err, r.Close()); err != nil {
		t.Fatal(err)
	}
	if err := writeFileAtomic(to, path, raw); err != nil {
		t.Fatal(err)
	}
}

// Without it: a log that vanished altogether would be bootstrapped again, with the
// old node's identity.
func TestVanishedLogIsNotBootstrappedAgain(t *testing.T) {
	fs := vfs.NewCrashableMem()
	n := start(t, testConfig(t, fs, nil))
	mustPropose(t, n, 1)
	mustClose(t, n)
	if err := fs.RemoveAll("data/log"); err != nil {
		t.Fatal(err)
	}
	refuses(t, fs, ErrRolledBack, "wipe")
}

// Without it: an old binary would apply entries by rules that it does not know.
func TestOldBinaryIsRefused(t *testing.T) {
	fs := vfs.NewCrashableMem()
	cfg := testConfig(t, fs, nil)
	cfg.SupportedVersion = 2
	n := start(t, cfg)
	mustPropose(t, n, 1)
	if n.ledger.version != 2 || n.Status().ActiveVersion != 2 {
		t.Fatalf("a new group is at version %d", n.ledger.version)
	}
	mustClose(t, n)

	cfg.SupportedVersion = 3
	n = start(t, cfg)
	mustPropose(t, n, 2)
	if n.ledger.version != 2 {
		t.Fatalf("a newer binary raised the version to %d by itself", n.ledger.version)
	}
	for v, want := range map[uint32]bool{1: false, 4: false, 2: true} {
		if err := n.RaiseVersion(context.Background(), v); (err == nil) != want || err != nil && !errors.Is(err, ErrVersionNotSupported) {
			t.Errorf("raise to %d: %v", v, err)
		}
	}
	if err := n.RaiseVersion(context.Background(), 3); err != nil {
		t.Fatal(err)
	}
	mustPropose(t, n, 3)
	if n.ledger.version != 3 {
		t.Fatalf("after the raise: version %d", n.ledger.version)
	}
	mustClose(t, n)

	cfg.SupportedVersion = 2
	if _, err := openNode(cfg, testGroup); !errors.Is(err, ErrBinaryTooOld) {
		t.Fatalf("binary of version 2 on a group of version 3: %v", err)
	}
	cfg.SupportedVersion = 3
	n = start(t, cfg)
	mustImage(t, n)
	mustClose(t, n)
	serves3 := testConfig(t, fs, nil)
	serves3.SupportedVersion = 3
	n = start(t, serves3)
	if n.Status().ActiveVersion != 3 {
		t.Fatal("the image forgot the version")
	}
}

// Without it: a node could take over another node's or cluster's data.
func TestIdentityIsKept(t *testing.T) {
	fs := vfs.NewMem()
	cfg := testConfig(t, fs, nil)
	cfg.NodeID, cfg.ClusterID = "", ""
	h, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	drawn := h.NodeID()
	if drawn == "" || h.ClusterID() == "" {
		t.Fatal("nothing was drawn")
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if h, err = Open(cfg); err != nil || h.NodeID() != drawn {
		t.Fatalf("second start: %v", err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	cfg.NodeID = "another"
	if _, err := Open(cfg); !errors.Is(err, ErrIdentity) {
		t.Fatalf("another node: %v", err)
	}
	spoil(t, fs, "data/IDENTITY", 30)
	cfg.NodeID = ""
	if _, err := Open(cfg); !errors.Is(err, ErrCorrupt) {
		t.Fatalf("spoiled: %v", err)
	}
}
