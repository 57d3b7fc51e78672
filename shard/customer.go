package shard

import (
	"encoding/binary"
	"sort"

	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/internal/arena"
	"github.com/scrip-engine/scrip/internal/invariant"
)

// customerRow is a customer, 92 bytes, little-endian:
//
//	 0 source hash 16 bytes   16 per-slot sequence u64   24 created i64
//	32 updated i64            40 data Ref u32            44 data length u32
//	48 version u32            52 flags u32               56 data key 32 bytes
//	88 project u32
//
// The data is sealed with the key; a forgotten customer has neither.
type customerRow []byte

const (
	customerRowBytes = 92

	customerMinted    = 1 << 0 // the source hash was made up
	customerForgotten = 1 << 1
)

func (c customerRow) source() coupon.Hash    { return hashAt(c) }
func (c customerRow) seq() uint64            { return binary.LittleEndian.Uint64(c[16:]) }
func (c customerRow) created() int64         { return int64(binary.LittleEndian.Uint64(c[24:])) }
func (c customerRow) updated() int64         { return int64(binary.LittleEndian.Uint64(c[32:])) }
func (c customerRow) data() (arena.Ref, int) { return arena.Ref(c.u32(40)), int(c.u32(44)) }
func (c customerRow) version() uint32        { return c.u32(48) }
func (c customerRow) project() uint32        { return c.u32(88) }
func (c customerRow) flags() uint32          { return c.u32(52) }
func (c customerRow) key() []byte            { return c[56 : 56+DataKeyBytes] }
func (c customerRow) u32(off int) uint32     { return binary.LittleEndian.Uint32(c[off:]) }
func (c customerRow) put32(off int, v uint32) {
	binary.LittleEndian.PutUint32(c[off:], v)
}
func (c customerRow) put64(off int, v uint64) {
	binary.LittleEndian.PutUint64(c[off:], v)
}

// customerBySource returns the id of the customer with a source hash, or zero.
// For Apply's goroutine, or under the stripe.
func (s *Shard) customerBySource(source coupon.Hash) coupon.ID {
	if row, _ := s.findCustomer(source); row != nil {
		return coupon.ID{Slot: source.Slot(), Seq: row.seq()}
	}
	return coupon.ID{}
}

func (s *Shard) findCustomer(source coupon.Hash) (customerRow, uint32) {
	t := &s.slots[source.Slot()]
	v, ok := t.customerIndex.find(s.a, source.Lo, func(v uint64) bool {
		row := customerRow(t.customers.at(s.a, uint32(v), customerRowBytes))
		return row.source() == source && row.flags()&customerForgotten == 0
	})
	if !ok {
		return nil, 0
	}
	return customerRow(t.customers.at(s.a, uint32(v), customerRowBytes)), uint32(v)
}

// customerByID returns the row of a customer of the project who was not
// forgotten, or nil.
func (s *Shard) customerByID(project uint32, id coupon.ID) (customerRow, uint32) {
	row, ordinal := s.customerOf(id)
	if row == nil || row.project() != project {
		return nil, 0
	}
	return row, ordinal
}

// customerOf returns the row of a customer who was not forgotten, or nil. The record
// of the birth may be long sealed; but customers are in the order of their ids,
// since both are given out by one sequence.
func (s *Shard) customerOf(id coupon.ID) (customerRow, uint32) {
	if id.Slot >= coupon.Slots {
		return nil, 0
	}
	t := &s.slots[id.Slot]
	at := func(i int) customerRow { return customerRow(t.customers.at(s.a, uint32(i), customerRowBytes)) }
	i := sort.Search(int(t.customers.n), func(i int) bool { return uint32(at(i).seq()) >= uint32(id.Seq) })
	if i == int(t.customers.n) || at(i).seq() != id.Seq || at(i).flags()&customerForgotten != 0 {
		return nil, 0
	}
	return at(i), uint32(i)
}

// applyCustomer creates a customer or replaces what is known of one.
func (s *Shard) applyCustomer(h *Header, body []byte, r *Reply) error {
	q := &s.birthBody
	if err := decodeCustomer(body, q); err != nil {
		return err
	}
	bySource := !q.Source.IsZero()
	if bySource && q.Source.Slot() != h.Slot || !bySource && q.ID.Slot != h.Slot {
		r.Outcome = coupon.Moved
		return nil
	}
	p := s.lock(h.Slot)
	defer p.mu.Unlock()
	var row customerRow
	var ordinal uint32
	if bySource {
		row, ordinal = s.findCustomer(q.Source)
	} else {
		row, ordinal = s.customerByID(q.Project, q.ID)
	}
	if f := s.receipt(s.now, KindCustomer, h.Slot, 0, h.Key); f != nil {
		return s.settle(f, h, r)
	}
	switch {
	case s.now > h.NotAfter:
		r.Outcome = coupon.TooLate
	case row == nil && !bySource:
		r.Outcome = coupon.ResourceNotFound
	case q.Fresh && row != nil, h.BasisMask != 0 && (row == nil || row.version() != h.BasisVersion):
		r.Outcome = coupon.Reevaluate
	case s.full(len(body) + recordBytesMax), row == nil && s.crowded(h.Slot):
		r.Outcome = coupon.CapacityExceeded
	default:
		s.putCustomer(h, q, row, ordinal, p, r)
	}
	return nil
}

