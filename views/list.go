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

	entries *pebble.Iterator // over chunks; lazily
	chunk   []run            // the one that was read last
	stored  bool             // entries stands at chunk
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
	if !l.has(pos) {
		if err := l.load(pos); err != nil {
			l.chunk, l.stored = l.chunk[:0], false
			return err
		}
	}
	i := len(l.chunk) - 1
	if d := pos - l.chunk[0].start; d < int64(i) {
		i = int(d) // runs are not shorter than one position
	}
	for l.chunk[i].start > pos {
		i--
	}
	*r = l.chunk[i]
	return nil
}

// has reports that the chunk which was read last holds a position.
func (l *list) has(pos int64) bool {
	n := len(l.chunk)
	return n > 0 && pos >= l.chunk[0].start && pos < l.chunk[n-1].end()
}

// load reads the chunk that holds a position.
func (l *list) load(pos int64) (err error) {
	if pos >= l.head.start {
		start, b := l.head.chunkAt(pos)
		l.stored = false
		l.chunk, err = decodeRuns(l.chunk[:0], start, b)
	} else {
		if err := l.open(); err != nil {
			return err
		}
		if !l.seek(pos) {
			return errors.Join(l.entries.Error(), errFormat)
		}
		l.stored = true
		l.chunk, err = decodeRuns(l.chunk[:0], numberOf(l.entries.Key()), l.entries.Value())
	}
	if err == nil && !l.has(pos) {
		err = errFormat
	}
	return err
}

func (l *list) open() (err error) {
	if l.entries == nil {
		l.entries, err = l.r.NewIter(&pebble.IterOptions{
			LowerBound: append(l.prefix[:len(l.prefix):len(l.prefix)], partEntry),
			UpperBound: append(l.prefix[:len(l.prefix):len(l.prefix)], partEntry+1),
		})
	}
	return err
}

func (l *list) seek(pos int64) bool {
	switch n := len(l.chunk); {
	case l.stored && pos == l.chunk[n-1].end():
		return l.entries.Next()
	case l.stored && pos == l.chunk[0].start-1:
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
