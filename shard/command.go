package shard

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/scrip-engine/scrip/coupon"
)

// Kind says what a command does. The numbers are in the log for ever.
type Kind uint16

const (
	KindRedeem   Kind = 1
	KindRollback Kind = 2
	KindCreate   Kind = 3 // one code
	KindImport   Kind = 4 // one chunk of a job's codes
	KindEnable   Kind = 5 // switch one code on or off
	KindUpdate   Kind = 6 // dates, holder, metadata of one code
	KindDelete   Kind = 7 // one code
	KindBalance  Kind = 8 // add to or remove from a gift card
	KindFence    Kind = 9 // raise the fence of a campaign or a project
	KindCustomer Kind = 10
	KindForget   Kind = 11 // delete a customer and the key of its data
	KindCampaign Kind = 12 // birth of a campaign in this shard, or its end
	KindTune     Kind = 13 // the budget, or the generation of ids
	KindClaim    Kind = 14 // bind a key to a request
	KindSeal     Kind = 15 // let old records of the journal go
)

// String is the kind's name in logs and events; unique and never changed.
func (k Kind) String() string {
	if int(k) < len(kindNames) && kindNames[k] != "" {
		return kindNames[k]
	}
	return "kind_" + strconv.Itoa(int(k))
}

var kindNames = [...]string{
	KindRedeem: "redeem", KindRollback: "rollback", KindCreate: "create", KindImport: "import",
	KindEnable: "enable", KindUpdate: "update", KindDelete: "delete", KindBalance: "balance",
	KindFence: "fence", KindCustomer: "customer", KindForget: "forget", KindCampaign: "campaign",
	KindTune: "tune", KindClaim: "claim", KindSeal: "seal",
}

// Command flags.
const (
	// FlagMinted: the key was made at ingress, since the client gave none. It
	// exists so that an ambiguous entry may be proposed again under the same
	// identity, and is remembered for MintedKeyMillis only.
	FlagMinted uint16 = 1 << 0
	// FlagDerived: the key came from the body; a full rollback releases it (P3).
	FlagDerived uint16 = 1 << 1
)

// The format of a command header; see Header.
const (
	EntryFormat    = 1
	CommandVersion = 1
	HeaderBytes    = 89
)

// Always is a validity interval without end on either side.
const (
	AlwaysFrom  = int64(math.MinInt64)
	AlwaysUntil = int64(math.MaxInt64)
)

// Header opens every command. On the wire it is little-endian and fixed:
//
//	 0 entry format u8     1 command version u8    2 kind u16     4 flags u16
//	 6 slot u16            8 slot-map epoch u32   12 not_after i64 ms
//	20 catalog index u64  28 valid from i64 ms    36 valid until i64 ms
//	44 basis version u32  48 basis mask u32       52 key hash 16 bytes
//	68 fingerprint version u8   69 fingerprint u64   77 actor u32   81 seen u64
type Header struct {
	Kind  Kind
	Flags uint16
	// Slot is the slot of the code, redemption, customer or campaign that the
	// command is about; the slot whose owner must apply it.
	Slot  uint16
	Epoch uint32 // of the slot map by which it was routed
	// NotAfter bounds the time in which the command may take effect, so that an
	// unknown outcome becomes certain (P5). Unix milliseconds of replicated time.
	NotAfter int64
	// CatalogIndex is the catalog state that the command was evaluated at.
	CatalogIndex uint64
	// ValidFrom and ValidUntil are the interval [from, until) of replicated time
	// in which the evaluation holds.
	ValidFrom, ValidUntil int64
	// BasisVersion is the version of the record that was read, and BasisMask the
	// mutable fields of it that the evaluation used; 0 when it used none.
	BasisVersion, BasisMask uint32
	// Key is the keyed hash of (operation, idempotency key); zero for no key.
	Key                coupon.Hash
	FingerprintVersion uint8
	Fingerprint        uint64
	// Actor is the catalog ordinal of the API key that asked.
	Actor uint32
	// Seen is the newest journal record when the proposer began to look for what the
	// command brings along from the history, or found that it needs nothing from there.
	// What was sealed behind it may hold more: Apply answers LookAgain. See Seal.
	Seen uint64
}

// ErrFormat is wrapped by every error about bytes that are not a command,
// record or image of a known format. In a committed entry it stops the group.
var ErrFormat = errors.New("unknown or damaged format")

// AppendHeader appends the encoded header to dst.
func AppendHeader(dst []byte, h *Header) []byte {
	le := binary.LittleEndian
	dst = append(dst, EntryFormat, CommandVersion)
	dst = le.AppendUint16(dst, uint16(h.Kind))
	dst = le.AppendUint16(dst, h.Flags)
	dst = le.AppendUint16(dst, h.Slot)
	dst = le.AppendUint32(dst, h.Epoch)
	dst = le.AppendUint64(dst, uint64(h.NotAfter))
	dst = le.AppendUint64(dst, h.CatalogIndex)
	dst = le.AppendUint64(dst, uint64(h.ValidFrom))
	dst = le.AppendUint64(dst, uint64(h.ValidUntil))
	dst = le.AppendUint32(dst, h.BasisVersion)
	dst = le.AppendUint32(dst, h.BasisMask)
	dst = appendHash(dst, h.Key)
	dst = append(dst, h.FingerprintVersion)
	dst = le.AppendUint64(dst, h.Fingerprint)
	dst = le.AppendUint32(dst, h.Actor)
	return le.AppendUint64(dst, h.Seen)
}

// DecodeHeader reads a header and returns the body behind it, which aliases b.
func DecodeHeader(b []byte, h *Header) (body []byte, err error) {
	if len(b) < HeaderBytes {
		return nil, fmt.Errorf("command of %d bytes: %w", len(b), ErrFormat)
	}
	if b[0] != EntryFormat || b[1] != CommandVersion {
		return nil, fmt.Errorf("command format %d version %d: %w", b[0], b[1], ErrFormat)
	}
	le := binary.LittleEndian
	*h = Header{
		Kind:               Kind(le.Uint16(b[2:])),
		Flags:              le.Uint16(b[4:]),
		Slot:               le.Uint16(b[6:]),
		Epoch:              le.Uint32(b[8:]),
		NotAfter:           int64(le.Uint64(b[12:])),
		CatalogIndex:       le.Uint64(b[20:]),
		ValidFrom:          int64(le.Uint64(b[28:])),
		ValidUntil:         int64(le.Uint64(b[36:])),
		BasisVersion:       le.Uint32(b[44:]),
		BasisMask:          le.Uint32(b[48:]),
		Key:                hashAt(b[52:]),
		FingerprintVersion: b[68],
		Fingerprint:        le.Uint64(b[69:]),
		Actor:              le.Uint32(b[77:]),
		Seen:               le.Uint64(b[81:]),
	}
	if h.Slot >= coupon.Slots {
		return nil, fmt.Errorf("slot %d: %w", h.Slot, ErrFormat)
	}
	return b[HeaderBytes:], nil
}

func appendHash(dst []byte, h coupon.Hash) []byte {
	dst = binary.BigEndian.AppendUint64(dst, h.Hi)
	return binary.BigEndian.AppendUint64(dst, h.Lo)
}

func hashAt(b []byte) coupon.Hash {
	return coupon.Hash{Hi: binary.BigEndian.Uint64(b), Lo: binary.BigEndian.Uint64(b[8:])}
}
