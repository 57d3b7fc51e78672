package engine

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/scrip-engine/scrip/catalog"
	"github.com/scrip-engine/scrip/jobs"
	"github.com/scrip-engine/scrip/wire"
)

// heldFS holds an import between two chunks: at the sync of its list of failed rows
// which comes before the second.
type heldFS struct {
	vfs.FS
	syncs   atomic.Int32
	reached chan struct{}
	goOn    chan struct{}
	once    sync.Once
	release func()
}

func newHeldFS() *heldFS {
	h := &heldFS{FS: vfs.NewMem(), reached: make(chan struct{}), goOn: make(chan struct{})}
	h.release = sync.OnceFunc(func() { close(h.goOn) })
	return h
}

func (h *heldFS) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := h.FS.Create(name, c)
	if err == nil && strings.Contains(name, "rejects-") {
		f = &heldFile{File: f, h: h}
	}
	return f, err
}

type heldFile struct {
	vfs.File
	h *heldFS
}

func (f *heldFile) Sync() error {
	if f.h.syncs.Add(1) > 1 { // the first is that of the empty list
		f.h.once.Do(func() { close(f.h.reached) })
		<-f.h.goOn
	}
	return f.File.Sync()
}

// An import that was under way when the backup was made would fail after a restore,
// with half of its codes there; one whose list of failed rows is newer than the
// shards would count rows twice.
func TestAnImportGoesOnAfterARestore(t *testing.T) {
	ctx := context.Background()
	fs := newHeldFS()
	w := newWorldOn(t, fs, 1)
	t.Cleanup(fs.release) // before the engine closes, which waits for the job
	camp := w.tenPercent("Imp", "", "").ID
	w.add(camp, "TAKEN", `{}`)
	var b strings.Builder
	b.WriteString("Code\nTAKEN\n") // refused by the shard with the first chunk
	for i := range 2499 {
		fmt.Fprintf(&b, "I-%d\n", i)
	}
	// No row fails before its chunk is sent: that would be a sync of its own.
	b.WriteString("I-7\nTaken\n")
	accepted, err := w.Import(ctx, w.c, camp, FormatCSV, strings.NewReader(b.String()))
	w.ok(err)
	<-fs.reached
	job := w.catalog.View().ActiveJobs()[0]
	if p, ok := w.shards[0].law.Job(uint64(job.Ordinal)); !ok || p.Chunk != 1 || p.Created != 999 {
		t.Fatalf("held at %+v", p)
	}
	info, err := w.Backup(ctx, "/bak")
	w.ok(err)
	if len(info.Spool) != 2 || info.Spool[0].Name != job.Spool || info.Spool[0].Bytes != int64(b.Len()) || info.Spool[0].Digest != job.Digest {
		t.Fatalf("in the backup: %+v", info.Spool)
	}
	fs.release()
	w.settle()
	result := func() *wire.AsyncAction {
		a, err := w.AsyncAction(ctx, w.c, accepted.AsyncActionID)
		w.ok(err)
		return a
	}
	first := result()
	w.ok(w.Close())

	restored, err := Restore(fs, "/bak", "/restored")
	w.ok(err)
	if len(restored.Spool) != 2 {
		t.Fatalf("restored: %+v", restored.Spool)
	}
	w.Engine = open(t, fs, func(c *Config) { c.Clock, c.Dir = w.clock, "/restored" })
	if j := w.catalog.View().Job(job.Ordinal); j.Status.Finished() {
		t.Fatalf("in recovery the job is %s", j.Status)
	}
	w.ok(w.Close())
	w.Engine = open(t, fs, func(c *Config) { c.Clock, c.Dir, c.EndRecovery = w.clock, "/restored", true })
	w.c = w.Default()
	w.settle()
	again := result()
	if again.Status != string(catalog.JobDone) || again.Result.DoneCount != 2499 || again.Result.FailedCount != 3 ||
		again.Result.Requested.Value != 2502 {
		t.Fatalf("after the restore: %+v %+v, before %+v", again.Status, again.Result, first.Result)
	}
	rows := map[int64]string{}
	w.ok(w.jobs.runner.Rejects(job.Ordinal, func(r jobs.Reject) bool {
		if rows[r.Row] != "" {
			t.Errorf("row %d is told twice", r.Row)
		}
		rows[r.Row] = r.Reason
		return true
	}))
	if len(rows) != 3 || rows[1] != wire.KeyDuplicateFound || rows[2501] != wire.KeyDuplicateFound || rows[2502] != wire.KeyDuplicateFound {
		t.Errorf("failed rows: %v", rows)
	}
	if n := w.codesOf(w.catalog.View().Campaign(1)); n != 2500 {
		t.Errorf("%d codes", n)
	}
	w.redeem("I-2498", "")
}

// A spooled file that rotted, or a manifest that names what is no spooled file, is
// found by the restore and not by the job.
func TestASpoiledSpoolIsRefused(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t, 1)
	c := w.c
	name, digest, _, err := w.jobs.runner.Spool(ctx, strings.NewReader("Code\nA\n"), 0)
	w.ok(err)
	_, err = w.changeCatalog(ctx, &c, opJob, nil, &catalog.PutJob{Project: c.Caller.Project,
		NewJob: catalog.NewJob{Kind: "OTHER", Spool: name, Digest: digest}}) // a kind that nobody runs
	w.ok(err)
	_, err = w.Backup(ctx, "/bak")
	w.ok(err)
	f, err := w.fs.OpenReadWrite("/bak/spool/"+name, vfs.WriteCategoryUnspecified)
	w.ok(err)
	_, err = f.WriteAt([]byte("B"), 5)
	w.ok(err)
	w.ok(f.Close())
	if _, err := Restore(w.fs, "/bak", "/restored"); err == nil || !strings.Contains(err.Error(), "not the one") {
		t.Errorf("restored from a spoiled file: %v", err)
	}
	err = jobs.RestoreSpool(w.fs, "/bak/spool", "/other", []jobs.SpoolFile{{Name: "../cluster.secret"}})
	if err == nil || !strings.Contains(err.Error(), "no name") {
		t.Errorf("a file outside the spool: %v", err)
	}
}
