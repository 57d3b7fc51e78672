package shard

import (
	"encoding/binary"

	"github.com/scrip-engine/scrip/coupon"
)

func (s *Shard) readSlot(r *imageReader, slot uint16) {
	if r.u16() != slot {
		r.fail("order of slots")
		return
	}
	codes, uses, customers, events, sealed := r.u32(), r.u32(), r.u32(), r.u32(), r.u32()
	if sealed > events || uint64(sealed) > s.journal.sealed || codes > codesPerSlotMax+1 || customers > customersPerSlotMax+1 {
		r.fail("size of a slot")
		return
	}
	t := &s.slots[slot]
	for i := uint32(0); i < codes && r.err == nil; i++ {
		s.readCode(r, slot)
	}
	for i := uint32(0); i < uses && r.err == nil; i++ {
		n, row := t.uses.add(s.a, useRowBytes)
		s.grow(useBytes)
		copy(row, r.raw(useRowBytes))
		u := useRow(row)
		t.useIndex.add(s.a, useHash(u.code(), u.customer()), uint64(n))
	}
	r.lastCustomer = 0
	for i := uint32(0); i < customers && r.err == nil; i++ {
		s.readCustomer(r, slot)
	}
	t.sealed = sealed
	t.events.skip(s.a, uint64(sealed), eventRowBytes)
	for i := sealed; i < events && r.err == nil; i++ {
		copy(t.events.add(s.a, eventRowBytes), r.raw(eventRowBytes))
	}
}

func (s *Shard) readCode(r *imageReader, slot uint16) {
	t := &s.slots[slot]
	ordinal, b := t.codes.add(s.a, codeRowBytes)
	row := codeRow(b)
	row.setBirth(r.u32())
	if row.birth() >= s.births.n {
		r.fail("birth")
		row.setBirth(0)
		return
	}
	row.setVersion(r.u32())
	hash := r.u32()
	text := r.bytes(coupon.CodeBytesMax)
	if len(text) == 0 {
		r.fail("text")
		return
	}
	row.setText(t.text.add(s.a, text))
	s.grow(codeBytes + len(text))
	use := r.u64()
	if use&^(flagOff|flagDead|flagUsed|flagSide|useMask) != 0 || use&flagSide != 0 && use&(useMask|flagUsed) != 0 {
		r.fail("flags of a code")
		return
	}
	if use&flagSide != 0 {
		use |= uint64(s.readSide(r))
	}
	row.setUse(use)
	r.codes++
	if !row.has(flagSide) {
		r.lastUse = max(r.lastUse, row.lastUse())
	}
	if hash == noHash {
		return
	}
	if hash >= 1<<hashBits {
		r.fail("hash of a code")
		return
	}
	if s.cfg.Filter != nil {
		s.cfg.Filter.Add(uint64(slot)<<hashBits | uint64(hash))
	}
	t.codeIndex.add(s.a, uint64(hash)<<(64-hashBits), uint64(ordinal))
}

func (s *Shard) readSide(r *imageReader) uint32 {
	size := r.u32()
	if size < sideFixedBytes || size > sideFixedBytes+discountBytesMax+2*coupon.MetadataBytesMax+coupon.NameBytesMax {
		r.fail("side")
		return 0
	}
	ref := s.allocBlob(int(size))
	s.grow(int(size))
	s.sideBytes += int64(size)
	b := sideBlock(s.a.At(ref, int(size)))
	binary.LittleEndian.PutUint32(b, size)
	copy(b[4:], r.raw(int(size)-4))
	if !b.sound() {
		r.fail("side")
	}
	return uint32(ref)
}

// sound reports whether a side from an image can be read and counted with.
func (b sideBlock) sound() bool {
	size := sideFixedBytes
	for i := range 4 {
		size += int(binary.LittleEndian.Uint16(b[sideLengths+2*i:]))
	}
	balance, issued := b.i64(sideBalance), b.i64(sideIssued)
	return size == b.size() && b.mask()&^specMaskAll == 0 && boundedLimits(b.i64(sideLimit), b.i64(sidePerCustomer), issued) &&
		b.i64(sideUsed) >= 0 && balance >= 0 && balance <= coupon.AmountMax &&
		unpackID(uint64(b.i64(sideHolder))).Slot < coupon.Slots
}

