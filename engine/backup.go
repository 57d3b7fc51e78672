package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/scrip-engine/scrip/internal/durable"
	"github.com/scrip-engine/scrip/jobs"
	"github.com/scrip-engine/scrip/raftstore"
	"github.com/scrip-engine/scrip/wire"
)

// BackupInfo says what a backup holds, or what a data directory was restored to.
type BackupInfo struct {
	Dir string `json:"dir"`
	// At is the instant that every group stands at: what was acknowledged before
	// is in it, what was asked for later is not.
	At     wire.Time     `json:"at"`
	Bytes  int64         `json:"bytes"`
	Groups []BackupGroup `json:"groups"`
	// Spool has the files that the jobs which were under way go on with.
	Spool []jobs.SpoolFile `json:"spool,omitempty"`
	// History says how far each shard's journal was sealed: what the images do not hold.
	History []BackupHistory `json:"history,omitempty"`
	// Erasures is the length of the list of customers who were ever forgotten: the
	// backup's, or the restored directory's.
	Erasures int `json:"erasures,omitempty"`
}

// BackupGroup is one group of a backup.
type BackupGroup struct {
	Name  string    `json:"name"`
	Index uint64    `json:"index"`
	Time  wire.Time `json:"time"` // replicated time at the cut
}

const (
	// replicaDir holds what raftstore keeps, in a data directory and in a backup.
	replicaDir = "replica"
	// spoolDir holds the input of jobs, in a data directory and in a backup.
	spoolDir = "spool"
	// manifestFile is written last: a directory without it is no backup.
	manifestFile = "backup.json"
	// recoveryFile stands in a restored data directory until an operator has said
	// that it may serve (P2).
	recoveryFile = "recovery.json"
)

// Backup writes a copy of everything into dir, a directory of this machine that
// must not exist, while requests go on. All groups are cut at one instant:
// changes wait for it at the gate, for as long as the images take to be written;
// reads and refusals do not wait. The cluster's secret is part of a backup; keep
// it as safe as the data. An error is a *wire.Error of the family not done.
func (e *Engine) Backup(ctx context.Context, dir string) (BackupInfo, error) {
	info, err := e.backup(ctx, dir)
	if err != nil {
		e.log.Error("backup failed", "dir", dir, "error", err)
		return info, e.backupError(dir, err)
	}
	return info, nil
}

func (e *Engine) backup(ctx context.Context, dir string) (info BackupInfo, err error) {
	switch _, err := e.cfg.FS.Stat(dir); {
	case err == nil:
		return BackupInfo{}, errBackupThere
	case !errors.Is(err, fs.ErrNotExist):
		return BackupInfo{}, err
	}
	if err := durable.MakeDir(e.cfg.FS, dir); err != nil {
		return BackupInfo{}, err
	}
	if err := e.gate.close(ctx); err != nil {
		return BackupInfo{}, err
	}
	open := sync.OnceFunc(e.gate.open)
	defer open()
	at := wire.Time(e.clock.UnixMilli())
	sealed := e.sealedNow()
	held, err := e.jobs.runner.Hold() // a job that ends after the cut removes its file
	if err != nil {
		return BackupInfo{}, err
	}
	defer func() { err = errors.Join(err, held.Close()) }()
	groups, err := e.host.Backup(ctx, e.cfg.FS, e.cfg.FS.PathJoin(dir, replicaDir), open)
	if err != nil {
		return BackupInfo{}, err
	}
	info = describe(dir, groups)
	info.At = at
	if info.Spool, err = held.CopyTo(e.cfg.FS, e.cfg.FS.PathJoin(dir, spoolDir)); err != nil {
		return info, err
	}
	for _, f := range info.Spool {
		info.Bytes += f.Bytes
	}
	if err := e.copyHistory(&info, dir, sealed); err != nil {
		return info, err
	}
	secret, err := readFile(e.fs, e.fs.PathJoin(e.cfg.Dir, secretFile))
	if err != nil {
		return info, err
	}
	if err := writeFile(e.cfg.FS, dir, secretFile, secret); err != nil {
		return info, err
	}
	if info.Erasures, err = e.erasures.copyTo(e.cfg.FS, dir, e.shards); err != nil {
		return info, err
	}
	return info, writeJSON(e.cfg.FS, dir, manifestFile, &info)
}

