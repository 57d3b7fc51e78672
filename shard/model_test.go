package shard

import (
	"slices"

	"github.com/scrip-engine/scrip/coupon"
)

// The law once more, over plain maps and lists, written from the promises and
// not from the code: receipts are found by walking all that ever happened,
// customers' uses by counting, time by comparing. What the two disagree on is a
// mistake in one of them.

type modelCode struct {
	text                 string // folded
	place                coupon.ID
	project, campaign    uint32
	own                  Spec
	off, dead            bool
	used, balance, added int64
	version              uint32
	created, updated     int64
	lastHolder           coupon.ID // that the newest update named
}

type modelCampaign struct {
	Campaign
	fence   uint64
	endedAt int64
	sums    Counters
}

type modelCustomer struct {
	project   uint32
	id        coupon.ID
	source    coupon.Hash
	sealed    string
	version   uint32
	forgotten bool
}

type modelEvent struct {
	kind            Kind
	h               Header
	code            *modelCode
	redemption      *modelEvent // of a rollback
	stamp           int64
	customer        coupon.ID
	applied, credit int64 // of a redemption
	back            int64 // credits given back so far
	over            bool  // wholly given back
	reply           Reply
}

type modelJob struct {
	chunk           uint32
	created, failed uint64
	newest          Reply
}

type model struct {
	now         int64
	seq         uint64
	sealed      uint64
	perSlot     map[uint16]uint64
	codes       []*modelCode
	campaigns   map[uint32]*modelCampaign
	fences      map[uint32]uint64
	customers   []*modelCustomer
	forgettings []Forgotten
	jobs        map[uint64]*modelJob
	events      []*modelEvent
}

func newModel() *model {
	return &model{perSlot: map[uint16]uint64{}, campaigns: map[uint32]*modelCampaign{},
		fences: map[uint32]uint64{}, jobs: map[uint64]*modelJob{}}
}

// event gives out the next id, as every change does.
func (m *model) event(h *Header, slot uint16, kind Kind) *modelEvent {
	m.seq++
	m.perSlot[slot]++
	e := &modelEvent{kind: kind, h: *h, stamp: m.now}
	e.reply = Reply{ID: coupon.ID{Slot: slot, Seq: m.perSlot[slot]}, Seq: m.seq, Stamp: m.now, Slot: slot}
	m.events = append(m.events, e)
	return e
}

func (m *model) answers(e *modelEvent, key coupon.Hash) bool {
	memory := int64(24 * 60 * 60 * 1000)
	if e.h.Flags&FlagMinted != 0 {
		memory = 10 * 60 * 1000
	}
	return !key.IsZero() && e.h.Key == key && m.now < e.stamp+memory && !(e.h.Flags&FlagDerived != 0 && e.over)
}

// replay looks for an earlier answer to the key.
func (m *model) replay(h *Header, same func(*modelEvent) bool) (Reply, bool) {
	for _, e := range m.events {
		if e.kind == h.Kind && m.answers(e, h.Key) && same(e) {
			if e.h.Fingerprint != h.Fingerprint {
				return Reply{Outcome: coupon.KeyConflict}, true
			}
			r := e.reply
			r.Replayed, r.Version = true, 0
			return r, true
		}
	}
	return Reply{}, false
}

func (m *model) code(slot uint16, ordinal uint32) *modelCode {
	for _, c := range m.codes {
		if c.place == (coupon.ID{Slot: slot, Seq: uint64(ordinal)}) {
			return c
		}
	}
	return nil
}

func (m *model) newest(project uint32, text string) *modelCode {
	for _, c := range slices.Backward(m.codes) {
		if c.project == project && c.text == text {
			return c
		}
	}
	return nil
}

func (m *model) gone(c *modelCode) bool {
	ca := m.campaigns[c.campaign]
	return c.dead || ca != nil && ca.Ended
}

func (m *model) fence(project, campaign uint32) uint64 {
	f := m.fences[project]
	if c := m.campaigns[campaign]; c != nil {
		f = max(f, c.fence)
	}
	return f
}

// early is what stands before every refusal: time, fence, interval.
func (m *model) early(h *Header, fence uint64) (Reply, bool) {
	switch {
	case m.now > h.NotAfter:
		return Reply{Outcome: coupon.TooLate}, true
	case h.CatalogIndex < fence:
		return Reply{Outcome: coupon.Stale, CatalogIndex: fence}, true
	case m.now < h.ValidFrom || m.now >= h.ValidUntil:
		return Reply{Outcome: coupon.Reevaluate}, true
	}
	return Reply{}, false
}

