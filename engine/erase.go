package engine

import (
	"context"
	"time"

	"github.com/scrip-engine/scrip/shard"
)

// Forgetting a customer destroys the key of the profile in the state. The log and
// the older of the two kept images still hold it: two new images later, neither
// does, since the log is truncated to the older image. The eraser makes those
// images, some time after the last forgetting, so that many cost what one costs.
//
// Nothing is remembered of what is owed: it follows from the newest forgetting and
// the older image, so a start finds what the process before it did not come to.

// eraseAfter is how long erasures are gathered.
const eraseAfter = 10 * time.Second

// owesErasure reports whether the key of a customer who was forgotten may still be
// in an image or the log. An image whose replicated time is past the forgetting
// was made after it; one of the same instant may not have been.
func (g *shardGroup) owesErasure() bool {
	n := g.law.ForgottenCount()
	if n == 0 {
		return false
	}
	newest, ok := g.law.Forgotten(n - 1)
	s := g.log.Status()
	if !ok || len(s.Images) == 0 {
		return true
	}
	oldest := s.Images[len(s.Images)-1]
	return oldest.Stamp <= newest.Stamp || s.FirstIndex != 0 && s.FirstIndex <= oldest.Index
}

func (e *Engine) eraseSoon() {
	select {
	case e.eraseKick <- struct{}{}:
	default:
	}
}

// driveErasures makes the images that erasures need, those owed from before the
// start too.
func (e *Engine) driveErasures(ctx context.Context) {
	e.eraseSoon()
	for {
		select {
		case <-ctx.Done():
			return
		case <-e.eraseKick:
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(eraseAfter):
		}
		e.payErasures(ctx)
	}
}

// payErasures makes what is owed now. What fails is tried again. It sees to the
// list as well: who was forgotten without an answer, since the caller had left,
// was forgotten nevertheless.
func (e *Engine) payErasures(ctx context.Context) {
	if err := e.erasures.catchUp(e.shards); err != nil && ctx.Err() == nil {
		e.log.Error("a forgotten customer is not on the list of erasures yet", "error", err)
	}
	for _, g := range e.shards {
		if !g.owesErasure() {
			continue
		}
		if err := e.eraseTraces(ctx, g); err != nil && ctx.Err() == nil {
			e.log.Warn("traces of a forgotten customer not erased yet", "shard", g.index, "error", err)
			e.eraseSoon()
		}
	}
}

// eraseTraces makes two images, each after an entry that moves replicated time: an
// image of an unchanged state is the one that is there already, and an image says
// by its time what is in it.
func (e *Engine) eraseTraces(ctx context.Context, g *shardGroup) error {
	for range 2 {
		c := Call{}
		q := shard.Fence{Scope: shard.FenceProject, Ordinal: 1} // raises nothing
		cmd := shard.AppendFence(e.command(&c, shard.KindFence, firstSlot(g.index, len(e.shards)), identity{}, 0), &q)
		if _, err := e.propose(ctx, g, cmd); err != nil {
			return err
		}
		if _, err := g.log.Image(ctx); err != nil {
			return err
		}
	}
	return nil
}
