package refusals

import "time"

// Bounds of the package (P10).
const (
	// RetentionDays covers "this month against the last" with a few days to ask.
	RetentionDays = 35
	// DefaultRecords is a minute of a busy day, or some seconds of a storm, in
	// 5 MB.
	DefaultRecords = 10_000
	// FlushInterval is how often counters are written: what a crash may take. At
	// one small fsync a second it is lost in those of the log.
	FlushInterval = time.Second

	// recordsMax keeps a scan of the ring in the tens of milliseconds.
	recordsMax = 1_000_000

	// stripes of the counters: a storm on every core of a large machine meets
	// itself on one of them now and then.
	stripes = 16
	// stripeCellsMax bounds the distinct counters of a stripe between two flushes:
	// five hundred campaigns, each refusing for four reasons at once.
	stripeCellsMax = 2048

	// segmentCellsMax bounds the distinct counters of the segment in memory, in
	// about 6 MB. Above half of it the segment is sealed.
	segmentCellsMax = 64 << 10
	// segmentBytesMax is when a segment that is appended to every second is written
	// anew without its repetitions.
	segmentBytesMax = 4 << 20
	// segmentMinutesMax is how much time a segment spans: what retention removes at
	// once.
	segmentMinutesMax = 24 * 60
	// segmentReadBytesMax bounds what is read of one file: several times what is
	// written, in case a later version writes more.
	segmentReadBytesMax = 32 << 20
	// diskBytesMax bounds all files: eight million counters of 8 bytes, which is
	// 35 days with 160 different refusals in every minute.
	diskBytesMax = 64 << 20
	// blockCellsMax keeps a block, the unit of a checksum, below 128 KiB.
	blockCellsMax = 4096
	// gapsMax: a process that ends uncleanly every hour for a month.
	gapsMax = 1000

	// rowsMax bounds an answer of Counts: a day by minute with seven reasons.
	rowsMax = 10_000
	// readTriesMax: a query begins again when retention took a file away under it,
	// which happens once a day.
	readTriesMax = 5

	// Texts of a record. Tail is four characters of up to four bytes; the others are
	// as long as requests may have them.
	tailBytesMax      = 16
	orderBytesMax     = 255
	requestIDBytesMax = 128
)

const (
	minuteMillis     = 60_000
	retentionMinutes = RetentionDays * 24 * 60
	flushSeconds     = int64(FlushInterval / time.Second)
)
