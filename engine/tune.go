package engine

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"

	"github.com/scrip-engine/scrip/catalog"
	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/shard"
)

// What Apply goes by travels through the log: a budget that was changed in a
// configuration file must not change what the entries before it meant.

// tuneShards brings the configured budget to every shard, and after a restore a
// generation of ids that no state before it has given out, to the catalog too.
func (e *Engine) tuneShards(ctx context.Context, restored bool) error {
	if restored {
		if err := e.tuneCatalog(ctx); err != nil {
			return fmt.Errorf("tune the catalog: %w", err)
		}
	}
	for _, g := range e.shards {
		q := shard.Tune{}
		if want := e.cfg.MemoryBudgetBytes / int64(len(e.shards)); g.law.Memory().Budget != want {
			q.Budget = want
		}
		if restored {
			var err error
			if q.Generation, err = drawGeneration(g.law.Generation()); err != nil {
				return err
			}
		}
		if q == (shard.Tune{}) {
			continue
		}
		cmd := shard.AppendTune(e.command(&Call{}, shard.KindTune, firstSlot(g.index, len(e.shards)), identity{}, 0), &q)
		reply, err := e.propose(ctx, g, cmd)
		if err == nil && reply.Outcome != coupon.OK {
			err = &refusal{reply.Outcome}
		}
		if err != nil {
			return fmt.Errorf("tune shard %d: %w", g.index, err)
		}
	}
	return nil
}

func (e *Engine) tuneCatalog(ctx context.Context) error {
	g, err := drawGeneration(e.catalog.View().Cluster().Generation)
	if err != nil {
		return err
	}
	_, err = e.change(ctx, catalog.Header{NotAfter: e.notAfter()}, &catalog.SetGeneration{Generation: g})
	return err
}

// drawGeneration draws one by chance, since several directories may be restored
// from one backup and must not agree.
func drawGeneration(not uint16) (uint16, error) {
	var b [2]byte
	for {
		if _, err := rand.Read(b[:]); err != nil {
			return 0, err
		}
		if g := binary.LittleEndian.Uint16(b[:]); g != 0 && g != not {
			return g, nil
		}
	}
}
