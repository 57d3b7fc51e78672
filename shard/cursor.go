package shard

import (
	"encoding/binary"
	"fmt"

	"github.com/scrip-engine/scrip/coupon"
)

// cursor reads the variable part of commands and records. The first read past
// the end, or of something malformed, sets err; later reads return zeros, so
// that a decoder checks once at its end.
type cursor struct {
	b   []byte
	err error
}

func (c *cursor) fail(what string) {
	if c.err == nil {
		c.err = fmt.Errorf("%s: %w", what, ErrFormat)
	}
	c.b = nil
}

func (c *cursor) take(n int) []byte {
	if n < 0 || len(c.b) < n {
		c.fail("short")
		return nil
	}
	v := c.b[:n:n]
	c.b = c.b[n:]
	return v
}

func (c *cursor) u8() uint8 {
	if v := c.take(1); v != nil {
		return v[0]
	}
	return 0
}

func (c *cursor) u16() uint16 {
	if v := c.take(2); v != nil {
		return binary.LittleEndian.Uint16(v)
	}
	return 0
}

func (c *cursor) u32() uint32 {
	if v := c.take(4); v != nil {
		return binary.LittleEndian.Uint32(v)
	}
	return 0
}

func (c *cursor) u64() uint64 {
	if v := c.take(8); v != nil {
		return binary.LittleEndian.Uint64(v)
	}
	return 0
}

func (c *cursor) i64() int64 { return int64(c.u64()) }

func (c *cursor) hash() coupon.Hash {
	if v := c.take(16); v != nil {
		return hashAt(v)
	}
	return coupon.Hash{}
}

// id reads a slot and a 48-bit sequence packed into one word.
func (c *cursor) id() coupon.ID {
	id := unpackID(c.u64())
	if id.Slot >= coupon.Slots {
		c.fail("slot of an id")
	}
	return id
}

func (c *cursor) uvarint() uint64 {
	v, n := binary.Uvarint(c.b)
	if n <= 0 {
		c.fail("varint")
		return 0
	}
	c.b = c.b[n:]
	return v
}

func (c *cursor) varint() int64 {
	v, n := binary.Varint(c.b)
	if n <= 0 {
		c.fail("varint")
		return 0
	}
	c.b = c.b[n:]
	return v
}

// bytes reads a length and that many bytes, at most limit.
func (c *cursor) bytes(limit int) []byte {
	n := c.uvarint()
	if n > uint64(limit) {
		c.fail("length")
		return nil
	}
	return c.take(int(n))
}

// count reads a number of items of at least one byte each.
func (c *cursor) count(limit int) int {
	n := c.uvarint()
	if n > uint64(limit) || n > uint64(len(c.b)) {
		c.fail("count")
		return 0
	}
	return int(n)
}

// end reports an error for anything unread, or the first error.
func (c *cursor) end() error {
	if c.err == nil && len(c.b) != 0 {
		c.fail("trailing bytes")
	}
	return c.err
}

func appendBytes(dst, b []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(b)))
	return append(dst, b...)
}

// packID puts an id into one word: slot in the top 16 bits. Zero is no id,
// since sequences start at 1.
func packID(id coupon.ID) uint64 { return uint64(id.Slot)<<48 | id.Seq }

func unpackID(v uint64) coupon.ID {
	return coupon.ID{Slot: uint16(v >> 48), Seq: v & (1<<48 - 1)}
}
