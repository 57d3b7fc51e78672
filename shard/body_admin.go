package shard

import (
	"encoding/binary"

	"github.com/scrip-engine/scrip/coupon"
)

// Enable switches the code at (Header.Slot, Ordinal).
type Enable struct {
	Ordinal uint32
	Project uint32
	On      bool
}

// AppendEnable appends the body to dst.
func AppendEnable(dst []byte, r *Enable) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, r.Ordinal)
	dst = binary.LittleEndian.AppendUint32(dst, r.Project)
	return append(dst, boolByte(r.On))
}

func decodeEnable(b []byte, r *Enable) error {
	c := cursor{b: b}
	*r = Enable{Ordinal: c.u32(), Project: c.u32(), On: c.u8() != 0}
	return c.end()
}

// Update changes what a code says of itself: fields in Set.Mask are written,
// those in Clear go back to what the campaign says, others stay as they are.
type Update struct {
	Ordinal uint32
	Project uint32
	Clear   SpecMask
	Set     Spec
	Tail    []byte
}

// Updatable are the fields that may change after birth. Limits and balances
// have their own rules and their own commands.
const Updatable = SpecFrom | SpecUntil | SpecHolder | SpecMetadata | SpecInfo | SpecCategory | SpecDisabled

// AppendUpdate appends the body to dst.
func AppendUpdate(dst []byte, r *Update) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, r.Ordinal)
	dst = binary.LittleEndian.AppendUint32(dst, r.Project)
	dst = binary.LittleEndian.AppendUint16(dst, uint16(r.Clear))
	dst = appendSpec(dst, &r.Set)
	return appendBytes(dst, r.Tail)
}

func decodeUpdate(b []byte, r *Update) error {
	c := cursor{b: b}
	*r = Update{Ordinal: c.u32(), Project: c.u32(), Clear: SpecMask(c.u16())}
	c.spec(&r.Set)
	r.Tail = c.bytes(coupon.TailBytesMax)
	if (r.Clear|r.Set.Mask)&^Updatable != 0 || r.Clear&r.Set.Mask != 0 {
		c.fail("fields of an update")
	}
	return c.end()
}

// Delete ends a code. Its redemptions stay, and while receipts of it live the
// same text cannot be issued again.
type Delete struct {
	Ordinal uint32
	Project uint32
}

// AppendDelete appends the body to dst.
func AppendDelete(dst []byte, r *Delete) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, r.Ordinal)
	return binary.LittleEndian.AppendUint32(dst, r.Project)
}

func decodeDelete(b []byte, r *Delete) error {
	c := cursor{b: b}
	*r = Delete{Ordinal: c.u32(), Project: c.u32()}
	return c.end()
}

// Balance adds Amount to a gift card, or takes it away when negative.
type Balance struct {
	Ordinal uint32
	Project uint32
	Amount  int64
	Tail    []byte
}

// AppendBalance appends the body to dst.
func AppendBalance(dst []byte, r *Balance) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, r.Ordinal)
	dst = binary.LittleEndian.AppendUint32(dst, r.Project)
	dst = binary.AppendVarint(dst, r.Amount)
	return appendBytes(dst, r.Tail)
}

func decodeBalance(b []byte, r *Balance) error {
	c := cursor{b: b}
	*r = Balance{Ordinal: c.u32(), Project: c.u32(), Amount: c.varint(), Tail: c.bytes(coupon.TailBytesMax)}
	if r.Amount < -coupon.AmountMax || r.Amount > coupon.AmountMax {
		c.fail("amount of a balance change")
	}
	return c.end()
}

// FenceScope says what a fence protects.
type FenceScope uint8

const (
	FenceProject  FenceScope = 1
	FenceCampaign FenceScope = 2
)

// Fence raises a fence to a catalog index (P7): commands evaluated at an older
// one are answered Stale. A fence never goes down.
type Fence struct {
	Scope   FenceScope
	Ordinal uint32
	Index   uint64
}

// AppendFence appends the body to dst.
func AppendFence(dst []byte, r *Fence) []byte {
	dst = append(dst, byte(r.Scope))
	dst = binary.LittleEndian.AppendUint32(dst, r.Ordinal)
	return binary.LittleEndian.AppendUint64(dst, r.Index)
}

func decodeFence(b []byte, r *Fence) error {
	c := cursor{b: b}
	*r = Fence{Scope: FenceScope(c.u8()), Ordinal: c.u32(), Index: c.u64()}
	if r.Scope != FenceProject && r.Scope != FenceCampaign || r.Ordinal == 0 {
		c.fail("scope of a fence")
	}
	return c.end()
}

