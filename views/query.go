package views

import (
	"errors"

	"github.com/scrip-engine/scrip/coupon"
)

const (
	// pageMax bounds a page; pageDefault is what a zero Limit means.
	pageMax     = 1000
	pageDefault = coupon.ListLimitDefault
	// scanMax bounds the entries that one page reads where no list holds just the
	// wanted ones: about 10 ms.
	scanMax = 10_000
)

// ListKind is what a list shows.
type ListKind uint8

// Kinds of lists.
const (
	Redemptions             ListKind = iota
	Rollbacks                        // each record, the partial ones too
	RedemptionsAndRollbacks          // as entries of one list
	Transactions                     // the ledger of gift cards: spent, given back, balance changed, issued by a create
	Timeline                         // every record of a code, or with Customer of a customer
	Customers                        // who was not forgotten, in order of birth
)

// Status filters redemptions.
type Status uint8

// Statuses. A redemption is rolled back when nothing of it is left.
const (
	AnyStatus Status = iota
	Succeeded
	RolledBack
)

// ListQuery is a question for journal records. The filters are joined by and; a
// zero filter filters nothing.
type ListQuery struct {
	Kind    ListKind
	Project uint32 // required

	Campaign uint32
	Code     *Place
	Customer coupon.ID
	Order    string // source id of the order
	Status   Status // of redemptions; other kinds have none

	// From and Until bound the record's instant, unix milliseconds: [From, Until).
	// A zero Until is no bound.
	From, Until int64

	Descending bool // newest first
	// The page begins behind After, or at the beginning when that is zero, and
	// Offset entries further.
	After  Position
	Offset int64
	Limit  int // at most pageMax; 0: ListLimitDefault
	// WholeInstants extends the page to the end of its last millisecond, by at most
	// ListSameInstantMax entries: for callers who go on from an instant.
	WholeInstants bool
}

// Ref names a journal record.
type Ref struct {
	Shard int
	Seq   uint64
}

// PageInfo is what every page says of itself.
type PageInfo struct {
	// Total counts what the filters let through, on all pages.
	Total int64
	// TotalIsEstimate: the filters needed more reading than one page may do.
	TotalIsEstimate bool
	// More: go on from Next. A page may have less than Limit entries, or none, and
	// still more to come, when the filters are too fine for any list.
	More bool
	Next Position
	// AsOf is the replicated time up to which the answer is complete, unix
	// milliseconds.
	AsOf int64
}

// ListPage is an answer.
type ListPage struct {
	PageInfo
	Refs []Ref
}

// ErrQuery: the question has no meaning. Not done.
var ErrQuery = errors.New("views: not a question")

// List answers from the narrowest list there is.
func (v *Views) List(q ListQuery) (page ListPage, err error) {
	plan, err := planList(&q)
	if err != nil {
		return ListPage{}, err
	}
	err = v.read(func(sn *snap) error {
		streams, keep, err := plan.streams(sn)
		if err != nil {
			return err
		}
		w := window{after: q.After, offset: q.Offset, limit: q.Limit, from: q.From, until: q.Until,
			descending: q.Descending, wholeInstants: q.WholeInstants}
		items, info, err := w.read(streams, keep)
		page.PageInfo = info
		page.AsOf = sn.asOf
		for i := range items {
			page.Refs = append(page.Refs, Ref{items[i].shard, items[i].seq})
		}
		return err
	})
	if err != nil {
		return ListPage{}, err
	}
	return page, nil
}

// window is the part of the answer that is asked for.
type window struct {
	after         Position
	offset        int64
	limit         int
	from, until   int64
	descending    bool
	wholeInstants bool
}

// read cuts the streams to the window and reads it. keep, unless nil, is a filter
// that no list answers.
func (w *window) read(streams []*stream, keep func(*item) (bool, error)) ([]item, PageInfo, error) {
	w.limit = clampLimit(w.limit)
	if w.offset < 0 {
		return nil, PageInfo{}, ErrQuery
	}
	var info PageInfo
	for _, s := range streams {
		if err := w.cutTime(s); err != nil {
			return nil, info, err
		}
		info.Total += s.length()
	}
	if keep != nil && info.Total <= scanMax {
		return w.readAll(streams, keep)
	}
	if !w.after.IsZero() {
		for _, s := range streams {
			if err := s.after(w.after.item(), w.descending); err != nil {
				return nil, info, err
			}
		}
	}
	m := newMerge(streams, w.descending)
	if keep != nil {
		return w.readSome(m, keep, info.Total)
	}
	if err := m.skip(w.offset); err != nil {
		return nil, info, err
	}
	items, err := w.take(m)
	info.More = m.left() > 0
	info.setNext(items)
	return items, info, err
}

func clampLimit(n int) int {
	if n <= 0 {
		return pageDefault
	}
	return min(n, pageMax)
}

func (w *window) cutTime(s *stream) error {
	if w.from > 0 {
		if err := s.from(w.from); err != nil {
			return err
		}
	}
	if w.until != 0 {
		return s.until(w.until)
	}
	return nil
}

func (i *PageInfo) setNext(items []item) {
	if len(items) > 0 {
		i.Next = items[len(items)-1].position()
	}
}

// full reports that the page needs no further entry: next is not in the last
// one's millisecond, or the extension has an end too.
func (w *window) full(items []item, next *item) bool {
	n := len(items)
	if n < w.limit {
		return false
	}
	return !w.wholeInstants || items[n-1].stamp != next.stamp || n >= w.limit+coupon.ListSameInstantMax
}

// take reads a page from where the merge stands. The merge keeps what follows.
func (w *window) take(m *merge) (items []item, err error) {
	for {
		it, ok, err := m.peek()
		if err != nil || !ok || w.full(items, it) {
			return items, err
		}
		items = append(items, *it)
		m.advance()
	}
}

// readAll filters everything: few enough to count exactly.
func (w *window) readAll(streams []*stream, keep func(*item) (bool, error)) (items []item, info PageInfo, err error) {
	m := newMerge(streams, w.descending)
	after, skipped := w.after.item(), int64(0)
	for {
		it, ok, err := m.peek()
		if err != nil {
			return nil, info, err
		}
		if !ok {
			info.setNext(items)
			return items, info, nil
		}
		yes, err := keep(it)
		if err != nil {
			return nil, info, err
		}
		switch {
		case !yes:
		case !w.after.IsZero() && !w.behind(it, &after):
			info.Total++
		case skipped < w.offset:
			info.Total++
			skipped++
		default:
			info.Total++
			if info.More || w.full(items, it) {
				info.More = true
			} else {
				items = append(items, *it)
			}
		}
		m.advance()
	}
}

func (w *window) behind(it, after *item) bool {
	c := it.compare(after)
	return c > 0 && !w.descending || c < 0 && w.descending
}

// readSome filters until the page is full or scanMax entries were looked at, and
// concludes from them how many there may be in all.
func (w *window) readSome(m *merge, keep func(*item) (bool, error), all int64) (items []item, info PageInfo, err error) {
	var scanned, kept int64
	var last item
	for ; scanned < scanMax; scanned++ {
		it, ok, err := m.peek()
		if err != nil {
			return nil, info, err
		}
		if !ok || w.full(items, it) {
			break
		}
		yes, err := keep(it)
		if err != nil {
			return nil, info, err
		}
		if yes {
			kept++
			if kept > w.offset {
				items = append(items, *it)
			}
		}
		last = *it
		m.advance()
	}
	info.TotalIsEstimate = true
	if scanned > 0 {
		info.Total = max(kept, all*kept/scanned)
		info.Next = last.position()
	}
	info.More = m.left() > 0
	return items, info, nil
}
