package raftstore

import (
	"encoding/binary"
	"fmt"
)

// What one log entry holds. Little endian; golden in entry_test.go, because the
// log remembers for ever.
//
//	format u8 | kind u8 | count u32 | stamp i64 ms | crc32c u32 | body
//
//	kind 1  commands      body: count × (length u32 | bytes)
//	kind 2  TermStart     body: supported version u32      (count 0)
//	kind 3  RaiseVersion  body: version u32                (count 0)
//
// The crc covers the first 14 bytes and the body. It is the proposer's own: the
// log's value has another one, but this one also crosses the network and raft.
const (
	entryFormat     = 1
	entryHeaderSize = 1 + 1 + 4 + 8 + 4
	entrySumAt      = entryHeaderSize - 4
	commandOverhead = 4
)

type entryKind uint8

const (
	entryCommands     entryKind = 1
	entryTermStart    entryKind = 2
	entryRaiseVersion entryKind = 3
)

// entry is the decoded form. commands point into the encoded bytes.
type entry struct {
	kind     entryKind
	stamp    int64
	version  uint32 // of TermStart and RaiseVersion
	commands [][]byte
}

// appendCommands encodes an entry of the given commands; nil ones were withdrawn
// and are left out.
func appendCommands(dst []byte, stamp int64, count int, commands [][]byte) []byte {
	start := len(dst)
	dst = appendEntryHeader(dst, entryCommands, stamp, count)
	for _, c := range commands {
		if c == nil {
			continue
		}
		dst = binary.LittleEndian.AppendUint32(dst, uint32(len(c)))
		dst = append(dst, c...)
	}
	sealEntry(dst[start:])
	return dst
}

// appendControl encodes a TermStart or a RaiseVersion.
func appendControl(dst []byte, kind entryKind, stamp int64, version uint32) []byte {
	start := len(dst)
	dst = appendEntryHeader(dst, kind, stamp, 0)
	dst = binary.LittleEndian.AppendUint32(dst, version)
	sealEntry(dst[start:])
	return dst
}

func appendEntryHeader(dst []byte, kind entryKind, stamp int64, count int) []byte {
	dst = append(dst, entryFormat, byte(kind))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(count))
	dst = binary.LittleEndian.AppendUint64(dst, uint64(stamp))
	return append(dst, 0, 0, 0, 0) // the sum
}

func sealEntry(b []byte) { putSum(b[entrySumAt:], b[:entrySumAt], b[entryHeaderSize:]) }

// decode fills e from b and reuses e.commands. An error means that a committed
// entry cannot be understood (R6).
func (e *entry) decode(b []byte) error {
	e.commands = e.commands[:0]
	if len(b) < entryHeaderSize {
		return fmt.Errorf("%w: entry of %d bytes is shorter than its header", ErrCorrupt, len(b))
	}
	if got, want := sum(b[:entrySumAt], b[entryHeaderSize:]), binary.LittleEndian.Uint32(b[entrySumAt:]); got != want {
		return fmt.Errorf("%w: entry has checksum %08x, want %08x", ErrCorrupt, got, want)
	}
	if b[0] != entryFormat {
		return fmt.Errorf("%w: entry format %d, this binary knows %d", ErrBinaryTooOld, b[0], entryFormat)
	}
	e.kind = entryKind(b[1])
	count := binary.LittleEndian.Uint32(b[2:])
	e.stamp = int64(binary.LittleEndian.Uint64(b[6:]))
	body := b[entryHeaderSize:]
	switch e.kind {
	case entryCommands:
		return e.decodeCommands(count, body)
	case entryTermStart, entryRaiseVersion:
		if len(body) != 4 || count != 0 {
			return fmt.Errorf("%w: control entry of kind %d has %d bytes and %d commands", ErrCorrupt, e.kind, len(body), count)
		}
		e.version = binary.LittleEndian.Uint32(body)
		return nil
	default:
		return fmt.Errorf("%w: entry kind %d", ErrBinaryTooOld, e.kind)
	}
}

func (e *entry) decodeCommands(count uint32, body []byte) error {
	if uint64(count)*commandOverhead > uint64(len(body)) {
		return fmt.Errorf("%w: %d commands in %d bytes", ErrCorrupt, count, len(body))
	}
	for i := range count {
		if len(body) < commandOverhead {
			return fmt.Errorf("%w: command %d has no length", ErrCorrupt, i)
		}
		n := binary.LittleEndian.Uint32(body)
		body = body[commandOverhead:]
		if uint64(n) > uint64(len(body)) {
			return fmt.Errorf("%w: command %d of %d bytes, %d left", ErrCorrupt, i, n, len(body))
		}
		e.commands = append(e.commands, body[:n:n])
		body = body[n:]
	}
	if len(body) != 0 {
		return fmt.Errorf("%w: %d bytes after the last command", ErrCorrupt, len(body))
	}
	return nil
}
