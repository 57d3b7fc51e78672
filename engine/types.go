package engine

import (
	"time"

	"github.com/scrip-engine/scrip/wire"
)

// Caller is who asks: an authenticated key, or the embedding program itself.
// It is a plain value.
type Caller struct {
	Project uint32 // catalog ordinal
	Key     uint32 // catalog ordinal of the key; 0 is the embedding program
	Role    string // ADMIN, USER, VIEWER
}

// Roles, from the one that may do everything to the one that only reads.
const (
	RoleAdmin  = "ADMIN"
	RoleUser   = "USER"
	RoleViewer = "VIEWER"
)

// Call is what every operation gets besides its request.
type Call struct {
	Caller Caller
	// Key is the idempotency key from the header, or empty. At most
	// wire.KeyCharsMax characters.
	Key string
	// RequestID is the trace id; it appears in errors and logs.
	RequestID string
	// Minimal asks Redeem and RedeemBatch for no more of a redemption than its
	// AppendMinimal writes; the other fields of the answer may be left empty.
	Minimal bool
}

// Page asks for a part of a list.
type Page struct {
	Limit  int    // 1–100
	Number int    // from 1; 0 when Cursor is used
	Cursor string // opaque; from NextCursor of the page before
	// StartingAfter is the SDK's way through customers: created_at, exclusive.
	StartingAfter wire.Time
	// Order is the field to sort by, with a leading "-" for descending; empty for
	// the list's default (newest first).
	Order string
}

// RedemptionQuery filters redemptions. Empty fields filter nothing.
type RedemptionQuery struct {
	Page
	Result   string // SUCCESS or FAILURE
	Status   string // SUCCEEDED, ROLLED_BACK
	Campaign string // name or id
	Customer string // id or source id
	Voucher  string // code or id
	Order    string // order source id
	// Created bounds the date: [After, Before).
	After, Before wire.Time
}

// VoucherQuery filters vouchers.
type VoucherQuery struct {
	Page
	Campaign      string // name or id
	Customer      string // holder: id or source id
	Category      string
	Code          string
	After, Before wire.Time // of creation: [After, Before)
}

// CampaignQuery filters campaigns.
type CampaignQuery struct {
	Page
	CampaignType string
}

// CustomerQuery filters customers.
type CustomerQuery struct {
	Page
	Email         string
	Name          string
	After, Before wire.Time // of creation: [After, Before)
}

// Status is what an operator sees.
type Status struct {
	Version   string        `json:"version"`
	NodeID    string        `json:"node_id"`
	ClusterID string        `json:"cluster_id"`
	Uptime    time.Duration `json:"uptime_ns"`
	Ready     bool          `json:"ready"`
	// Reasons say why it is not ready, in words.
	Reasons  []string `json:"reasons,omitempty"`
	Draining bool     `json:"draining"`
	// Recovery is what the directory was restored to, until that is ended.
	Recovery      *BackupInfo   `json:"recovery,omitempty"`
	DiskFreeBytes uint64        `json:"disk_free_bytes"`
	DiskLowBytes  uint64        `json:"disk_low_bytes"` // the watermark
	CatalogIndex  uint64        `json:"catalog_index"`
	Campaigns     int           `json:"campaigns"`
	ActiveJobs    int           `json:"active_jobs"`
	Groups        []GroupStatus `json:"groups"`
	Shards        []ShardStatus `json:"shards"`
}

// GroupStatus is one replicated group.
type GroupStatus struct {
	Name          string    `json:"name"`
	State         string    `json:"state"`
	Term          uint64    `json:"term"`
	CommitIndex   uint64    `json:"commit_index"`
	Applied       uint64    `json:"applied"`
	ActiveVersion uint32    `json:"active_version"`
	Time          wire.Time `json:"time"` // replicated
	Queue         int       `json:"queue"`
	LogBytes      int64     `json:"log_bytes"`
	ImageIndex    uint64    `json:"image_index"`
	ImageBytes    int64     `json:"image_bytes"`
}

// ShardStatus is what one shard holds.
type ShardStatus struct {
	Name         string           `json:"name"`
	Codes        uint32           `json:"codes"`
	Records      uint64           `json:"records"`
	LogicalBytes int64            `json:"logical_bytes"`
	BudgetBytes  int64            `json:"budget_bytes"`
	TableBytes   map[string]int64 `json:"table_bytes,omitempty"`
	ViewSeq      uint64           `json:"view_seq"` // how far the views are
	FilterFill   float64          `json:"filter_fill"`
}
