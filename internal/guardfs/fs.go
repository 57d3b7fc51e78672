package guardfs

import (
	"os"

	"github.com/cockroachdb/errors/oserror"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// guarded is a file system whose changes go through do. What reads is the wrapped
// one's.
type guarded struct {
	vfs.FS
	guard *Guard
	rule  Rule
}

// do carries out one change.
func (g *guarded) do(op Op, change func() error) error {
	if g.rule.Over() {
		return nil // G3
	}
	place := g.guard.begin(op)
	err := change()
	g.guard.end(place)
	return g.judge(op, err)
}

// judge hands a fatal failure over (G2). A file that was to be removed and is not
// there is as it should be.
func (g *guarded) judge(op Op, err error) error {
	if err == nil || !g.rule.Fatal(op) || op.Name == Remove && oserror.IsNotExist(err) {
		return err
	}
	g.rule.Fail(op, err)
	if g.rule.Over() {
		return nil // G3
	}
	return err
}

// file is do for what returns a file. Where nothing is carried out any more, it is
// one in memory, which nobody will find again.
func (g *guarded) file(op Op, open func() (vfs.File, error)) (vfs.File, error) {
	var f vfs.File
	err := g.do(op, func() (err error) {
		f, err = open()
		return err
	})
	if err != nil {
		return nil, err
	}
	if f == nil || g.rule.Over() {
		if f != nil {
			_ = f.Close() // the process is ending, and nothing was written to it
		}
		if f, err = vfs.NewMem().Create("nowhere", vfs.WriteCategoryUnspecified); err != nil {
			return nil, err
		}
	}
	return &file{File: f, fs: g, path: op.Path, sync: Sync}, nil
}

func (g *guarded) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	return g.file(Op{Create, name}, func() (vfs.File, error) { return g.FS.Create(name, c) })
}

func (g *guarded) OpenReadWrite(name string, c vfs.DiskWriteCategory, o ...vfs.OpenOption) (vfs.File, error) {
	return g.file(Op{Open, name}, func() (vfs.File, error) { return g.FS.OpenReadWrite(name, c, o...) })
}

func (g *guarded) ReuseForWrite(old, name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	return g.file(Op{Reuse, name}, func() (vfs.File, error) { return g.FS.ReuseForWrite(old, name, c) })
}

// OpenDir changes nothing, but what is done with a directory is to sync it.
func (g *guarded) OpenDir(name string) (vfs.File, error) {
	f, err := g.FS.OpenDir(name)
	if err != nil {
		return nil, err
	}
	return &file{File: f, fs: g, path: name, sync: SyncDir}, nil
}

func (g *guarded) Link(old, name string) error {
	return g.do(Op{Link, name}, func() error { return g.FS.Link(old, name) })
}

func (g *guarded) Remove(name string) error {
	return g.do(Op{Remove, name}, func() error { return g.FS.Remove(name) })
}

func (g *guarded) RemoveAll(name string) error {
	return g.do(Op{Remove, name}, func() error { return g.FS.RemoveAll(name) })
}

func (g *guarded) Rename(old, name string) error {
	return g.do(Op{Rename, name}, func() error { return g.FS.Rename(old, name) })
}

func (g *guarded) MkdirAll(dir string, perm os.FileMode) error {
	return g.do(Op{MakeDir, dir}, func() error { return g.FS.MkdirAll(dir, perm) })
}

// Unwrap satisfies vfs.FS.
func (g *guarded) Unwrap() vfs.FS { return g.FS }

// file is a file whose changes go through do.
type file struct {
	vfs.File
	fs   *guarded
	path string
	sync string // what syncing it is called
}

func (f *file) Write(p []byte) (int, error) {
	n := len(p) // where nothing is carried out, all of it is taken
	err := f.fs.do(Op{Write, f.path}, func() (err error) {
		n, err = f.File.Write(p)
		return err
	})
	return f.taken(n, len(p), err)
}

func (f *file) WriteAt(p []byte, at int64) (int, error) {
	n := len(p)
	err := f.fs.do(Op{Write, f.path}, func() (err error) {
		n, err = f.File.WriteAt(p, at)
		return err
	})
	return f.taken(n, len(p), err)
}

// taken is what a write returns: a failure that was handed over has taken all.
func (f *file) taken(n, all int, err error) (int, error) {
	if err == nil {
		return all, nil
	}
	return n, err
}

func (f *file) Sync() error { return f.fs.do(Op{f.sync, f.path}, f.File.Sync) }

func (f *file) SyncData() error { return f.fs.do(Op{f.sync, f.path}, f.File.SyncData) }

func (f *file) SyncTo(length int64) (whole bool, err error) {
	err = f.fs.do(Op{f.sync, f.path}, func() (err error) {
		whole, err = f.File.SyncTo(length)
		return err
	})
	return whole, err
}

// Close closes the file also when nothing is carried out any more.
func (f *file) Close() error {
	place := f.fs.guard.begin(Op{Close, f.path})
	err := f.File.Close()
	f.fs.guard.end(place)
	if err != nil && f.fs.rule.Over() {
		return nil // G3
	}
	return f.fs.judge(Op{Close, f.path}, err)
}
