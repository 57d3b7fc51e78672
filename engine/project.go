package engine

import (
	"context"
	"fmt"

	"github.com/scrip-engine/scrip/catalog"
	"github.com/scrip-engine/scrip/wire"
)

// Project reads the caller's project.
func (e *Engine) Project(ctx context.Context, c Call) (*wire.Project, error) {
	if err := e.admit(&c, RoleViewer); err != nil {
		return nil, err
	}
	if _, err := e.catLog.Prove(ctx); err != nil {
		return nil, c.replication(err)
	}
	v := e.catalog.View()
	if err := c.stillAllowed(v); err != nil {
		return nil, err
	}
	return renderProject(c.project(v)), nil
}

// UpdateProject changes settings of the caller's project: where the idempotency
// key of a redemption comes from when no header gives one, and how long after a
// redemption it may be rolled back. When it returns, redemptions follow.
func (e *Engine) UpdateProject(ctx context.Context, c Call, req *wire.ProjectUpdate) (*wire.Project, error) {
	if err := e.mayAdminister(&c); err != nil {
		return nil, err
	}
	body := &catalog.UpdateProject{Project: c.Caller.Project}
	if req.IdempotencySource != "" {
		body.IdempotencySource = catalog.Set(req.IdempotencySource)
	}
	switch window := req.RollbackWindowSeconds; {
	case window.Null:
		body.RollbackWindow = catalog.Clear[int64]()
	case window.Set && (window.Value < 1 || window.Value > rollbackWindowSecondsMax):
		return nil, c.field(wire.KeyInvalidPayload, "rollback_window_seconds",
			fmt.Sprintf("must be from 1 to %d, or null for no window", rollbackWindowSecondsMax))
	case window.Set:
		body.RollbackWindow = catalog.Set(window.Value * 1000)
	}
	reply, err := e.changeCatalog(ctx, &c, opUpdate, req, body)
	if err != nil {
		return nil, err
	}
	if err := e.raise(ctx, &c, reply.Fence); err != nil {
		return nil, err
	}
	return renderProject(e.catalog.View().Project(c.Caller.Project)), nil
}

// rollbackWindowSecondsMax is ten years: longer is none.
const rollbackWindowSecondsMax = 10 * 366 * 24 * 3600

func renderProject(p *catalog.Project) *wire.Project {
	out := &wire.Project{ID: p.ID, Name: p.Name, Currency: p.Currency, CaseSensitive: p.CaseSensitive,
		IdempotencySource: p.IdempotencySource, RollbackWindowSeconds: wire.Cleared[int64](),
		CreatedAt: wire.Time(p.Created), UpdatedAt: wire.Time(p.Updated), Object: "project"}
	if p.RollbackWindow != 0 {
		out.RollbackWindowSeconds = wire.Some(p.RollbackWindow / 1000)
	}
	return out
}
