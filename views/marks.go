package views

import (
	"math/bits"

	"github.com/cockroachdb/pebble/v2"
)

// marks answers two questions about the marked positions of a list: how many are
// below a position, and which is the k-th marked or unmarked one. Both come down
// through three levels of keys.
type marks struct {
	it *pebble.Iterator // over blocks and sums; lazily

	// The block that was read last.
	cached bool
	n      int64
	block  block

	// The answer that selectBit gave last, since pages ask for neighbours.
	known       bool
	lastK, last int64
	lastMarked  bool
}

func (l *list) marksIter() (*pebble.Iterator, error) {
	if l.marks.it == nil {
		it, err := l.r.NewIter(&pebble.IterOptions{
			LowerBound: append(l.prefix[:len(l.prefix):len(l.prefix)], partBlock),
			UpperBound: append(l.prefix[:len(l.prefix):len(l.prefix)], partEnd),
		})
		if err != nil {
			return nil, err
		}
		l.marks.it = it
	}
	return l.marks.it, nil
}

// walk visits the keys of a part with numbers in [from, until), until visit
// returns false.
func (l *list) walk(part byte, from, until int64, visit func(n int64, value []byte) (bool, error)) error {
	it, err := l.marksIter()
	if err != nil {
		return err
	}
	l.key = appendAt(append(l.key[:0], l.prefix...), part, from)
	for ok := it.SeekGE(l.key); ok; ok = it.Next() {
		key := it.Key()
		n := numberOf(key)
		if key[len(l.prefix)] != part || n >= until {
			return nil
		}
		more, err := visit(n, it.Value())
		if err != nil || !more {
			return err
		}
	}
	return it.Error()
}

// loadBlock reads the marks of a block.
func (l *list) loadBlock(n int64) error {
	if l.marks.cached && l.marks.n == n {
		return nil
	}
	l.marks.cached, l.marks.n, l.marks.block = true, n, block{}
	return l.walk(partBlock, n, n+1, func(_ int64, v []byte) (bool, error) {
		return false, l.marks.block.decode(v)
	})
}

// level is one of the steps in which a search comes down to a block.
type level struct {
	part  byte
	shift uint8 // a key stands for 1<<shift positions
}

// sums are the levels that hold counts, from the top; levels end with the blocks.
var (
	sums   = [...]level{{partTop, topShift}, {partSuper, superShift}}
	levels = [...]level{{partTop, topShift}, {partSuper, superShift}, {partBlock, blockShift}}
)

// countOf reads how many are marked from the value of a key.
func (v level) countOf(value []byte) (int64, error) {
	if v.part == partBlock {
		var b block
		err := b.decode(value)
		return b.count(), err
	}
	var s sum
	err := s.decode(value)
	return s.marked, err
}

// rank is how many of the positions below pos are marked.
func (l *list) rank(pos int64) (ones int64, err error) {
	switch {
	case l.head.marked == 0 || pos <= 0:
		return 0, nil
	case pos >= l.head.n:
		return l.head.marked, nil
	}
	from := int64(0)
	for _, v := range levels {
		until := pos >> v.shift
		if err := l.walk(v.part, from>>v.shift, until, func(_ int64, value []byte) (bool, error) {
			c, err := v.countOf(value)
			ones += c
			return true, err
		}); err != nil {
			return 0, err
		}
		from = until << v.shift
	}
	if err := l.loadBlock(pos >> blockShift); err != nil {
		return 0, err
	}
	return ones + l.marks.block.below(pos&(blockPositions-1)), nil
}

// below counts the set bits under a bit.
func (b *block) below(bit int64) (n int64) {
	for i := int64(0); i < bit/64; i++ {
		n += int64(bits.OnesCount64(b.words[i]))
	}
	if bit%64 != 0 {
		n += int64(bits.OnesCount64(b.words[bit/64] << (64 - bit%64)))
	}
	return n
}

// selectBit is the k-th position, from 0, that is marked or that is not. There
// must be so many.
func (l *list) selectBit(k int64, marked bool) (pos int64, err error) {
	if !marked && l.head.marked == 0 {
		return k, nil
	}
	found := false
	if m := &l.marks; m.known && m.lastMarked == marked && (k == m.lastK+1 || k == m.lastK-1) {
		if pos, found, err = l.neighbour(m.last, k-m.lastK, marked); err != nil {
			return 0, err
		}
	}
	if !found {
		if pos, err = l.search(k, marked); err != nil {
			return 0, err
		}
	}
	l.marks.known, l.marks.lastK, l.marks.last, l.marks.lastMarked = true, k, pos, marked
	return pos, nil
}

// neighbourBlocks is how far a neighbour is looked for before a search is cheaper.
const neighbourBlocks = 4

// neighbour is the next position behind pos (by 1) or before it (by -1) that is
// marked or not, when it is near.
func (l *list) neighbour(pos, by int64, marked bool) (int64, bool, error) {
	for range neighbourBlocks * blockPositions {
		if pos += by; pos < 0 || pos >= l.head.n {
			return 0, false, nil
		}
		if err := l.loadBlock(pos >> blockShift); err != nil {
			return 0, false, err
		}
		if l.marks.block.has(pos&(blockPositions-1)) == marked {
			return pos, true, nil
		}
	}
	return 0, false, nil
}

// search finds it from the counts.
//
// ones counts the marks before what is looked at, so of the positions before p
// there are p-ones unmarked: the unmarked position we look for is k+ones, as soon
// as no further mark lies before it. That is so when a level has no key for the
// stretch in which k+ones lies.
func (l *list) search(k int64, marked bool) (int64, error) {
	ones, from, until := int64(0), int64(0), l.head.n
	for _, v := range levels {
		in := int64(-1)
		if err := l.walk(v.part, from>>v.shift, (until-1)>>v.shift+1, func(n int64, value []byte) (bool, error) {
			c, err := v.countOf(value)
			if err != nil {
				return false, err
			}
			start := n << v.shift
			switch {
			case !marked && k+ones < start:
				return false, nil // before this stretch, where nothing is marked
			case marked && k < ones+c, !marked && k+ones < start+1<<v.shift-c:
				in = n
				return false, nil
			}
			ones += c
			return true, nil
		}); err != nil {
			return 0, err
		}
		if in < 0 && !marked && k+ones < l.head.n {
			return k + ones, nil
		}
		if in < 0 {
			return 0, errFormat
		}
		from, until = in<<v.shift, (in+1)<<v.shift
	}
	if err := l.loadBlock(from >> blockShift); err != nil {
		return 0, err
	}
	rest := k - ones
	if !marked {
		rest = k + ones - from
	}
	if bit := l.marks.block.find(rest, marked); bit >= 0 {
		return from + bit, nil
	}
	return 0, errFormat
}

// find is the k-th bit that is set, or that is not; -1 when there are fewer.
func (b *block) find(k int64, set bool) int64 {
	for i, w := range b.words {
		if !set {
			w = ^w
		}
		if n := int64(bits.OnesCount64(w)); k >= n {
			k -= n
			continue
		}
		for ; k > 0; k-- {
			w &= w - 1
		}
		return int64(i*64 + bits.TrailingZeros64(w))
	}
	return -1
}
