package views

import (
	"errors"

	"github.com/cockroachdb/pebble/v2"
)

// cellsMax bounds the counters that a follower keeps in memory between batches.
// Those of the busy lists are there again with the next batch anyway.
const cellsMax = 16 << 10

// value is something small that changes: a head, a count, a block of marks. The
// zero value has an empty form and no key.
type value interface {
	appendTo(dst []byte) []byte
	decode(b []byte) error
}

type cell struct {
	key   string
	v     value
	dirty bool
}

// cells are the values that a follower has touched. Only the follower writes its
// shard's keys, so what it remembers is what the store will hold.
type cells struct {
	rows  map[string]*cell
	dirty []*cell
}

// flush writes what was touched, in the order in which it was.
func (c *cells) flush(b *pebble.Batch) error {
	var scratch []byte
	for _, row := range c.dirty {
		row.dirty = false
		scratch = row.v.appendTo(scratch[:0])
		var err error
		if len(scratch) == 0 {
			err = b.Delete([]byte(row.key), nil)
		} else {
			err = b.Set([]byte(row.key), scratch, nil)
		}
		if err != nil {
			return err
		}
	}
	c.dirty = c.dirty[:0]
	if len(c.rows) > cellsMax {
		clear(c.rows)
	}
	return nil
}

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

// edit returns the value of a key, which the caller changes and the next commit
// writes.
func edit[T any, P interface {
	*T
	value
}](p *projector, key []byte) (P, error) {
	row := p.cells.rows[string(key)]
	if row == nil {
		v := P(new(T))
		if err := get(p.batch, key, v); err != nil {
			return nil, err
		}
		row = &cell{key: string(key), v: v}
		p.cells.rows[row.key] = row
	}
	if !row.dirty {
		row.dirty = true
		p.cells.dirty = append(p.cells.dirty, row)
	}
	v, ok := row.v.(P)
	if !ok {
		return nil, errFormat
	}
	return v, nil
}
