package views

import (
	"errors"

	"github.com/cockroachdb/pebble/v2"

	"github.com/scrip-engine/scrip/shard"
)

// snap is the view at one moment, for one question. What it opens it closes.
type snap struct {
	v     *Views
	s     *pebble.Snapshot
	asOf  int64
	lists []*list
	iters []*pebble.Iterator
	marks []watermark // by shard
}

// read asks a question. It holds the store in place meanwhile.
func (v *Views) read(question func(*snap) error) error {
	v.mu.RLock()
	defer v.mu.RUnlock()
	if v.closed {
		return ErrClosed
	}
	if v.db == nil {
		return ErrNotReady
	}
	for _, f := range v.followers {
		f.mu.Lock()
		ready := f.verified
		f.mu.Unlock()
		if !ready {
			return ErrNotReady
		}
	}
	sn := &snap{v: v}
	err := sn.open()
	if err == nil {
		err = question(sn)
	}
	err = errors.Join(err, sn.close())
	if pebble.IsCorruptionError(err) || errors.Is(err, errFormat) {
		v.damaged(v.generation, err)
		return errors.Join(ErrNotReady, err)
	}
	return err
}

// open takes the snapshot. asOf is the instant up to which it has everything: the
// newest record's of the shard that is behind the furthest. A shard that is not
// behind holds nothing back, however long ago its newest record was.
func (sn *snap) open() error {
	last := make([]uint64, len(sn.v.followers))
	for i, f := range sn.v.followers {
		last[i] = f.src.LastSeq()
	}
	sn.s = sn.v.db.NewSnapshot()
	sn.marks = make([]watermark, len(last))
	behind := false
	for i := range sn.marks {
		m := &sn.marks[i]
		if err := get(sn.s, watermarkKey(i), m); err != nil {
			return err
		}
		switch {
		case m.seq < last[i] && !behind:
			behind, sn.asOf = true, m.stamp
		case m.seq < last[i]:
			sn.asOf = min(sn.asOf, m.stamp)
		case !behind:
			sn.asOf = max(sn.asOf, m.stamp)
		}
	}
	return nil
}

func (sn *snap) close() error {
	var errs []error
	for _, l := range sn.lists {
		errs = append(errs, l.close())
	}
	for _, it := range sn.iters {
		errs = append(errs, it.Close())
	}
	return errors.Join(append(errs, sn.s.Close())...)
}

// value reads what a key holds; v stays zero when there is none.
func (sn *snap) value(key []byte, v value) error { return get(sn.s, key, v) }

// iter is an iterator that closes with the snapshot.
func (sn *snap) iter(from, until []byte) (*pebble.Iterator, error) {
	it, err := sn.s.NewIter(&pebble.IterOptions{LowerBound: from, UpperBound: until})
	if err == nil {
		sn.iters = append(sn.iters, it)
	}
	return it, err
}

// list opens a list of a shard.
func (sn *snap) list(shard int, s scope, c class) (*list, error) {
	l := &list{r: sn.s, prefix: appendList(nil, shard, s, c)}
	err := sn.value(append(l.prefix[:len(l.prefix):len(l.prefix)], partHead), &l.head)
	if err == nil {
		sn.lists = append(sn.lists, l)
	}
	return l, err
}

// record reads a journal record that the snapshot covers.
func (sn *snap) record(shard int, seq uint64, rec *shard.Record) error {
	if !sn.v.followers[shard].src.Record(seq, rec) {
		return ErrNotReady // the shard is being replaced under us
	}
	return nil
}
