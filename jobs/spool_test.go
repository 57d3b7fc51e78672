package jobs

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/scrip-engine/scrip/catalog"
)

// Without this an upload that was acknowledged could be gone after a power loss,
// or be another than its digest says (J2).
func TestSpoolIsOnDisk(t *testing.T) {
	c := newCity(t, 1)
	mem := newDisk(t)
	r := c.runner(mem, nil)
	defer r.Close()
	file := strings.Repeat("0123456789", 50_000)
	name, digest, size, err := r.Spool(t.Context(), strings.NewReader(file), 0)
	if err != nil || size != int64(len(file)) || digest != catalog.Digest256(sha256.Sum256([]byte(file))) {
		t.Fatalf("%v, %d bytes", err, size)
	}
	f, err := mem.CrashClone(vfs.CrashCloneCfg{}).Open(r.path(name))
	if err != nil {
		t.Fatalf("after a power loss: %v", err)
	}
	defer f.Close()
	if got, err := io.ReadAll(f); err != nil || string(got) != file {
		t.Fatalf("after a power loss: %v, %d bytes of %d", err, len(got), len(file))
	}
	r.Discard("../" + name)
	r.Discard(rejectsName(1))
	if spooled(t, mem) != name {
		t.Fatal("discarded what is no upload")
	}
	r.Discard(name)
	if left := spooled(t, mem); left != "" {
		t.Fatalf("the spool has %q", left)
	}
}

type failingBody struct{ err error }

func (b failingBody) Read([]byte) (int, error) { return 0, b.err }

// Without this an upload that was refused or broke off would leave a file, or be
// taken for a whole one.
func TestSpoolThatFailsLeavesNothing(t *testing.T) {
	c := newCity(t, 1)
	mem := vfs.NewMem()
	r := c.runner(mem, nil)
	fails := func(ctx context.Context, body io.Reader, limit int64, want error) {
		t.Helper()
		if _, _, _, err := r.Spool(ctx, body, limit); !errors.Is(err, want) {
			t.Errorf("%v, want %v", err, want)
		}
		if left := spooled(t, mem); left != "" {
			t.Errorf("the spool has %q", left)
		}
	}
	fails(t.Context(), strings.NewReader("12345"), 4, ErrUploadTooLarge)
	torn := errors.New("the connection broke off")
	fails(t.Context(), io.MultiReader(strings.NewReader("123"), failingBody{torn}), 0, torn)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	fails(gone, strings.NewReader("1"), 0, context.Canceled)
	if _, _, size, err := r.Spool(t.Context(), strings.NewReader("1234"), 4); err != nil || size != 4 {
		t.Errorf("at the limit: %v", err)
	}
	r.Close()
	if _, _, _, err := r.Spool(t.Context(), strings.NewReader("1"), 0); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

// Without this a disk error would be told as a success, whichever step it met.
func TestSpoolOnABrokenDisk(t *testing.T) {
	c := newCity(t, 1)
	for _, kind := range []errorfs.OpKind{errorfs.OpCreate, errorfs.OpFileWrite, errorfs.OpFileSyncData, errorfs.OpRename, errorfs.OpOpenDir} {
		mem := vfs.NewMem()
		armed := false
		fs := errorfs.Wrap(mem, errorfs.InjectorFunc(func(op errorfs.Op) error {
			if armed && op.Kind == kind {
				return errorfs.ErrInjected
			}
			return nil
		}))
		r := c.runner(fs, nil)
		armed = true
		if _, _, _, err := r.Spool(t.Context(), strings.NewReader("1"), 0); !errors.Is(err, errorfs.ErrInjected) {
			t.Errorf("operation %v: %v", kind, err)
		}
		if left := spooled(t, mem); left != "" {
			t.Errorf("operation %v: the spool has %q", kind, left)
		}
		r.Close()
	}
}

// blockedBody holds an upload until it is let go.
type blockedBody struct{ begun, release chan struct{} }

func (b blockedBody) Read([]byte) (int, error) {
	close(b.begun)
	<-b.release
	return 0, io.EOF
}

// Without this the first Wake could remove a file that is just being uploaded, or
// the input of a job; or leave what a crash left for ever.
func TestTidyRemovesWhatNobodyWants(t *testing.T) {
	c := newCity(t, 1)
	fs := vfs.NewMem()
	r := c.runner(fs, nil)
	orphan, _, _, err := r.Spool(t.Context(), strings.NewReader("code\nA\n"), 0)
	if err != nil {
		t.Fatal(err)
	}
	job := c.importJob(r, FormatCSV, "code\nB\n")
	r.Close()
	for _, name := range []string{orphan + partSuffix, "rejects-77", "rejects-77.part", "notes.txt", "upload-short"} {
		f, err := fs.Create(fs.PathJoin(spoolDir, name), vfs.WriteCategoryUnspecified)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}

	r = c.runner(fs, nil)
	defer r.Close()
	body := blockedBody{make(chan struct{}), make(chan struct{})}
	type result struct {
		name string
		err  error
	}
	uploaded := make(chan result)
	go func() {
		name, _, _, err := r.Spool(t.Context(), body, 0)
		uploaded <- result{name, err}
	}()
	<-body.begun
	done, _, _, err := r.Spool(t.Context(), strings.NewReader("x"), 0) // whole, and not put yet
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(spooled(t, fs), orphan) {
		t.Fatal("removed before the host was ready")
	}
	r.Wake()
	if f := c.finish(); f.Created != 1 {
		t.Fatalf("%+v", f)
	}
	close(body.release)
	up := <-uploaded
	if up.err != nil {
		t.Fatal(up.err)
	}
	r.Close()
	left := " " + spooled(t, fs) + " "
	for _, name := range []string{done, up.name, rejectsName(job), "notes.txt", "upload-short"} {
		if !strings.Contains(left, " "+name+" ") {
			t.Errorf("%s is gone; the spool has %q", name, left)
		}
	}
	if n := len(strings.Fields(left)); n != 5 {
		t.Errorf("%d files are left: %q", n, left)
	}
}

// Without this uploads could take any number of files and connections (P10).
func TestUploadsAreBounded(t *testing.T) {
	c := newCity(t, 1)
	r := c.runner(vfs.NewMem(), nil)
	defer r.Close()
	release := make(chan struct{})
	over := make(chan error)
	for range UploadsMax {
		body := blockedBody{make(chan struct{}), release}
		go func() {
			_, _, _, err := r.Spool(t.Context(), body, 0)
			over <- err
		}()
		<-body.begun
	}
	if _, _, _, err := r.Spool(t.Context(), strings.NewReader("1"), 0); !errors.Is(err, ErrTooManyUploads) {
		t.Errorf("one above the bound: %v", err)
	}
	close(release)
	for range UploadsMax {
		if err := <-over; err != nil {
			t.Error(err)
		}
	}
	if _, _, _, err := r.Spool(t.Context(), strings.NewReader("1"), 0); err != nil {
		t.Errorf("after they were over: %v", err)
	}
}
