package jobs

import (
	"time"

	"github.com/scrip-engine/scrip/coupon"
)

// Every bound of the package, each with its reason (P10).
const (
	// AtOnceDefault is how many jobs run at a time. Chunks take turns at a shard,
	// so more would not be faster; a few keep one project from waiting for another.
	AtOnceDefault = 4
	// atOnceMax bounds the memory: a job holds up to three chunks a shard.
	atOnceMax = 32
	// atOnceMin leaves a place for small jobs beside a large one.
	atOnceMin = 2
	// UploadsMax is how many files may be on their way into the spool at once.
	UploadsMax = 16
	// RowsMax bounds the rows of a file: twice the rows that UploadBytesMax was
	// made for, so that a file of two-byte rows cannot fill a disk with rejects.
	RowsMax = 20_000_000
	// JSONBytesMax bounds a JSON file, which is held in memory whole: a quarter
	// of a million rows. CSV streams and is bounded by coupon.UploadBytesMax.
	JSONBytesMax = 32 << 20
	// smallCodesMax and smallFileBytesMax say which jobs may take the place that
	// is kept for small ones: those that are over within a second.
	smallCodesMax     = 20_000
	smallFileBytesMax = 1 << 20
	// rejectFilesMax is how many lists of finished jobs are kept; the oldest goes.
	rejectFilesMax = 200
	// rejectLineBytesMax bounds one line of such a list when it is read: code,
	// reason and details with every byte escaped.
	rejectLineBytesMax = 16 << 10
	// detailsBytesMax is a sentence, in the list of rejects.
	detailsBytesMax = 300
	// drawsSpareMax is how many drawn codes may be taken beyond as many as were
	// asked for. Within the safe share one draw in coupon.SafeShare is.
	drawsSpareMax = 1000
	// redrawsMax is how often in a row a drawn text may be a reserved word.
	redrawsMax = 1000
	// chunkBytesMax leaves room in ImportChunkBytesMax, which bounds the command,
	// for its header, its frame in the entry and the head of the body.
	chunkBytesMax = coupon.ImportChunkBytesMax - 512
)

const (
	// progressEvery is how often a job may tell how far it is: each is an entry in
	// the catalog's log, and people look no more often.
	progressEvery = time.Second
	// A temporary error is asked again after retryFirst, doubled up to retryMost:
	// soon enough for a new leader, rarely enough for a full disk.
	retryFirst = 10 * time.Millisecond
	retryMost  = time.Second
)
