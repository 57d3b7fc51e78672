package httpapi

import (
	"context"

	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/engine"
	"github.com/scrip-engine/scrip/wire"
)

type refusalKeeper interface {
	Refusals(ctx context.Context, c engine.Call, q engine.RefusalQuery) (*wire.List[wire.Refusal], error)
	RefusalCounts(ctx context.Context, c engine.Call, q engine.RefusalCountQuery) (*wire.RefusalCounts, error)
}

// listRefusals is GET /v1/refusals.
func listRefusals(x *exchange) error {
	q := x.query()
	find := engine.RefusalQuery{
		Limit:     int(q.number("limit", 1, coupon.ListLimitMax, coupon.ListLimitDefault)),
		Cursor:    q.text("cursor"),
		Campaign:  q.text("campaign"),
		Key:       q.text("key"),
		Code:      q.text("code"),
		Customer:  q.text("customer"),
		Order:     q.text("order_source_id"),
		RequestID: q.text("request_id"),
	}
	find.After, find.Before = q.created()
	if q.err != nil {
		return q.err
	}
	list, err := x.server.engine.Refusals(x.ctx, x.call, find)
	if err != nil {
		return err
	}
	return x.json(list)
}

// countRefusals is GET /v1/refusals/counts.
func countRefusals(x *exchange) error {
	q := x.query()
	find := engine.RefusalCountQuery{
		Campaign:  q.text("campaign"),
		Key:       q.text("key"),
		Operation: q.oneOf("operation", wire.OperationRedemption, wire.OperationValidation),
		Step:      q.oneOf("step", "minute", "hour", "day"),
	}
	find.After, find.Before = q.created()
	if q.err != nil {
		return q.err
	}
	counts, err := x.server.engine.RefusalCounts(x.ctx, x.call, find)
	if err != nil {
		return err
	}
	return x.json(counts)
}
