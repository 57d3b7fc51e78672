package views

import (
	"math/bits"

	"github.com/cockroachdb/pebble/v2"
)

// marks answers two questions about the marked positions of a list: how many are
// below a position, and which is the k-th marked or unmarked one. Both walk at
// most one level of supers, 512 blocks and one block.
type marks struct {
	it *pebble.Iterator // over blocks and supers; lazily

	// The block that was read last.
	cached bool
	n      int64
	block  block
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

// rank is how many of the positions below pos are marked.
func (l *list) rank(pos int64) (ones int64, err error) {
	switch {
	case l.head.marked == 0 || pos <= 0:
		return 0, nil
	case pos >= l.head.n:
		return l.head.marked, nil
	}
	var s super
	if err := l.walk(partSuper, 0, pos>>superShift, func(_ int64, v []byte) (bool, error) {
		err := s.decode(v)
		ones += s.marked
		return true, err
	}); err != nil {
		return 0, err
	}
	var b block
	if err := l.walk(partBlock, pos>>superShift<<(superShift-blockShift), pos>>blockShift, func(_ int64, v []byte) (bool, error) {
		err := b.decode(v)
		ones += b.count()
		return true, err
	}); err != nil {
		return 0, err
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
//
// ones counts the marks before what is looked at, so of the positions before n
// there are n-ones unmarked: the unmarked position we look for is k+ones, as
// soon as no further mark lies before it.
func (l *list) selectBit(k int64, marked bool) (int64, error) {
	if !marked && l.head.marked == 0 {
		return k, nil
	}
	ones, at := int64(0), int64(-1)
	down := func(n, size, count int64) (inside, gap bool) {
		if marked {
			return k < ones+count, false
		}
		return k+ones < n*size+size-count, k+ones < n*size
	}
	descend := func(part byte, size, from, until int64, count func([]byte) (int64, error)) (found bool, err error) {
		at = -1
		err = l.walk(part, from, until, func(n int64, v []byte) (bool, error) {
			c, err := count(v)
			if err != nil {
				return false, err
			}
			inside, gap := down(n, size, c)
			if gap {
				return false, nil
			}
			if inside {
				at = n
				return false, nil
			}
			ones += c
			return true, nil
		})
		return at >= 0, err
	}
	var s super
	found, err := descend(partSuper, superPositions, 0, l.head.n>>superShift+1, func(v []byte) (int64, error) {
		err := s.decode(v)
		return s.marked, err
	})
	if err != nil || !found {
		return l.outside(k, ones, marked, err)
	}
	const per = superPositions / blockPositions
	var b block
	found, err = descend(partBlock, blockPositions, at*per, (at+1)*per, func(v []byte) (int64, error) {
		err := b.decode(v)
		return b.count(), err
	})
	if err != nil || !found {
		return l.outside(k, ones, marked, err)
	}
	if err := l.loadBlock(at); err != nil {
		return 0, err
	}
	rest := k - ones
	if !marked {
		rest = k + ones - at*blockPositions
	}
	bit := l.marks.block.find(rest, marked)
	if bit < 0 {
		return 0, errFormat
	}
	return at*blockPositions + bit, nil
}

// outside ends a search that came to no block: an unmarked position between
// blocks is found, a marked one is not there.
func (l *list) outside(k, ones int64, marked bool, err error) (int64, error) {
	if err == nil && (marked || k+ones >= l.head.n) {
		err = errFormat
	}
	return k + ones, err
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
