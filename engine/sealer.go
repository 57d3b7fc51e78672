package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/history"
	"github.com/scrip-engine/scrip/shard"
)

// The sealer moves what is old of the journals out of memory. A segment of the history
// is written and synced first; then Seal commands let the same records go, step by
// step, so that no other command waits for long. A stop between the two is nothing: the
// next start finds a history that is ahead, and goes on.
const (
	// sealLookEvery is how often the journals are looked at.
	sealLookEvery = 10 * time.Second
	// sealRecordsMin is how many records a segment should have, so that there are few
	// and what each costs for ever, a descriptor, 16 KiB and a page here and there, is
	// below a byte a record.
	sealRecordsMin = 1 << 16
	// sealPart is the part of the records in memory that must be old besides. A day is
	// always in memory, so this is how many segments a day can have at any rate.
	sealPart = 64
	// sealPressedPart is the same when memory is short: fewer records are enough then,
	// but as many of those in memory that the next segment is hours away.
	sealPressedPart = 8
	// sealShare of the memory budget is what the journals may take before memory
	// counts as short: one part in 4.
	sealShare = 4
)

// driveSeals runs until ctx ends.
func (e *Engine) driveSeals(ctx context.Context) {
	t := time.NewTicker(sealLookEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		e.sealDue(ctx)
	}
}

// sealDue seals where it is worth it. What fails is tried again.
func (e *Engine) sealDue(ctx context.Context) {
	for _, g := range e.shards {
		if !e.dueToSeal(g) {
			continue
		}
		if err := e.sealOld(ctx, g); err != nil && ctx.Err() == nil {
			e.metrics.sealFailures.Inc()
			e.log.Warn("the journal was not sealed", "shard", g.index, "error", err)
		}
	}
}

// dueToSeal reports that enough records are old enough. Below the disk's watermark
// nothing is written, and what was written is still sealed.
func (e *Engine) dueToSeal(g *shardGroup) bool {
	sealed, _ := g.law.Sealed()
	if e.disk.low.Load() {
		return g.history.Durable() > sealed
	}
	upTo, bytes := g.law.Sealable(e.clock.UnixMilli())
	old, inMemory := upTo-sealed, g.law.LastSeq()-sealed
	m := g.law.Memory()
	pressed := bytes > m.Budget/sealShare || m.Logical > m.Budget-m.Budget/sealShare
	return enoughToSeal(old, inMemory, pressed) || g.history.Durable() > sealed
}

// enoughToSeal reports whether the old ones of the records in memory are worth a
// segment.
func enoughToSeal(old, inMemory uint64, pressed bool) bool {
	return old >= max(sealRecordsMin, inMemory/sealPart) || pressed && old > inMemory/sealPressedPart
}

// sealOld seals everything that is old enough now.
func (e *Engine) sealOld(ctx context.Context, g *shardGroup) error {
	began := time.Now()
	upTo, _ := g.law.Sealable(e.clock.UnixMilli())
	for {
		sealed, _ := g.law.Sealed()
		if sealed >= upTo {
			return nil
		}
		if g.history.Durable() <= sealed {
			if e.disk.low.Load() {
				return nil // see dueToSeal
			}
			if err := e.writeHistory(ctx, g, upTo); err != nil {
				return err
			}
		}
		if err := e.sealSteps(ctx, g, min(upTo, g.history.Durable())); err != nil {
			return err
		}
		e.metrics.sealing.Observe(time.Since(began).Seconds())
		began = time.Now()
	}
}

// writeHistory cuts one segment from the records in memory.
func (e *Engine) writeHistory(ctx context.Context, g *shardGroup, upTo uint64) error {
	_, chain := g.history.End()
	var b []byte
	return g.history.Write(upTo, func(seq uint64, out *history.Entry) error {
		if b = g.law.AppendEncoded(b[:0], seq); len(b) == 0 {
			return fmt.Errorf("record %d is not in memory", seq)
		}
		t := shard.TracesOf(b)
		chain = shard.Chain(chain, b)
		*out = history.Entry{Record: b, Stamp: t.Stamp, Group: t.ID.Slot, Number: uint32(t.ID.Seq), Chain: chain}
		out.Traces[0], out.Traces[1] = t.Receipt, t.Back
		return ctx.Err()
	})
}

// errNotYet: the machine's time is behind the clock that found the records old.
var errNotYet = errors.New("the records are not old enough yet")

// sealSteps lets go what the history has.
func (e *Engine) sealSteps(ctx context.Context, g *shardGroup, upTo uint64) error {
	for {
		sealed, _ := g.law.Sealed()
		if sealed >= upTo {
			return nil
		}
		q := shard.Seal{Seq: min(upTo, sealed+shard.SealRecordsMax)}
		cmd := shard.AppendSeal(e.command(&Call{}, shard.KindSeal, firstSlot(g.index, len(e.shards)), identity{}, 0), &q)
		reply, err := e.propose(ctx, g, cmd)
		switch {
		case err != nil:
			return err
		case reply.Outcome == coupon.Reevaluate:
			return errNotYet
		case reply.Outcome != coupon.OK:
			return &refusal{reply.Outcome}
		}
	}
}
