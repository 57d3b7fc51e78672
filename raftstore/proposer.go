package raftstore

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"
)

// proposer packs commands into entries and proposes them, one at a time (R13).
//
// It clocks itself. A handler that finds the group idle proposes its own command
// at once, on its own goroutine: no hand-over, no timer, the latency of one
// append. What arrives meanwhile gathers into the next entry, which the pump
// proposes as soon as the one in flight has landed. So batches are as large as
// the disk is slow.
//
// One entry in flight and not two: raft's leader loop chooses at random between a
// new entry and a finished one, and appending the new one blocks it for an fsync,
// so with two in flight every second answer waits for a disk write that it does
// not need. Throughput does not ask for it either: 512 commands in 0.35 ms are
// more than a million a second.
type proposer[R any] struct {
	cfg   GroupConfig
	met   *groupMetrics
	prog  *progress
	stamp func(last int64) (int64, error)
	// apply hands an entry to raft. It blocks while raft's main loop is inside
	// another append, which with one in flight it is not, and never for longer
	// than the stall limit.
	apply func(entry []byte) raft.ApplyFuture

	// flying is the batch in flight as the FSM goroutine sees it.
	flying atomic.Pointer[batch[R]]
	// landings carries what a handler proposed to the pump, which waits for it.
	// One entry is in flight, so one place is enough and sending never blocks.
	landings chan landing[R]
	pumped   chan struct{} // closed when the pump has ended

	mu          sync.Mutex // guards the fields below
	leading     bool
	term        uint64
	closed      bool
	flight      *batch[R] // nil when idle; the queue is empty then
	queue       []*batch[R]
	queuedCount int
	queuedBytes int
	lastStamp   int64
	supported   uint32
	retry       *time.Timer   // proposes TermStart again
	idle        chan struct{} // closed when closed and nothing is in flight
}

// landing is a proposed batch and where its outcome will come from.
type landing[R any] struct {
	batch  *batch[R]
	future raft.ApplyFuture // nil: err tells
	err    error
}

func newProposer[R any](cfg GroupConfig, prog *progress, met *groupMetrics) *proposer[R] {
	return &proposer[R]{
		cfg: cfg, met: met, prog: prog,
		landings: make(chan landing[R], 1),
		pumped:   make(chan struct{}),
		idle:     make(chan struct{}),
	}
}

// one proposes one command and waits for its answer.
func (p *proposer[R]) one(ctx context.Context, cmd []byte) (reply R, c Commit, err error) {
	if err := ctx.Err(); err != nil {
		return reply, c, fmt.Errorf("%w: %w", ErrWithdrawn, err)
	}
	if cmd == nil {
		cmd = []byte{} // nil marks what was withdrawn
	}
	p.mu.Lock()
	if err := p.admitLocked(1, commandOverhead+len(cmd), len(cmd)); err != nil {
		p.mu.Unlock()
		return reply, c, err
	}
	b, slot := p.joinLocked(cmd)
	inline := p.startLocked()
	p.mu.Unlock()
	if inline != nil {
		p.landings <- p.launch(inline)
	}
	if err := p.await(ctx, b, slot, 1); err != nil {
		return reply, c, err
	}
	return b.reply(slot), b.commit, nil
}

// admitLocked checks the bounds for count more commands of the given size, the
// largest of which has largest bytes.
func (p *proposer[R]) admitLocked(count, size, largest int) error {
	switch {
	case p.closed:
		return ErrClosed
	case !p.leading:
		return ErrNotLeader
	case commandOverhead+largest > p.cfg.MaxBatchBytes:
		return fmt.Errorf("%w: %d bytes", ErrTooLarge, largest)
	case p.queuedCount+count > p.cfg.MaxQueueCommands, p.queuedBytes+size > p.cfg.MaxQueueBytes:
		p.met.refused.Inc()
		return ErrQueueFull
	case len(p.queue) > 0 && time.Since(p.queue[0].born) > p.cfg.MaxQueueAge:
		p.met.refused.Inc()
		return fmt.Errorf("%w: its head waits for more than %v", ErrQueueFull, p.cfg.MaxQueueAge)
	}
	return nil
}

