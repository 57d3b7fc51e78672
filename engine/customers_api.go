package engine

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"

	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/shard"
	"github.com/scrip-engine/scrip/wire"
)

// PutCustomer creates a customer, or with a known id or source id changes the
// fields that the request has. Without both the key decides who is created.
func (e *Engine) PutCustomer(ctx context.Context, c Call, req *wire.Customer) (*wire.CustomerAnswer, error) {
	if err := e.mayEdit(&c); err != nil {
		return nil, err
	}
	ch := customerChange{e: e, c: &c, birth: req, edit: func(now *wire.Customer) { merge(now, req) }}
	if err := ch.nameAfter(req); err != nil {
		return nil, err
	}
	ch.id = e.identifyCustomerChange(&c, opCustomer, ch.name, []byte(req.ID), []byte(req.SourceID), req.AppendProfile(nil))
	if ch.minted && c.Key != "" {
		if err := ch.drawName(); err != nil {
			return nil, err
		}
	}
	if ch.name.id != (coupon.ID{}) {
		ch.birth = nil
		if _, err := ch.group().log.Prove(ctx); err != nil {
			return nil, c.replication(err)
		}
	}
	id, err := ch.run(ctx)
	if isMissing(err) {
		err = c.missingRef("customer", req.ID, "customer.id")
	}
	if err != nil {
		return nil, err
	}
	return e.changedCustomer(&c, id)
}

// nameAfter finds what a create calls the customer: the id, the source id, the
// key (whose slot and receipt a retry finds, P3), or nothing at all.
func (ch *customerChange) nameAfter(req *wire.Customer) error {
	e, c := ch.e, ch.c
	p := c.project(e.catalog.View())
	source := []byte(req.SourceID)
	switch {
	case req.ID != "":
		id, ok := e.secret.ParseID(coupon.PrefixCustomer, req.ID)
		if !ok {
			return c.missingRef("customer", req.ID, "customer.id")
		}
		ch.name = customerName{id: id}
		return nil
	case req.SourceID != "":
	case c.Key != "":
		ch.minted, source = true, []byte("\x00key\x00"+c.Key)
	case req.HasProfile():
		ch.minted, source = true, make([]byte, 16)
		if _, err := rand.Read(source); err != nil {
			return c.asWire(err)
		}
	default:
		return c.field(wire.KeyInvalidCustomer, "source_id", "says nothing about the customer")
	}
	ch.name = customerName{source: e.secret.Hash(p.ID, coupon.DomainCustomer, source)}
	return nil
}

// drawName gives a customer who was named after a key a source of their own, in the
// slot that follows from the key: identical requests meet there at one receipt, and
// a key that is used again after its receipt is gone finds nobody's name.
func (ch *customerChange) drawName() error {
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		return ch.c.asWire(err)
	}
	le := binary.LittleEndian
	ch.name.source = inSlot(coupon.Hash{Hi: le.Uint64(b[:]), Lo: le.Uint64(b[8:])}, ch.name.slot())
	return nil
}

func isMissing(err error) bool {
	var w *wire.Error
	return errors.As(err, &w) && w.Key == wire.KeyNotFound
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

// changedCustomer reads a customer after a change. One who was forgotten since,
// before a retry, has the id of then and no profile.
func (e *Engine) changedCustomer(c *Call, id coupon.ID) (*wire.CustomerAnswer, error) {
	out, err := e.readCustomer(c, id)
	if !isMissing(err) {
		return out, err
	}
	var rec shard.Record
	switch ok, unread := e.shardOf(id.Slot).event(id, &rec); {
	case unread != nil:
		return nil, c.unread(unread)
	case !ok:
		return nil, err
	}
	return e.customerAnswer(id, &wire.Customer{}, rec.Stamp, rec.Stamp), nil
}

// UpdateCustomer changes the fields that the request names; null clears one.
func (e *Engine) UpdateCustomer(ctx context.Context, c Call, ref string, req *wire.CustomerUpdate) (*wire.CustomerAnswer, error) {
	if err := e.mayEdit(&c); err != nil {
		return nil, err
	}
	said, err := json.Marshal(req)
	if err != nil {
		return nil, c.asWire(err)
	}
	ch := customerChange{e: e, c: &c, name: e.customerName(c.project(e.catalog.View()), ref),
		edit: func(now *wire.Customer) { patchCustomer(now, req) }}
	ch.id = e.identifyCustomerChange(&c, opPatch, ch.name, said)
	if _, err := ch.group().log.Prove(ctx); err != nil {
		return nil, c.replication(err)
	}
	id, err := ch.run(ctx)
	if isMissing(err) {
		err = c.missing("customer", ref)
	}
	if err != nil {
		return nil, err
	}
	return e.changedCustomer(&c, id)
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
	if err := e.mayEdit(&c); err != nil {
		return err
	}
	name := e.customerName(c.project(e.catalog.View()), ref)
	id := e.identifyCustomerChange(&c, opForget, name)
	g := e.shardOf(name.slot())
	if _, err := g.log.Prove(ctx); err != nil {
		return c.replication(err)
	}
	if _, done, err := e.storedCustomer(&c, name, shard.KindForget, id); done {
		if err != nil {
			return err
		}
		return e.listErasure(&c)
	}
	customer, ok := name.find(g.law, c.Caller.Project)
	if !ok {
		return c.missing("customer", ref)
	}
	if err := e.mayForget(&c); err != nil {
		return err
	}
	defer e.eraseSoon() // also when the outcome is unknown
	cmd := e.command(&c, shard.KindForget, customer.Slot, id, e.catalog.View().Index())
	reply, err := e.propose(ctx, g, shard.AppendForget(cmd, &shard.Forget{Project: c.Caller.Project, ID: customer}))
	if err != nil {
		return c.replication(err)
	}
	if reply.Outcome == coupon.NotFound {
		return c.missing("customer", ref)
	}
	if reply.Outcome != coupon.OK {
		return c.refused(reply.Outcome, "")
	}
	return e.listErasure(&c)
}

// mayForget is mayChange for what has to be on the list of erasures afterwards.
func (e *Engine) mayForget(c *Call) error {
	if err := e.mayChange(c); err != nil {
		return err
	}
	switch room, err := e.erasures.room(); {
	case err != nil:
		return c.fail(wire.KeyUnavailable, "The list of erasures cannot be written; the process has to be started again")
	case !room:
		return c.fail(wire.KeyCapacity, "The list of erasures is full")
	}
	return nil
}

// listErasure puts what was forgotten on the list, before it is acknowledged.
func (e *Engine) listErasure(c *Call) error {
	if err := e.erasures.catchUp(e.shards); err != nil {
		e.log.Error("a forgotten customer is not on the list of erasures yet", "error", err)
		return c.fail(wire.KeyOutcomeUnknown, "The customer is forgotten, and not on the list of erasures yet; ask again")
	}
	return nil
}
