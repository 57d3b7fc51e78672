package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Names under which lists carry their elements, and the value of data_ref.
const (
	ListVouchers          = "vouchers"
	ListCampaigns         = "campaigns"
	ListRedemptions       = "redemptions"
	ListCustomers         = "customers"
	ListAsyncActions      = "async_actions"
	ListRedemptionEntries = "redemption_entries"
	ListData              = "data"
)

// List is the answer of every list. The elements stand under the name that
// DataRef gives, as the SDKs expect.
type List[T any] struct {
	DataRef string
	Data    []T
	Total   int64
	// TotalIsEstimate is ours: Total was not counted exactly.
	TotalIsEstimate bool
	HasMore         bool
	// NextCursor is ours: the cursor parameter of the next page, opaque.
	NextCursor string
	// MoreStartingAfter is the starting_after_id parameter of the next page of
	// transactions.
	MoreStartingAfter string
	// AsOf is ours: the instant that the view stands at. Zero means that the
	// answer is linearizable.
	AsOf Time
	// Uses are the extra fields of a voucher's list of redemptions.
	Uses *VoucherUses
	// Kept are the extra fields of the list of refusals.
	Kept *RefusalsKept
}

// VoucherUses are what GET /v1/vouchers/{code}/redemption says beside the list.
type VoucherUses struct {
	Quantity         Opt[int64] `json:"quantity"`
	RedeemedQuantity int64      `json:"redeemed_quantity"`
	RedeemedAmount   Opt[int64] `json:"redeemed_amount,omitzero"`
}

type listHead struct {
	Object            string `json:"object"`
	DataRef           string `json:"data_ref"`
	Total             int64  `json:"total"`
	TotalIsEstimate   bool   `json:"total_is_estimate,omitempty"`
	HasMore           bool   `json:"has_more"`
	NextCursor        string `json:"next_cursor,omitempty"`
	MoreStartingAfter string `json:"more_starting_after,omitempty"`
	AsOf              Time   `json:"as_of,omitzero"`
	*VoucherUses
	*RefusalsKept
}

// MarshalJSON writes the list with its elements under their name.
func (l List[T]) MarshalJSON() ([]byte, error) {
	head, err := marshalPlain(listHead{
		Object: "list", DataRef: l.DataRef, Total: l.Total, TotalIsEstimate: l.TotalIsEstimate,
		HasMore: l.HasMore, NextCursor: l.NextCursor, MoreStartingAfter: l.MoreStartingAfter,
		AsOf: l.AsOf, VoucherUses: l.Uses, RefusalsKept: l.Kept,
	})
	if err != nil {
		return nil, err
	}
	elements := l.Data
	if elements == nil {
		elements = []T{}
	}
	data, err := marshalPlain(elements)
	if err != nil {
		return nil, err
	}
	out := append(head[:len(head)-1], ',')
	out = append(appendString(out, l.DataRef), ':')
	return append(append(out, data...), '}'), nil
}

// UnmarshalJSON reads a list whatever the name of its elements is.
func (l *List[T]) UnmarshalJSON(b []byte) error {
	var head listHead
	if err := json.Unmarshal(b, &head); err != nil {
		return err
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(b, &members); err != nil {
		return err
	}
	*l = List[T]{
		DataRef: head.DataRef, Total: head.Total, TotalIsEstimate: head.TotalIsEstimate,
		HasMore: head.HasMore, NextCursor: head.NextCursor, MoreStartingAfter: head.MoreStartingAfter,
		AsOf: head.AsOf, Uses: head.VoucherUses, Kept: head.RefusalsKept,
	}
	data, ok := members[head.DataRef]
	if !ok {
		return fmt.Errorf("list without the field %q that data_ref names", head.DataRef)
	}
	return json.Unmarshal(data, &l.Data)
}

// RedemptionEntry is an element of a list of redemptions: one or the other.
type RedemptionEntry struct {
	Redemption *Redemption
	Rollback   *Rollback
}

// MarshalJSON writes the one that is set.
func (e RedemptionEntry) MarshalJSON() ([]byte, error) {
	switch {
	case e.Redemption != nil:
		return e.Redemption.AppendJSON(nil), nil
	case e.Rollback != nil:
		return e.Rollback.AppendJSON(nil), nil
	}
	return nil, fmt.Errorf("a redemption entry is neither a redemption nor a rollback")
}

// UnmarshalJSON tells them apart by their object field.
func (e *RedemptionEntry) UnmarshalJSON(b []byte) error {
	var kind struct {
		Object string `json:"object"`
	}
	if err := json.Unmarshal(b, &kind); err != nil {
		return err
	}
	*e = RedemptionEntry{}
	into := any(&e.Redemption)
	if kind.Object == "redemption_rollback" {
		into = &e.Rollback
	}
	return json.NewDecoder(bytes.NewReader(b)).Decode(into)
}
