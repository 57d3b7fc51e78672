package engine

import (
	"context"
	"errors"
	"io/fs"
	"syscall"

	"github.com/scrip-engine/scrip/raftstore"
	"github.com/scrip-engine/scrip/wire"
)

var (
	errBackupThere = errors.New("it exists already")
	errBackupBusy  = errors.New("another backup is being cut")
)

// backupError is the answer for a backup that did not come about. All are of the
// family not done: a backup changes nothing of what is kept, and what it has left
// in its directory is no backup without the manifest.
func (e *Engine) backupError(dir string, err error) *wire.Error {
	c := &Call{}
	text := "backup into " + dir + ": " + err.Error()
	switch {
	case errors.Is(err, errBackupThere):
		out := c.fail(wire.KeyDuplicateFound, text)
		out.ResourceID, out.ResourceType = dir, "backup"
		return out
	case errors.Is(err, errBackupBusy):
		return c.fail(wire.KeyTooManyRequests, text)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return c.fail(wire.KeyDiskFull, text)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.EROFS):
		return c.field(wire.KeyInvalidQueryParams, "to", text)
	case errors.Is(err, context.Canceled) && e.draining.Load():
		return c.fail(wire.KeyDraining, text)
	case errors.Is(err, raftstore.ErrCorrupt):
		out := c.fail(wire.KeyInternalError, text)
		out.Outcome = wire.NotDone
		return out
	}
	return c.fail(wire.KeyUnavailable, text)
}