func (s *Shard) putCustomer(h *Header, q *Customer, row customerRow, ordinal uint32, p *stripe, r *Reply) {
	if row == nil {
		s.bearCustomer(h, q, p)
		r.fill(&s.record)
		r.Version = 1
		return
	}
	s.touch(h.Slot, tableCustomers, ordinal, row)
	s.setCustomerData(row, q)
	row.put64(32, uint64(s.now))
	row.put32(48, row.version()+1)
	rec := s.newRecord(h)
	rec.Project, rec.Ordinal, rec.Customer = q.Project, ordinal, coupon.ID{Slot: h.Slot, Seq: row.seq()}
	s.commit(h.Slot, rec)
	s.remember(h.Slot, s.journal.at(rec.Seq))
	r.fill(rec)
	r.Version = row.version()
}

// crowded reports that a slot has no number left for one more customer.
func (s *Shard) crowded(slot uint16) bool { return s.slots[slot].customers.n > customersPerSlotMax }

// bearCustomer adds a customer. held is a stripe that is locked already; the
// customer's own is locked here when it is another. The record is the receipt of
// a command about the customer, and of no other.
func (s *Shard) bearCustomer(h *Header, q *Customer, held *stripe) coupon.ID {
	slot := q.Source.Slot()
	if p := &s.stripes[slot%stripesCount]; p != held {
		p.mu.Lock()
		defer p.mu.Unlock()
	}
	t := &s.slots[slot]
	ordinal, b := t.customers.add(s.a, customerRowBytes)
	s.grow(customerRowBytes)
	rec := s.newRecord(h)
	rec.Kind, rec.Project, rec.Ordinal = KindCustomer, q.Project, ordinal
	if h.Kind != KindCustomer {
		rec.Key = coupon.Hash{}
	}
	rec.Flags |= RecordBirth
	id := s.commit(slot, rec)
	s.remember(slot, s.journal.at(rec.Seq))
	row := customerRow(b)
	appendHash(row[:0], q.Source)
	row.put64(16, id.Seq)
	row.put32(88, q.Project)
	row.put64(24, uint64(s.now))
	row.put64(32, uint64(s.now))
	row.put32(48, 1)
	if q.Minted {
		row.put32(52, customerMinted)
	}
	s.setCustomerData(row, q)
	t.customerIndex.add(s.a, q.Source.Lo, uint64(ordinal))
	return id
}

func (s *Shard) setCustomerData(row customerRow, q *Customer) {
	if ref, n := row.data(); n > 0 {
		s.profileBytes -= int64(n)
		s.freeLater(ref, n)
	}
	row.put32(40, 0)
	row.put32(44, uint32(len(q.Sealed)))
	s.grow(len(q.Sealed))
	s.profileBytes += int64(len(q.Sealed))
	if n := len(q.Sealed); n > 0 {
		ref := s.allocBlob(n)
		copy(s.a.At(ref, n), q.Sealed)
		row.put32(40, uint32(ref))
	}
	copy(row.key(), q.DataKey[:])
}

func useHash(code uint32, customer uint64) uint64 { return seqHash(customer ^ uint64(code)<<20) }

func (s *Shard) findUse(slot uint16, code uint32, customer coupon.ID) (useRow, uint32) {
	t := &s.slots[slot]
	want := packID(customer)
	v, ok := t.useIndex.find(s.a, useHash(code, want), func(v uint64) bool {
		row := useRow(t.uses.at(s.a, uint32(v), useRowBytes))
		return row.code() == code && row.customer() == want
	})
	if !ok {
		return nil, 0
	}
	return useRow(t.uses.at(s.a, uint32(v), useRowBytes)), uint32(v)
}

// countFor fills in how often the customer used the code.
func (s *Shard) countFor(v *CodeView, customer coupon.ID) {
	if v.PerCustomer == 0 || customer == (coupon.ID{}) {
		return
	}
	if row, _ := s.findUse(v.Slot, v.Ordinal, customer); row != nil {
		v.CustomerUses = int64(row.count())
	}
}

// addUse changes the count of (code, customer) by one. The stripe is held.
func (s *Shard) addUse(slot uint16, code uint32, customer coupon.ID, by int) {
	t := &s.slots[slot]
	row, ordinal := s.findUse(slot, code, customer)
	if row == nil {
		i, b := t.uses.add(s.a, useRowBytes)
		s.grow(useBytes)
		row, ordinal = useRow(b), i
		row.set(code, packID(customer))
		t.useIndex.add(s.a, useHash(code, packID(customer)), uint64(i))
	} else {
		s.touch(slot, tableUses, ordinal, row)
	}
	invariant.Check(by > 0 || row.count() > 0, "S5: more uses of a customer given back than taken")
	row.setCount(uint32(int64(row.count()) + int64(by)))
}
