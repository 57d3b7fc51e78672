package shard

import (
	"encoding/binary"

	"github.com/scrip-engine/scrip/coupon"
)

// Bodies of commands. Every decoder returns slices that alias the command;
// every Append function writes what its decoder reads.

// Redeem asks for one use of the code at (Header.Slot, Ordinal). The amounts
// were evaluated outside; what only the shard may decide (limits, balance,
// holder, dates of the code) it decides from its own state.
type Redeem struct {
	Ordinal  uint32
	Project  uint32
	Campaign uint32 // 0: standalone code
	Currency uint16 // of the order, ISO 4217 numeric; 0 when there is no order amount
	// Order, Discount, Applied are the order's amount, its order-level discount
	// and everything taken off, in minor units, each within coupon.AmountMax.
	Order, Discount, Applied int64
	// GiftMax is the most that may be taken from a gift card: what the balance has
	// of it is taken. GiftAsked is what the caller asked for by number, which may
	// be more than the order needs; a card that has less is refused. 0: no number.
	GiftMax, GiftAsked int64
	Customer           coupon.ID
	// Birth creates the customer in the same step when its source is unknown.
	// Only for a customer whose slot this shard owns.
	Birth *Customer
	Lines []int64 // what was taken off each line of the order; at most 1,000
	Tail  []byte  // see Tail
}

const (
	redeemBirth = 1 << 0
)

// AppendRedeem appends the body to dst.
func AppendRedeem(dst []byte, r *Redeem) []byte {
	le := binary.LittleEndian
	var flags byte
	if r.Birth != nil {
		flags |= redeemBirth
	}
	dst = append(dst, flags)
	dst = le.AppendUint32(dst, r.Ordinal)
	dst = le.AppendUint32(dst, r.Project)
	dst = le.AppendUint32(dst, r.Campaign)
	dst = le.AppendUint16(dst, r.Currency)
	dst = binary.AppendVarint(dst, r.Order)
	dst = binary.AppendVarint(dst, r.Discount)
	dst = binary.AppendVarint(dst, r.Applied)
	dst = binary.AppendVarint(dst, r.GiftMax)
	dst = binary.AppendVarint(dst, r.GiftAsked)
	dst = le.AppendUint64(dst, packID(r.Customer))
	dst = appendLines(dst, r.Lines)
	dst = appendBytes(dst, r.Tail)
	if r.Birth != nil {
		dst = AppendCustomer(dst, r.Birth)
	}
	return dst
}

// decodeRedeem reads a Redeem; lines and birth are the caller's to reuse.
func decodeRedeem(b []byte, r *Redeem, birth *Customer) error {
	born, err := readRedeem(b, r, birth, true)
	if born {
		r.Birth = birth
	}
	return err
}

// verifyRedeem reads a Redeem without keeping its lines: it stands before every
// proposal and need not make room for a thousand of them.
func verifyRedeem(b []byte) error {
	var r Redeem
	var birth Customer
	_, err := readRedeem(b, &r, &birth, false)
	return err
}

// readRedeem leaves Birth to its caller, so that none of its arguments escapes.
func readRedeem(b []byte, r *Redeem, birth *Customer, keepLines bool) (born bool, err error) {
	c := cursor{b: b}
	lines := r.Lines[:0]
	flags := c.u8()
	*r = Redeem{
		Ordinal: c.u32(), Project: c.u32(), Campaign: c.u32(), Currency: c.u16(),
		Order: c.varint(), Discount: c.varint(), Applied: c.varint(), GiftMax: c.varint(), GiftAsked: c.varint(),
		Customer: c.id(),
	}
	r.Lines = c.lines(lines, keepLines)
	r.Tail = c.bytes(coupon.TailBytesMax)
	if born = flags&redeemBirth != 0; born {
		c.customer(birth)
	}
	for _, v := range [...]int64{r.Order, r.Discount, r.Applied, r.GiftMax, r.GiftAsked} {
		if coupon.CheckAmount(v) != nil {
			c.fail("amount of a redemption")
		}
	}
	if born && birth.Source.IsZero() {
		c.fail("birth of a customer without source")
	}
	return born, c.end()
}

func appendLines(dst []byte, lines []int64) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(lines)))
	for _, v := range lines {
		dst = binary.AppendVarint(dst, v)
	}
	return dst
}

func (c *cursor) lines(dst []int64, keep bool) []int64 {
	for range c.count(linesMax) {
		v := c.varint()
		if v < -coupon.AmountMax || v > coupon.AmountMax {
			c.fail("amount of a line")
		}
		if keep {
			dst = append(dst, v)
		}
	}
	return dst
}

// Rollback gives a redemption back, wholly or for a gift card in part.
type Rollback struct {
	Redemption coupon.ID // its slot is Header.Slot
	Project    uint32
	Amount     int64 // minor units; RollbackAll for what is left
	Tail       []byte
	// Sealed is the redemption's record when it was found in the history, and Back its
	// newest rollback that was found anywhere: as AppendSealed makes them.
	Sealed, Back []byte
}

