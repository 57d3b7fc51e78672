package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/scrip-engine/scrip/raftstore"
	"github.com/scrip-engine/scrip/wire"
)

// BackupInfo says what a backup holds.
type BackupInfo struct {
	Dir string `json:"dir"`
	// At is the instant that every group of the backup stands at: what was
	// acknowledged before is in it, what was asked for later is not.
	At     wire.Time     `json:"at"`
	Bytes  int64         `json:"bytes"`
	Groups []BackupGroup `json:"groups"`
}

// BackupGroup is one group of a backup.
type BackupGroup struct {
	Name  string    `json:"name"`
	Index uint64    `json:"index"`
	Time  wire.Time `json:"time"` // replicated time at the cut
	File  string    `json:"file"`
}

// Backup writes a copy of everything into dir, a directory of this machine that
// must not exist, while requests go on. All groups are cut at one instant:
// changes wait for it at the gate, for as long as the images take to be written.
// The cluster's secret is part of it; keep it as safe as the data.
func (e *Engine) Backup(ctx context.Context, dir string) (BackupInfo, error) {
	out := BackupInfo{Dir: dir}
	if _, err := e.fs.Stat(dir); err == nil {
		return out, fmt.Errorf("backup: %s exists", dir)
	}
	if err := e.fs.MkdirAll(dir, 0o700); err != nil {
		return out, fmt.Errorf("backup: %w", err)
	}
	images, err := e.cut(ctx, &out)
	if err != nil {
		return out, fmt.Errorf("backup: %w", err)
	}
	for i, im := range images {
		name := e.fs.PathBase(im.Path)
		out.Groups[i].File = fmt.Sprintf("%s-%s", out.Groups[i].Name, name)
		n, err := copyFile(e.fs, im.Path, e.fs.PathJoin(dir, out.Groups[i].File))
		if err != nil {
			return out, fmt.Errorf("backup: %w", err)
		}
		out.Bytes += n
	}
	secret, err := readFile(e.fs, e.fs.PathJoin(e.cfg.Dir, secretFile))
	if err != nil {
		return out, fmt.Errorf("backup: %w", err)
	}
	if err := writeFile(e.fs, dir, secretFile, secret); err != nil {
		return out, fmt.Errorf("backup: %w", err)
	}
	return out, e.writeManifest(dir, &out)
}

// cut makes an image of every group while no change is under way.
func (e *Engine) cut(ctx context.Context, out *BackupInfo) ([]raftstore.ImageInfo, error) {
	e.gate.Lock()
	defer e.gate.Unlock()
	out.At = wire.Time(e.clock.UnixMilli())
	var images []raftstore.ImageInfo
	add := func(name string, im raftstore.ImageInfo) {
		images = append(images, im)
		out.Groups = append(out.Groups, BackupGroup{Name: name, Index: im.Index, Time: wire.Time(im.Stamp)})
	}
	im, err := e.catLog.Image(ctx)
	if err != nil {
		return nil, err
	}
	add("catalog", im)
	for _, g := range e.shards {
		if im, err = g.log.Image(ctx); err != nil {
			return nil, err
		}
		add(g.name(), im)
	}
	return images, nil
}

func copyFile(fsys vfs.FS, from, to string) (int64, error) {
	in, err := fsys.Open(from)
	if err != nil {
		return 0, err
	}
	out, err := fsys.Create(to, vfs.WriteCategoryUnspecified)
	if err != nil {
		return 0, errors.Join(err, in.Close())
	}
	n, err := io.Copy(out, in)
	if err == nil {
		err = out.Sync()
	}
	return n, errors.Join(err, out.Close(), in.Close())
}

// manifestFile names what a backup holds; it is written last, so a directory
// without it is no backup.
const manifestFile = "backup.json"

func (e *Engine) writeManifest(dir string, info *BackupInfo) error {
	b, err := json.MarshalIndent(info, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(e.fs, dir, manifestFile, append(b, '\n'))
}
