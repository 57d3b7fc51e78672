package bench

import "github.com/cespare/xxhash/v2"

// Ledger is what a lane was told: every acknowledged redemption and every change
// whose outcome it does not know. The audit compares it with what is there. It is
// not safe for concurrent use.
type Ledger struct {
	uses     chunks[use]
	undone   chunks[use] // rolled back, acknowledged
	Unknowns []Pending
	// Overflow counts unknowns beyond the bound; the audit cannot settle them.
	Overflow int64
}

// use is an acknowledged redemption.
type use struct {
	id     uint64 // hash of the redemption's id
	code   uint64 // index
	amount int64  // taken from a gift card
}

// Pending is a change without an answer. It can be asked for again.
type Pending struct {
	Op Op
	// ID is the redemption of a rollback.
	ID string
}

func (l *Ledger) acknowledged(op *Op, v *Verdict) {
	for i, id := range v.IDs {
		l.uses.add(use{id: id, code: op.Code + uint64(v.Items[i]), amount: v.Amount})
	}
}

// pending remembers a change that may have happened.
func (l *Ledger) pending(op Op) {
	if len(l.Unknowns) >= unknownsMax {
		l.Overflow++
		return
	}
	p := Pending{Op: op, ID: string(op.ID)}
	p.Op.ID = nil
	l.Unknowns = append(l.Unknowns, p)
}

// note books what became of op.
func (l *Ledger) note(op *Op, v *Verdict) {
	switch {
	case v.Class == Succeeded && op.Kind.redeems():
		l.acknowledged(op, v)
		for _, item := range v.LostItems {
			l.pending(op.item(item))
		}
	case v.Class == Succeeded && op.Kind == Rollback:
		l.undone.add(use{id: xxhash.Sum64(op.ID), code: op.Code, amount: op.Credits})
	case v.Class == Unknown && op.Kind == Batch:
		for i := range op.Count {
			l.pending(op.item(i))
		}
	case v.Class == Unknown:
		l.pending(*op)
	}
}

// item is one redemption of a batch, as it would be asked for alone.
func (op *Op) item(i int) Op {
	return Op{Kind: Redeem, Code: op.Code + uint64(i), Key: op.Key + uint64(i), Customer: op.Customer, Credits: op.Credits}
}

// chunks is a list that grows without moving what it has: doubling a slice of
// megabytes would stop the loop for milliseconds.
type chunks[T any] struct {
	full [][]T
	last []T
}

// chunkLen is some hundred KiB of uses.
const chunkLen = 8 << 10

func (c *chunks[T]) add(v T) {
	if len(c.last) == cap(c.last) {
		if c.last != nil {
			c.full = append(c.full, c.last)
		}
		c.last = make([]T, 0, chunkLen)
	}
	c.last = append(c.last, v)
}

// len counts what was added.
func (c *chunks[T]) len() int { return len(c.full)*chunkLen + len(c.last) }

// each calls f with everything, in order.
func (c *chunks[T]) each(f func(T)) {
	for _, chunk := range c.full {
		for _, v := range chunk {
			f(v)
		}
	}
	for _, v := range c.last {
		f(v)
	}
}
