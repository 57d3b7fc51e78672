package engine

import (
	"context"

	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/shard"
	"github.com/scrip-engine/scrip/wire"
)

// PutCustomer creates a customer, or with a known id or source id changes the
// fields that the request has.
func (e *Engine) PutCustomer(ctx context.Context, c Call, req *wire.Customer) (*wire.CustomerAnswer, error) {
	if err := e.mayEdit(&c); err != nil {
		return nil, err
	}
	p := c.project(e.catalog.View())
	said := *req
	if said.ID == "" && said.SourceID == "" && c.Key != "" {
		// Without a source id the key decides who is created, so that a retry
		// finds the same customer (P3).
		return e.putNamed(ctx, &c, &said, e.secret.Hash(p.ID, coupon.DomainCustomer, []byte("\x00key\x00"+c.Key)))
	}
	who, err := e.identifyCustomer(&c, p, &said)
	if err != nil {
		return nil, err
	}
	if who.source.IsZero() && who.id == (coupon.ID{}) {
		return nil, c.field(wire.KeyInvalidCustomer, "source_id", "says nothing about the customer")
	}
	if who.said == nil && who.id == (coupon.ID{}) {
		who.said = &said
	}
	if err := e.settleCustomer(ctx, &c, &who, nil); err != nil {
		return nil, err
	}
	return e.readCustomer(&c, who.id)
}

func (e *Engine) putNamed(ctx context.Context, c *Call, said *wire.Customer, source coupon.Hash) (*wire.CustomerAnswer, error) {
	who := customerRef{source: source, group: e.shardOf(source.Slot()), said: said, birth: &shard.Customer{Minted: true}}
	if err := e.settleCustomer(ctx, c, &who, nil); err != nil {
		return nil, err
	}
	return e.readCustomer(c, who.id)
}

func (e *Engine) mayEdit(c *Call) error {
	if err := e.admit(c, RoleUser); err != nil {
		return err
	}
	return c.stillAllowed(e.catalog.View())
}

// Customer reads a customer by id or source id, linearizably.
func (e *Engine) Customer(ctx context.Context, c Call, ref string) (*wire.CustomerAnswer, error) {
	v, err := e.provedCustomer(ctx, &c, ref, RoleViewer)
	if err != nil {
		return nil, err
	}
	return e.readCustomer(&c, v.ID)
}

func (e *Engine) provedCustomer(ctx context.Context, c *Call, ref, role string) (*shard.CustomerView, error) {
	if err := e.admit(c, role); err != nil {
		return nil, err
	}
	view := e.catalog.View()
	if err := c.stillAllowed(view); err != nil {
		return nil, err
	}
	p := c.project(view)
	slot := e.secret.Hash(p.ID, coupon.DomainCustomer, []byte(ref)).Slot()
	if id, ok := e.secret.ParseID(coupon.PrefixCustomer, ref); ok {
		slot = id.Slot
	}
	if _, err := e.shardOf(slot).log.Prove(ctx); err != nil {
		return nil, c.replication(err)
	}
	v := new(shard.CustomerView)
	if !e.findCustomer(p, ref, v) {
		return nil, c.missing("customer", ref)
	}
	return v, nil
}

func (e *Engine) readCustomer(c *Call, id coupon.ID) (*wire.CustomerAnswer, error) {
	var v shard.CustomerView
	var said wire.Customer
	if !e.shardOf(id.Slot).law.Customer(c.Caller.Project, id, &v) {
		return nil, c.missing("customer", e.customerID(id))
	}
	if err := unseal(&v, &said); err != nil {
		return nil, c.asWire(err)
	}
	out := e.customerAnswer(id, &said, v.Created, v.Updated)
	e.customerCounts(c, id, out)
	return out, nil
}

// UpdateCustomer changes the fields that the request names; null clears one.
func (e *Engine) UpdateCustomer(ctx context.Context, c Call, ref string, req *wire.CustomerUpdate) (*wire.CustomerAnswer, error) {
	v, err := e.provedCustomer(ctx, &c, ref, RoleUser)
	if err != nil {
		return nil, err
	}
	if err := e.editCustomer(ctx, &c, v.ID, func(now *wire.Customer) { patchCustomer(now, req) }); err != nil {
		return nil, err
	}
	return e.readCustomer(&c, v.ID)
}

func patchCustomer(now *wire.Customer, req *wire.CustomerUpdate) {
	for _, f := range [...]struct {
		to *string
		w  *wire.Opt[string]
	}{
		{&now.Name, &req.Name}, {&now.Description, &req.Description}, {&now.Email, &req.Email},
		{&now.Phone, &req.Phone}, {&now.Birthdate, &req.Birthdate}, {&now.Birthday, &req.Birthday},
	} {
		if f.w.Set {
			*f.to = f.w.Value
		}
	}
	if req.Address.Set {
		now.Address = req.Address.Value
	}
	if req.Metadata.Set {
		now.Metadata = req.Metadata.Value
	}
}

// DeleteCustomer forgets a customer: the key of the profile is destroyed, soon
// also in the log and the images (erase.go). Backups made before still have it.
// Redemptions keep an id that means nobody.
func (e *Engine) DeleteCustomer(ctx context.Context, c Call, ref string) error {
	v, err := e.provedCustomer(ctx, &c, ref, RoleUser)
	if err != nil {
		return err
	}
	if err := e.mayChange(&c); err != nil {
		return err
	}
	g := e.shardOf(v.ID.Slot)
	cmd := shard.AppendForget(e.command(&c, shard.KindForget, v.ID.Slot, identity{}, e.catalog.View().Index()), &shard.Forget{Project: c.Caller.Project, ID: v.ID})
	reply, err := e.propose(ctx, g, cmd)
	if err != nil {
		return c.replication(err)
	}
	if reply.Outcome == coupon.NotFound {
		return c.missing("customer", ref)
	}
	if reply.Outcome != coupon.OK {
		return c.refused(reply.Outcome, "")
	}
	e.eraseSoon(g)
	return nil
}
