package catalog

import (
	"encoding/binary"

	iradix "github.com/hashicorp/go-immutable-radix"
)

// tree is a persistent ordered map from bytes to *V: put and drop return a new
// tree and leave the old one to its readers. It gives the catalog three things
// at once: a View is one pointer, a frozen image is one pointer, and iteration
// is always in key order, so that nothing can show the order of a Go map.
type tree[V any] struct {
	t *iradix.Tree
	// bulk collects changes in place while a Restore builds a state that nobody
	// sees yet; only at, get, put and drop work then.
	bulk *iradix.Txn
}

func (t *tree[V]) init() { t.t = iradix.New() }

func (t *tree[V]) beginBulk() { t.bulk = t.t.Txn() }

func (t *tree[V]) endBulk() { t.t, t.bulk = t.bulk.CommitOnly(), nil }

func (t tree[V]) size() int { return t.t.Len() }

// get looks up a key given as a string.
func (t tree[V]) get(key string) (*V, bool) { return t.at([]byte(key)) }

// at looks up a key. It does not allocate and keeps nothing of key.
func (t tree[V]) at(key []byte) (*V, bool) {
	var found any
	var ok bool
	if t.bulk != nil {
		found, ok = t.bulk.Get(key)
	} else {
		found, ok = t.t.Get(key)
	}
	if !ok {
		return nil, false
	}
	return found.(*V), true
}

// put owns key from here on.
func (t tree[V]) put(key []byte, value *V) tree[V] {
	if t.bulk != nil {
		t.bulk.Insert(key, value)
		return t
	}
	next, _, _ := t.t.Insert(key, value)
	return tree[V]{t: next}
}

func (t tree[V]) drop(key []byte) tree[V] {
	if t.bulk != nil {
		t.bulk.Delete(key)
		return t
	}
	next, _, _ := t.t.Delete(key)
	return tree[V]{t: next}
}

// first returns the entry with the smallest key.
func (t tree[V]) first() (*V, bool) {
	_, found, ok := t.t.Root().Minimum()
	if !ok {
		return nil, false
	}
	return found.(*V), true
}

// up calls visit for every entry with key ≥ from in ascending order, until visit
// returns false. All keys of a tree that is walked from the middle have one length.
func (t tree[V]) up(from []byte, visit func(key []byte, value *V) bool) {
	it := t.t.Root().Iterator()
	if len(from) > 0 {
		it.SeekLowerBound(from)
	}
	for key, value, ok := it.Next(); ok; key, value, ok = it.Next() {
		if !visit(key, value.(*V)) {
			return
		}
	}
}

// under calls visit for every entry whose key begins with prefix, in order.
func (t tree[V]) under(prefix []byte, visit func(value *V)) {
	it := t.t.Root().Iterator()
	it.SeekPrefix(prefix)
	for _, value, ok := it.Next(); ok; _, value, ok = it.Next() {
		visit(value.(*V))
	}
}

// down is up in descending order, for keys ≤ from.
func (t tree[V]) down(from []byte, visit func(key []byte, value *V) bool) {
	it := t.t.Root().ReverseIterator()
	it.SeekReverseLowerBound(from)
	for key, value, ok := it.Previous(); ok; key, value, ok = it.Previous() {
		if !visit(key, value.(*V)) {
			return
		}
	}
}

// Keys are big endian, so that their byte order is their number's order.

func key32(n uint32) []byte { return binary.BigEndian.AppendUint32(make([]byte, 0, 4), n) }

func key64(n uint64) []byte { return binary.BigEndian.AppendUint64(make([]byte, 0, 8), n) }

func keyPair(a, b uint32) []byte {
	key := binary.BigEndian.AppendUint32(make([]byte, 0, 8), a)
	return binary.BigEndian.AppendUint32(key, b)
}

// keyName is a project and a name in it. The fixed-length prefix comes first, so
// no name of one project can equal one of another.
func keyName(project uint32, name string) []byte {
	key := binary.BigEndian.AppendUint32(make([]byte, 0, 4+len(name)), project)
	return append(key, name...)
}
