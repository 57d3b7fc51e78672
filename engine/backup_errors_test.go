package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/scrip-engine/scrip/raftstore"
	"github.com/scrip-engine/scrip/wire"
)

// brokenFS fails to create what lies in a folder.
type brokenFS struct {
	vfs.FS
	in  string
	err error
}

func (b *brokenFS) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	if strings.HasPrefix(name, b.in) {
		return nil, fmt.Errorf("create %s: %w", name, b.err)
	}
	return b.FS.Create(name, c)
}

// Whoever makes backups at night must learn whether to free a disk, to choose
// another name or to call somebody: one error for all of it says nothing (P5).
func TestBackupErrorsHaveTheirFamily(t *testing.T) {
	files := &brokenFS{FS: vfs.NewMem(), in: "/bak"}
	w := newWorldOn(t, files, 1)
	f := func(ctx context.Context, dir, want string) {
		t.Helper()
		_, err := w.Backup(ctx, dir)
		var e *wire.Error
		if !errors.As(err, &e) || e.Key != want || e.Outcome != wire.NotDone || !strings.Contains(e.Details, dir) {
			t.Fatalf("%v, want %s", err, want)
		}
	}
	ctx := context.Background()
	for i, c := range []struct {
		err  error
		want string
	}{
		{syscall.ENOSPC, wire.KeyDiskFull}, {syscall.EDQUOT, wire.KeyDiskFull},
		{fs.ErrPermission, wire.KeyInvalidQueryParams}, {syscall.EROFS, wire.KeyInvalidQueryParams},
		{syscall.EIO, wire.KeyUnavailable}, {raftstore.ErrCorrupt, wire.KeyInternalError},
	} {
		files.err = c.err
		f(ctx, fmt.Sprint("/bak/", i), c.want)
	}
	_, err := w.Backup(ctx, "/sound")
	w.ok(err)
	f(ctx, "/sound", wire.KeyDuplicateFound)
	over, cancel := context.WithCancel(ctx)
	cancel()
	w.ok(w.gate.enter(ctx)) // a change is under way that the cut would wait for
	f(over, "/late", wire.KeyUnavailable)
	w.Drain()
	f(over, "/draining", wire.KeyDraining)
	w.gate.leave()
	w.gateAround(func() { f(ctx, "/second", wire.KeyTooManyRequests) })
}
