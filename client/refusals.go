package client

import (
	"context"
	"net/url"

	"github.com/scrip-engine/scrip/wire"
)

// RefusalQuery filters the refusals that a node remembers. Empty fields filter
// nothing.
type RefusalQuery struct {
	Limit         int    // 1 to 100; 0 means the server's default
	Cursor        string // NextCursor of the page before
	Campaign      string // name or id
	Key           string // error key
	Code          string // the code, or its last four characters
	Customer      string // id or source id
	OrderSourceID string
	RequestID     string
	// After and Before bound the time: After inclusive, Before not.
	After, Before wire.Time
}

func (q RefusalQuery) values() url.Values {
	v := Page{Limit: q.Limit, Cursor: q.Cursor}.values()
	set(v, "campaign", q.Campaign)
	set(v, "key", q.Key)
	set(v, "code", q.Code)
	set(v, "customer", q.Customer)
	set(v, "order_source_id", q.OrderSourceID)
	set(v, "request_id", q.RequestID)
	return between(v, q.After, q.Before)
}

// Refusals lists the redemptions that the node refused lately, the newest first.
// Kept in the answer says since when, and how many have been dropped.
func (c *Client) Refusals(ctx context.Context, q RefusalQuery) (*wire.List[wire.Refusal], error) {
	return get[wire.List[wire.Refusal]](ctx, c, reading("refusals").ask(q.values()))
}

// RefusalCountQuery asks for counters of refusals. Empty fields filter nothing.
type RefusalCountQuery struct {
	Campaign  string // name or id
	Key       string // error key
	Operation string // wire.OperationRedemption or wire.OperationValidation
	Step      string // minute, hour or day; empty sums up the whole range
	// After and Before bound the time, widened to whole minutes: After inclusive,
	// Before not.
	After, Before wire.Time
}

func (q RefusalCountQuery) values() url.Values {
	v := url.Values{}
	set(v, "campaign", q.Campaign)
	set(v, "key", q.Key)
	set(v, "operation", q.Operation)
	set(v, "step", q.Step)
	return between(v, q.After, q.Before)
}

// RefusalCounts counts what the node refused. MayMissSeconds in the answer says
// how much of the range crashes may have taken.
func (c *Client) RefusalCounts(ctx context.Context, q RefusalCountQuery) (*wire.RefusalCounts, error) {
	return get[wire.RefusalCounts](ctx, c, reading("refusals", "counts").ask(q.values()))
}
