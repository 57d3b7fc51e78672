package jobs

import (
	"io"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// Without this a list of failed rows that went on after the cut would be in a
// backup whose shards know nothing of it, or a job that ended meanwhile would take
// its upload out of the backup.
func TestHeldFilesStayAsTheyWereAtTheCut(t *testing.T) {
	c := newCity(t, 1)
	disk := newDisk(t)
	r := c.runner(disk, nil)
	defer r.Close()
	job := c.importJob(r, FormatCSV, csvOf("A,", "B,"))
	other := c.importJob(r, FormatCSV, csvOf("C,")) // has no list yet
	list, err := r.openRejects(job, r.cut, true)
	if err != nil {
		t.Fatal(err)
	}
	add := func(row int64) {
		t.Helper()
		if _, err := list.add(Reject{Row: row, Reason: "invalid_code"}); err != nil {
			t.Fatal(err)
		}
		if err := list.sync(); err != nil {
			t.Fatal(err)
		}
	}
	add(1)
	held, err := r.Hold()
	if err != nil {
		t.Fatal(err)
	}
	add(2)
	names := []string{c.Job(job).Spool, rejectsName(job), c.Job(other).Spool}
	for _, name := range names[:2] {
		r.remove(name)
	}
	files, err := held.CopyTo(disk, "data/bak")
	if err != nil || len(files) != len(names) {
		t.Fatalf("%+v %v", files, err)
	}
	for i, f := range files {
		if f.Name != names[i] {
			t.Errorf("file %d is %s, want %s", i, f.Name, names[i])
		}
	}
	if files[0].Digest != c.Job(job).Digest {
		t.Error("the upload is another one")
	}
	if err := held.Close(); err != nil {
		t.Fatal(err)
	}
	if err := list.close(); err != nil {
		t.Fatal(err)
	}
	if err := RestoreSpool(disk, "data/bak", "data/again", files); err != nil {
		t.Fatal(err)
	}
	after := disk.CrashClone(vfs.CrashCloneCfg{})
	f, err := after.Open("data/again/" + names[1])
	if err != nil {
		t.Fatalf("after a power loss: %v", err)
	}
	defer f.Close()
	text, err := io.ReadAll(f)
	if err != nil || !contains(text, `"row":1`) || contains(text, `"row":2`) {
		t.Errorf("%v, the list at the cut:\n%s", err, text)
	}
}

// Without this a backup could write outside the spool, or bring a file that rotted.
func TestRestoreSpoolRefuses(t *testing.T) {
	c := newCity(t, 1)
	disk := vfs.NewMem()
	r := c.runner(disk, nil)
	defer r.Close()
	c.importJob(r, FormatCSV, csvOf("A,"))
	held, err := r.Hold()
	if err != nil {
		t.Fatal(err)
	}
	files, err := held.CopyTo(disk, "bak")
	if err != nil || len(files) != 1 {
		t.Fatalf("%+v %v", files, err)
	}
	if err := held.Close(); err != nil {
		t.Fatal(err)
	}
	f := func(want string, change func(*SpoolFile)) {
		t.Helper()
		one := files[0]
		change(&one)
		if err := RestoreSpool(disk, "bak", "again", []SpoolFile{one}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v", one, err)
		}
	}
	f("not the one", func(f *SpoolFile) { f.Bytes++ })
	f("not the one", func(f *SpoolFile) { f.Digest[3]++ })
	f("not exist", func(f *SpoolFile) { f.Name = rejectsName(7) })
	for _, name := range []string{"", "../" + files[0].Name, "rejects-07", "rejects-x", files[0].Name + ".part", "/etc/passwd"} {
		f("no name", func(f *SpoolFile) { f.Name = name })
	}
}
