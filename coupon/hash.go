package coupon

import (
	"encoding/binary"
	"math/bits"

	"github.com/dchest/siphash"
)

// Slots is into how many parts the code space is cut. A slot is where a code,
// a customer or a counter lives for ever; shards own slots and may trade them.
// 4,096 because one slot of a hundred million codes is then about 24,000 codes,
// small enough to move in one go, and a table of all slots still fits a page or
// two of memory. It is part of every id and of the log: it never changes.
const Slots = 1 << slotBits

const slotBits = 12

// Domain keeps apart what is hashed for different purposes, so that a customer
// whose source id reads like a code does not land on the code's hash. The
// numbers decide where state lives: never renumber, only append.
type Domain byte

const (
	DomainCode     Domain = 0x00 // payload: the folded code
	DomainCustomer Domain = 0x01 // payload: source_id, or the minted customer id when there is none
	DomainCampaign Domain = 0x02 // payload: the campaign id; its counters live there
	DomainEmail    Domain = 0x03 // payload: an e-mail alias of a customer
	DomainPhone    Domain = 0x04 // payload: a telephone alias of a customer
	DomainProject  Domain = 0x05 // payload: empty; anchor of keys that name nothing smaller than the project
	DomainName     Domain = 0x06 // payload: a name given to something that is created, such as a campaign
)

// Hash is 128 bits of a keyed hash. Hi is the big-endian reading of the first
// eight output bytes and Lo that of the last eight, so the leading bits of the
// output are the leading bits of Hi.
type Hash struct{ Hi, Lo uint64 }

// Slot is the first 12 bits of the hash.
func (h Hash) Slot() uint16 { return uint16(h.Hi >> (64 - slotBits)) }

// IsZero reports whether h is the zero value, which stands for "no key".
func (h Hash) IsZero() bool { return h == Hash{} }

// hashStackBytes is how large an input may be before Hash takes a buffer from
// the heap: a project id and any code people type fit with room to spare.
const hashStackBytes = 256

// Hash places payload: SipHash-2-4-128 under the placement half of the secret
// over uvarint(len(project)) ‖ project ‖ domain ‖ payload. The length in front
// makes the project's end unambiguous. Safe for concurrent use; nothing of the
// arguments is kept.
func (s *Secret) Hash(project string, d Domain, payload []byte) Hash {
	var stack [hashStackBytes]byte
	buf := binary.AppendUvarint(stack[:0], uint64(len(project)))
	buf = append(buf, project...)
	buf = append(buf, byte(d))
	buf = append(buf, payload...)
	return s.placement.sum128(buf)
}

// KeyHash is the stored form of an idempotency key: 128 bits under a key of its
// own, so that a key's hash says nothing about where a code lives. The caller
// writes the key's scope (project, operation, anchor) into b in front of the
// key itself, each with its length.
func (s *Secret) KeyHash(b []byte) Hash { return s.keys.sum128(b) }

// sipKey is one 128-bit SipHash key as its two little-endian words.
type sipKey struct{ k0, k1 uint64 }

func newSipKey(b []byte) sipKey {
	return sipKey{binary.LittleEndian.Uint64(b[:8]), binary.LittleEndian.Uint64(b[8:16])}
}

// sum128 returns the output bytes read big-endian; SipHash defines its output
// as two little-endian words, hence the reversal.
func (k sipKey) sum128(b []byte) Hash {
	first, second := siphash.Hash128(k.k0, k.k1, b)
	return Hash{bits.ReverseBytes64(first), bits.ReverseBytes64(second)}
}

func (k sipKey) sum64(b []byte) uint64 { return siphash.Hash(k.k0, k.k1, b) }

// derive makes the key for one purpose. SipHash is a pseudo-random function, so
// outputs under distinct labels are independent keys as long as k is unknown.
func (k sipKey) derive(label string) sipKey {
	h := k.sum128([]byte(label))
	return sipKey{h.Hi, h.Lo}
}
