package views

import (
	"errors"

	"github.com/cockroachdb/pebble/v2"
)

// list reads one list at one moment. It is not safe for concurrent use; close
// gives its iterators back.
type list struct {
	r      pebble.Reader
	prefix []byte
	head   head

	entries *pebble.Iterator // lazily
	last    run              // the run that was read last; count 0 for none
	marks   marks
	key     []byte // scratch
}

func (l *list) close() error {
	var errs []error
	if l.entries != nil {
		errs = append(errs, l.entries.Close())
	}
	if l.marks.it != nil {
		errs = append(errs, l.marks.it.Close())
	}
	l.entries, l.marks.it = nil, nil
	return errors.Join(errs...)
}

// at reads the run that holds a position below head.n. Neighbours of what was
// read before cost one step, anything else a search by key.
func (l *list) at(pos int64, r *run) error {
	if pos < 0 || pos >= l.head.n {
		return errFormat
	}
	if l.last.count > 0 && pos >= l.last.start && pos < l.last.end() {
		*r = l.last
		return nil
	}
	if l.entries == nil {
		it, err := l.r.NewIter(&pebble.IterOptions{
			LowerBound: append(l.prefix[:len(l.prefix):len(l.prefix)], partEntry),
			UpperBound: append(l.prefix[:len(l.prefix):len(l.prefix)], partEntry+1),
		})
		if err != nil {
			return err
		}
		l.entries = it
	}
	if !l.seek(pos) {
		return errors.Join(l.entries.Error(), errFormat)
	}
	if err := l.last.decode(numberOf(l.entries.Key()), l.entries.Value()); err != nil {
		l.last = run{}
		return err
	}
	if pos < l.last.start || pos >= l.last.end() {
		l.last = run{}
		return errFormat
	}
	*r = l.last
	return nil
}

func (l *list) seek(pos int64) bool {
	switch {
	case l.last.count > 0 && pos == l.last.end():
		return l.entries.Next()
	case l.last.count > 0 && pos == l.last.start-1:
		return l.entries.Prev()
	}
	l.key = appendAt(append(l.key[:0], l.prefix...), partEntry, pos+1)
	return l.entries.SeekLT(l.key)
}

// first is the first position whose run satisfies yes, or head.n. Once a run
// satisfies it, all later ones must.
func (l *list) first(yes func(*run) bool) (int64, error) {
	lo, hi := int64(0), l.head.n
	var r run
	for lo < hi {
		if err := l.at(lo+(hi-lo)/2, &r); err != nil {
			return 0, err
		}
		if yes(&r) {
			hi = r.start
		} else {
			lo = r.end()
		}
	}
	return lo, nil
}
