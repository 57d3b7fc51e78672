package jobs

import (
	"context"
	"sync"
	"time"

	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/shard"
	"github.com/scrip-engine/scrip/wire"
)

// lanes carry a job's chunks to the shards: one goroutine for each shard, which
// takes them in order.
type lanes[C any] struct {
	w    *work
	in   []chan C
	over sync.WaitGroup
}

// openLanes starts carry for each shard. It is called with one chunk after the
// other; its error ends the job. A chunk that comes after the job was halted is
// let go.
func openLanes[C any](w *work, carry func(s int, c C) error) *lanes[C] {
	l := &lanes[C]{w: w, in: make([]chan C, len(w.r.turns))}
	for s := range l.in {
		l.in[s] = make(chan C, 1)
		l.over.Go(func() {
			for c := range l.in[s] {
				if w.haltReason() != nil {
					continue
				}
				if err := carry(s, c); err != nil {
					w.halt(err)
				}
			}
		})
	}
	return l
}

// send gives a chunk to its lane, which may have one more waiting. The error is
// why the job was halted.
func (l *lanes[C]) send(s int, c C) error {
	select {
	case <-l.w.halted:
		return l.w.haltReason()
	case l.in[s] <- c:
		return nil
	}
}

// close waits until nothing of the job is on its way any more (J6). The error is
// why the job was halted, if it was.
func (l *lanes[C]) close() error {
	for _, in := range l.in {
		close(in)
	}
	l.over.Wait()
	return l.w.haltReason()
}

// issue has a shard apply a chunk, in turn with other jobs (J5). An error that is
// no failure is ctx's.
func (w *work) issue(ctx context.Context, s int, q *shard.Import) (shard.Reply, error) {
	var reply shard.Reply
	err := w.insist(ctx, "chunk", func() error {
		var err error
		reply, err = w.ask(ctx, s, q)
		if err != nil {
			return err
		}
		return chunkRefused(reply.Outcome)
	})
	return reply, err
}

func (w *work) ask(ctx context.Context, s int, q *shard.Import) (shard.Reply, error) {
	turn := w.r.turns[s]
	select {
	case turn <- struct{}{}:
	case <-ctx.Done():
		return shard.Reply{}, ctx.Err()
	}
	defer func() { <-turn }()
	begun := time.Now()
	reply, err := w.r.cfg.Host.IssueChunk(ctx, s, q)
	w.r.met.chunkSeconds.Observe(time.Since(begun).Seconds())
	return reply, err
}

// chunkRefused says what the refusal of a whole chunk means for the job. What the
// engine acts on is asked again should it come through.
func chunkRefused(o coupon.Outcome) error {
	switch o {
	case coupon.OK:
		return nil
	case coupon.CapacityExceeded:
		return failf(wire.KeyCapacity, "a shard is full")
	case coupon.ResourceNotFound:
		return failf(wire.KeyResourceNotFound, "a shard does not know the campaign")
	case coupon.Reevaluate:
		return failf(wire.KeyInternalError, "a shard does not know the chunk before this one")
	case coupon.TooLate, coupon.Stale, coupon.LookAgain:
		return temporary(o)
	}
	return failf(wire.KeyInternalError, "a shard refused a chunk: %v", o)
}

// temporary is an outcome that another attempt can change.
type temporary coupon.Outcome

func (t temporary) Error() string { return "refused: " + coupon.Outcome(t).String() }

// head is the part of a chunk that all chunks of the job share.
func (w *work) head(chunk uint32) *shard.Import {
	return &shard.Import{
		Project: w.job.Project, Campaign: w.job.Campaign, Rules: w.rules,
		Job: w.chunkJob(), Chunk: chunk,
	}
}

// appliedChunk is the highest chunk of the job that a shard applied.
func (w *work) appliedChunk(s int) uint32 {
	info, _ := w.r.cfg.Host.ChunkProgress(s, w.chunkJob())
	return info.Chunk
}
