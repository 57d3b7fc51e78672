package client

import (
	"context"
	"net/http"

	"github.com/scrip-engine/scrip/wire"
)

// CreateKey makes a server key. Its Secret is in this answer and never again.
// Needs the role ADMIN, as all of this file.
func (c *Client) CreateKey(ctx context.Context, req *wire.APIKeyCreate, opts ...Option) (*wire.APIKey, error) {
	return send[wire.APIKey](ctx, c, changing(http.MethodPost, opts, "keys"), req)
}

// Keys lists the server keys, without their secrets.
func (c *Client) Keys(ctx context.Context, p Page) (*wire.List[wire.APIKey], error) {
	return get[wire.List[wire.APIKey]](ctx, c, reading("keys").ask(p.values()))
}

// RotateKey gives a key a second secret beside the first, so that programs can
// change over without a gap. At most two are valid at a time.
func (c *Client) RotateKey(ctx context.Context, id string, opts ...Option) (*wire.APIKey, error) {
	return send[wire.APIKey](ctx, c, changing(http.MethodPost, opts, "keys", id, "rotate"), nil)
}

// RevokeKey ends a key at once, on every node (P7).
func (c *Client) RevokeKey(ctx context.Context, id string) error {
	return c.do(ctx, changing(http.MethodDelete, nil, "keys", id), nil)
}