func (s *Shard) readCustomer(r *imageReader, slot uint16) {
	t := &s.slots[slot]
	ordinal, b := t.customers.add(s.a, customerRowBytes)
	s.grow(customerRowBytes)
	copy(b, r.raw(customerRowBytes))
	row := customerRow(b)
	if uint32(row.seq()) <= r.lastCustomer {
		r.fail("order of customers")
	}
	r.lastCustomer = uint32(row.seq())
	if _, n := row.data(); n > 0 {
		if n > customerBytesMax {
			r.fail("customer")
			return
		}
		ref := s.allocBlob(n)
		s.grow(n)
		s.profileBytes += int64(n)
		copy(s.a.At(ref, n), r.raw(n))
		row.put32(40, uint32(ref))
	}
	if row.flags()&customerForgotten == 0 {
		t.customerIndex.add(s.a, row.source().Lo, uint64(ordinal))
	}
}

// readJournal loads the records and, from them, what is derived: receipts that
// are alive and the newest rollback of each redemption.
func (s *Shard) readJournal(r *imageReader) {
	var rec Record
	n := r.u64()
	for seq := s.journal.sealed + 1; seq <= n && r.err == nil; seq++ {
		size := r.u32()
		if size < recordFront || size > recordBytesMax {
			r.fail("record")
			return
		}
		b := append(make([]byte, 0, size), 0, 0, 0, 0)
		binary.LittleEndian.PutUint32(b, size)
		b = append(b, r.raw(int(size)-4)...)
		if err := DecodeRecord(b, &rec); err != nil {
			r.err = err
			return
		}
		if rec.Seq != seq || !s.belongs(&rec) {
			r.fail("place of a record")
			return
		}
		s.journal.appendEncoded(b)
		s.grow(len(b) + eventBytes)
		s.derive(&rec)
	}
	if s.journal.chain != r.chain || n < s.journal.sealed {
		r.fail("digest of the journal")
	}
	if r.lastUse > n || r.codes != uint64(s.order.n) {
		r.fail("uses or order of codes")
	}
	for _, at := range s.sweepAt {
		if at <= s.journal.sealed || at > n+1 {
			r.fail("sweep")
		}
	}
}

// belongs reports whether what a record points to was in the image: its event,
// its code, its customer.
func (s *Shard) belongs(rec *Record) bool {
	t := &s.slots[rec.ID.Slot]
	n := uint32(rec.ID.Seq)
	if n <= t.sealed || uint64(n) > t.events.len() || eventSeq(t.events.at(s.a, uint64(n)-1, eventRowBytes)) != rec.Seq || rec.Stamp > s.now {
		return false
	}
	switch rec.Kind {
	case KindRollback:
		return rec.Ordinal < t.codes.n && rec.Ref.Slot == rec.ID.Slot
	case KindRedeem, KindCreate, KindEnable, KindUpdate, KindDelete, KindBalance:
		return rec.Ordinal < t.codes.n
	case KindCustomer, KindForget:
		return rec.Ordinal < t.customers.n
	case KindImport, KindCampaign, KindClaim:
		return true
	}
	return false
}

func (s *Shard) derive(rec *Record) {
	slot := rec.ID.Slot
	switch rec.Kind {
	case KindRollback:
		s.noteRollback(rec)
	case KindRedeem:
		row := s.codeRow(slot, rec.Ordinal)
		if !row.has(flagSide) && row.lastUse() == rec.Seq {
			return // the row is the way to this receipt
		}
	case KindForget, KindEnable, KindUpdate, KindDelete, KindBalance, KindCustomer:
	case KindClaim:
		s.noteClaim(slot, s.journal.at(rec.Seq))
		return
	default:
		return // a create is found by its code; the rest has no receipt
	}
	s.remember(slot, s.journal.at(rec.Seq))
}
