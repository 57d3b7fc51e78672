package raftstore

import "encoding/binary"

// The key space of the log Pebble. Every key is
//
//	group u32 | kind u8 | index u64        (big endian, 13 bytes)
//
//	kind 0x01  term      index 0   value: term u64 | crc32c u32
//	kind 0x02  vote      index 0   value: term u64 | crc32c u32 | candidate
//	kind 0x03  version   index 0   value: active version u32 | crc32c u32
//	kind 0x10  log       index i   value: term u64 | type u8 | appendedAt i64 ns |
//	                                      crc32c u32 | data
//
// Every crc32c also covers the key, so that a value under a wrong key does not
// verify. A group's prefix is its first four bytes, and nothing else has it (R4).
const (
	kindTerm    = 0x01
	kindVote    = 0x02
	kindVersion = 0x03
	kindLog     = 0x10

	keySize = 4 + 1 + 8
)

// putKey fills dst, which has keySize bytes.
func putKey(dst []byte, group uint32, kind byte, index uint64) {
	binary.BigEndian.PutUint32(dst, group)
	dst[4] = kind
	binary.BigEndian.PutUint64(dst[5:], index)
}

func makeKey(group uint32, kind byte, index uint64) []byte {
	k := make([]byte, keySize)
	putKey(k, group, kind, index)
	return k
}

// logBounds are the inclusive lower and exclusive upper bound of a group's log.
func logBounds(group uint32) (lower, upper []byte) {
	lower = makeKey(group, kindLog, 0)
	upper = makeKey(group, kindLog+1, 0)
	return lower, upper
}

func indexOf(key []byte) uint64 { return binary.BigEndian.Uint64(key[5:]) }
