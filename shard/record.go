package shard

import (
	"encoding/binary"
	"fmt"

	"github.com/scrip-engine/scrip/coupon"
)

// Record is one journal record. Every change leaves one, and it is everything
// at once: the value of the receipt, the redemption that a GET shows, the entry
// of the ledger and the event that consumers read. What it does not hold cannot
// be in an answer later. Customers appear by id only.
type Record struct {
	Kind         Kind
	Flags        uint16
	Seq          uint64    // of the shard's journal, from 1, without gaps
	ID           coupon.ID // slot and per-slot sequence: the public id
	Stamp        int64     // replicated time, unix milliseconds
	Key          coupon.Hash
	FPVersion    uint8
	Fingerprint  uint64
	CatalogIndex uint64
	Project      uint32
	Campaign     uint32 // 0: standalone
	// Ordinal is the code's place in its slot. In an import record it is the
	// shard-wide ordinal of the first code issued; Uses counts them.
	Ordinal  uint32
	Customer coupon.ID
	Actor    uint32
	Currency uint16
	// Order, Discount, Applied and Gift are amounts in minor units: of the order,
	// its order-level discount, all that was taken off, and credits moved.
	Order, Discount, Applied, Gift int64
	Uses                           int64     // of the code, after
	Balance                        int64     // of the card, after
	Ref                            coupon.ID // a rollback's redemption
	Lines                          []int64
	Tail                           []byte // see Tail
}

// Record flags.
const (
	RecordMinted  uint16 = FlagMinted
	RecordDerived uint16 = FlagDerived
	RecordOff     uint16 = 1 << 2 // KindEnable: switched off
	RecordEnd     uint16 = 1 << 3 // a rollback that left nothing; a campaign that ended
	RecordIsGift  uint16 = 1 << 4 // the code is a gift card
	RecordBirth   uint16 = 1 << 5 // KindCustomer: first seen
)

const (
	recordVersion = 1
	// The fixed front of a record, little-endian, so that a receipt is compared
	// without decoding the rest:
	//
	//	0 length u32   4 version u8   5 kind u8      6 flags u16
	//	8 seq u64     16 id u64      24 stamp i64   32 key hash 16 bytes
	//	48 fingerprint version u8    49 fingerprint u64
	recordFront    = 57
	recordBytesMax = 64 << 10
)

// appendRecord appends the encoded record to dst.
func appendRecord(dst []byte, r *Record) []byte {
	le := binary.LittleEndian
	start := len(dst)
	dst = append(dst, 0, 0, 0, 0, recordVersion, byte(r.Kind))
	dst = le.AppendUint16(dst, r.Flags)
	dst = le.AppendUint64(dst, r.Seq)
	dst = le.AppendUint64(dst, packID(r.ID))
	dst = le.AppendUint64(dst, uint64(r.Stamp))
	dst = appendHash(dst, r.Key)
	dst = append(dst, r.FPVersion)
	dst = le.AppendUint64(dst, r.Fingerprint)
	for _, v := range [...]uint64{r.CatalogIndex, uint64(r.Project), uint64(r.Campaign), uint64(r.Ordinal),
		packID(r.Customer), uint64(r.Actor), uint64(r.Currency), packID(r.Ref)} {
		dst = binary.AppendUvarint(dst, v)
	}
	for _, v := range [...]int64{r.Order, r.Discount, r.Applied, r.Gift, r.Uses, r.Balance} {
		dst = binary.AppendVarint(dst, v)
	}
	dst = appendLines(dst, r.Lines)
	dst = appendBytes(dst, r.Tail)
	le.PutUint32(dst[start:], uint32(len(dst)-start))
	return dst
}

