package shard

import (
	"encoding/binary"

	"github.com/scrip-engine/scrip/coupon"
)

// SpecMask names the fields of a Spec that are present. The bits are in the
// log and the image for ever.
type SpecMask uint16

const (
	SpecLimit SpecMask = 1 << iota
	SpecPerCustomer
	SpecGift // amount and currency
	SpecFrom
	SpecUntil
	SpecHolder
	SpecDiscount
	SpecMetadata
	SpecInfo
	SpecCategory
	SpecDisabled

	specMaskAll = 1<<iota - 1
)

// Unlimited is a limit that never refuses.
const Unlimited = int64(-1)

// Spec is what a code says of itself, apart from its campaign. Fields whose bit
// is not in Mask are zero and not stored.
type Spec struct {
	Mask        SpecMask
	Limit       int64 // uses; Unlimited for no limit
	PerCustomer int64 // uses per customer; 0 for no limit
	Gift        int64 // issued balance in minor units
	Currency    uint16
	From, Until int64 // unix milliseconds, [From, Until)
	Holder      coupon.ID
	Discount    []byte // encoded by promo
	Metadata    []byte // canonical JSON
	Info        []byte
	Category    []byte
}

func (s *Spec) has(m SpecMask) bool { return s.Mask&m != 0 }

func appendSpec(dst []byte, s *Spec) []byte {
	le := binary.LittleEndian
	dst = le.AppendUint16(dst, uint16(s.Mask))
	if s.has(SpecLimit) {
		dst = binary.AppendVarint(dst, s.Limit)
	}
	if s.has(SpecPerCustomer) {
		dst = binary.AppendVarint(dst, s.PerCustomer)
	}
	if s.has(SpecGift) {
		dst = binary.AppendVarint(dst, s.Gift)
		dst = le.AppendUint16(dst, s.Currency)
	}
	if s.has(SpecFrom) {
		dst = le.AppendUint64(dst, uint64(s.From))
	}
	if s.has(SpecUntil) {
		dst = le.AppendUint64(dst, uint64(s.Until))
	}
	if s.has(SpecHolder) {
		dst = le.AppendUint64(dst, packID(s.Holder))
	}
	for _, f := range s.blobs() {
		if s.has(f.bit) {
			dst = appendBytes(dst, *f.b)
		}
	}
	return dst
}

type specBlob struct {
	bit SpecMask
	b   *[]byte
	max int
}

// blobs lists the byte fields in the order in which they are encoded.
func (s *Spec) blobs() [4]specBlob {
	return [4]specBlob{
		{SpecDiscount, &s.Discount, discountBytesMax},
		{SpecMetadata, &s.Metadata, coupon.MetadataBytesMax},
		{SpecInfo, &s.Info, coupon.MetadataBytesMax},
		{SpecCategory, &s.Category, coupon.NameBytesMax},
	}
}

func (c *cursor) spec(s *Spec) {
	*s = Spec{Mask: SpecMask(c.u16())}
	if s.Mask&^SpecMask(specMaskAll) != 0 {
		c.fail("spec mask")
		return
	}
	if s.has(SpecLimit) {
		s.Limit = c.varint()
	}
	if s.has(SpecPerCustomer) {
		s.PerCustomer = c.varint()
	}
	if s.has(SpecGift) {
		s.Gift, s.Currency = c.varint(), c.u16()
	}
	if s.has(SpecFrom) {
		s.From = c.i64()
	}
	if s.has(SpecUntil) {
		s.Until = c.i64()
	}
	if s.has(SpecHolder) {
		s.Holder = c.id()
	}
	for _, f := range s.blobs() {
		if s.has(f.bit) {
			*f.b = c.bytes(f.max)
		}
	}
	if !boundedLimits(s.Limit, s.PerCustomer, s.Gift) {
		c.fail("limits or balance of a code")
	}
}

// boundedLimits holds counts and amounts to what the API can express, so that no
// sum of two wraps.
func boundedLimits(limit, perCustomer, gift int64) bool {
	return limit >= Unlimited && limit <= coupon.IntMax &&
		perCustomer >= 0 && perCustomer <= coupon.IntMax && gift >= 0 && gift <= coupon.AmountMax
}
