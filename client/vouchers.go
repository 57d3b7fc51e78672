package client

import (
	"context"
	"net/http"

	"github.com/scrip-engine/scrip/wire"
)

// CreateVoucher creates a standalone voucher; an empty code draws one. Once it
// returned without an error, the code can be redeemed everywhere (P8).
// Options: Key.
func (c *Client) CreateVoucher(ctx context.Context, code string, req *wire.VoucherCreate, opts ...Option) (*wire.Voucher, error) {
	parts := []string{"vouchers"}
	if code != "" {
		parts = append(parts, code)
	}
	return send[wire.Voucher](ctx, c, changing(http.MethodPost, opts, parts...), req)
}

// Voucher reads a voucher by its code or id.
func (c *Client) Voucher(ctx context.Context, codeOrID string) (*wire.Voucher, error) {
	return get[wire.Voucher](ctx, c, reading("vouchers", codeOrID))
}

// UpdateVoucher changes the fields that are set; wire.Cleared clears one.
func (c *Client) UpdateVoucher(ctx context.Context, code string, req *wire.VoucherUpdate) (*wire.Voucher, error) {
	return send[wire.Voucher](ctx, c, changing(http.MethodPut, nil, "vouchers", code), req)
}

// DeleteVoucher deletes a voucher; its redemptions stay.
func (c *Client) DeleteVoucher(ctx context.Context, code string) error {
	return c.do(ctx, changing(http.MethodDelete, nil, "vouchers", code), nil)
}

// Vouchers lists vouchers.
func (c *Client) Vouchers(ctx context.Context, q VoucherQuery) (*wire.List[wire.Voucher], error) {
	return get[wire.List[wire.Voucher]](ctx, c, reading("vouchers").ask(q.values()))
}

// EnableVoucher lets a voucher be redeemed again. Once acknowledged, no later
// answer says that it is disabled (P7). Options: Key.
func (c *Client) EnableVoucher(ctx context.Context, code string, opts ...Option) (*wire.Voucher, error) {
	return send[wire.Voucher](ctx, c, changing(http.MethodPost, opts, "vouchers", code, "enable"), nil)
}

// DisableVoucher stops a voucher. Once acknowledged, no later redemption of it
// succeeds (P7). Options: Key.
func (c *Client) DisableVoucher(ctx context.Context, code string, opts ...Option) (*wire.Voucher, error) {
	return send[wire.Voucher](ctx, c, changing(http.MethodPost, opts, "vouchers", code, "disable"), nil)
}

// ChangeBalance adds to a gift card, or takes from it when Amount is negative.
// Options: Key.
func (c *Client) ChangeBalance(ctx context.Context, code string, req *wire.BalanceChange, opts ...Option) (*wire.BalanceResponse, error) {
	return send[wire.BalanceResponse](ctx, c, changing(http.MethodPost, opts, "vouchers", code, "balance"), req)
}

// Transactions lists the ledger of a gift card.
func (c *Client) Transactions(ctx context.Context, code string, p Page) (*wire.List[wire.Transaction], error) {
	return get[wire.List[wire.Transaction]](ctx, c, reading("vouchers", code, "transactions").ask(p.values()))
}

// Timeline lists everything that happened to a voucher.
func (c *Client) Timeline(ctx context.Context, code string, p Page) (*wire.List[wire.Event], error) {
	return get[wire.List[wire.Event]](ctx, c, reading("vouchers", code, "timeline").ask(p.values()))
}