// DecodeRecord reads one encoded record. Tail aliases b; Lines reuses what the
// caller left there.
func DecodeRecord(b []byte, r *Record) error {
	if len(b) < recordFront || int(binary.LittleEndian.Uint32(b)) != len(b) || b[4] != recordVersion {
		return fmt.Errorf("journal record of %d bytes: %w", len(b), ErrFormat)
	}
	le := binary.LittleEndian
	lines := r.Lines[:0]
	*r = Record{
		Kind: Kind(b[5]), Flags: le.Uint16(b[6:]), Seq: le.Uint64(b[8:]), ID: unpackID(le.Uint64(b[16:])),
		Stamp: int64(le.Uint64(b[24:])), Key: hashAt(b[32:]), FPVersion: b[48], Fingerprint: le.Uint64(b[49:]),
	}
	c := cursor{b: b[recordFront:]}
	r.CatalogIndex = c.uvarint()
	r.Project, r.Campaign, r.Ordinal = c.uvarint32(), c.uvarint32(), c.uvarint32()
	r.Customer = unpackID(c.uvarint())
	r.Actor = c.uvarint32()
	currency := c.uvarint32()
	r.Ref = unpackID(c.uvarint())
	for _, p := range [...]*int64{&r.Order, &r.Discount, &r.Applied, &r.Gift, &r.Uses, &r.Balance} {
		*p = c.varint()
	}
	r.Lines = c.lines(lines, true)
	r.Tail = c.bytes(recordBytesMax)
	r.Currency = uint16(currency)
	if currency > 1<<16-1 || r.ID.Slot >= coupon.Slots || r.Customer.Slot >= coupon.Slots || r.Ref.Slot >= coupon.Slots {
		c.fail("currency or slot of a record")
	}
	return c.end()
}

func (c *cursor) uvarint32() uint32 {
	v := c.uvarint()
	if v > 1<<32-1 {
		c.fail("32-bit number")
	}
	return uint32(v)
}

// front is the fixed part of an encoded record.
type front []byte

func (f front) kind() Kind       { return Kind(f[5]) }
func (f front) flags() uint16    { return binary.LittleEndian.Uint16(f[6:]) }
func (f front) seq() uint64      { return binary.LittleEndian.Uint64(f[8:]) }
func (f front) id() coupon.ID    { return unpackID(binary.LittleEndian.Uint64(f[16:])) }
func (f front) stamp() int64     { return int64(binary.LittleEndian.Uint64(f[24:])) }
func (f front) key() coupon.Hash { return hashAt(f[32:]) }
func (f front) fingerprint() (v uint8, fp uint64) {
	return f[48], binary.LittleEndian.Uint64(f[49:])
}

// anchor names what a record's key belongs to: the redemption of a rollback,
// else the code. The key of a customer's change has its anchor in it, the name
// that the request gave: the way from that name to the customer ends when the
// customer is forgotten, and a retry must find its answer nevertheless.
func (f front) anchor() uint64 {
	if f.kind() == KindCustomer || f.kind() == KindForget {
		return 0
	}
	c := cursor{b: f[recordFront:]}
	c.uvarint() // catalog index
	c.uvarint() // project
	c.uvarint() // campaign
	ordinal := c.uvarint()
	if f.kind() != KindRollback {
		return ordinal
	}
	c.uvarint() // customer
	c.uvarint() // actor
	c.uvarint() // currency
	return c.uvarint()
}

// Tags of the fields in a tail. They are in the journal for ever.
type Tag uint8

const (
	TagOrderSource   Tag = 1 // order.source_id
	TagTracking      Tag = 2 // tracking_id
	TagOrderMetadata Tag = 3 // canonical JSON
	TagMetadata      Tag = 4 // of the redemption, canonical JSON
	TagItems         Tag = 5 // order items, canonical JSON
	TagReason        Tag = 6
	TagSource        Tag = 7 // source_id of a balance change
	TagFailedRows    Tag = 8 // of an import chunk: see failedRows
	TagChanged       Tag = 9 // of an update: masks of what was set and cleared
	TagJob           Tag = 10
	TagOrderID       Tag = 11
	TagOrderStatus   Tag = 12
	TagFreeUnits     Tag = 13 // items added for free, canonical JSON
	TagMarked        Tag = 14 // of an import chunk: see Marked
)

// A tail is the variable end of a record: fields of one tag byte, a length and
// that many bytes, in ascending order of tags; at most coupon.TailBytesMax.

// AppendTail appends one field to a tail. An empty value is not stored.
func AppendTail(dst []byte, tag Tag, v []byte) []byte {
	if len(v) == 0 {
		return dst
	}
	return appendBytes(append(dst, byte(tag)), v)
}

// TailField returns the field with a tag, or nil. The result aliases tail.
func TailField(tail []byte, tag Tag) []byte {
	c := cursor{b: tail}
	for len(c.b) > 0 {
		t := Tag(c.u8())
		v := c.bytes(recordBytesMax)
		if c.err != nil {
			return nil
		}
		if t == tag {
			return v
		}
	}
	return nil
}
