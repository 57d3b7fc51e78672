package shard

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/scrip-engine/scrip/coupon"
)

// imageReader reads an image. After an error it returns zeros; a caller that
// loops checks err.
type imageReader struct {
	r   *bufio.Reader
	buf []byte
	err error
}

func (r *imageReader) fail(what string) {
	if r.err == nil {
		r.err = fmt.Errorf("image: %s: %w", what, ErrFormat)
	}
}

// raw returns the next n bytes, good until the next read.
func (r *imageReader) raw(n int) []byte {
	if cap(r.buf) < n {
		r.buf = make([]byte, n)
	}
	b := r.buf[:n]
	if r.err != nil {
		clear(b)
		return b
	}
	if _, err := io.ReadFull(r.r, b); err != nil {
		r.err = fmt.Errorf("image: %w", err)
		clear(b)
	}
	return b
}

func (r *imageReader) u8() byte    { return r.raw(1)[0] }
func (r *imageReader) u16() uint16 { return binary.LittleEndian.Uint16(r.raw(2)) }
func (r *imageReader) u32() uint32 { return binary.LittleEndian.Uint32(r.raw(4)) }
func (r *imageReader) u64() uint64 { return binary.LittleEndian.Uint64(r.raw(8)) }
func (r *imageReader) i64() int64  { return int64(r.u64()) }

func (r *imageReader) bytes(limit int) []byte {
	n, err := binary.ReadUvarint(r.r)
	if err != nil || n > uint64(limit) {
		r.fail("length")
		return nil
	}
	return r.raw(int(n))
}

// Restore replaces the state by an image's. The caller has verified its
// checksums; what is checked here is that it makes sense. After an error the
// shard must not be used.
func (s *Shard) Restore(in io.Reader) error {
	s.thaw()
	s.a.Close()
	s.frozen = nil
	s.reset()
	r := &imageReader{r: bufio.NewReaderSize(in, flushBytes)}
	if string(r.raw(len(imageMagic))) != imageMagic || r.u16() != imageVersion {
		r.fail("magic or version")
		return r.err
	}
	s.readMeta(r)
	s.readShared(r, &s.births, birthRowBytes)
	s.readShared(r, &s.order, orderRowBytes)
	for slot := 0; slot < coupon.Slots && r.err == nil; slot++ {
		s.readSlot(r, uint16(slot))
	}
	s.readJournal(r)
	if _, err := r.r.ReadByte(); err != io.EOF && r.err == nil {
		r.fail("trailing bytes")
	}
	s.used.Store(s.a.Used())
	s.logicalSeen.Store(s.logical)
	return r.err
}

func (s *Shard) readMeta(r *imageReader) {
	first, last, epoch := r.u16(), r.u16(), r.u32()
	if first != s.cfg.First || last != s.cfg.Last || epoch != s.cfg.Epoch {
		r.fail("slots of another shard")
		return
	}
	s.now = r.i64()
	s.time.Store(s.now)
	s.sweepAt[0], s.sweepAt[1] = r.u64(), r.u64()
	s.journal.chain = r.u64() // compared when the journal was read
	n := r.u32()
	if n == 0 || n > projectsMax {
		r.fail("projects")
		return
	}
	s.fences = make([]uint64, n)
	for i := range s.fences {
		s.fences[i] = r.u64()
	}
	s.readJobs(r)
	n = r.u32()
	if n == 0 || n > campaignsMax {
		r.fail("campaigns")
		return
	}
	s.campaigns = make([]*campaignState, n)
	for i := range s.campaigns {
		if r.u8() != 0 {
			s.campaigns[i] = s.readCampaign(r)
		}
	}
}

func (s *Shard) readJobs(r *imageReader) {
	n := r.u32()
	if n > jobsMax {
		r.fail("jobs")
		return
	}
	for range n {
		id := r.u64()
		s.jobOrder = append(s.jobOrder, id)
		s.jobs[id] = &jobState{chunk: r.u32(), created: r.u64(), failed: r.u64(), last: r.u64()}
	}
}

func (s *Shard) readCampaign(r *imageReader) *campaignState {
	c := &campaignState{}
	c.Ordinal, c.Project, c.Birth = r.u32(), r.u32(), r.u64()
	for _, p := range [...]*int64{&c.Limit, &c.PerCustomer, &c.Gift} {
		v, err := binary.ReadVarint(r.r)
		if err != nil {
			r.fail("varint")
		}
		*p = v
	}
	c.IsGift, c.Currency, c.Ended = r.u8() != 0, r.u16(), r.u8() != 0
	c.fence, c.endedAt = r.u64(), r.i64()
	for _, p := range c.Counters.list() {
		*p = r.i64()
	}
	return c
}

func (s *Shard) readShared(r *imageReader, t *rows, size int) {
	for n := r.u32(); n > 0 && r.err == nil; n-- {
		_, row := t.add(s.a, size)
		copy(row, r.raw(size))
		if t == &s.births {
			s.grow(birthRowBytes)
		}
	}
}

func (s *Shard) readSlot(r *imageReader, slot uint16) {
	if r.u16() != slot {
		r.fail("order of slots")
		return
	}
	codes, uses, customers, events := r.u32(), r.u32(), r.u32(), r.u32()
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
	for i := uint32(0); i < customers && r.err == nil; i++ {
		s.readCustomer(r, slot)
	}
	for i := uint32(0); i < events && r.err == nil; i++ {
		_, row := t.events.add(s.a, eventRowBytes)
		copy(row, r.raw(eventRowBytes))
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
	row.setText(t.text.add(s.a, text))
	s.grow(codeBytes + len(text))
	use := r.u64()
	if use&flagSide != 0 {
		use |= uint64(s.readSide(r))
	}
	row.setUse(use)
	if hash == noHash {
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
	ref := s.a.Alloc(int(size))
	s.grow(int(size))
	b := s.a.At(ref, int(size))
	binary.LittleEndian.PutUint32(b, size)
	copy(b[4:], r.raw(int(size)-4))
	return uint32(ref)
}

func (s *Shard) readCustomer(r *imageReader, slot uint16) {
	t := &s.slots[slot]
	ordinal, b := t.customers.add(s.a, customerRowBytes)
	s.grow(customerRowBytes)
	copy(b, r.raw(customerRowBytes))
	row := customerRow(b)
	if _, n := row.data(); n > 0 {
		if n > customerBytesMax {
			r.fail("customer")
			return
		}
		ref := s.a.Alloc(n)
		s.grow(n)
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
	want := s.journal.chain
	s.journal.chain = 0
	var rec Record
	for n := r.u32(); n > 0 && r.err == nil; n-- {
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
		s.journal.appendEncoded(b)
		s.grow(len(b) + eventBytes)
		s.derive(&rec, b)
	}
	if s.journal.chain != want {
		r.fail("digest of the journal")
	}
}

func (s *Shard) derive(rec *Record, f front) {
	slot := rec.ID.Slot
	switch rec.Kind {
	case KindRollback:
		x := &s.slots[slot].rollbacks
		if old := s.rollbackOf(rec.Ref); old != nil {
			x.remove(s.a, seqHash(rec.Ref.Seq), old.seq())
		}
		x.add(s.a, seqHash(rec.Ref.Seq), rec.Seq)
	case KindRedeem:
		row := s.codeRow(slot, rec.Ordinal)
		if row != nil && !row.has(flagSide) && row.lastUse() == rec.Seq {
			return // the row is the way to this receipt
		}
	case KindEnable, KindUpdate, KindDelete, KindBalance:
	default:
		return // a create is found by its code; the rest has no receipt
	}
	s.remember(slot, rec.Seq)
}
