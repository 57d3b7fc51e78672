package client

import (
	"context"
	"net/http"

	"github.com/scrip-engine/scrip/wire"
)

// PutCustomer creates a customer, or updates the one with this id or source id.
// Options: Key.
func (c *Client) PutCustomer(ctx context.Context, req *wire.Customer, opts ...Option) (*wire.CustomerAnswer, error) {
	return send[wire.CustomerAnswer](ctx, c, changing(http.MethodPost, opts, "customers"), req)
}

// Customer reads a customer by id or source id.
func (c *Client) Customer(ctx context.Context, idOrSource string) (*wire.CustomerAnswer, error) {
	return get[wire.CustomerAnswer](ctx, c, reading("customers", idOrSource))
}

// UpdateCustomer changes the fields that are set; wire.Cleared clears one.
func (c *Client) UpdateCustomer(ctx context.Context, idOrSource string, req *wire.CustomerUpdate) (*wire.CustomerAnswer, error) {
	return send[wire.CustomerAnswer](ctx, c, changing(http.MethodPut, nil, "customers", idOrSource), req)
}

// DeleteCustomer deletes a customer; its profile cannot be read any more.
func (c *Client) DeleteCustomer(ctx context.Context, idOrSource string) error {
	return c.do(ctx, changing(http.MethodDelete, nil, "customers", idOrSource), nil)
}

// Customers lists customers.
func (c *Client) Customers(ctx context.Context, q CustomerQuery) (*wire.List[wire.CustomerAnswer], error) {
	return get[wire.List[wire.CustomerAnswer]](ctx, c, reading("customers").ask(q.values()))
}
