package catalog

import (
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/scrip-engine/scrip/coupon"
)

// Everything below is immutable once a View shows it: a change publishes a new
// object and leaves the old one to whoever still reads it (C5). Callers must not
// write into objects, nor into the slices they hold.
//
// Times are unix milliseconds, stamped by the log. An Ordinal is small, starts at
// 1, is never reused and is what shard records store; 0 means none. Version is
// the catalog index of the last change, and the basis an update may ask for.

// Cluster is what was fixed when the data directory was made.
type Cluster struct {
	ID string `json:"id"`
	// Secret keys the slots, the filters and the public ids. It is never rotated
	// and never leaves the cluster; do not log a Cluster.
	Secret   Secret `json:"secret"`
	Slots    uint32 `json:"slots"`
	Shards   uint32 `json:"shards"`
	Currency string `json:"currency"` // default of new projects, ISO 4217
	Created  int64  `json:"created"`
	// Generation goes into the ids that are given out now; 0 before the first
	// restore from a backup.
	Generation uint16 `json:"generation,omitempty"`

	derived *coupon.Secret
}

// Derived returns the keys made from Secret, prepared once; it is what hashes,
// places and formats ids.
func (c *Cluster) Derived() *coupon.Secret { return c.derived }

// Project is a tenant: codes, campaigns and names are unique inside one.
type Project struct {
	ID       string `json:"id"`
	Ordinal  uint32 `json:"ordinal"`
	Name     string `json:"name"`
	Currency string `json:"currency"`
	// CaseSensitive and CodeVersion (of the normalisation) are fixed at birth:
	// the slot of every code depends on them.
	CaseSensitive bool  `json:"case_sensitive"`
	CodeVersion   uint8 `json:"code_version"`
	// IdempotencySource is where the key of a redemption comes from when no
	// header gives one: "header", "tracking_id" or "order.source_id".
	IdempotencySource string `json:"idempotency_source"`
	// RollbackWindow in milliseconds; 0 is none: a rollback is never too late.
	RollbackWindow int64  `json:"rollback_window"`
	Active         bool   `json:"active"`
	Created        int64  `json:"created"`
	Updated        int64  `json:"updated"`
	Version        uint64 `json:"version"`
}

// KeyClass says which surface a key opens.
type KeyClass uint8

// The numbers are part of the log format.
const (
	ServerKey     KeyClass = 1
	ClientKey     KeyClass = 2
	ManagementKey KeyClass = 3
)

// Campaign is a promotion and the template of its codes.
type Campaign struct {
	ID          string `json:"id"`
	Ordinal     uint32 `json:"ordinal"`
	Project     uint32 `json:"project"`
	Name        string `json:"name"` // unique in the project among campaigns not deleted
	Description string `json:"description,omitempty"`
	// CampaignType and Type are the API's words, opaque here.
	CampaignType string `json:"campaign_type"`
	Type         string `json:"type"`
	Category     string `json:"category,omitempty"`
	CategoryID   string `json:"category_id,omitempty"`
	// Start is the first millisecond in which codes work, End the first in which
	// they no longer do; 0 means no such bound.
	Start  int64 `json:"start,omitempty"`
	End    int64 `json:"end,omitempty"`
	Active bool  `json:"active"`
	// Protected campaigns are refused deletion by the surface, not by the catalog.
	Protected bool            `json:"protected,omitempty"`
	Metadata  json.RawMessage `json:"metadata,omitempty"`
	Voucher   VoucherSpec     `json:"voucher"`
	// VouchersCount is what was asked for at creation. How many codes there are
	// is counted in the shards.
	VouchersCount int64 `json:"vouchers_count"`
	Created       int64 `json:"created"`
	Updated       int64 `json:"updated"`
	// Deleted is 0 while the campaign lives. A tombstone keeps what redemptions
	// refer to and loses description and metadata.
	Deleted int64 `json:"deleted,omitempty"`
	// Birth is the catalog index of the creation: a node that evaluates a code of
	// this campaign waits until it has applied it (P8).
	Birth   uint64 `json:"birth"`
	Version uint64 `json:"version"`
}

// Unlimited is the Quantity of a code that may be redeemed any number of times.
const Unlimited = -1

// VoucherSpec is what codes of a campaign are made with.
type VoucherSpec struct {
	Type string `json:"type"`
	// Discount is encoded by package promo and never looked into here.
	Discount   []byte `json:"discount,omitempty"`
	GiftAmount int64  `json:"gift_amount,omitempty"` // minor units of Currency
	GiftEffect string `json:"gift_effect,omitempty"`
	Currency   string `json:"currency,omitempty"`
	// Quantity is the limit of each code, ≥ 1, or Unlimited.
	Quantity int64 `json:"quantity"`
	// PerCustomer is the limit of each customer on each code; 0 is none.
	PerCustomer int64           `json:"per_customer,omitempty"`
	HolderOnly  bool            `json:"holder_only,omitempty"`
	CodeConfig  json.RawMessage `json:"code_config,omitempty"`
}

// FenceScope says whose evaluations a fence makes stale.
type FenceScope uint8

// The numbers are part of the log format.
const (
	NoFence       FenceScope = 0
	ProjectFence  FenceScope = 1
	CampaignFence FenceScope = 2
)

// Fence is a raise that the shards owe to a change: until every shard has raised
// its fence of this project or campaign to Index, the change must not be
// acknowledged (P7). The zero value is none.
type Fence struct {
	Scope   FenceScope `json:"scope"`
	Ordinal uint32     `json:"ordinal"`
	Index   uint64     `json:"index"`
}

// Record is one entry of the catalog's journal: who changed what, when.
type Record struct {
	Seq   uint64 `json:"seq"`   // grows by one, starts at 1
	Index uint64 `json:"index"` // catalog index of the change
	// Generation was in force when the record was written: with Seq it is a number
	// that no other record of the cluster has, also after a restore.
	Generation uint16 `json:"generation,omitempty"`

	Stamp   int64  `json:"stamp"`
	Kind    string `json:"kind"`            // "campaign.disabled"
	Actor   uint32 `json:"actor,omitempty"` // ordinal of the key; 0 is the node itself
	Project uint32 `json:"project,omitempty"`
	Object  string `json:"object"` // public id
	// Summary is a small JSON object: the name, and which fields changed. Never a
	// secret, never a hash of one.
	Summary json.RawMessage `json:"summary"`
}

// Secret is the cluster's 32 random bytes.
type Secret [coupon.SecretBytes]byte

// MarshalText writes hex.
func (s Secret) MarshalText() ([]byte, error) { return hexText(s[:]), nil }

// UnmarshalText reads exactly 64 hex digits.
func (s *Secret) UnmarshalText(text []byte) error { return fromHex(s[:], text) }

// String hides the secret from anything that prints by accident.
func (s Secret) String() string { return "[secret]" }

// GoString hides it from %#v.
func (s Secret) GoString() string { return "[secret]" }

// Digest256 is a SHA-256 sum: of a token or of a spool file.
type Digest256 [32]byte

// MarshalText writes hex.
func (d Digest256) MarshalText() ([]byte, error) { return hexText(d[:]), nil }

// UnmarshalText reads exactly 64 hex digits.
func (d *Digest256) UnmarshalText(text []byte) error { return fromHex(d[:], text) }

func hexText(raw []byte) []byte { return hex.AppendEncode(nil, raw) }

func fromHex(into, text []byte) error {
	if len(text) != 2*len(into) {
		return fmt.Errorf("%d hex digits, want %d", len(text), 2*len(into))
	}
	_, err := hex.Decode(into, text)
	return err
}
