package client

import (
	"context"
	"net/http"

	"github.com/scrip-engine/scrip/wire"
)

// Project reads the project that the key belongs to.
func (c *Client) Project(ctx context.Context) (*wire.Project, error) {
	return get[wire.Project](ctx, c, reading("project"))
}

// UpdateProject changes settings of the project. Needs the role ADMIN.
func (c *Client) UpdateProject(ctx context.Context, req *wire.ProjectUpdate, opts ...Option) (*wire.Project, error) {
	return send[wire.Project](ctx, c, changing(http.MethodPut, opts, "project"), req)
}
