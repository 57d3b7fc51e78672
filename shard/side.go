package shard

import (
	"encoding/binary"

	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/internal/arena"
)

// sideBlock is what a code needs beyond its row: most single-use codes of a
// campaign have none. Little-endian:
//
//	 0 size u32        4 mask u16     6 currency u16   8 limit i64   16 used i64
//	24 per customer i64              32 balance i64   40 issued i64
//	48 from i64       56 until i64   64 holder u64    72 updated i64
//	80 four blob lengths u16: discount, metadata, info, category; then the blobs
//
// The mask says which fields the code has of its own; for the others its
// campaign speaks. The fixed part is changed in place; another length of a blob
// takes a new block.
type sideBlock []byte

const sideFixedBytes = 88

func (b sideBlock) size() int            { return int(binary.LittleEndian.Uint32(b)) }
func (b sideBlock) mask() SpecMask       { return SpecMask(binary.LittleEndian.Uint16(b[4:])) }
func (b sideBlock) setMask(m SpecMask)   { binary.LittleEndian.PutUint16(b[4:], uint16(m)) }
func (b sideBlock) currency() uint16     { return binary.LittleEndian.Uint16(b[6:]) }
func (b sideBlock) i64(off int) int64    { return int64(binary.LittleEndian.Uint64(b[off:])) }
func (b sideBlock) put(off int, v int64) { binary.LittleEndian.PutUint64(b[off:], uint64(v)) }

const (
	sideLimit       = 8
	sideUsed        = 16
	sidePerCustomer = 24
	sideBalance     = 32
	sideIssued      = 40
	sideFrom        = 48
	sideUntil       = 56
	sideHolder      = 64
	sideUpdated     = 72
	sideLengths     = 80
)

// blob returns the i-th of the four byte fields.
func (b sideBlock) blob(i int) []byte {
	off := sideFixedBytes
	for k := range i {
		off += int(binary.LittleEndian.Uint16(b[sideLengths+2*k:]))
	}
	n := int(binary.LittleEndian.Uint16(b[sideLengths+2*i:]))
	return b[off : off+n : off+n]
}

// spec reads the code's own fields; byte fields alias the block.
func (b sideBlock) spec(sp *Spec) {
	*sp = Spec{
		Mask: b.mask(), Limit: b.i64(sideLimit), PerCustomer: b.i64(sidePerCustomer),
		Gift: b.i64(sideIssued), Currency: b.currency(), From: b.i64(sideFrom), Until: b.i64(sideUntil),
		Holder: unpackID(uint64(b.i64(sideHolder))),
	}
	for i, f := range sp.blobs() {
		if sp.has(f.bit) {
			*f.b = b.blob(i)
		}
	}
}

// newSide allocates and fills a side. The code's own switch is a flag of its
// row, so SpecDisabled never enters the mask.
func (s *Shard) newSide(sp *Spec, used, balance, updated int64) arena.Ref {
	size := sideFixedBytes
	for _, f := range sp.blobs() {
		if sp.has(f.bit) {
			size += len(*f.b)
		}
	}
	ref := s.allocBlob(size)
	s.grow(size)
	s.sideBytes += int64(size)
	b := sideBlock(s.a.At(ref, size))
	binary.LittleEndian.PutUint32(b, uint32(size))
	b.setMask(sp.Mask &^ SpecDisabled)
	binary.LittleEndian.PutUint16(b[6:], sp.Currency)
	b.put(sideLimit, sp.Limit)
	b.put(sideUsed, used)
	b.put(sidePerCustomer, sp.PerCustomer)
	b.put(sideBalance, balance)
	b.put(sideIssued, sp.Gift)
	b.put(sideFrom, sp.From)
	b.put(sideUntil, sp.Until)
	b.put(sideHolder, int64(packID(sp.Holder)))
	b.put(sideUpdated, updated)
	off := sideFixedBytes
	for i, f := range sp.blobs() {
		if sp.has(f.bit) {
			binary.LittleEndian.PutUint16(b[sideLengths+2*i:], uint16(len(*f.b)))
			off += copy(b[off:], *f.b)
		}
	}
	return ref
}

// sideOf returns the side of a code, or nil.
func (s *Shard) sideOf(row codeRow) sideBlock {
	if !row.has(flagSide) {
		return nil
	}
	ref := row.side()
	n := binary.LittleEndian.Uint32(s.a.At(ref, 4))
	return sideBlock(s.a.At(ref, int(n)))
}

