package engine

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/shard"
	"github.com/scrip-engine/scrip/wire"
)

// Without it: memory that was taken far beyond the budget, by freed blocks that
// nothing fits, would go on growing with every change until the kernel ends the
// process. A crowded node answers capacity before the log sees anything, and goes
// on reading and refusing.
func TestACrowdedNodeGrowsNoMore(t *testing.T) {
	w := newWorld(t, 1)
	w.create("KEPT", `{"discount":{"type":"AMOUNT","amount_off":1}}`)
	w.crowd()
	g := w.shards[0]
	if !g.law.Crowded() {
		t.Fatal("not crowded: the test has lost its subject")
	}
	ctx, before := context.Background(), g.log.Applied()
	for n := range 50 {
		_, err := w.try(fmt.Sprint("k", n), "KEPT", "")
		w.wants(err, wire.KeyCapacity)
	}
	_, err := w.CreateVoucher(ctx, w.c, "MORE", decode[wire.VoucherCreate](t, `{"discount":{"type":"AMOUNT","amount_off":1}}`))
	w.wants(err, wire.KeyCapacity)
	if after := g.log.Applied(); after != before {
		t.Errorf("%d entries were applied by a crowded node", after-before)
	}
	w.refused("NONE", "", wire.KeyNotFound)
	if w.voucher("KEPT").Redemption.RedeemedQuantity != 0 {
		t.Error("a refused redemption took a use")
	}
}

// crowd takes memory with large codes, then lowers the budget to next to nothing.
// The commands pass by the engine's own check of each.
func (w *world) crowd() {
	w.t.Helper()
	const codes, together = 8000, 12 // 12 codes of 8 KiB fit an entry
	ctx, p := context.Background(), w.c.project(w.catalog.View())
	large := bytes.Repeat([]byte(" "), coupon.MetadataBytesMax)
	for n := 0; n < codes; n += together {
		var cmds [][]byte
		for i := range together {
			code := fmt.Sprintf("LARGE-%d", n+i)
			ref := w.resolve(p, code, nil)
			q := shard.Create{Project: p.Ordinal, Rules: ref.query.Rules, Code: shard.NewCode{Hash: ref.query.Hash, Issued: []byte(code),
				Spec: shard.Spec{Mask: shard.SpecMetadata | shard.SpecInfo, Metadata: large, Info: large}}}
			cmds = append(cmds, shard.AppendCreate(w.command(&w.c, shard.KindCreate, ref.query.Hash.Slot(), identity{}, w.catalog.View().Index()), &q))
		}
		replies := make([]shard.Reply, len(cmds))
		_, err := w.proposeAll(ctx, w.shards[0], cmds, replies)
		w.ok(err)
		for _, r := range replies {
			if r.Outcome != coupon.OK {
				w.t.Fatalf("create: %v", r.Outcome)
			}
		}
	}
	w.cfg.MemoryBudgetBytes = 64 << 10
	w.ok(w.tuneShards(ctx, false))
}
