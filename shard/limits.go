package shard

import "github.com/scrip-engine/scrip/coupon"

// Bounds that only the shard knows. Those a caller can meet stand in
// coupon/limits.go.
const (
	// discountBytesMax bounds an encoded discount; the largest kind takes a few
	// hundred bytes.
	discountBytesMax = 2 << 10
	// customerBytesMax bounds a sealed profile: a body of metadata, the address
	// and the seal around them.
	customerBytesMax = 8 << 10
	// campaignsMax bounds what one shard remembers of campaigns, 150 bytes each.
	campaignsMax = 1 << 20
	// projectsMax bounds the projects of a cluster.
	projectsMax = 1 << 16
	// jobsMax bounds the jobs whose progress is remembered. One that has ended goes
	// when one more starts; far fewer are under way at once.
	jobsMax = 10_000
	// codesPerSlotMax is what 20 bits of a place can name: 4 billion codes over
	// all slots.
	codesPerSlotMax = 1<<20 - 2
	// customersPerSlotMax is the same bound for customers, whose index holds
	// numbers of 20 bits too.
	customersPerSlotMax = codesPerSlotMax
	// linesMax bounds the lines of a redemption: those of the order and as many
	// that a discount added.
	linesMax = 2 * coupon.OrderItemsMax
	// stampMax is far above every calendar, and so far below the end of int64
	// that no time plus a memory wraps.
	stampMax = int64(1) << 60
	// budgetBytesMax leaves a quarter of an arena's 64 GiB to unused ends of
	// chunks and pages.
	budgetBytesMax = int64(48) << 30
	// reserveShare of the budget is kept for switching off, deleting and giving
	// back when nothing new fits any more: one part in 64.
	reserveShare = 64
	// sweepsPerCommand bounds the receipts that one command may let go, so that
	// no command pays for the past.
	sweepsPerCommand = 2

	// What a record counts for in the budget: its row and its share of the
	// indexes, at the fullest they are expected to cost.
	codeBytes  = codeRowBytes + orderRowBytes + 10
	useBytes   = useRowBytes + 11
	eventBytes = eventRowBytes + journalRowBytes + 11
	// crowdedSlackBytes is what an idle shard may take from the system beyond its
	// budget: a few regions of the arena.
	crowdedSlackBytes = 64 << 20
)
