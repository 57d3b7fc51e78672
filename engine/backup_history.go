package engine

import (
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/scrip-engine/scrip/history"
)

// A backup has the histories as far as its images need them: an image holds what is
// not sealed, the history the rest. Segments never change, so they are copied after
// the gate has opened; what is sealed meanwhile is in the image too.

// BackupHistory is the history of a shard in a backup.
type BackupHistory struct {
	Name   string `json:"name"`
	Sealed uint64 `json:"sealed"` // the newest record that the image does not hold
	Bytes  int64  `json:"bytes"`
}

// sealedNow notes how far each shard is sealed. The gate is closed.
func (e *Engine) sealedNow() []BackupHistory {
	all := make([]BackupHistory, len(e.shards))
	for i, g := range e.shards {
		all[i].Name = g.historyName()
		all[i].Sealed, _ = g.law.Sealed()
	}
	return all
}

// copyHistory copies and verifies every segment up to what was sealed.
func (e *Engine) copyHistory(info *BackupInfo, dir string, sealed []BackupHistory) error {
	for _, h := range sealed {
		if h.Sealed == 0 {
			continue
		}
		var err error
		h.Bytes, _, err = history.Copy(e.fs, e.fs.PathJoin(e.cfg.Dir, historyDir, h.Name),
			e.cfg.FS, e.cfg.FS.PathJoin(dir, historyDir, h.Name), h.Sealed)
		if err != nil {
			return err
		}
		info.History = append(info.History, h)
		info.Bytes += h.Bytes
	}
	return nil
}

// restoreHistory copies and verifies what the manifest names.
func restoreHistory(fsys vfs.FS, backup, dir string, info *BackupInfo) error {
	for _, h := range info.History {
		_, _, err := history.Copy(fsys, fsys.PathJoin(backup, historyDir, h.Name), fsys, fsys.PathJoin(dir, historyDir, h.Name), h.Sealed)
		if err != nil {
			return err
		}
	}
	return nil
}
