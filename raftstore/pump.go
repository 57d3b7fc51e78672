package raftstore

import (
	"fmt"
	"time"
)

// pump waits for entries to land and proposes what has gathered meanwhile. It is
// the one goroutine that waits for raft's futures. It ends when landings is closed.
func (p *proposer[R]) pump() {
	defer close(p.pumped)
	for l := range p.landings {
		for l.batch != nil {
			err := l.err
			if l.future != nil {
				err = classify(l.future.Error())
			}
			l = p.land(l.batch, err)
		}
	}
}

// land settles a batch and launches the next one, if there is one.
//
// On success the FSM goroutine has answered already and finish changes nothing. If
// it has not, the entry was committed in a way that this proposer does not know:
// the outcome is unknown, not lost.
func (p *proposer[R]) land(b *batch[R], err error) landing[R] {
	if err == nil && !b.finished.Load() {
		err = fmt.Errorf("%w: committed, but not applied by this node as its own", ErrUnknown)
	}
	if b.finish(Commit{}, err) && IsUnknown(err) {
		p.met.unknown.Inc()
	}
	p.mu.Lock()
	p.flying.Store(nil)
	p.flight = nil
	if b.kind == entryTermStart && err != nil {
		p.retryLocked(b.term)
	}
	next := p.startLocked()
	if next == nil && p.closed {
		close(p.idle)
	}
	p.mu.Unlock()
	if next == nil {
		return landing[R]{}
	}
	return p.launch(next)
}

// termStartRetry is how soon a TermStart that failed is proposed again; leadership
// that is really lost is told by raft before that.
const termStartRetry = 20 * time.Millisecond

func (p *proposer[R]) retryLocked(term uint64) {
	if p.closed || !p.leading || p.term != term {
		return
	}
	p.retry = time.AfterFunc(termStartRetry, func() { p.lead(term, 0) })
}

// lead begins or renews leadership in a term: TermStart goes in front of
// everything. version is what the binary supports; 0 keeps the one of before.
func (p *proposer[R]) lead(term uint64, version uint32) {
	b := newBatch[R](entryTermStart)
	b.born = time.Now()
	b.term = term
	p.mu.Lock()
	if p.closed || version == 0 && (!p.leading || p.term != term) {
		p.mu.Unlock()
		return
	}
	if version != 0 {
		p.supported = version
	}
	b.version = p.supported
	p.leading, p.term = true, term
	p.queue = append([]*batch[R]{b}, p.queue...)
	inline := p.startLocked()
	p.mu.Unlock()
	if inline != nil {
		p.landings <- p.launch(inline)
	}
}

// follow ends leadership: what waits was not proposed.
func (p *proposer[R]) follow() {
	p.mu.Lock()
	p.leading = false
	dropped := p.dropQueueLocked()
	p.mu.Unlock()
	for _, b := range dropped {
		b.finish(Commit{}, ErrNotLeader)
	}
}

func (p *proposer[R]) dropQueueLocked() []*batch[R] {
	dropped := p.queue
	for _, b := range dropped {
		b.sealed = true // nobody takes a command out any more
	}
	p.queue, p.queuedCount, p.queuedBytes = nil, 0, 0
	return dropped
}

// shut refuses what comes and what waits. idle is closed when nothing is in
// flight any more.
func (p *proposer[R]) shut() {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return
	}
	p.closed = true
	if p.retry != nil {
		p.retry.Stop()
	}
	dropped := p.dropQueueLocked()
	if p.flight == nil {
		close(p.idle)
	}
	p.mu.Unlock()
	for _, b := range dropped {
		b.finish(Commit{}, ErrClosed)
	}
}

// die answers everybody after a fail-stop whose exit returned: the entry in flight
// is unknown.
func (p *proposer[R]) die() {
	p.shut()
	p.mu.Lock()
	flight := p.flight
	p.mu.Unlock()
	if flight != nil && flight.finish(Commit{}, fmt.Errorf("%w: the process is ending", ErrUnknown)) {
		p.met.unknown.Inc()
	}
}
