package httpapi

// getAsyncAction is GET /v1/async-actions/{asyncActionId}.
func getAsyncAction(x *exchange) error {
	id, err := x.idParam()
	if err != nil {
		return err
	}
	job, err := x.server.engine.AsyncAction(x.ctx, x.call, id)
	if err != nil {
		return err
	}
	return x.json(job)
}

// listAsyncActions is GET /v1/async-actions.
func listAsyncActions(x *exchange) error {
	q := x.query()
	q.unsupported("end_date")
	page := q.page()
	if q.err != nil {
		return q.err
	}
	list, err := x.server.engine.AsyncActions(x.ctx, x.call, page)
	if err != nil {
		return err
	}
	return x.json(list)
}
