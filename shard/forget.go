package shard

import (
	"encoding/binary"

	"github.com/scrip-engine/scrip/coupon"
)

// applyForget ends a customer: the row stays as a tombstone without data and
// without the key, so that what the log still holds can no longer be opened.
func (s *Shard) applyForget(h *Header, body []byte, r *Reply) error {
	var q Forget
	if err := decodeForget(body, &q); err != nil {
		return err
	}
	if q.ID.Slot != h.Slot {
		r.Outcome = coupon.Moved
		return nil
	}
	p := s.lock(h.Slot)
	defer p.mu.Unlock()
	if f := s.receipt(s.now, KindForget, h.Slot, 0, h.Key); f != nil {
		return s.settle(f, h, r)
	}
	row, ordinal := s.customerByID(q.Project, q.ID)
	switch {
	case s.now > h.NotAfter:
		r.Outcome = coupon.TooLate
		return nil
	case row == nil:
		r.Outcome = coupon.NotFound
		return nil
	case s.spent(recordBytesMax):
		r.Outcome = coupon.CapacityExceeded
		return nil
	}
	// ---- nothing refuses below this line ----
	s.touch(h.Slot, tableCustomers, ordinal, row)
	s.slots[h.Slot].customerIndex.remove(s.a, row.source().Lo, uint64(ordinal))
	s.setCustomerData(row, &Customer{})
	clear(row[:16])
	row.put32(52, row.flags()|customerForgotten)
	row.put64(32, uint64(s.now))
	rec := s.newRecord(h)
	rec.Project, rec.Ordinal, rec.Customer = q.Project, ordinal, q.ID
	s.commit(h.Slot, rec)
	s.remember(h.Slot, s.journal.at(rec.Seq))
	s.noteForgotten(q.ID, s.now)
	r.fill(rec)
	return nil
}

// forgottenRowBytes: who and when. Whoever has to know all of them must not read the
// whole journal, most of which is in the history.
const forgottenRowBytes = 16

func (s *Shard) noteForgotten(id coupon.ID, stamp int64) {
	s.meta.Lock()
	defer s.meta.Unlock()
	_, row := s.forgotten.add(s.a, forgottenRowBytes)
	binary.LittleEndian.PutUint64(row, packID(id))
	binary.LittleEndian.PutUint64(row[8:], uint64(stamp))
	s.grow(forgottenRowBytes)
}

// Forgotten is a customer who was forgotten, and when by replicated time.
type Forgotten struct {
	ID    coupon.ID
	Stamp int64
}

// ForgottenCount is how many customers were ever forgotten here. They are
// numbered from 0, in order of time.
func (s *Shard) ForgottenCount() uint32 {
	s.meta.RLock()
	defer s.meta.RUnlock()
	return s.forgotten.n
}

// Forgotten reads the forgetting with a number.
func (s *Shard) Forgotten(i uint32) (Forgotten, bool) {
	s.meta.RLock()
	defer s.meta.RUnlock()
	if i >= s.forgotten.n {
		return Forgotten{}, false
	}
	row := s.forgotten.at(s.a, i, forgottenRowBytes)
	return Forgotten{ID: unpackID(binary.LittleEndian.Uint64(row)), Stamp: int64(binary.LittleEndian.Uint64(row[8:]))}, true
}