// RollbackAll asks for everything that was not given back yet.
const RollbackAll = int64(-1)

// AppendRollback appends the body to dst.
func AppendRollback(dst []byte, r *Rollback) []byte {
	dst = binary.LittleEndian.AppendUint64(dst, packID(r.Redemption))
	dst = binary.LittleEndian.AppendUint32(dst, r.Project)
	dst = binary.AppendVarint(dst, r.Amount)
	dst = appendBytes(dst, r.Tail)
	return appendBytes(appendBytes(dst, r.Sealed), r.Back)
}

func decodeRollback(b []byte, r *Rollback) error {
	c := cursor{b: b}
	*r = Rollback{Redemption: c.id(), Project: c.u32(), Amount: c.varint(), Tail: c.bytes(coupon.TailBytesMax)}
	r.Sealed, r.Back = c.bytes(sealedBytesMax), c.bytes(sealedBytesMax)
	if r.Amount < RollbackAll || r.Amount == 0 || r.Amount > coupon.AmountMax {
		c.fail("amount of a rollback")
	}
	if err := c.end(); err != nil {
		return err
	}
	return r.verifySealed()
}

// NewCode is a code that is to exist.
type NewCode struct {
	Hash   coupon.Hash // of the folded text, keyed; its slot is where the code lives
	Issued []byte      // trimmed and in NFC
	Spec   Spec        // what differs from the campaign; Mask 0 for nothing
}

// Create issues one code.
type Create struct {
	Project  uint32
	Campaign uint32 // 0: standalone
	Rules    coupon.CodeRules
	Code     NewCode
	Tail     []byte
}

// AppendCreate appends the body to dst.
func AppendCreate(dst []byte, r *Create) []byte {
	dst = appendOwner(dst, r.Project, r.Campaign, r.Rules)
	dst = appendNewCode(dst, &r.Code)
	return appendBytes(dst, r.Tail)
}

func decodeCreate(b []byte, r *Create) error {
	c := cursor{b: b}
	*r = Create{}
	r.Project, r.Campaign, r.Rules = c.owner()
	c.newCode(&r.Code)
	r.Tail = c.bytes(coupon.TailBytesMax)
	return c.end()
}

// Import issues one chunk of a job's codes. Chunks of a job are applied in
// order and once: the shard remembers the highest.
type Import struct {
	Project  uint32
	Campaign uint32
	Rules    coupon.CodeRules
	Job      uint64 // catalog index of the job
	Chunk    uint32 // from 1
	// OldestActive is the oldest job that has not ended: those before it the shard
	// may forget when its memory of jobs is full. 0 lets it forget none.
	OldestActive uint64
	Codes        []NewCode
}

// AppendImport appends the body to dst.
func AppendImport(dst []byte, r *Import) []byte {
	dst = appendOwner(dst, r.Project, r.Campaign, r.Rules)
	dst = binary.LittleEndian.AppendUint64(dst, r.Job)
	dst = binary.LittleEndian.AppendUint32(dst, r.Chunk)
	dst = binary.LittleEndian.AppendUint64(dst, r.OldestActive)
	dst = binary.AppendUvarint(dst, uint64(len(r.Codes)))
	for i := range r.Codes {
		dst = appendNewCode(dst, &r.Codes[i])
	}
	return dst
}

func decodeImport(b []byte, r *Import) error {
	c := cursor{b: b}
	codes := r.Codes[:0]
	*r = Import{}
	r.Project, r.Campaign, r.Rules = c.owner()
	r.Job, r.Chunk, r.OldestActive = c.u64(), c.u32(), c.u64()
	for range c.count(coupon.ImportChunkCodesMax) {
		codes = append(codes, NewCode{})
		c.newCode(&codes[len(codes)-1])
	}
	r.Codes = codes
	if r.Chunk == 0 {
		c.fail("chunk 0")
	}
	return c.end()
}

func appendOwner(dst []byte, project, campaign uint32, rules coupon.CodeRules) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, project)
	dst = binary.LittleEndian.AppendUint32(dst, campaign)
	return append(dst, rules.Version, boolByte(rules.Fold))
}

func (c *cursor) owner() (project, campaign uint32, rules coupon.CodeRules) {
	project, campaign = c.u32(), c.u32()
	rules = coupon.CodeRules{Version: c.u8(), Fold: c.u8() != 0}
	if project >= projectsMax || rules.Version != coupon.CodeRulesVersion {
		c.fail("project or rules of codes")
	}
	return project, campaign, rules
}

func appendNewCode(dst []byte, n *NewCode) []byte {
	dst = appendHash(dst, n.Hash)
	dst = appendBytes(dst, n.Issued)
	return appendSpec(dst, &n.Spec)
}

func (c *cursor) newCode(n *NewCode) {
	n.Hash = c.hash()
	n.Issued = c.bytes(coupon.CodeBytesMax)
	c.spec(&n.Spec)
	if len(n.Issued) == 0 {
		c.fail("empty code")
	}
}

func boolByte(b bool) byte {
	if b {
		return 1
	}
	return 0
}
