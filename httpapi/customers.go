package httpapi

import (
	"github.com/scrip-engine/scrip/engine"
	"github.com/scrip-engine/scrip/wire"
)

// putCustomer is POST /v1/customers: create, or update by id or source id.
func putCustomer(x *exchange) error {
	req, err := decode[wire.Customer](x)
	if err != nil {
		return err
	}
	c, err := x.server.engine.PutCustomer(x.ctx, x.call, req)
	if err != nil {
		return err
	}
	return x.json(c)
}

// getCustomer is GET /v1/customers/{customerId}.
func getCustomer(x *exchange) error {
	id, err := x.idParam()
	if err != nil {
		return err
	}
	c, err := x.server.engine.Customer(x.ctx, x.call, id)
	if err != nil {
		return err
	}
	return x.json(c)
}

// updateCustomer is PUT /v1/customers/{customerId}.
func updateCustomer(x *exchange) error {
	id, err := x.idParam()
	if err != nil {
		return err
	}
	req, err := decode[wire.CustomerUpdate](x)
	if err != nil {
		return err
	}
	c, err := x.server.engine.UpdateCustomer(x.ctx, x.call, id, req)
	if err != nil {
		return err
	}
	return x.json(c)
}

// deleteCustomer is DELETE /v1/customers/{customerId}.
func deleteCustomer(x *exchange) error {
	id, err := x.idParam()
	if err != nil {
		return err
	}
	if err := x.server.engine.DeleteCustomer(x.ctx, x.call, id); err != nil {
		return err
	}
	return x.gone()
}

// listCustomers is GET /v1/customers. The SDK walks through it by
// starting_after, the created_at of the last customer it saw.
func listCustomers(x *exchange) error {
	q := x.query()
	q.unsupported("city", "segment_id", "ids")
	find := engine.CustomerQuery{
		Page:  q.page("email", "id", "name", "updated_at", "source_id"),
		Email: q.text("email"),
		Name:  q.text("name"),
	}
	find.StartingAfter = q.instant("starting_after")
	find.After, find.Before = q.created()
	if q.err != nil {
		return q.err
	}
	list, err := x.server.engine.Customers(x.ctx, x.call, find)
	if err != nil {
		return err
	}
	return x.json(list)
}
