package coupon

// The hard bounds of the product (P10): what a configuration may lower but never
// raise. What a machine may hold in total is configured, and bounded by it.

// Codes and ids.
const (
	// CodePointsMax: people type codes. 128 is also what the API promises.
	CodePointsMax = 128
	// CodeBytesMax is CodePointsMax in the longest form of UTF-8.
	CodeBytesMax = 512
	// IdempotencyKeyBytesMax is what the best known payment APIs allow, so a key
	// made for one of them fits.
	IdempotencyKeyBytesMax = 255
	// SourceIDBytesMax: ids of the caller's systems (customers, orders, tracking)
	// are UUIDs, numbers or addresses; the longest e-mail address has 254 bytes.
	SourceIDBytesMax = 255
	// NameBytesMax bounds names of campaigns, categories and reasons: one line on
	// a screen, four times over.
	NameBytesMax = 512
	// ProjectIDBytesMax is a prefix and 16 characters, with room for the name
	// "default" and its kind.
	ProjectIDBytesMax = 64
)

// What one request may carry.
const (
	// RedeemablesMax is the number of codes in one redemption, as the SDKs know it.
	RedeemablesMax = 30
	// BatchMax is the number of independent redemptions in one batch: at 2 µs each
	// it holds a shard for 2 ms, which the others waiting do not notice.
	BatchMax = 1000
	// OrderItemsMax is the number of lines of an order: above what a shop's own
	// cart allows, and small enough to split a discount over within a millisecond.
	OrderItemsMax = 500
	// MetadataBytesMax bounds each metadata object, as JSON.
	MetadataBytesMax = 4 << 10
	// TailBytesMax bounds all that a journal record keeps of a request beside its
	// fixed fields. 100 M redemptions with full tails are 800 GB: a bound that a
	// disk can still be planned for.
	TailBytesMax = 8 << 10
	// BodyBytesMax is for a request about one order: 500 lines with metadata.
	BodyBytesMax = 256 << 10
	// BatchBodyBytesMax is for a batch: BatchMax requests of 8 KiB.
	BatchBodyBytesMax = 8 << 20
	// UploadBytesMax is for a file of codes, which goes to a spool and not into
	// memory: ten million rows of about 100 bytes.
	UploadBytesMax = 1 << 30
	// JSONDepthMax: the deepest documented object has 9 levels; a parser that
	// recurses deeper than this does so on behalf of an attacker.
	JSONDepthMax = 32
)

// Bulk work.
const (
	// CSVLineBytesMax bounds one row of an import. A quote that is never closed
	// would otherwise make one line of the whole file.
	CSVLineBytesMax = 1 << 20
	// ImportChunkCodesMax is how many codes one command creates: about a
	// millisecond in Apply, so that redemptions never wait longer for an import.
	ImportChunkCodesMax = 1000
	// ImportChunkBytesMax bounds the same command in bytes: 128 for a code with
	// what belongs to it, and small enough for the log to sync between two beats.
	ImportChunkBytesMax = 128 << 10
	// GenerateCountMax is how many codes one job makes: what fits the memory of
	// the largest machines, twice over.
	GenerateCountMax = 200_000_000
)

// Lists.
const (
	// ListLimitMax and ListLimitDefault are what the SDKs know.
	ListLimitMax     = 100
	ListLimitDefault = 10
	// ListSameInstantMax is how far a page that continues from a time is extended
	// to the end of its last millisecond, so that nothing created in it is lost.
	ListSameInstantMax = 1000
)

// Counting and time.
const (
	// QuantityMax is the largest limit of uses: counters are 32 bits without sign,
	// so that used and reserved together cannot wrap.
	QuantityMax = 1<<31 - 1
	// SessionSecondsDefault and SessionSecondsMax bound a reservation: a quarter of
	// an hour for a checkout, at most a day, as a forgotten one holds uses back.
	SessionSecondsDefault = 15 * 60
	SessionSecondsMax     = 24 * 60 * 60
	// CommandMillisMax is how long after its stamp a command may still be applied:
	// it turns an unknown outcome into a known one (P5).
	CommandMillisMax = 10_000
	// StampJumpMillisMax is how far one stamp may lie after the one before: a clock
	// that jumps further is an accident that only an operator may confirm.
	StampJumpMillisMax = 60 * 60 * 1000
	// KeyMemoryMillis is how long an idempotency key is remembered at least (P3).
	KeyMemoryMillis = 24 * 60 * 60 * 1000
	// MintedKeyMillis is the same for keys that Scrip made itself, which nobody
	// can repeat: they only cover its own second tries.
	MintedKeyMillis = 10 * 60 * 1000
)

// Chance.
const (
	// SafeShare is the part of a pattern's space that codes may take: one in so
	// many. It bounds two things at once: a guess by someone who knows the pattern
	// hits less than once in SafeShare tries, and a drawn code is already taken
	// less than once in SafeShare draws. It is the least that is defensible, not
	// what is advised: behind a guess limiter of ten tries a minute it makes a hit
	// every hundred minutes.
	SafeShare = 1000
	// PatternLengthDefault is twelve characters of DefaultCharset, 59 bits: with
	// ten million codes out, one guess in 10^11 hits.
	PatternLengthDefault = 12
)
