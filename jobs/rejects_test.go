package jobs

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/scrip-engine/scrip/catalog"
	"github.com/scrip-engine/scrip/wire"
)

// Without this a list whose end was torn off would be given up, or read on into
// what is no line.
func FuzzRejects(f *testing.F) {
	head := appendLine(nil, encodeLine(cut{Version: 1, Codes: 5, Bytes: 100, Shards: 1}))
	one := appendLine(nil, encodeLine(&Reject{Row: 3, Code: "A", Reason: wire.KeyDuplicateFound, Sent: true}))
	f.Add([]byte{})
	f.Add(head)
	f.Add(append(head, one...))
	f.Add(append(append(head, one...), one[:20]...))
	f.Add(append(head, appendLine(nil, encodeLine(&Reject{Row: -64, Reason: "x"}))...))
	f.Add([]byte("00000000 \n"))
	f.Add([]byte(strings.Repeat("x", rejectLineBytesMax+1)))
	c := newCity(f, 1)
	f.Fuzz(func(t *testing.T, file []byte) {
		fs := vfs.NewMem()
		r, err := New(Config{Host: c, FS: fs, Dir: spoolDir})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		w, err := fs.Create(r.path(rejectsName(1)), vfs.WriteCategoryUnspecified)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(file); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		x, err := r.openRejects(1, cut{Version: 1}, true)
		if err != nil {
			return
		}
		if _, err := x.add(Reject{Row: 5_000, Reason: wire.KeyInvalidCode}); err != nil {
			t.Fatal(err)
		}
		if err := x.close(); err != nil {
			t.Fatal(err)
		}
		// What was taken in and what was added is what the next start finds.
		again, err := r.openRejects(1, cut{Version: 9}, false)
		if err != nil {
			t.Fatal(err)
		}
		if again.cut != x.cut || again.total() != x.total() || !again.unsent(5_000) {
			t.Errorf("%+v with %d rows became %+v with %d", x.cut, x.total(), again.cut, again.total())
		}
		if err := again.close(); err != nil {
			t.Fatal(err)
		}
	})
}

// Without this the sample could show any rows, or more than a command holds.
func TestSampleHasTheFirstRows(t *testing.T) {
	c := newCity(t, 1)
	r := c.runner(vfs.NewMem(), nil)
	defer r.Close()
	x, err := r.openRejects(1, r.cut, true)
	if err != nil {
		t.Fatal(err)
	}
	for row := int64(500); row > 0; row-- {
		for range 2 { // the second is known already
			if _, err := x.add(Reject{Row: row, Code: strings.Repeat("é", 300), Reason: wire.KeyInvalidCode, Details: strings.Repeat("x", 9999)}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := x.close(); err != nil {
		t.Fatal(err)
	}
	first := x.sample()
	if len(first) != catalog.FailuresMax || x.total() != 500 {
		t.Fatalf("%d in the sample of %d", len(first), x.total())
	}
	for i, f := range first {
		if f.Row != int64(i)+1 || len(f.Code) > catalog.FailureCodeBytesMax {
			t.Fatalf("at %d stands row %d", i, f.Row)
		}
	}
	if n := len(rejectsOf(t, r, 1)); n != 500 {
		t.Errorf("%d rows in the file", n)
	}
}

// Without this a job whose list is gone, or that another version began, would cut
// its file in another way and lose the rows between.
func TestImportThatCannotGoOn(t *testing.T) {
	fails := func(name, want string, harm func(r *Runner, job uint32)) {
		t.Helper()
		c := newCity(t, 2)
		fs := vfs.NewMem()
		r := c.runner(fs, smallChunks)
		var rows []string
		for i := range 50 {
			rows = append(rows, fmt.Sprintf("C-%d,", i))
		}
		job := c.importJob(r, FormatCSV, csvOf(rows...))
		k := newCrash(vfs.NewCrashableMem(), 8, 0, newRand(1))
		c.gate = k.host
		r.Wake()
		<-k.gone
		r.Close()
		made := c.issued()
		c.gate = nil
		r = c.runner(fs, nil)
		defer r.Close()
		harm(r, job)
		r.Wake()
		f := c.finish()
		if f.Status != catalog.JobFailed || f.Created != made || f.Total != 50 || !strings.Contains(f.Error, want) {
			t.Errorf("%s: %d were made: %+v", name, made, f)
		}
	}
	fails("no list", "missing", func(r *Runner, job uint32) { r.remove(rejectsName(job)) })
	header := func(c cut) func(r *Runner, job uint32) {
		return func(r *Runner, job uint32) {
			f, err := r.cfg.FS.Create(r.path(rejectsName(job)), vfs.WriteCategoryUnspecified)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := f.Write(appendLine(nil, encodeLine(c))); err != nil {
				t.Fatal(err)
			}
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	fails("another version", "another version", header(cut{Version: cutVersion + 1, Codes: 5, Bytes: 1000, Shards: 2}))
	fails("other shards", "another version", header(cut{Version: cutVersion, Codes: 5, Bytes: 1000, Shards: 3}))
}
