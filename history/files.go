package history

import (
	"errors"
	"io/fs"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// makeDir makes a directory whose name survives power loss, and with it the names of
// those above that had to be made.
func makeDir(fsys vfs.FS, dir string) error {
	above := []string{fsys.PathDir(dir)}
	for p := above[0]; ; p = fsys.PathDir(p) {
		if _, err := fsys.Stat(p); err == nil || p == fsys.PathDir(p) {
			break
		}
		above = append(above, fsys.PathDir(p))
	}
	if err := fsys.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for _, p := range above {
		if err := syncDir(fsys, p); err != nil {
			return err
		}
	}
	return nil
}

func syncDir(fsys vfs.FS, dir string) error {
	d, err := fsys.OpenDir(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// removeDurably removes a file so that power loss does not bring it back.
func removeDurably(fsys vfs.FS, dir, name string) error {
	if err := fsys.Remove(fsys.PathJoin(dir, name)); err != nil {
		return err
	}
	return syncDir(fsys, dir)
}

func isNotExist(err error) bool { return errors.Is(err, fs.ErrNotExist) }
