package history

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// refusing fails the next operations of some kinds on files with an ending, once each.
type refusing struct {
	ending string
	kinds  []errorfs.OpKind
}

func (r *refusing) String() string { return "refusing" }

func (r *refusing) MaybeError(op errorfs.Op) error {
	i := slices.Index(r.kinds, op.Kind)
	if i < 0 || !strings.HasSuffix(op.Path, r.ending) {
		return nil
	}
	r.kinds = slices.Delete(r.kinds, i, i+1)
	return errors.New("injected: too many open files")
}

// A segment that got its name and could not be taken in must not stand beside the one
// of the next attempt, or no start and no backup succeeds any more (H2).
func TestASegmentIsTriedAgainWithMoreRecords(t *testing.T) {
	for name, r := range map[string]refusing{
		"directory not synced": {"history", []errorfs.OpKind{errorfs.OpOpenDir}},
		"not opened":           {segmentSuffix, []errorfs.OpKind{errorfs.OpOpen}},
		"not read":             {segmentSuffix, []errorfs.OpKind{errorfs.OpFileReadAt}},
		"not removed either":   {segmentSuffix, []errorfs.OpKind{errorfs.OpOpen, errorfs.OpRemove}},
	} {
		t.Run(name, func(t *testing.T) {
			j := newJournal(seed(t), 300)
			off := &refusing{}
			fsys := errorfs.Wrap(vfs.NewMem(), off)
			s := mustOpen(t, config(fsys))
			*off = r
			if err := s.Write(100, j.next); err == nil || len(off.kinds) > 0 {
				t.Fatalf("error %v, %d to come", err, len(off.kinds))
			}
			if err := s.Write(200, j.next); err != nil {
				t.Fatal(err)
			}
			j.check(t, s)
			if _, end, err := Copy(fsys, "data/history", vfs.NewMem(), "backup", 200); err != nil || end != 200 {
				t.Fatalf("backup up to %d: %v", end, err)
			}
			if again := mustOpen(t, config(fsys)); again.Durable() != 200 {
				t.Fatalf("up to %d", again.Durable())
			}
		})
	}
}

// What a crash left of two attempts opens when the shorter says the same, and is
// damage when it says something else.
func TestOfTwoAttemptsTheLongerStays(t *testing.T) {
	rng := seed(t)
	j, other := newJournal(rng, 300), newJournal(rng, 300)
	fsys := vfs.NewMem()
	cut := func(dir string, j *journal, upTo uint64) (name string, b []byte) {
		cfg := config(fsys)
		cfg.Dir = dir
		if err := mustOpen(t, cfg).Write(upTo, j.next); err != nil {
			t.Fatal(err)
		}
		name = segmentName(1, upTo)
		return name, contents(t, fsys, fsys.PathJoin(dir, name))
	}
	short, b := cut("short", j, 100)
	_, wrong := cut("wrong", other, 100)
	cut("data/history", j, 200)
	put(t, fsys, "data/history/"+short, wrong)
	if _, err := Open(config(fsys)); !errors.Is(err, ErrDamaged) {
		t.Fatalf("another journal's records: %v", err)
	}
	put(t, fsys, "data/history/"+short, b)
	s := mustOpen(t, config(fsys))
	if s.Durable() != 200 || s.Stats().Segments != 1 {
		t.Fatalf("up to %d in %d segments", s.Durable(), s.Stats().Segments)
	}
	j.check(t, s)
	if _, err := fsys.Stat("data/history/" + short); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("the shorter is still there: %v", err)
	}
}

// What was begun and failed takes no place on a disk that is full.
func TestAFailedSegmentLeavesNothing(t *testing.T) {
	j := newJournal(seed(t), 300)
	off := &refusing{}
	fsys := errorfs.Wrap(vfs.NewMem(), off)
	s := mustOpen(t, config(fsys))
	*off = refusing{unfinishedName, []errorfs.OpKind{errorfs.OpFileWrite}}
	if err := s.Write(100, j.next); err == nil {
		t.Fatal("no error")
	}
	names, err := fsys.List("data/history")
	if err != nil || len(names) != 0 {
		t.Fatalf("left behind: %v, %v", names, err)
	}
}

// The log's syncs wait behind what a segment has not synced yet.
func TestASegmentIsSyncedOnTheWay(t *testing.T) {
	j := newJournal(seed(t), 30_000)
	syncs := 0
	fsys := errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		if strings.HasSuffix(op.Path, unfinishedName) && (op.Kind == errorfs.OpFileSync || op.Kind == errorfs.OpFileSyncData) {
			syncs++
		}
		return nil
	}))
	s := mustOpen(t, config(fsys))
	if err := s.Write(30_000, j.next); err != nil {
		t.Fatal(err)
	}
	if want := int(s.Stats().Bytes / (3 * bytesPerSync)); want < 1 || syncs < 1+want {
		t.Fatalf("%d syncs of %d bytes", syncs, s.Stats().Bytes)
	}
}
