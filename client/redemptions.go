package client

import (
	"context"
	"net/http"

	"github.com/scrip-engine/scrip/wire"
)

// Redeem redeems. A nil error means that the redemption is durable. With Minimal
// most fields of the answer are empty. Options: Key, Minimal.
func (c *Client) Redeem(ctx context.Context, req *wire.RedeemRequest, opts ...Option) (*wire.RedeemResponse, error) {
	q := changing(http.MethodPost, opts, "redemptions")
	q.body = req.AppendJSON(nil)
	out := new(wire.RedeemResponse)
	return result(out, c.do(ctx, q, out))
}

// RedeemCode redeems one code: Redeem for the usual case. customer is a source id
// and may be empty, and so may order.
func (c *Client) RedeemCode(ctx context.Context, code, customer string, order *wire.Order, opts ...Option) (*wire.Redemption, error) {
	answer, err := c.Redeem(ctx, ForCode(code, customer, order), opts...)
	if err != nil {
		return nil, err
	}
	if len(answer.Redemptions) != 1 {
		return nil, &Error{Answer: wire.NewError(wire.KeyOutcomeUnknown, "the answer has no redemption"), Attempts: 1}
	}
	return &answer.Redemptions[0], nil
}

// ForCode is the body that redeems, validates or explains one code.
func ForCode(code, customer string, order *wire.Order) *wire.RedeemRequest {
	req := &wire.RedeemRequest{
		Redeemables: []wire.Redeemable{{Object: wire.ObjectVoucher, ID: code}},
		Order:       order,
	}
	if customer != "" {
		req.Customer = &wire.Customer{SourceID: customer}
	}
	return req
}

// RedeemBatch redeems up to wire.BatchMax items, each for itself, and answers in
// their order. Items without an IdempotencyKey get one, written into req before
// anything is sent: an item whose result is unknown is asked for again with it.
// Options: Minimal.
func (c *Client) RedeemBatch(ctx context.Context, req *wire.BatchRequest, opts ...Option) (*wire.BatchResponse, error) {
	for i := range req.Redemptions {
		if item := &req.Redemptions[i]; item.IdempotencyKey == "" {
			item.IdempotencyKey = NewKey()
		}
	}
	q := changing(http.MethodPost, opts, "redemptions", "batch")
	q.body = req.AppendJSON(nil)
	out := new(wire.BatchResponse)
	return result(out, c.do(ctx, q, out))
}

// Validate asks whether a redemption would succeed now. A no is no error: it
// stands in the answer, with Valid false. Options: Minimal.
func (c *Client) Validate(ctx context.Context, req *wire.ValidateRequest, opts ...Option) (*wire.ValidationResponse, error) {
	q := asking(opts, "validations")
	q.body = req.AppendJSON(nil)
	out := new(wire.ValidationResponse)
	return result(out, c.do(ctx, q, out))
}

// Explain lists the checks of a redemption in their order of precedence, each
// with what was wanted and what was found. Nothing is changed.
func (c *Client) Explain(ctx context.Context, req *wire.ExplainRequest) (*wire.ExplainResponse, error) {
	q := asking(nil, "explain")
	q.body = req.AppendJSON(nil)
	out := new(wire.ExplainResponse)
	return result(out, c.do(ctx, q, out))
}

// Rollback gives back a redemption, whole or, for a gift card, in part. A nil req
// gives back all that is left. Options: Key.
func (c *Client) Rollback(ctx context.Context, redemptionID string, req *wire.RollbackRequest, opts ...Option) (*wire.Rollback, error) {
	if req == nil {
		req = new(wire.RollbackRequest)
	}
	q := changing(http.MethodPost, opts, "redemptions", redemptionID, "rollback")
	q.body = req.AppendJSON(nil)
	out := new(wire.Rollback)
	return result(out, c.do(ctx, q, out))
}

// Redemption reads a redemption or a rollback.
func (c *Client) Redemption(ctx context.Context, id string) (*wire.RedemptionEntry, error) {
	return get[wire.RedemptionEntry](ctx, c, reading("redemptions", id))
}

// Redemptions lists redemptions and rollbacks, the newest first.
func (c *Client) Redemptions(ctx context.Context, q RedemptionQuery) (*wire.List[wire.RedemptionEntry], error) {
	return get[wire.List[wire.RedemptionEntry]](ctx, c, reading("redemptions").ask(q.values()))
}

// VoucherRedemptions lists the redemptions and rollbacks of a code; Uses in the
// answer counts them.
func (c *Client) VoucherRedemptions(ctx context.Context, code string, p Page) (*wire.List[wire.RedemptionEntry], error) {
	return get[wire.List[wire.RedemptionEntry]](ctx, c, reading("vouchers", code, "redemption").ask(p.values()))
}

// asking begins a POST that changes nothing.
func asking(opts []Option, parts ...string) *call {
	q := &call{method: http.MethodPost, path: pathOf(parts)}
	q.apply(opts)
	return q
}

// get reads T.
func get[T any](ctx context.Context, c *Client, q *call) (*T, error) {
	out := new(T)
	return result(out, c.do(ctx, q, out))
}

// send changes something, with v as its body; nil sends none.
func send[T any](ctx context.Context, c *Client, q *call, v any) (*T, error) {
	if v != nil {
		if err := q.json(v); err != nil {
			return nil, err
		}
	}
	return get[T](ctx, c, q)
}

// result gives either the answer or the error, never both.
func result[T any](out *T, err error) (*T, error) {
	if err != nil {
		return nil, err
	}
	return out, nil
}
