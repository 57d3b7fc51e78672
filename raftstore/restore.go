package raftstore

import (
	"errors"
	"fmt"

	"github.com/cockroachdb/errors/oserror"
	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/hashicorp/raft"

	"github.com/scrip-engine/scrip/internal/durable"
	"github.com/scrip-engine/scrip/internal/guardfs"
)

// restoringFile stands in a data directory while it is being restored into. Open
// refuses the directory: half of the groups would look like all of them.
const restoringFile = "RESTORING"

// Restore turns a verified backup into the data directory dir on dst, which must not
// exist or be empty. The node is a new one (its id is drawn anew: the old one's votes
// are not in a backup) and the only voter of every group.
//
// What was acknowledged after the backup is gone. Every group stands at the stamp
// that the returned manifest names.
func Restore(src vfs.FS, srcDir string, dst vfs.FS, dir string) (BackupInfo, error) {
	info, err := ReadBackup(src, srcDir)
	if err != nil {
		return info, fmt.Errorf("restore: %w", err)
	}
	if err := makeEmptyDir(dst, dir); err != nil {
		return info, fmt.Errorf("restore: %w", err)
	}
	if err := restoreInto(info, src, srcDir, dst, dir); err != nil {
		return info, fmt.Errorf("restore: %w", err)
	}
	return info, nil
}

func restoreInto(info BackupInfo, src vfs.FS, srcDir string, dst vfs.FS, dir string) error {
	mark := dst.PathJoin(dir, restoringFile)
	if err := writeFileAtomic(dst, mark, nil); err != nil {
		return err
	}
	cfg, err := Config{FS: dst, Dir: dir, ClusterID: info.ClusterID}.withDefaults()
	if err != nil {
		return err
	}
	id, err := openIdentity(dst, cfg)
	if err != nil {
		return err
	}
	var failure error
	h := &Host{cfg: cfg, identity: id, guard: guardfs.New(cfg.now), disk: dst, life: newLifeline(cfg.Logger, func(_ int, reason string) { failure = errors.New(reason) })}
	if err := durable.MakeDir(dst, dst.PathJoin(dir, "images")); err != nil {
		return err
	}
	if h.db, err = pebble.Open(dst.PathJoin(dir, "log"), h.pebbleOptions()); err != nil {
		return err
	}
	for _, g := range info.Groups {
		if err == nil {
			err = h.restoreGroup(g, src, srcDir)
		}
	}
	if err = errors.Join(err, h.db.Close(), failure); err != nil {
		return err
	}
	if err := dst.Remove(mark); err != nil {
		return err
	}
	return durable.SyncDir(dst, dir)
}

// restoreGroup writes a group's image, with this node as its only voter, and its
// term: the next election must begin above every term that the image knows.
func (h *Host) restoreGroup(g BackupGroup, src vfs.FS, srcDir string) error {
	fs := h.cfg.FS
	dir := fs.PathJoin(h.cfg.Dir, "images", fmt.Sprintf("%08x", g.ID))
	if err := durable.MakeDir(fs, dir); err != nil {
		return err
	}
	f, err := src.Open(src.PathJoin(srcDir, g.File))
	if err != nil {
		return err
	}
	_, _, err = copyImage(f, fs, fs.PathJoin(dir, imageName(g.Index, g.Term)), func(ih *imageHeader) {
		ih.Config = raft.EncodeConfiguration(lone(h.identity.NodeID))
	})
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := durable.SyncDir(fs, dir); err != nil {
		return err
	}
	b := h.db.NewBatch()
	if err := putTerm(b, g.ID, g.Term); err != nil {
		return err
	}
	return b.Commit(pebble.Sync)
}

// lone is a configuration with one voter.
func lone(nodeID string) raft.Configuration {
	return raft.Configuration{Servers: []raft.Server{{
		Suffrage: raft.Voter, ID: raft.ServerID(nodeID), Address: raft.ServerAddress(nodeID),
	}}}
}

// refuseUnfinishedRestore is asked by Open.
func refuseUnfinishedRestore(fs vfs.FS, dir string) error {
	_, err := fs.Stat(fs.PathJoin(dir, restoringFile))
	switch {
	case oserror.IsNotExist(err):
		return nil
	case err != nil:
		return err
	}
	return fmt.Errorf("%w: a restore into %s did not finish; empty the directory and restore again", ErrCorrupt, dir)
}
