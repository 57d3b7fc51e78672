package refusals

import (
	"cmp"
	"errors"
	"maps"
	"os"
	"slices"
)

// ErrTooManyRows means that the answer has more than ten thousand rows. Nothing
// is wrong with the counters: ask for a longer step or a shorter range.
var ErrTooManyRows = errors.New("refusals: too many rows")

// CountQuery asks for counters. Empty fields filter nothing, except Project.
type CountQuery struct {
	Project    uint32
	Campaign   uint32
	ByCampaign bool // Campaign filters, also when it is 0
	Key        string
	Operation  Operation // 0 is all
	// From and Until are unix ms, widened to whole minutes; 0 is no bound.
	From, Until int64
	// StepMinutes sums up so many minutes to a row, counted from 1970; 0 sums up
	// the whole range.
	StepMinutes uint32
}

// Count is one row.
type Count struct {
	Time      int64 // unix ms at which its step begins; 0 for the whole range
	Campaign  uint32
	Key       string
	Operation Operation
	N         uint64
}

// Counts is an answer, ordered by time, campaign, key and operation.
type Counts struct {
	Rows  []Count
	Total uint64
	// AsOf is when it was given, in unix ms: every refusal before it is counted,
	// but for MayMissSeconds.
	AsOf int64
	// Since is the earliest time of which all is kept still.
	Since int64
	// MayMissSeconds is how much of the range unclean ends may have taken: one
	// flush interval each. 0 means that every refusal is counted (F2).
	MayMissSeconds int64
}

// Counts reads counters, those not yet on disk included (F1). The error is
// ErrTooManyRows, or one of reading.
func (r *Recorder) Counts(q *CountQuery) (*Counts, error) {
	for range readTriesMax {
		out, err := r.store.counts(q, r.clock.UnixMilli())
		if !errors.Is(err, os.ErrNotExist) {
			return out, err
		}
	}
	return nil, errors.New("refusals: files were removed while they were read")
}

func (s *store) counts(q *CountQuery, now int64) (*Counts, error) {
	out := &Counts{AsOf: now}
	sum := summing{q: q, store: s, rows: map[cell]uint64{}}
	files := s.begin(&sum, out)
	for _, number := range files {
		if err := sum.file(number); err != nil {
			return nil, err
		}
	}
	if sum.over {
		return nil, ErrTooManyRows
	}
	for _, name := range slices.SortedFunc(maps.Keys(sum.rows), s.order) {
		n := sum.rows[name]
		out.Total += n
		out.Rows = append(out.Rows, Count{Time: int64(name.minute()) * minuteMillis, Campaign: name.campaign(),
			Key: s.names.texts[name.key()], Operation: name.operation(), N: n})
	}
	return out, nil
}

// order is by text where cells are by number.
func (s *store) order(a, b cell) int {
	return cmp.Or(cmp.Compare(a.minute(), b.minute()), cmp.Compare(a.campaign(), b.campaign()),
		cmp.Compare(s.names.texts[a.key()], s.names.texts[b.key()]), cmp.Compare(a.operation(), b.operation()))
}

// begin sums up what is in memory and returns which files have the rest: one
// instant, because nothing moves from memory to a file under the lock.
func (s *store) begin(sum *summing, out *Counts) (files []uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gatherLocked()
	since := max(int64(s.floor), int64(minuteOf(out.AsOf))-retentionMinutes)
	out.Since = since * minuteMillis
	sum.bound(since)
	for _, g := range s.gaps {
		if g.Until >= sum.from*minuteMillis && g.From < sum.until*minuteMillis {
			out.MayMissSeconds += g.Seconds
		}
	}
	for name, n := range s.current {
		sum.add(name, n)
	}
	for _, g := range s.sealed {
		if int64(g.max) >= sum.from && int64(g.min) < sum.until {
			files = append(files, g.number)
		}
	}
	return files
}

// summing is a query on its way through the counters.
type summing struct {
	q           *CountQuery
	store       *store
	from, until int64 // minutes; until is exclusive
	rows        map[cell]uint64
	over        bool
}

func (m *summing) bound(since int64) {
	m.from = max(int64(minuteOf(m.q.From)), since)
	m.until = 1 << 32
	if m.q.Until > 0 {
		m.until = int64(minuteOf(min(m.q.Until, 1<<60) + minuteMillis - 1))
	}
}

func (m *summing) add(c cell, n uint64) {
	q := m.q
	minute := int64(c.minute())
	if minute < m.from || minute >= m.until || c.project() != q.Project ||
		q.ByCampaign && c.campaign() != q.Campaign ||
		q.Key != "" && m.store.names.texts[c.key()] != q.Key ||
		q.Operation != 0 && c.operation() != q.Operation {
		return
	}
	step := uint32(0)
	if q.StepMinutes > 0 {
		step = c.minute() - c.minute()%q.StepMinutes
	}
	name := newCell(step, c.project(), c.campaign(), c.key(), c.operation())
	if _, ok := m.rows[name]; !ok && len(m.rows) == rowsMax {
		m.over = true
		return
	}
	m.rows[name] += n
}

func (m *summing) file(number uint64) error {
	b, err := readFile(m.store.fs, m.store.path(number))
	if err != nil {
		return err
	}
	names := m.store.names
	c := decodeSegment(b, func(minute, project, campaign uint32, key []byte, op Operation, n uint64) {
		m.add(newCell(minute, project, campaign, names.numbers[string(key)], op), n)
	})
	if !c.whole {
		return errDamaged
	}
	return nil
}
