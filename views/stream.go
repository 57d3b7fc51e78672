package views

// selection says which positions of a list a question is about.
type selection uint8

const (
	selectAll selection = iota
	selectUnmarked
	selectMarked
)

// stream is the part of one list that a question is about, as a sorted sequence
// with access by rank. Ranks count from the oldest.
type stream struct {
	shard  int
	list   *list // nil for a stream of the one entry in lone
	sel    selection
	codes  bool // entries are codes; their tie is the position, from 1
	lo, hi int64
	lone   item
}

// newStream is the whole of a list.
func newStream(shard int, l *list, sel selection, codes bool) *stream {
	s := &stream{shard: shard, list: l, sel: sel, codes: codes, hi: l.head.n}
	switch sel {
	case selectMarked:
		s.hi = l.head.marked
	case selectUnmarked:
		s.hi = l.head.n - l.head.marked
	}
	return s
}

// loneStream has one entry.
func loneStream(it item) *stream { return &stream{shard: it.shard, hi: 1, lone: it} }

func (s *stream) length() int64 { return s.hi - s.lo }

// at reads the k-th entry of the stream.
func (s *stream) at(k int64) (it item, err error) {
	if s.list == nil {
		return s.lone, nil
	}
	pos := s.lo + k
	if s.sel != selectAll {
		if pos, err = s.list.selectBit(pos, s.sel == selectMarked); err != nil {
			return item{}, err
		}
	}
	var r run
	if err := s.list.at(pos, &r); err != nil {
		return item{}, err
	}
	it = item{stamp: r.stamp, shard: s.shard, tie: r.seq, seq: r.seq, first: r.first + uint64(pos-r.start)}
	if s.codes {
		it.tie = uint64(pos) + 1
	}
	return it, nil
}

// from drops entries before the instant.
func (s *stream) from(stamp int64) error { return s.cut(item{stamp: stamp}, true, false) }

// until drops entries at the instant and later.
func (s *stream) until(stamp int64) error { return s.cut(item{stamp: stamp}, true, true) }

// after drops entries up to and with a bound, in the direction of reading.
func (s *stream) after(bound item, descending bool) error {
	return s.cut(bound, descending, descending)
}

// cut finds the first entry at bound (atIt) or behind it and drops those before
// it, or with the tail those from it on.
func (s *stream) cut(bound item, atIt, tail bool) error {
	k, err := s.rankOf(&bound, atIt)
	if err != nil {
		return err
	}
	if tail {
		s.hi = max(s.lo, min(s.hi, k))
	} else {
		s.lo = min(s.hi, max(s.lo, k))
	}
	return nil
}

// rankOf is the rank, in the whole list, of the first entry not before bound, or
// without atIt of the first behind it.
func (s *stream) rankOf(bound *item, atIt bool) (int64, error) {
	if s.list == nil {
		c := s.lone.compare(bound)
		if c > 0 || c == 0 && atIt {
			return 0, nil
		}
		return 1, nil
	}
	if s.list.head.n == 0 {
		return 0, nil
	}
	pos, err := s.positionOf(bound, atIt)
	if err != nil || s.sel == selectAll {
		return pos, err
	}
	ones, err := s.list.rank(pos)
	if s.sel == selectMarked {
		return ones, err
	}
	return pos - ones, err
}

func (s *stream) positionOf(bound *item, atIt bool) (int64, error) {
	if s.shard == bound.shard && s.codes && bound.tie > 0 {
		return s.codeAt(bound, atIt)
	}
	return s.list.first(func(r *run) bool {
		it := item{stamp: r.stamp, shard: s.shard, tie: r.seq}
		if s.codes {
			it.tie = uint64(r.start) + 1
		}
		c := it.compare(bound)
		return c > 0 || c == 0 && atIt
	})
}

// codeAt: within a shard the tie of a code is its position, also in the middle of
// a run.
func (s *stream) codeAt(bound *item, atIt bool) (int64, error) {
	pos := int64(bound.tie)
	if atIt {
		pos--
	}
	return max(0, min(pos, s.list.head.n)), nil
}
