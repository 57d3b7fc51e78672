package raftstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/cockroachdb/errors/oserror"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/scrip-engine/scrip/internal/durable"
)

// BackupInfo is the manifest of a backup. It is written last: a directory without
// one is not a backup.
type BackupInfo struct {
	Format    int           `json:"format"`
	ID        string        `json:"id"` // of this cut
	ClusterID string        `json:"cluster_id"`
	NodeID    string        `json:"node_id"` // who made it
	UnixMilli int64         `json:"unix_milli"`
	Groups    []BackupGroup `json:"groups"`
}

// BackupGroup is one group's part: an image, whole and verified when it was copied.
type BackupGroup struct {
	ID      uint32 `json:"id"`
	Name    string `json:"name"`
	File    string `json:"file"`
	Index   uint64 `json:"index"`
	Term    uint64 `json:"term"`
	Stamp   int64  `json:"stamp"` // replicated time that the group stands at, unix ms
	Version uint32 `json:"version"`
	Bytes   int64  `json:"bytes"`
}

const (
	backupFormat       = 1
	backupManifest     = "BACKUP"
	backupManifestSize = 16 << 20
)

// backupFile frames the manifest with a checksum.
type backupFile struct {
	Backup json.RawMessage `json:"backup"`
	Sum    uint32          `json:"crc32c"`
}

// Backup writes the state of every open group into dir on dst, which must not exist
// or be empty, while the groups go on. It makes a new image of each group, so that
// everything acknowledged before the call is in it and no log has to be copied.
// Every group stands at its own instant; a caller that needs one instant for all
// stops proposing until cut is called, when every image is made and only copying is
// left. cut may be nil.
func (h *Host) Backup(ctx context.Context, dst vfs.FS, dir string, cut func()) (BackupInfo, error) {
	info := BackupInfo{
		Format: backupFormat, ID: "b-" + randomHex(), ClusterID: h.identity.ClusterID, NodeID: h.identity.NodeID,
		UnixMilli: time.Now().UnixMilli(), Groups: []BackupGroup{},
	}
	if err := makeEmptyDir(dst, dir); err != nil {
		return info, fmt.Errorf("backup: %w", err)
	}
	if err := h.backupGroups(ctx, &info, dst, dir, cut); err != nil {
		return info, err
	}
	raw, err := json.Marshal(info)
	if err != nil {
		return info, fmt.Errorf("backup: %w", err)
	}
	if raw, err = json.Marshal(backupFile{raw, sum(raw)}); err != nil {
		return info, fmt.Errorf("backup: %w", err)
	}
	if err := writeFileAtomic(dst, dst.PathJoin(dir, backupManifest), raw); err != nil {
		return info, fmt.Errorf("backup: %w", err)
	}
	return info, nil
}

// backupGroups opens a fresh image of every group, then copies them. An open image
// stays readable, whatever newer ones take its place meanwhile.
func (h *Host) backupGroups(ctx context.Context, info *BackupInfo, dst vfs.FS, dir string, cut func()) (err error) {
	type source struct {
		m  *member
		in io.ReadCloser
	}
	var sources []source
	defer func() {
		for _, s := range sources {
			err = errors.Join(err, s.in.Close())
		}
	}()
	for _, m := range h.members() {
		if m.openImage == nil {
			continue
		}
		in, err := m.openImage(ctx)
		if err != nil {
			return fmt.Errorf("backup group %s: %w", m.cfg.Name, err)
		}
		sources = append(sources, source{m, in})
	}
	if cut != nil {
		cut()
	}
	for _, s := range sources {
		g, err := backupGroup(s.m, s.in, dst, dir)
		if err != nil {
			return fmt.Errorf("backup group %s: %w", s.m.cfg.Name, err)
		}
		info.Groups = append(info.Groups, g)
	}
	return nil
}

func backupGroup(m *member, src io.Reader, dst vfs.FS, dir string) (BackupGroup, error) {
	name := fmt.Sprintf("%08x%s", m.cfg.ID, imageSuffix)
	h, n, err := copyImage(src, dst, dst.PathJoin(dir, name), nil)
	if err != nil {
		return BackupGroup{}, err
	}
	return BackupGroup{
		ID: m.cfg.ID, Name: m.cfg.Name, File: name,
		Index: h.Index, Term: h.Term, Stamp: h.Stamp, Version: h.Version, Bytes: n,
	}, nil
}

// copyImage copies an image and verifies it on the way; change may alter its header.
// The file is durable on return, but for its name.
func copyImage(src io.Reader, dst vfs.FS, path string, change func(*imageHeader)) (h imageHeader, n int64, err error) {
	h, body, err := openImage(src)
	if err != nil {
		return h, 0, err
	}
	if change != nil {
		change(&h)
	}
	f, err := dst.Create(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return h, 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w, err := newImageWriter(f, &h)
	if err != nil {
		return h, 0, err
	}
	if _, err := io.Copy(w, body); err != nil {
		return h, 0, err
	}
	if err := errors.Join(w.finish(), f.Sync()); err != nil {
		return h, 0, err
	}
	st, err := f.Stat()
	if err != nil {
		return h, 0, err
	}
	return h, st.Size(), nil
}

// ReadBackup reads a backup's manifest and verifies every file of it.
func ReadBackup(fs vfs.FS, dir string) (BackupInfo, error) {
	var info BackupInfo
	f, err := fs.Open(fs.PathJoin(dir, backupManifest))
	if err != nil {
		return info, fmt.Errorf("read backup: %w", err)
	}
	raw, err := io.ReadAll(io.LimitReader(f, backupManifestSize))
	if err = errors.Join(err, f.Close()); err != nil {
		return info, fmt.Errorf("read backup: %w", err)
	}
	var file backupFile
	if err := json.Unmarshal(raw, &file); err != nil || sum(file.Backup) != file.Sum {
		return info, fmt.Errorf("%w: the backup's manifest does not verify", ErrCorrupt)
	}
	if err := json.Unmarshal(file.Backup, &info); err != nil {
		return info, fmt.Errorf("%w: the backup's manifest: %w", ErrCorrupt, err)
	}
	if info.Format > backupFormat {
		return info, fmt.Errorf("%w: backup format %d", ErrBinaryTooOld, info.Format)
	}
	for _, g := range info.Groups {
		if err := verifyBackupGroup(fs, dir, g); err != nil {
			return info, fmt.Errorf("backup of group %s: %w", g.Name, err)
		}
	}
	return info, nil
}

func verifyBackupGroup(fs vfs.FS, dir string, g BackupGroup) error {
	f, err := fs.Open(fs.PathJoin(dir, g.File))
	if err != nil {
		return err
	}
	h, err := verifyImage(f)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if h.Group != g.ID || h.Index != g.Index || h.Term != g.Term || h.Stamp != g.Stamp {
		return fmt.Errorf("%w: %s is not the image that the manifest names", ErrCorrupt, g.File)
	}
	return nil
}

// makeEmptyDir creates dir, or accepts one that is empty.
func makeEmptyDir(fs vfs.FS, dir string) error {
	names, err := fs.List(dir)
	if err != nil && !oserror.IsNotExist(err) {
		return err
	}
	if len(names) > 0 {
		return fmt.Errorf("%s is not empty", dir)
	}
	return durable.MakeDir(fs, dir)
}
