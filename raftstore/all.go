package raftstore

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// share is the part of a ProposeAll that went into one batch.
type share[R any] struct {
	batch *batch[R]
	slot  int // its first command
	count int
}

// all proposes commands in order and waits for all of them.
func (p *proposer[R]) all(ctx context.Context, cmds [][]byte, replies []R) (Commit, error) {
	if len(replies) != len(cmds) {
		return Commit{}, fmt.Errorf("%w: %d places for the answers to %d commands", ErrNotProposed, len(replies), len(cmds))
	}
	if err := ctx.Err(); err != nil {
		return Commit{}, fmt.Errorf("%w: %w", ErrWithdrawn, err)
	}
	if len(cmds) == 0 {
		return Commit{}, nil
	}
	size, largest := 0, 0
	for i, c := range cmds {
		if c == nil {
			cmds[i] = []byte{} // nil marks what was withdrawn
		}
		size += commandOverhead + len(c)
		largest = max(largest, len(c))
	}
	p.mu.Lock()
	if err := p.admitLocked(len(cmds), size, largest); err != nil {
		p.mu.Unlock()
		return Commit{}, err
	}
	var shares []share[R]
	for _, c := range cmds {
		b, slot := p.joinLocked(c)
		if n := len(shares); n > 0 && shares[n-1].batch == b {
			shares[n-1].count++
			continue
		}
		shares = append(shares, share[R]{b, slot, 1})
	}
	inline := p.startLocked()
	p.mu.Unlock()
	if inline != nil {
		p.landings <- p.launch(inline)
	}
	return p.collect(ctx, shares, replies)
}

// collect waits for every share, in order.
func (p *proposer[R]) collect(ctx context.Context, shares []share[R], replies []R) (Commit, error) {
	var c Commit
	done := 0
	var failed error
	for i, s := range shares {
		err := p.await(ctx, s.batch, s.slot, s.count)
		switch {
		case err != nil && failed == nil && i > 0 && !IsUnknown(err):
			// Earlier shares have taken effect: of the whole it is unknown.
			failed = fmt.Errorf("%w: %d of %d commands were applied: %s", ErrUnknown, done, len(replies), err)
		case err != nil && (failed == nil || IsUnknown(err) && !IsUnknown(failed)):
			failed = err
		case err == nil && failed != nil && !IsUnknown(failed):
			failed = fmt.Errorf("%w: a part was applied: %s", ErrUnknown, failed)
		}
		if err != nil {
			continue
		}
		for j := range s.count {
			replies[done+j] = s.batch.reply(s.slot + j)
		}
		done += s.count
		c = s.batch.commit
	}
	if failed != nil {
		return Commit{}, failed
	}
	return c, nil
}

// control proposes an entry without commands and waits until it is applied.
func (p *proposer[R]) control(ctx context.Context, kind entryKind, version uint32) error {
	b := newBatch[R](kind)
	b.born, b.version = time.Now(), version
	p.mu.Lock()
	if err := p.admitLocked(0, 0, 0); err != nil {
		p.mu.Unlock()
		return err
	}
	p.queue = append(p.queue, b)
	inline := p.startLocked()
	p.mu.Unlock()
	if inline != nil {
		p.landings <- p.launch(inline)
	}
	select {
	case <-b.done:
		return b.err
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", ErrUnknown, errors.Join(context.Cause(ctx)))
	}
}
