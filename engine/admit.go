package engine

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/scrip-engine/scrip/catalog"
	"github.com/scrip-engine/scrip/wire"
)

// admit asks whether the caller may do what needs a role. A revoked key or a
// project that was switched off is refused by the authentication and, for what
// was on its way by then, by the project's fence. Every method begins with it, and
// a node that has failed and was left alive answers nothing from memory.
func (e *Engine) admit(c *Call, role string) error {
	if e.host.Failed() {
		return c.fail(wire.KeyUnavailable, "This node has failed and has to be started again")
	}
	if roleRank(c.Caller.Role) < roleRank(role) {
		return c.fail(wire.KeyForbidden, "This needs a key with the role "+role)
	}
	return nil
}

// stillAllowed asks the catalog as the evaluation reads it whether the key still
// opens the project. With the project's fence this closes the gap between
// authentication and the log (P7).
func (c *Call) stillAllowed(v catalog.View) error {
	p := v.Project(c.Caller.Project)
	if p == nil || !p.Active {
		return c.fail(wire.KeyUnauthorized, "")
	}
	if c.Caller.Key == 0 {
		return nil
	}
	if k := v.Key(c.Caller.Key); k == nil || k.Revoked != 0 {
		return c.fail(wire.KeyUnauthorized, "")
	}
	return nil
}

func roleRank(role string) int {
	switch role {
	case RoleAdmin:
		return 3
	case RoleUser:
		return 2
	case RoleViewer:
		return 1
	}
	return 0
}

// mayChange stands before every proposal: a node that is leaving or short of
// disk still reads and refuses, but changes nothing.
func (e *Engine) mayChange(c *Call) error {
	if e.draining.Load() {
		return c.fail(wire.KeyDraining, "")
	}
	if e.recovery != nil {
		return c.fail(wire.KeyUnavailable, "Restored to "+e.recovery.At.String()+"; an operator has to end the recovery")
	}
	for _, g := range e.shards {
		if g.law.Crowded() {
			return c.fail(wire.KeyCapacity, "The memory of this node is used up")
		}
	}
	if e.disk.low.Load() {
		return c.fail(wire.KeyDiskFull, "")
	}
	return nil
}

// diskWatch looks at the free space once in a while.
type diskWatch struct {
	fs   vfs.FS
	dir  string
	mark uint64
	log  *slog.Logger

	low  atomic.Bool
	free atomic.Uint64
}

// diskLookEvery is far below the time in which a full rate of redemptions writes
// the watermark's worth of log.
const diskLookEvery = time.Second

func (d *diskWatch) init(fs vfs.FS, dir string, mark uint64, log *slog.Logger) {
	d.fs, d.dir, d.mark, d.log = fs, dir, mark, log
	d.look()
}

func (d *diskWatch) look() {
	u, err := d.fs.GetDiskUsage(d.dir)
	if err != nil {
		if err != vfs.ErrUnsupported {
			d.log.Warn("free disk space is not known", "error", err)
		}
		return
	}
	d.free.Store(u.AvailBytes)
	if low := u.AvailBytes < d.mark; low != d.low.Swap(low) {
		d.log.Warn("disk watermark", "low", low, "free_bytes", u.AvailBytes, "watermark_bytes", d.mark)
	}
}

func (d *diskWatch) watch(ctx context.Context) {
	t := time.NewTicker(diskLookEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			d.look()
		}
	}
}