func describe(dir string, from raftstore.BackupInfo) BackupInfo {
	info := BackupInfo{Dir: dir, At: wire.Time(from.UnixMilli)}
	for _, g := range from.Groups {
		info.Bytes += g.Bytes
		info.Groups = append(info.Groups, BackupGroup{Name: g.Name, Index: g.Index, Time: wire.Time(g.Stamp)})
	}
	return info
}

// Restore makes a data directory at dir, which must not exist, from a backup. It
// verifies every file first. The directory opens in recovery: it reads, and says
// which instant it stands at, but changes nothing until Config.EndRecovery. What
// was acknowledged after that instant is not in it (P2), but for erasures: who is
// on the backup's list, or on one of those given (files, or directories they lie
// in), is forgotten again before the directory answers anything.
func Restore(fsys vfs.FS, backup, dir string, erasures ...string) (BackupInfo, error) {
	info, err := restore(fsys, backup, dir, erasures)
	if err != nil {
		return info, fmt.Errorf("restore %s into %s: %w", backup, dir, err)
	}
	return info, nil
}

func restore(fsys vfs.FS, backup, dir string, erasures []string) (BackupInfo, error) {
	var info BackupInfo
	manifest, err := readFile(fsys, fsys.PathJoin(backup, manifestFile))
	if err != nil {
		return info, err
	}
	if err := json.Unmarshal(manifest, &info); err != nil {
		return info, fmt.Errorf("%s: %w", manifestFile, err)
	}
	if _, err := fsys.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		return info, errors.Join(errors.New("it exists already"), err)
	}
	secret, err := readFile(fsys, fsys.PathJoin(backup, secretFile))
	if err != nil {
		return info, err
	}
	if err := durable.MakeDir(fsys, dir); err != nil {
		return info, err
	}
	// The marker comes first: a directory that is half restored must not serve.
	if err := writeJSON(fsys, dir, recoveryFile, &info); err != nil {
		return info, err
	}
	// A copy: Pebble's file system in memory may spoil what it was given to write.
	if err := writeFile(fsys, dir, secretFile, bytes.Clone(secret)); err != nil {
		return info, err
	}
	if info.Erasures, err = restoreErasures(fsys, backup, dir, secret, erasures); err != nil {
		return info, err
	}
	if err := jobs.RestoreSpool(fsys, fsys.PathJoin(backup, spoolDir), fsys.PathJoin(dir, spoolDir), info.Spool); err != nil {
		return info, err
	}
	if err := restoreHistory(fsys, backup, dir, &info); err != nil {
		return info, err
	}
	_, err = raftstore.Restore(fsys, fsys.PathJoin(backup, replicaDir), fsys, fsys.PathJoin(dir, replicaDir))
	return info, err
}

func writeJSON(fsys vfs.FS, dir, name string, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(fsys, dir, name, append(b, '\n'))
}

// openRecovery reads the marker of a restored directory.
func (e *Engine) openRecovery() error {
	path := e.fs.PathJoin(e.cfg.Dir, recoveryFile)
	b, err := readFile(e.fs, path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	info := new(BackupInfo)
	if err := json.Unmarshal(b, info); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	e.recovery = info
	if !e.cfg.EndRecovery {
		e.log.Warn("restored from a backup: changes are refused until the recovery is ended", "at", info.At.String())
	}
	return nil
}

// endRecovery removes the marker, once nothing can give out an id that was lost.
func (e *Engine) endRecovery() error {
	if e.recovery == nil {
		return nil
	}
	e.log.Info("the recovery is ended", "restored_to", e.recovery.At.String())
	if err := e.fs.Remove(e.fs.PathJoin(e.cfg.Dir, recoveryFile)); err != nil {
		return err
	}
	e.recovery = nil
	return durable.SyncDir(e.fs, e.cfg.Dir)
}
