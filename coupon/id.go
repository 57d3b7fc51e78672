package coupon

import "encoding/binary"

// An ID names something that lives in a slot: the slot says where to look, the
// sequence which one. It is assigned once, inside the log, and never reused.
//
// Its public text is a prefix and 16 characters of lower-case Crockford base32
// over 80 bits:
//
//	version 4 | slot 12 | permuted( sequence 48 | check 16 )
//
// The check is keyed and covers prefix, version, slot and sequence: a made-up id
// is refused before anything is looked up. The permutation is keyed too, so ids
// show neither the order nor the number of what was created.
type ID struct {
	Slot uint16 // < Slots
	Seq  uint64 // ≤ SeqMax
}

// SeqMax is the largest sequence that an ID can carry: at a million a second in
// one slot it lasts for eight years, and there are 4,096 slots.
const SeqMax = 1<<48 - 1

// CatalogIndexMax is the largest catalog index that an id can carry.
const CatalogIndexMax = 1<<60 - 1

// The prefixes of ids. A prefix is part of the check: an id of one kind is never
// taken for another kind.
const (
	PrefixVoucher     = "v_"
	PrefixRedemption  = "r_"
	PrefixRollback    = "rr_"
	PrefixCustomer    = "cust_"
	PrefixCampaign    = "camp_"
	PrefixProject     = "proj_"
	PrefixKey         = "key_"
	PrefixAsyncAction = "aa_"
	PrefixTransaction = "vtx_"
	PrefixValidation  = "valid_"
	PrefixRequest     = "req_"
	PrefixOrder       = "ord_"
	PrefixSession     = "ssn_"
	PrefixPublication = "pub_"
	PrefixImport      = "imp_"
	PrefixEvent       = "ev_"
	// PrefixCatalogEvent keeps the numbers of the catalog's events apart from the
	// slots and sequences of the others.
	PrefixCatalogEvent = "evc_"
)

const (
	idVersion     = 1
	idChars       = 16
	idPrefixBytes = 8 // the longest prefix; a row in the test holds it
)

// AppendID appends the public text of id to dst. It panics when a part is out of
// range: numbers come from Apply, so that would be our own mistake.
func (s *Secret) AppendID(dst []byte, prefix string, id ID) []byte {
	if id.Slot >= Slots || id.Seq > SeqMax {
		panic("coupon: id out of range")
	}
	top := uint16(idVersion)<<slotBits | id.Slot
	low := s.permute(top, id.Seq<<16|uint64(s.idCheck16(prefix, top, id.Seq)))
	return appendBase32(append(dst, prefix...), top, low)
}

// FormatID is AppendID as a string.
func (s *Secret) FormatID(prefix string, id ID) string {
	var stack [idPrefixBytes + idChars]byte
	return string(s.AppendID(stack[:0], prefix, id))
}

// ParseID reads an id of the given kind. It reports false for everything that
// FormatID did not make with this secret and prefix, letter case included.
func (s *Secret) ParseID(prefix, text string) (ID, bool) {
	if len(text) != len(prefix)+idChars || text[:len(prefix)] != prefix {
		return ID{}, false
	}
	top, low, ok := parseBase32(text[len(prefix):])
	if !ok || top>>slotBits != idVersion {
		return ID{}, false
	}
	low = s.unpermute(top, low)
	seq := low >> 16
	if uint16(low) != s.idCheck16(prefix, top, seq) {
		return ID{}, false
	}
	return ID{Slot: top & (Slots - 1), Seq: seq}, true
}

// FormatCatalogID is the id of something in the catalog: the index of the log
// entry that created it stands in place of slot and sequence, in the same form.
func (s *Secret) FormatCatalogID(prefix string, index uint64) string {
	if index > CatalogIndexMax {
		panic("coupon: catalog index out of range")
	}
	return s.FormatID(prefix, ID{Slot: uint16(index >> 48), Seq: index & SeqMax})
}

// ParseCatalogID reads what FormatCatalogID made, and nothing else.
func (s *Secret) ParseCatalogID(prefix, text string) (uint64, bool) {
	id, ok := s.ParseID(prefix, text)
	return uint64(id.Slot)<<48 | id.Seq, ok
}

// AppendRandomID appends an id of the same look for what is named but never
// looked up by its id: requests, sessions, validations. The 80 bits come from
// the caller's source of chance. ParseID refuses it, but for one in a million.
func AppendRandomID(dst []byte, prefix string, random [10]byte) []byte {
	top := binary.BigEndian.Uint16(random[:2])
	return appendBase32(append(dst, prefix...), top, binary.BigEndian.Uint64(random[2:]))
}

// idCheck16 is the part of an id that outsiders cannot compute.
func (s *Secret) idCheck16(prefix string, top uint16, seq uint64) uint16 {
	var stack [10 + 2*idPrefixBytes]byte
	binary.LittleEndian.PutUint16(stack[:2], top)
	binary.LittleEndian.PutUint64(stack[2:10], seq)
	return uint16(s.idCheck.sum64(append(stack[:10], prefix...)))
}

// permuteRounds: a Feistel network over two 32-bit halves whose round function
// is a keyed pseudo-random function hides everything from three rounds on
// against single guesses and, from six, against whoever has collected about as
// many ids as there are halves, 2^32 (Luby and Rackoff 1988, Patarin 2004).
const permuteRounds = 6

// permute is a bijection of 64 bits for each value of top.
func (s *Secret) permute(top uint16, v uint64) uint64 {
	left, right := uint32(v>>32), uint32(v)
	for round := range permuteRounds {
		left, right = right, left^s.permuteRound(byte(round), top, right)
	}
	return uint64(left)<<32 | uint64(right)
}

// unpermute is the inverse of permute.
func (s *Secret) unpermute(top uint16, v uint64) uint64 {
	left, right := uint32(v>>32), uint32(v)
	for round := permuteRounds - 1; round >= 0; round-- {
		left, right = right^s.permuteRound(byte(round), top, left), left
	}
	return uint64(left)<<32 | uint64(right)
}

// permuteRound hashes seven bytes: with the length byte that SipHash adds they
// are exactly one block.
func (s *Secret) permuteRound(round byte, top uint16, half uint32) uint32 {
	block := [7]byte{round, byte(top), byte(top >> 8), byte(half), byte(half >> 8), byte(half >> 16), byte(half >> 24)}
	return uint32(s.idOrder.sum64(block[:]))
}
