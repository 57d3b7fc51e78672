package raftstore

import (
	"context"
	"sync"
	"sync/atomic"
)

// progress is what a group's machine has reached. The FSM goroutine writes it;
// everybody may read. applied is stored last, so who sees an index also sees the
// term, stamp and version that belong to it or to a later one.
type progress struct {
	applied    atomic.Uint64
	term       atomic.Uint64 // of the newest applied entry of ours (not of no-ops)
	stamp      atomic.Int64  // greatest stamp applied, unix ms
	version    atomic.Uint32 // active version
	logBytes   atomic.Int64  // entry bytes applied since the newest image's cut
	image      atomic.Uint64 // index of the newest durable image
	olderImage atomic.Uint64 // index of the older kept image, 0 when there is one only

	// dead is closed when the host has failed; nil where there is no host.
	dead <-chan struct{}

	waiting atomic.Int32

	mu      sync.Mutex // guards waiters
	waiters []indexWaiter
}

type indexWaiter struct {
	index uint64
	done  chan struct{}
}

// publish makes index visible and wakes who waits for it.
func (p *progress) publish(index uint64) {
	p.applied.Store(index)
	if p.waiting.Load() == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	kept := p.waiters[:0]
	for _, w := range p.waiters {
		if w.index <= index {
			close(w.done)
			p.waiting.Add(-1)
			continue
		}
		kept = append(kept, w)
	}
	p.waiters = kept
}

// wait returns when index is applied. stop ends the wait with ErrClosed.
func (p *progress) wait(ctx context.Context, stop <-chan struct{}, index uint64) error {
	if p.applied.Load() >= index {
		return nil
	}
	done := make(chan struct{})
	p.mu.Lock()
	p.waiters = append(p.waiters, indexWaiter{index, done})
	p.waiting.Add(1)
	p.mu.Unlock()
	// The entry may have been applied between the look and the registration;
	// publish did not see us then, so look again.
	if p.applied.Load() >= index {
		p.forget(done)
		return nil
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		p.forget(done)
		return ctx.Err()
	case <-stop:
		p.forget(done)
		return ErrClosed
	case <-p.dead:
		p.forget(done)
		return ErrFailed
	}
}

func (p *progress) forget(done chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, w := range p.waiters {
		if w.done == done {
			p.waiters = append(p.waiters[:i], p.waiters[i+1:]...)
			p.waiting.Add(-1)
			return
		}
	}
}
