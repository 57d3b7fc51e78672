package views

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/scrip-engine/scrip/coupon"
)

// The key space. All numbers are big-endian, so that keys sort as numbers do;
// shard is the position of the source in Config.Sources, 16 bits.
//
//	01                                    format version, number of shards
//	02 shard                              watermark
//	10 shard list 00                      head of a list: its length, its marks, its newest runs
//	10 shard list 01 position48           a chunk of runs that begins there
//	10 shard list 02 block48              marks of 512 positions, one bit each
//	10 shard list 03 number48             how many are marked of 16,384 positions
//	10 shard list 04 number48             the same of 524,288 positions
//	20 shard campaign32 slot16 ordinal32  a code that is disabled or has a holder
//	21 shard scope                        counts
//	22 shard scope minute32               counts of one minute
//
// A list is a scope and a class byte. A scope is one of
//
//	01 project32                   everything in a project
//	02 project32 campaign32        a campaign; 0 for codes without one
//	03 project32 slot16 ordinal32  a code
//	04 project32 customer64        a customer: slot in the upper 16 bits
//	05 order128                    an order: SHA-256 of the project and its id
//
// The first byte of a scope tells its length, so no key is a prefix of another
// list's keys.
const (
	keyMeta      = 0x01
	keyWatermark = 0x02
	keyList      = 0x10
	keyCode      = 0x20
	keyCounts    = 0x21
	keyMinute    = 0x22

	partHead  = 0x00
	partEntry = 0x01
	partBlock = 0x02
	partSuper = 0x03
	partTop   = 0x04
	partEnd   = 0x05

	scopeOfProject  = 0x01
	scopeOfCampaign = 0x02
	scopeOfCode     = 0x03
	scopeOfCustomer = 0x04
	scopeOfOrder    = 0x05
)

// class is what a list holds. Records are kept apart by kind, so that every
// useful union of them is a merge of lists without a filter.
type class byte

const (
	classSpend     class = 0 // redemptions of discounts
	classGiftSpend class = 1 // redemptions of gift cards
	classBack      class = 2 // rollbacks of discounts
	classGiftBack  class = 3 // rollbacks of gift cards
	classLedger    class = 4 // other entries of a card's ledger: issue, balance
	classOther     class = 5 // created, switched, updated, deleted
	classCustomers class = 6 // births of customers
	classCodes     class = 7 // codes in order of creation; of a holder: of allocation
)

// keyBytesMax is the length of the longest keys: parts of an order's list.
const keyBytesMax = 3 + 1 + orderHashBytes + 1 + 1 + numberBytes

// orderHashBytes of SHA-256: order ids come from outside, and nobody shall be
// able to make two that share a list.
const orderHashBytes = 16

// scope names whose list or count it is. It is comparable.
type scope struct {
	n uint8
	b [1 + orderHashBytes]byte
}

func newScope(kind byte, parts ...byte) (s scope) {
	s.b[0] = kind
	s.n = uint8(1 + copy(s.b[1:], parts))
	return s
}

// scopeBytes is the length of the scopes of a kind.
func scopeBytes(kind byte) int {
	switch kind {
	case scopeOfProject:
		return 5
	case scopeOfCampaign:
		return 9
	case scopeOfCode:
		return 11
	case scopeOfCustomer:
		return 13
	default:
		return 1 + orderHashBytes
	}
}

func (s scope) bytes() []byte { return s.b[:s.n] }

func projectScope(project uint32) scope {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], project)
	return newScope(scopeOfProject, b[:]...)
}

func campaignScope(project, campaign uint32) scope {
	var b [8]byte
	binary.BigEndian.PutUint32(b[:], project)
	binary.BigEndian.PutUint32(b[4:], campaign)
	return newScope(scopeOfCampaign, b[:]...)
}

func codeScope(project uint32, p Place) scope {
	var b [10]byte
	binary.BigEndian.PutUint32(b[:], project)
	binary.BigEndian.PutUint16(b[4:], p.Slot)
	binary.BigEndian.PutUint32(b[6:], p.Ordinal)
	return newScope(scopeOfCode, b[:]...)
}

func customerScope(project uint32, id coupon.ID) scope {
	var b [12]byte
	binary.BigEndian.PutUint32(b[:], project)
	binary.BigEndian.PutUint64(b[4:], packID(id))
	return newScope(scopeOfCustomer, b[:]...)
}

func orderScope(project uint32, source []byte) scope {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], project)
	var space [128]byte
	sum := sha256.Sum256(append(append(space[:0], b[:]...), source...))
	return newScope(scopeOfOrder, sum[:orderHashBytes]...)
}

// packID puts an id into one word, as the journal does.
func packID(id coupon.ID) uint64 { return uint64(id.Slot)<<48 | id.Seq }

func unpackID(v uint64) coupon.ID { return coupon.ID{Slot: uint16(v >> 48), Seq: v & (1<<48 - 1)} }

func metaKey() []byte { return []byte{keyMeta} }

func appendShard(dst []byte, kind byte, shard int) []byte {
	return binary.BigEndian.AppendUint16(append(dst, kind), uint16(shard))
}

func watermarkKey(shard int) []byte { return appendShard(nil, keyWatermark, shard) }

// appendList appends the common front of a list's keys.
func appendList(dst []byte, shard int, s scope, c class) []byte {
	dst = appendShard(dst, keyList, shard)
	return append(append(dst, s.bytes()...), byte(c))
}

// appendAt appends a part and a 48-bit number to the front of a list.
func appendAt(list []byte, part byte, n int64) []byte {
	return append(list, part, byte(n>>40), byte(n>>32), byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
}

// numberBytes is the length of what appendAt appends behind the part.
const numberBytes = 6

// numberOf reads the number at the end of a key made by appendAt.
func numberOf(key []byte) int64 {
	b := key[len(key)-numberBytes:]
	return int64(b[0])<<40 | int64(b[1])<<32 | int64(b[2])<<24 | int64(b[3])<<16 | int64(b[4])<<8 | int64(b[5])
}

func appendCampaignCodes(dst []byte, shard int, campaign uint32) []byte {
	return binary.BigEndian.AppendUint32(appendShard(dst, keyCode, shard), campaign)
}

func appendCode(dst []byte, shard int, campaign uint32, p Place) []byte {
	dst = appendCampaignCodes(dst, shard, campaign)
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint16(dst, p.Slot), p.Ordinal)
}

func appendCounts(dst []byte, shard int, s scope) []byte {
	return append(appendShard(dst, keyCounts, shard), s.bytes()...)
}

func appendMinute(dst []byte, shard int, s scope, minute uint32) []byte {
	dst = append(appendShard(dst, keyMinute, shard), s.bytes()...)
	return binary.BigEndian.AppendUint32(dst, minute)
}

// after returns the smallest key behind all that begin with prefix.
func after(prefix []byte) []byte {
	end := append([]byte(nil), prefix...)
	for i := len(end) - 1; i >= 0; i-- {
		if end[i]++; end[i] != 0 {
			return end[:i+1]
		}
	}
	return nil
}
