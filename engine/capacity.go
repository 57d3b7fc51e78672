package engine

import "github.com/scrip-engine/scrip/shard"

// CapacityQuestion is what a server is asked to carry.
type CapacityQuestion struct {
	Rate      float64 // redemptions a second, sustained
	Codes     int64   // single-use codes of campaigns
	Cards     int64   // gift cards, and codes with a limit, dates or a holder of their own
	Customers int64
	Hours     float64 // of redemptions in memory; at least 24, the memory of keys
	Days      float64 // of history on disk
}

// CapacityAnswer is what it takes, in bytes.
type CapacityAnswer struct {
	Codes     int64 `json:"codes_bytes"`
	Customers int64 `json:"customers_bytes"`
	Records   int64 `json:"records_bytes"` // of redemptions in memory
	// Budget is what --memory-budget has to be; Resident what the process takes.
	Budget   int64 `json:"memory_budget_bytes"`
	Resident int64 `json:"resident_bytes"`
	// HistoryDay and HistoryMemoryDay are what a day of history takes on disk, and in
	// memory for its filters.
	HistoryDay       int64 `json:"history_bytes_per_day"`
	HistoryMemoryDay int64 `json:"history_memory_bytes_per_day"`
	Disk             int64 `json:"disk_bytes"`
}

const (
	// processBytes is what a process takes beside its records: the views' 112 MB, the
	// log's memtables and cache, the Go heap under load.
	processBytes = 384 << 20
	// historyWays is what a record takes on disk beside its bytes: frame, two entries
	// of indexes; historyKeyed its entry and filter when it has a key.
	historyWays, historyKeyed = 8 + 2*12, 12 + 2
	// imagesOnDisk: two are kept while a third is written, and as much log as an image
	// may have gathered.
	imagesOnDisk = 4
	secondsADay  = 86400
)

// Capacity is the one formula of what a server needs; docs/OPERATIONS.md explains it.
func Capacity(q CapacityQuestion) (a CapacityAnswer) {
	l := shard.Load{Codes: q.Codes, Cards: q.Cards, Customers: q.Customers, CodeBytes: shard.AverageCodeBytes,
		ProfileBytes: shard.AverageProfileBytes, RecordBytes: shard.AverageRecordBytes}
	l.Records = int64(q.Rate * max(q.Hours, 24) * 3600)
	if all := q.Codes + q.Cards; all > 0 {
		l.KeyedCards = int64(float64(l.Records) * float64(q.Cards) / float64(all))
	}
	need := shard.Estimate(&l)
	a.Codes, a.Customers, a.Records = need.Codes, need.Customers, need.Records
	a.Budget = need.Total() / 63 * 64 // the last 64th is kept for giving back
	a.HistoryDay = int64(q.Rate * secondsADay * (shard.AverageRecordBytes + historyWays + historyKeyed))
	a.HistoryMemoryDay = int64(q.Rate * secondsADay * 2)
	a.Resident = a.Budget + processBytes + min(int64(float64(a.HistoryMemoryDay)*q.Days), historyFiltersMax)
	a.Disk = imagesOnDisk*need.Total() + int64(float64(a.HistoryDay)*q.Days)
	return a
}
