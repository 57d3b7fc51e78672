package durable

import (
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// MakeDir makes a private directory, and those above it that are missing. On
// return all their names are durable.
func MakeDir(fsys vfs.FS, dir string) error {
	above := []string{fsys.PathDir(dir)}
	for p := above[0]; ; p = fsys.PathDir(p) {
		if _, err := fsys.Stat(p); err == nil || p == fsys.PathDir(p) {
			break
		}
		above = append(above, fsys.PathDir(p))
	}
	if err := fsys.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make directory %s: %w", dir, err)
	}
	for _, p := range above {
		if err := SyncDir(fsys, p); err != nil {
			return err
		}
	}
	return nil
}

// SyncDir makes what was created, renamed and removed in dir durable.
func SyncDir(fsys vfs.FS, dir string) error {
	d, err := fsys.OpenDir(dir)
	if err == nil {
		err = errors.Join(d.Sync(), d.Close())
	}
	if err != nil {
		return fmt.Errorf("sync directory %s: %w", dir, err)
	}
	return nil
}

// Remove removes a file of dir so that power loss does not bring it back.
func Remove(fsys vfs.FS, dir, name string) error {
	if err := fsys.Remove(fsys.PathJoin(dir, name)); err != nil {
		return err
	}
	return SyncDir(fsys, dir)
}
