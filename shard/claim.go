package shard

import (
	"encoding/binary"

	"github.com/scrip-engine/scrip/coupon"
)

// Claim binds the header's key to its request before the first change that is made
// under it. A change whose anchor follows from the request, such as a code whose
// text is drawn, leaves its receipt where only the same request looks for it; the
// claim lies where the key alone leads, in Header.Slot, and is what answers another
// request with KeyConflict (P3).
type Claim struct {
	Project  uint32
	Campaign uint32 // that the request was evaluated for; 0 for none
}

// claimFreshMillis is how old a claim may be that is answered and not renewed.
// What is done under a claim is done within the life of a command, so the day of
// the claim begins this and one command's life before the day of what it made.
const claimFreshMillis = coupon.CommandMillisMax

// AppendClaim appends the body to dst.
func AppendClaim(dst []byte, r *Claim) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, r.Project)
	return binary.LittleEndian.AppendUint32(dst, r.Campaign)
}

func decodeClaim(b []byte, r *Claim) error {
	c := cursor{b: b}
	*r = Claim{Project: c.u32(), Campaign: c.u32()}
	return c.end()
}

// applyClaim keeps one record a key, in the name of the slot. The same request
// renews an old one: when it comes back after hours and only now succeeds, its key
// must be remembered for a day from now. Without a key there is nothing to claim.
func (s *Shard) applyClaim(h *Header, body []byte, r *Reply) error {
	var q Claim
	if err := decodeClaim(body, &q); err != nil || h.Key.IsZero() {
		return err
	}
	p := s.lock(h.Slot)
	defer p.mu.Unlock()
	old := s.receipt(s.now, KindClaim, h.Slot, claimAnchor, h.Key)
	if old != nil {
		err := s.settle(old, h, r)
		if err != nil || r.Outcome != coupon.OK || s.now < old.stamp()+claimFreshMillis {
			return err
		}
	}
	var renewed Reply
	if !s.admit(h, s.fenceOf(q.Project, q.Campaign), &renewed) {
		*r = renewed
		return nil
	}
	if s.full(recordBytesMax) {
		if old == nil {
			r.Outcome = coupon.CapacityExceeded
		}
		return nil
	}
	// ---- nothing refuses below this line ----
	rec := s.newRecord(h)
	rec.Project, rec.Campaign = q.Project, q.Campaign
	s.commit(h.Slot, rec)
	s.noteClaim(h.Slot, s.journal.at(rec.Seq))
	r.fill(rec)
	return nil
}

// claimAnchor is the anchor of every claim: its slot and its key say it all.
const claimAnchor = 0

// noteClaim makes a record the only claim of its key, so that a shard that was
// restored answers with the same one (S1). The stripe is held.
func (s *Shard) noteClaim(slot uint16, f front) {
	if old := s.receipt(s.now, KindClaim, slot, claimAnchor, f.key()); old != nil {
		s.slots[slot].receipts.remove(s.a, receiptHash(f.key(), claimAnchor), old.seq())
	}
	s.remember(slot, f)
}

// Claimed reads the claim of a key in its slot.
func (s *Shard) Claimed(slot uint16, key coupon.Hash, rec *Record) bool {
	if slot >= coupon.Slots || key.IsZero() {
		return false
	}
	p := s.rlock(slot)
	defer p.mu.RUnlock()
	return s.receipt(s.time.Load(), KindClaim, slot, claimAnchor, key).copyTo(rec)
}
