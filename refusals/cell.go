package refusals

import (
	"cmp"
	"maps"
	"slices"
)

// cell names one counter, packed into two words so that a map hashes it as plain
// memory: minute since 1970 and project; campaign, key and operation.
type cell struct{ hi, lo uint64 }

func newCell(minute, project, campaign uint32, key uint16, op Operation) cell {
	return cell{uint64(minute)<<32 | uint64(project), uint64(campaign)<<32 | uint64(key)<<8 | uint64(op)}
}

func (c cell) minute() uint32       { return uint32(c.hi >> 32) }
func (c cell) project() uint32      { return uint32(c.hi) }
func (c cell) campaign() uint32     { return uint32(c.lo >> 32) }
func (c cell) key() uint16          { return uint16(c.lo >> 8) }
func (c cell) operation() Operation { return Operation(c.lo) }

// folded is the counter that takes what has no room of its own: the same, with
// the campaign unknown.
func (c cell) folded() cell { return cell{c.hi, c.lo & 0xffffffff} }

// minuteOf is the minute of a time in unix ms, within what a cell can carry.
func minuteOf(ms int64) uint32 { return uint32(min(max(ms/minuteMillis, 0), 1<<32-1)) }

// cells are counters by name, with a bound on how many there are.
type cells map[cell]uint64

// add counts n under c, or under its fold when there are bound of them already.
// There are few folds, and so room for as many again.
func (m cells) add(c cell, n uint64, bound int) (counted, folded bool) {
	if len(m) < bound {
		m[c] += n
		return true, false
	}
	if _, ok := m[c]; ok {
		m[c] += n
		return true, false
	}
	c = c.folded()
	if _, ok := m[c]; !ok && len(m) >= 2*bound {
		return false, true
	}
	m[c] += n
	return true, true
}

// sorted returns the names in order: by minute first.
func (m cells) sorted() []cell {
	return slices.SortedFunc(maps.Keys(m), func(a, b cell) int {
		return cmp.Or(cmp.Compare(a.hi, b.hi), cmp.Compare(a.lo, b.lo))
	})
}