// joinLocked puts a command into the last batch of the queue, or a new one.
func (p *proposer[R]) joinLocked(cmd []byte) (*batch[R], int) {
	size := commandOverhead + len(cmd)
	var b *batch[R]
	if n := len(p.queue); n > 0 {
		b = p.queue[n-1]
	}
	if b == nil || b.kind != entryCommands || len(b.commands) >= p.cfg.MaxBatchCommands || b.bytes+size > p.cfg.MaxBatchBytes {
		b = newBatch[R](entryCommands)
		b.born = time.Now()
		p.queue = append(p.queue, b)
	}
	p.queuedCount++
	p.queuedBytes += size
	return b, b.addLocked(cmd)
}

// startLocked puts the next batch in flight, if nothing is in flight, and seals it.
// The caller must launch what it returns.
func (p *proposer[R]) startLocked() *batch[R] {
	if p.flight != nil {
		return nil
	}
	for len(p.queue) > 0 {
		b := p.queue[0]
		n := copy(p.queue, p.queue[1:])
		p.queue[n] = nil
		p.queue = p.queue[:n]
		if b.kind == entryCommands && b.live == 0 {
			continue // all were withdrawn
		}
		p.queuedCount -= b.live
		p.queuedBytes -= b.bytes
		b.sealLocked()
		p.flight = b
		return b
	}
	return nil
}

// launch stamps, encodes and proposes.
func (p *proposer[R]) launch(b *batch[R]) landing[R] {
	stamp, err := p.nextStamp(b)
	if err != nil {
		if !errors.Is(err, ErrNotProposed) {
			err = fmt.Errorf("%w: %w", ErrNotProposed, err)
		}
		return landing[R]{batch: b, err: err}
	}
	b.encode(stamp)
	if b.kind == entryCommands {
		p.met.batchCommands.Observe(float64(b.live))
		p.met.batchBytes.Observe(float64(len(b.entry)))
		p.met.queueSeconds.Observe(time.Since(b.born).Seconds())
	}
	p.flying.Store(b) // after encode: the FSM goroutine compares entries
	return landing[R]{batch: b, future: p.apply(b.entry)}
}

// nextStamp is max(clock, last). A TermStart and a RaiseVersion are proposed also
// while the clock is refused: they carry the last stamp, so time stands still but
// reads go on.
func (p *proposer[R]) nextStamp(b *batch[R]) (int64, error) {
	p.mu.Lock()
	last := max(p.lastStamp, p.prog.stamp.Load())
	p.mu.Unlock()
	stamp, err := p.stamp(last)
	if err != nil && b.kind == entryCommands {
		return 0, err
	}
	if err != nil || stamp < last {
		stamp = last
	}
	p.mu.Lock()
	p.lastStamp = stamp
	p.mu.Unlock()
	return stamp, nil
}

// await waits for the outcome of count commands from slot on.
func (p *proposer[R]) await(ctx context.Context, b *batch[R], slot, count int) error {
	select {
	case <-b.done:
		return b.err
	case <-ctx.Done():
		return p.abandon(ctx, b, slot, count)
	}
}

// abandon gives up waiting. What still waits in the queue is taken out of it: not
// proposed. What was handed over is unknown, unless it has just landed.
func (p *proposer[R]) abandon(ctx context.Context, b *batch[R], slot, count int) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-b.done:
		return b.err
	default:
	}
	if b.sealed {
		return fmt.Errorf("%w: %w", ErrUnknown, context.Cause(ctx))
	}
	for i := slot; i < slot+count; i++ {
		p.queuedBytes -= b.withdrawLocked(i)
		p.queuedCount--
	}
	return fmt.Errorf("%w: %w", ErrWithdrawn, context.Cause(ctx))
}

// depth is what waits in the queue.
func (p *proposer[R]) depth() (commands, bytes int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.queuedCount, p.queuedBytes
}