// limits of a code: its own, else its campaign's, else one use.
func (m *model) limits(c *modelCode) (limit, perCustomer int64, gift bool, currency uint16) {
	limit = 1
	if ca := m.campaigns[c.campaign]; ca != nil {
		limit, perCustomer, gift, currency = ca.Limit, ca.PerCustomer, ca.IsGift, ca.Currency
	}
	if c.own.has(SpecLimit) {
		limit = c.own.Limit
	}
	if c.own.has(SpecPerCustomer) {
		perCustomer = c.own.PerCustomer
	}
	if c.own.has(SpecGift) {
		gift, currency = true, c.own.Currency
	}
	return limit, perCustomer, gift, currency
}

// usesBy counts a customer's uses of a code from what happened.
func (m *model) usesBy(c *modelCode, customer coupon.ID) (n int64) {
	for _, e := range m.events {
		if e.kind == KindRedeem && e.code == c && e.customer == customer && customer != (coupon.ID{}) && !e.over {
			n++
		}
	}
	return n
}

func (m *model) bySource(source coupon.Hash) *modelCustomer {
	for _, c := range m.customers {
		if c.source == source && !c.forgotten {
			return c
		}
	}
	return nil
}

func (m *model) redeem(h *Header, q *Redeem) Reply {
	c := m.code(h.Slot, q.Ordinal)
	if c == nil {
		if r, done := m.early(h, m.fences[q.Project]); done {
			return r
		}
		return Reply{Outcome: coupon.NotFound}
	}
	if r, ok := m.replay(h, func(e *modelEvent) bool { return e.code == c }); ok {
		return r
	}
	if r, done := m.early(h, m.fence(c.project, c.campaign)); done {
		return r
	}
	if h.BasisMask != 0 && h.BasisVersion != c.version || q.Campaign != c.campaign && !m.gone(c) {
		return Reply{Outcome: coupon.Reevaluate}
	}
	customer, born := q.Customer, false
	if q.Birth != nil {
		known := m.bySource(q.Birth.Source)
		born = known == nil
		customer = coupon.ID{}
		if known != nil {
			customer = known.id
			if q.Birth.Fresh {
				return Reply{Outcome: coupon.Reevaluate}
			}
		}
	}
	if o, scope := m.refuses(c, q, customer, born); o != coupon.OK {
		return Reply{Outcome: o, Scope: scope}
	}
	if born {
		customer = m.bear(h, q.Birth, q.Project).id
	}
	e := m.event(h, h.Slot, KindRedeem)
	_, _, gift, _ := m.limits(c)
	if gift {
		e.credit = min(q.GiftMax, c.balance)
	}
	e.code, e.customer, e.applied = c, customer, q.Applied
	c.used++
	c.balance -= e.credit
	c.version++
	if ca := m.campaigns[c.campaign]; ca != nil {
		ca.sums.redeemed++
		ca.sums.applied += e.applied
		ca.sums.credits += e.credit
	}
	return m.close(e, customer, e.applied+e.credit)
}

// close completes the reply of an event about a code.
func (m *model) close(e *modelEvent, customer coupon.ID, applied int64) Reply {
	c := e.code
	e.reply.Ordinal, e.reply.Version = uint32(c.place.Seq), c.version
	e.reply.Customer, e.reply.Uses, e.reply.Balance, e.reply.Applied = customer, c.used, c.balance, applied
	return e.reply
}

func (m *model) refuses(c *modelCode, q *Redeem, customer coupon.ID, born bool) (coupon.Outcome, Scope) {
	limit, perCustomer, gift, currency := m.limits(c)
	nobody := customer == (coupon.ID{}) && !born
	holder := c.own.Holder
	switch {
	case m.gone(c) || c.project != q.Project:
		return coupon.NotFound, ScopeNone
	case c.off:
		return coupon.VoucherDisabled, ScopeCode
	case c.own.has(SpecFrom) && m.now < c.own.From:
		return coupon.VoucherNotActive, ScopeCode
	case c.own.has(SpecUntil) && m.now >= c.own.Until:
		return coupon.VoucherExpired, ScopeCode
	case nobody && (holder != (coupon.ID{}) || perCustomer > 0):
		return coupon.MissingCustomer, ScopeCode
	case holder != (coupon.ID{}) && (born || holder != customer):
		return coupon.NotTheHolder, ScopeCode
	case gift && q.Currency != 0 && q.Currency != currency:
		return coupon.CurrencyMismatch, ScopeCode
	case limit != Unlimited && c.used >= limit:
		return coupon.QuantityExceeded, ScopeCode
	case perCustomer > 0 && m.usesBy(c, customer) >= perCustomer:
		return coupon.QuantityExceeded, ScopeCustomer
	case gift && (q.GiftAsked > c.balance || q.GiftMax > 0 && c.balance == 0):
		return coupon.GiftAmountExceeded, ScopeCode
	}
	return coupon.OK, ScopeNone
}
