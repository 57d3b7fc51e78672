package httpapi

import "github.com/scrip-engine/scrip/wire"

// getProject is GET /v1/project.
func getProject(x *exchange) error {
	p, err := x.server.engine.Project(x.ctx, x.call)
	if err != nil {
		return err
	}
	return x.json(p)
}

// updateProject is PUT /v1/project.
func updateProject(x *exchange) error {
	req, err := decode[wire.ProjectUpdate](x)
	if err != nil {
		return err
	}
	p, err := x.server.engine.UpdateProject(x.ctx, x.call, req)
	if err != nil {
		return err
	}
	return x.json(p)
}
