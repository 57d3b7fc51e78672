package shard

import (
	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/internal/arena"
)

// What a shard's memory costs. Every number is the size of a row and of its share of
// the indexes; a test holds the sum against the arenas within a tenth.

// Load is what a shard is asked to hold.
type Load struct {
	Codes int64 // single-use codes of campaigns
	// Cards are gift cards and codes with a limit, dates or a holder of their own.
	Cards     int64
	CodeBytes int // of a code's text, on average
	Customers int64
	// ProfileBytes is what a sealed profile takes, on average.
	ProfileBytes int
	// Records are the redemptions that are not sealed yet, KeyedCards those of them
	// that are of a card: they have an entry in an index, single-use codes none.
	Records, KeyedCards int64
	// RecordBytes is a journal record, on average.
	RecordBytes int
}

// Averages for a Load whose sizes are not known: a code of 12 characters, a profile of
// a name and an address, a redemption of an order with an id.
const (
	AverageCodeBytes    = 12
	AverageProfileBytes = 100
	AverageRecordBytes  = 101
)

// Need is memory in bytes.
type Need struct{ Fixed, Codes, Customers, Records int64 }

// Total is the sum.
func (n Need) Total() int64 { return n.Fixed + n.Codes + n.Customers + n.Records }

const (
	// narrowEntryBytes and wideEntryBytes are 6 and 8 bytes in pages that are between
	// two thirds and 85 % full.
	narrowEntryBytes = 8
	wideEntryBytes   = 11
	// recordWays are the ways to a record by its sequence and by its id.
	recordWays = journalRowBytes + eventRowBytes
)

// Estimate is the memory for a load.
func Estimate(l *Load) (n Need) {
	code := int64(codeRowBytes + orderRowBytes + narrowEntryBytes + l.CodeBytes + 1)
	n.Codes = (l.Codes+l.Cards)*code + l.Cards*int64(arena.SizeClass(sideFixedBytes))
	birth := blockBytes(recordFront+23) + recordWays
	n.Customers = l.Customers * (customerRowBytes + narrowEntryBytes + int64(arena.SizeClass(l.ProfileBytes)) + birth)
	n.Records = l.Records*(blockBytes(l.RecordBytes)+recordWays) + l.KeyedCards*wideEntryBytes
	if codes := l.Codes + l.Cards; codes > 0 {
		n.Fixed += ends(codes, rowsPerChunk, codeRowBytes) + ends(codes*int64(l.CodeBytes+1), textChunkBytes, 1)
	}
	if l.Customers > 0 {
		n.Fixed += ends(l.Customers, rowsPerChunk, customerRowBytes)
	}
	if events := l.Records + l.Customers; events > 0 {
		n.Fixed += ends(events, rowsPerChunk, eventRowBytes)
	}
	return n
}

// ends are the unused ends of a table over all slots: the last chunk of each is half
// empty, and more than that when it is the only one.
func ends(rows int64, perChunk, size int64) int64 {
	return coupon.Slots * max(perChunk/2, perChunk-rows/coupon.Slots) * size
}

// blockBytes is what an arena takes for a block that is not of a size class.
func blockBytes(n int) int64 { return int64((n + arena.Unit - 1) / arena.Unit * arena.Unit) }
