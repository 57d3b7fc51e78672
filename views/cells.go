package views

import (
	"bytes"
	"errors"
	"slices"

	"github.com/cockroachdb/pebble/v2"
)

// value is something small that changes: a head, a count, a block of marks. The
// zero value has an empty form and no key.
type value interface {
	appendTo(dst []byte) []byte
	decode(b []byte) error
}

// cells are the values of one type that a follower has touched. Only the follower
// writes its shard's keys, so what it remembers is what the store will hold.
//
// When there are max of them, one that was not asked for since the hand came by
// makes room (the clock algorithm, after Corbató 1968). Those that the batch has
// changed stay: pointers to them are good until its commit, and for so long there
// may be more than max.
type cells[T any, P interface {
	*T
	value
}] struct {
	max   int
	seen  *seen // of the keys that have a value; nil: any may have
	rows  map[cellKey]*cell[T]
	ring  []*cell[T]
	hand  int
	dirty []*cell[T]
}

type cell[T any] struct {
	key   cellKey
	dirty bool // changed since the last commit
	asked bool // for a second time since the hand came by
	v     T
}

func newCells[T any, P interface {
	*T
	value
}](most int) cells[T, P] {
	return cells[T, P]{max: most, rows: map[cellKey]*cell[T]{}}
}

// edit returns the value of a key, which the caller changes and the next commit
// writes.
func (c *cells[T, P]) edit(r pebble.Reader, key []byte) (P, error) {
	k := cellKeyOf(key)
	row := c.rows[k]
	if row == nil {
		row = c.place()
		if c.seen == nil || c.seen.mayHave(key) {
			if err := get(r, key, P(&row.v)); err != nil {
				row.key = cellKey{} // in the ring, but of no key
				return nil, err
			}
		}
		row.key = k
		c.rows[k] = row
	} else {
		row.asked = true
	}
	if !row.dirty {
		row.dirty = true
		c.dirty = append(c.dirty, row)
	}
	return &row.v, nil
}

// place finds an empty cell in the ring.
func (c *cells[T, P]) place() *cell[T] {
	// Twice around clears all asked; what is left then is dirty.
	for looks := 0; len(c.ring) >= c.max && len(c.dirty) < len(c.ring) && looks < 2*len(c.ring); looks++ {
		c.hand = (c.hand + 1) % len(c.ring)
		row := c.ring[c.hand]
		switch {
		case row.dirty:
		case row.asked:
			row.asked = false
		default:
			delete(c.rows, row.key)
			zero(P(&row.v))
			return row
		}
	}
	row := &cell[T]{}
	c.ring = append(c.ring, row)
	return row
}

// zero makes a value empty; one with memory of its own keeps that.
func zero[T any, P interface {
	*T
	value
}](v P) {
	if r, ok := any(v).(interface{ reset() }); ok {
		r.reset()
		return
	}
	*v = *new(T)
}

// flush writes what was touched, and lets go of what is over the bound.
func (c *cells[T, P]) flush(b *pebble.Batch) error {
	// In the order of keys: the memtable finds the place of one near the last.
	slices.SortFunc(c.dirty, func(a, b *cell[T]) int { return bytes.Compare(a.key.bytes(), b.key.bytes()) })
	for _, row := range c.dirty {
		row.dirty = false
		if err := write(b, row.key.bytes(), P(&row.v)); err != nil {
			return err
		}
	}
	c.dirty = c.dirty[:0]
	if len(c.ring) > c.max {
		for _, row := range c.ring[c.max:] {
			delete(c.rows, row.key)
		}
		clear(c.ring[c.max:])
		c.ring = c.ring[:c.max]
	}
	return nil
}

// write writes a value, and before it what does not fit into its one key.
func write(b *pebble.Batch, key []byte, v value) error {
	if s, ok := v.(interface {
		spill(key []byte, b *pebble.Batch) error
	}); ok {
		if err := s.spill(key, b); err != nil {
			return err
		}
	}
	var space [cellBytes]byte
	form := v.appendTo(space[:0])
	if len(form) == 0 {
		return b.Delete(key, nil)
	}
	return b.Set(key, form, nil)
}

// cellBytes holds the form of most values without asking the heap.
const cellBytes = 256

// get reads a value and decodes it; a key that is not there leaves v zero.
func get(r pebble.Reader, key []byte, v value) error {
	b, closer, err := r.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(v.decode(b), closer.Close())
}

// cellKey is a key of the store in a form that maps compare quickly and the
// collector need not look at.
type cellKey struct {
	n uint8
	b [keyBytesMax]byte
}

func cellKeyOf(key []byte) (k cellKey) {
	k.n = uint8(copy(k.b[:], key))
	return k
}

func (k *cellKey) bytes() []byte { return k.b[:k.n] }
