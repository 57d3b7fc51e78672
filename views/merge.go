package views

// sequence is sorted and has access by rank.
type sequence interface {
	length() int64
	at(k int64) (item, error)
}

// merge reads several sequences as one, from any rank on, oldest or newest first.
type merge struct {
	columns []column
	best    *column // of the last peek
}

// column is a sequence in the direction of reading, and what of it is left.
type column struct {
	s          sequence
	descending bool
	lo, hi     int64 // of the ranks in the direction of reading
	next       item  // at lo, when loaded
	loaded     bool
}

func newMerge[S sequence](sequences []S, descending bool) *merge {
	m := &merge{}
	for _, s := range sequences {
		if n := s.length(); n > 0 {
			m.columns = append(m.columns, column{s: s, descending: descending, hi: n})
		}
	}
	return m
}

func (c *column) at(k int64) (item, error) {
	if c.descending {
		k = c.s.length() - 1 - k
	}
	return c.s.at(k)
}

func (c *column) before(a, b *item) bool {
	if c.descending {
		return a.compare(b) > 0
	}
	return a.compare(b) < 0
}

// left is how many entries are to come.
func (m *merge) left() (n int64) {
	for i := range m.columns {
		n += m.columns[i].hi - m.columns[i].lo
	}
	return n
}

// skip passes over the first n entries without reading them: selection in sorted
// columns, after Frederickson and Johnson (1982) in its simplest form. It looks at
// the middle of every column. If the first n may all lie before the latest middle,
// the back half of that column is not among them; else the front half of the
// column with the earliest middle is. Each look halves one column, so S columns of
// N entries take about S·log N reads.
func (m *merge) skip(n int64) error {
	if n >= m.left() {
		m.columns = nil
		return nil
	}
	if len(m.columns) == 1 {
		m.columns[0].lo += n
		m.columns[0].loaded = false
		return nil
	}
	parts := make([]search, len(m.columns))
	for i := range m.columns {
		c := &m.columns[i]
		parts[i] = search{column: c, lo: c.lo, hi: c.hi}
	}
	for n > 0 {
		early, late, halves, err := middles(parts)
		if err != nil {
			return err
		}
		if n > halves { // the earliest middle and all before it are passed
			passed := early.middle() + 1 - early.lo
			early.lo += passed
			n -= passed
			early.loaded = false
			continue
		}
		late.hi = late.middle()
		late.loaded = false
	}
	for i := range parts {
		m.columns[i].lo, m.columns[i].loaded = parts[i].lo, false
	}
	return nil
}

// search is a column's part [lo, hi) in which the border still lies.
type search struct {
	*column
	lo, hi int64
	mid    item
	loaded bool
}

func (s *search) middle() int64 { return s.lo + (s.hi-s.lo)/2 }

// middles returns the columns with the earliest and the latest middle and the sum
// of the front halves.
func middles(parts []search) (early, late *search, halves int64, err error) {
	for i := range parts {
		s := &parts[i]
		if s.lo == s.hi {
			continue
		}
		if !s.loaded {
			if s.mid, err = s.column.at(s.middle()); err != nil {
				return nil, nil, 0, err
			}
			s.loaded = true
		}
		halves += (s.hi - s.lo) / 2
		if early == nil || s.before(&s.mid, &early.mid) {
			early = s
		}
		if late == nil || s.before(&late.mid, &s.mid) {
			late = s
		}
	}
	return early, late, halves, nil
}

// peek returns the next entry, which stays next until advance. It is good until
// then.
func (m *merge) peek() (it *item, ok bool, err error) {
	m.best = nil
	for i := range m.columns {
		c := &m.columns[i]
		if c.lo == c.hi {
			continue
		}
		if !c.loaded {
			if c.next, err = c.at(c.lo); err != nil {
				return nil, false, err
			}
			c.loaded = true
		}
		if m.best == nil || c.before(&c.next, &m.best.next) {
			m.best = c
		}
	}
	if m.best == nil {
		return nil, false, nil
	}
	return &m.best.next, true, nil
}

// advance passes over what peek returned.
func (m *merge) advance() {
	m.best.lo++
	m.best.loaded = false
}