// ownSide returns the code's side for changing, making one when it has none. A
// receipt that the row held moves to the receipts, where codes with a side keep
// theirs.
func (s *Shard) ownSide(slot uint16, ordinal uint32, row codeRow) sideBlock {
	if side := s.sideOf(row); side != nil {
		s.touchSide(slot, row.side(), side)
		return side
	}
	s.touch(slot, tableCodes, ordinal, row)
	var used int64
	if row.has(flagUsed) {
		used = 1
	}
	if f := s.journal.read(row.lastUse()); f != nil {
		s.remember(slot, f)
	}
	ref := s.newSide(&Spec{}, used, 0, 0)
	row.setUse(row.use()&(flagOff|flagDead) | flagSide | uint64(ref))
	return s.sideOf(row)
}

// replaceSide gives the code a side with other byte fields.
func (s *Shard) replaceSide(slot uint16, ordinal uint32, row codeRow, sp *Spec) {
	old := s.ownSide(slot, ordinal, row)
	oldRef, size := row.side(), old.size()
	ref := s.newSide(sp, old.i64(sideUsed), old.i64(sideBalance), s.now)
	s.touch(slot, tableCodes, ordinal, row)
	row.setUse(row.use()&^(1<<32-1) | uint64(ref))
	s.sideBytes -= int64(size)
	s.freeLater(oldRef, size)
}

// campaignOf returns the campaign of a birth, nil for a standalone code.
func (s *Shard) campaignOf(ordinal uint32) *campaignState {
	if ordinal == 0 || int(ordinal) >= len(s.campaigns) {
		return nil
	}
	return s.campaigns[ordinal]
}

// CodeView is a code as the law sees it: its own fields over those of its
// campaign, with the counters, at one instant.
type CodeView struct {
	Found    bool
	Slot     uint16
	Ordinal  uint32
	Version  uint32
	Project  uint32
	Campaign uint32
	// CampaignBirth is the catalog index of the campaign's creation: whoever
	// evaluates waits for it rather than deny that the campaign exists.
	CampaignBirth uint64
	Created       int64  // unix milliseconds
	Updated       int64  // 0: never
	BirthSeq      uint64 // journal sequence of the record that issued it
	Disabled      bool
	Deleted       bool
	Limit         int64 // Unlimited for none
	Used          int64
	PerCustomer   int64 // 0 for none
	CustomerUses  int64 // by the customer who was asked for
	IsGift        bool
	Balance       int64
	Issued        int64
	Currency      uint16
	From, Until   int64 // the code's own; AlwaysFrom and AlwaysUntil for none
	Holder        coupon.ID
	Mask          SpecMask // which fields are the code's own
	// Fence is the catalog index below which an evaluation is stale.
	Fence uint64
	// Code as issued and the byte fields. Inside Apply they alias the arena; a
	// reader gets copies in the buffer it lent.
	Code, Discount, Metadata, Info, Category []byte
}

// view fills v for a row of the slot. The stripe is held.
func (s *Shard) view(slot uint16, ordinal uint32, row codeRow, v *CodeView) {
	t := &s.slots[slot]
	birth := s.birth(row.birth())
	*v = CodeView{
		Found: true, Slot: slot, Ordinal: ordinal, Version: row.version(),
		Project: birth.project(), Campaign: birth.campaign(), Created: birth.stamp(), BirthSeq: birth.seq(),
		Disabled: row.has(flagOff), Deleted: row.has(flagDead),
		Limit: 1, From: AlwaysFrom, Until: AlwaysUntil, Code: t.text.at(s.a, row.text()),
	}
	v.Fence = s.projectFence(v.Project)
	if c := s.campaignOf(v.Campaign); c != nil {
		v.CampaignBirth, v.Limit, v.PerCustomer = c.Birth, c.Limit, c.PerCustomer
		v.IsGift, v.Currency = c.IsGift, c.Currency
		v.Fence = max(v.Fence, c.fence)
		v.Deleted = v.Deleted || c.Ended
	}
	if row.has(flagUsed) {
		v.Used = 1
	}
	if side := s.sideOf(row); side != nil {
		v.applySide(side)
	}
}

func (v *CodeView) applySide(side sideBlock) {
	var sp Spec
	side.spec(&sp)
	v.Mask, v.Used, v.Updated = sp.Mask, side.i64(sideUsed), side.i64(sideUpdated)
	if sp.has(SpecLimit) {
		v.Limit = sp.Limit
	}
	if sp.has(SpecPerCustomer) {
		v.PerCustomer = sp.PerCustomer
	}
	if sp.has(SpecGift) {
		v.IsGift, v.Currency, v.Issued, v.Balance = true, sp.Currency, sp.Gift, side.i64(sideBalance)
	}
	if sp.has(SpecFrom) {
		v.From = sp.From
	}
	if sp.has(SpecUntil) {
		v.Until = sp.Until
	}
	v.Holder, v.Discount, v.Metadata, v.Info, v.Category = sp.Holder, sp.Discount, sp.Metadata, sp.Info, sp.Category
}
