package refusals

import (
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"github.com/scrip-engine/scrip/coupon"
)

// ring holds the newest refusals. A writer takes a ticket and fills the slot that
// belongs to it; two meet in a slot only when one has gone round the whole ring
// meanwhile. Slots hold no pointers, so that the collector does not look at them.
type ring struct {
	next  atomic.Uint64 // tickets given out
	slots []slot
}

type slot struct {
	mu     sync.Mutex
	ticket uint64 // guarded by mu, like all that follows; 0 is an empty slot

	time     int64
	voucher  coupon.ID
	customer coupon.ID
	project  uint32
	campaign uint32
	key      uint16
	scope    uint8
	tail     uint8 // lengths of the texts, which lie in text one after the other
	order    uint8
	request  uint8
	text     [tailBytesMax + orderBytesMax + requestIDBytesMax]byte
}

func newRing(records int) *ring { return &ring{slots: make([]slot, records)} }

func (r *ring) slot(ticket uint64) *slot { return &r.slots[(ticket-1)%uint64(len(r.slots))] }

func (r *ring) put(n *Refusal, key uint16) {
	ticket := r.next.Add(1)
	s := r.slot(ticket)
	s.mu.Lock()
	if ticket > s.ticket { // else a later one was faster
		s.ticket = ticket
		s.fill(n, key)
	}
	s.mu.Unlock()
}

func (s *slot) fill(n *Refusal, key uint16) {
	s.time, s.voucher, s.customer = n.Time, n.Voucher, n.Customer
	s.project, s.campaign = n.Project, n.Campaign
	s.key, s.scope = key, scopeNumber(n.Scope)
	at := copy(s.text[:tailBytesMax], tailOf(n.Code))
	s.tail = uint8(at)
	s.order = uint8(copy(s.text[at:at+orderBytesMax], n.Order))
	at += int(s.order)
	s.request = uint8(copy(s.text[at:at+requestIDBytesMax], n.RequestID))
}

// read copies the record with a ticket; false when it was overwritten, or is
// being written.
func (r *ring) read(ticket uint64, names *names, match func(*slot) bool) (rec Record, ok bool) {
	s := r.slot(ticket)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ticket != ticket || !match(s) {
		return Record{}, false
	}
	tail, order := int(s.tail), int(s.tail)+int(s.order)
	return Record{
		Ticket: ticket, Time: s.time, Key: names.texts[s.key], Project: s.project, Campaign: s.campaign,
		Voucher: s.voucher, Customer: s.customer, Scope: scopes[s.scope],
		CodeTail: string(s.text[:tail]), Order: string(s.text[tail:order]),
		RequestID: string(s.text[order : order+int(s.request)]),
	}, true
}

// oldest is the lowest ticket that the ring may still hold, given the newest.
func (r *ring) oldest(newest uint64) uint64 {
	if n := uint64(len(r.slots)); newest > n {
		return newest - n + 1
	}
	return 1
}

// RecentQuery filters the ring. Empty fields filter nothing, except Project.
type RecentQuery struct {
	Project    uint32
	Campaign   uint32
	ByCampaign bool // Campaign filters, also when it is 0
	Key        string
	Code       string // a code, of which the last four characters count, or these alone
	Customer   coupon.ID
	Order      string // source id
	RequestID  string
	From       int64 // unix ms, inclusive
	Until      int64 // exclusive; 0 is no bound
	// Before continues a list: only tickets below it. 0 begins at the newest.
	Before uint64
	Limit  int
}

// Recent is an answer from the ring, the newest refusal first.
type Recent struct {
	Records []Record
	// Total counts what matches in the whole ring, as it was passed.
	Total int
	More  bool
	// Dropped counts refusals since Open that are not in the ring any more, of all
	// projects.
	Dropped uint64
}

// Recent reads the ring. It holds up a refusal for the copy of one slot at most.
func (r *Recorder) Recent(q *RecentQuery) Recent {
	newest := r.ring.next.Load()
	oldest := r.ring.oldest(newest)
	out := Recent{Dropped: oldest - 1}
	key := r.names.number(q.Key)
	if q.Key != "" && key == 0 && q.Key != other {
		return out
	}
	tail := q.Code
	if utf8.RuneCountInString(tail) != tailChars {
		tail = tailOf(q.Code)
	}
	if q.Code != "" && tail == "" {
		return out // of so short a code nothing is kept
	}
	match := func(s *slot) bool { return q.matches(s, key, tail) }
	for ticket := newest; ticket >= oldest; ticket-- {
		rec, ok := r.ring.read(ticket, r.names, match)
		if !ok {
			continue
		}
		out.Total++
		switch {
		case q.Before != 0 && ticket >= q.Before:
		case len(out.Records) < q.Limit:
			out.Records = append(out.Records, rec)
		default:
			out.More = true
		}
	}
	return out
}

// matches is called with the slot's lock held.
func (q *RecentQuery) matches(s *slot, key uint16, code string) bool {
	tail, order := int(s.tail), int(s.tail)+int(s.order)
	return s.project == q.Project &&
		(!q.ByCampaign || s.campaign == q.Campaign) &&
		(q.Key == "" || s.key == key) &&
		(q.Customer == coupon.ID{} || s.customer == q.Customer) &&
		s.time >= q.From && (q.Until == 0 || s.time < q.Until) &&
		(code == "" || string(s.text[:tail]) == code) &&
		(q.Order == "" || string(s.text[tail:order]) == q.Order) &&
		(q.RequestID == "" || string(s.text[order:order+int(s.request)]) == q.RequestID)
}
