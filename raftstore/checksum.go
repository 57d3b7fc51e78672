package raftstore

import (
	"encoding/binary"
	"hash/crc32"
)

// castagnoli is the polynomial that the CPU computes (SSE4.2, ARMv8).
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sum is the CRC32C of the parts, one after the other.
func sum(parts ...[]byte) uint32 {
	var c uint32
	for _, p := range parts {
		c = crc32.Update(c, castagnoli, p)
	}
	return c
}

func putSum(dst []byte, parts ...[]byte) { binary.LittleEndian.PutUint32(dst, sum(parts...)) }
