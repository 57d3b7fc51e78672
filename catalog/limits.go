package catalog

import "github.com/scrip-engine/scrip/coupon"

// Every bound of the catalog, each with its reason (P10). The counts are checked
// inside Apply, where all replicas agree; the byte lengths are checked by Encode
// before a command exists and again when it is decoded, so that what is refused
// is refused before the log. Lowering one makes committed commands unreadable:
// they may only grow, together with a new command version.
const (
	// ProjectsMax: a project is a tenant or an environment; one cluster serves an
	// organisation, not a hosting business.
	ProjectsMax = 1_000
	// KeysMax counts revoked keys as well, for the journal names actors by ordinal
	// for ever.
	KeysMax = 10_000
	// CampaignsMax counts deleted campaigns as well: redemptions keep pointing at
	// them. At 1 KiB each the full catalog is 100 MB and an image takes a second.
	CampaignsMax = 100_000
	// JobsMax is how many jobs are remembered; above it the oldest finished one is
	// forgotten. JobsActiveMax is how many may be unfinished at once: each holds a
	// spool file, and they all share one low-priority lane.
	JobsMax       = 10_000
	JobsActiveMax = 256
	// StateBytesMax bounds projects, keys, campaigns and jobs together, in encoded
	// bytes: every node holds them in memory and an image writes them whole.
	StateBytesMax = 256 << 20
	// JournalMax is how many records stay readable; the oldest is dropped after
	// that and a reader sees the gap (C8). At about 300 bytes each: 6 MB.
	JournalMax = 20_000
	// ReceiptsMax is what the keys of callers may occupy: a change of the catalog
	// a second, for a day, with room for one more. Full is CapacityExceeded.
	ReceiptsMax = 100_000
	// MintedReceiptsMax is what keys nobody gave may occupy. They promise nothing
	// beyond the engine's own retry, so the oldest makes room.
	MintedReceiptsMax = 10_000
	// PageMax is the longest list a reader gets at once.
	PageMax = 1_000
)

const (
	// ReceiptMillis is what P3 promises and the most that one stamp may jump above
	// it, so that a clock running ahead once costs nobody a part of the 24 hours.
	ReceiptMillis = coupon.KeyMemoryMillis + coupon.StampJumpMillisMax
	// MintedReceiptMillis is for keys that the engine made for its own retries.
	MintedReceiptMillis = coupon.MintedKeyMillis
	// receiptsSweptPerCommand: two out for at most one in, so that the memory
	// shrinks under load and no command pays for a day's worth.
	receiptsSweptPerCommand = 2
)

const (
	// CommandBytesMax holds the largest job result with room to spare and stays
	// far below an entry's bound.
	CommandBytesMax = 256 << 10
	// RefBytesMax bounds names, app ids and spool names.
	RefBytesMax = coupon.NameBytesMax
	// WordBytesMax bounds closed-set words: roles, types, currencies, reasons.
	WordBytesMax = 64
	// DescriptionBytesMax: a paragraph, not a page.
	DescriptionBytesMax = 4 << 10
	// RawBytesMax bounds each piece of opaque JSON or bytes: a code configuration,
	// an encoded discount, a job's parameters. Metadata has coupon.MetadataBytesMax.
	RawBytesMax = 16 << 10
	// RawDepthMax keeps opaque JSON far from the nesting at which encoding/json
	// gives up (10,000): a record must decode wherever it is nested.
	RawDepthMax = coupon.JSONDepthMax
	// ScopesMax is how many scopes a key may carry.
	ScopesMax = 32
	// FailuresMax is how many failures of a job are kept as a sample; the counts
	// are exact, the full list is a file.
	FailuresMax = 100
	// FailureCodeBytesMax shows any code that people type. A full sample of bytes
	// that JSON writes as six each must still fit a command, or a job could not end.
	FailureCodeBytesMax = 256
	// frameBytesMax bounds one object in an image: the largest is a job with a
	// full sample of failures, some of it escaped.
	frameBytesMax = 4 << 20
)