// Campaign introduces a campaign to the shard, before its first code, or ends
// it: the codes of an ended campaign do not exist any more.
type Campaign struct {
	Ordinal     uint32 // from 1, dense: the next one or one that is known
	Project     uint32
	Birth       uint64 // catalog index of its creation
	Limit       int64  // uses of each code; Unlimited for no limit
	PerCustomer int64  // uses of each code per customer; 0 for no limit
	Gift        int64  // balance of each code
	IsGift      bool
	Currency    uint16
	Ended       bool
}

// AppendCampaign appends the body to dst.
func AppendCampaign(dst []byte, r *Campaign) []byte {
	le := binary.LittleEndian
	dst = le.AppendUint32(dst, r.Ordinal)
	dst = le.AppendUint32(dst, r.Project)
	dst = le.AppendUint64(dst, r.Birth)
	dst = binary.AppendVarint(dst, r.Limit)
	dst = binary.AppendVarint(dst, r.PerCustomer)
	dst = binary.AppendVarint(dst, r.Gift)
	dst = append(dst, boolByte(r.IsGift))
	dst = le.AppendUint16(dst, r.Currency)
	return append(dst, boolByte(r.Ended))
}

func decodeCampaign(b []byte, r *Campaign) error {
	c := cursor{b: b}
	c.campaign(r)
	return c.end()
}

func (c *cursor) campaign(r *Campaign) {
	*r = Campaign{Ordinal: c.u32(), Project: c.u32(), Birth: c.u64(),
		Limit: c.varint(), PerCustomer: c.varint(), Gift: c.varint()}
	r.IsGift, r.Currency, r.Ended = c.u8() != 0, c.u16(), c.u8() != 0
	if r.Ordinal == 0 || !boundedLimits(r.Limit, r.PerCustomer, r.Gift) {
		c.fail("ordinal, limits or balance of a campaign")
	}
}

// Customer creates or changes the customer whose source hash is Source, or with
// a zero Source the one with ID. The profile is sealed: the shard keeps bytes it
// cannot read, and the key that opens them in a table of its own, so that
// forgetting a customer is destroying 32 bytes.
type Customer struct {
	Project uint32
	Source  coupon.Hash // keyed hash of the source id; slot included
	ID      coupon.ID
	Minted  bool // Source was made up, since the customer has none
	// Fresh is the basis of a birth: the source was unknown. Where it is known by
	// now the answer is Reevaluate, since what is said here would be lost, or what
	// was said there.
	Fresh   bool
	Sealed  []byte
	DataKey [DataKeyBytes]byte
}

// DataKeyBytes is the length of a customer's data key: AES-256.
const DataKeyBytes = 32

const (
	customerBodyMinted = 1 << 0
	customerBodyFresh  = 1 << 1
)

// AppendCustomer appends the body to dst.
func AppendCustomer(dst []byte, r *Customer) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, r.Project)
	dst = appendHash(dst, r.Source)
	dst = binary.LittleEndian.AppendUint64(dst, packID(r.ID))
	dst = append(dst, boolByte(r.Minted)|boolByte(r.Fresh)<<1)
	dst = append(dst, r.DataKey[:]...)
	return appendBytes(dst, r.Sealed)
}

func (c *cursor) customer(r *Customer) {
	*r = Customer{Project: c.u32(), Source: c.hash(), ID: c.id()}
	flags := c.u8()
	r.Minted, r.Fresh = flags&customerBodyMinted != 0, flags&customerBodyFresh != 0
	copy(r.DataKey[:], c.take(DataKeyBytes))
	r.Sealed = c.bytes(customerBytesMax)
	if flags&^(customerBodyMinted|customerBodyFresh) != 0 {
		c.fail("flags of a customer")
	}
}

func decodeCustomer(b []byte, r *Customer) error {
	c := cursor{b: b}
	c.customer(r)
	return c.end()
}

// Forget deletes the customer with ID and destroys the key of its data.
type Forget struct {
	Project uint32
	ID      coupon.ID
}

// AppendForget appends the body to dst.
func AppendForget(dst []byte, r *Forget) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, r.Project)
	return binary.LittleEndian.AppendUint64(dst, packID(r.ID))
}

func decodeForget(b []byte, r *Forget) error {
	c := cursor{b: b}
	*r = Forget{Project: c.u32(), ID: c.id()}
	return c.end()
}
