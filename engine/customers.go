package engine

import (
	"context"
	"crypto/rand"

	"github.com/scrip-engine/scrip/catalog"
	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/shard"
	"github.com/scrip-engine/scrip/wire"
)

// customerRef is the customer of a request: known by id, or by a source id that
// may not have been seen yet, or nobody.
type customerRef struct {
	id     coupon.ID      // zero while unknown
	source coupon.Hash    // stays the same before and after birth; zero for nobody
	said   *wire.Customer // what the request says of the customer; nil for nothing new
	birth  *shard.Customer
	group  *shardGroup
	// profile stands for a customer of whom only a profile is said: source is
	// drawn anew for each request, and a retry must still be the same request.
	profile coupon.Hash
}

// mark is what the fingerprint of a request knows of its customer.
func (r *customerRef) mark() coupon.Hash {
	if !r.profile.IsZero() {
		return r.profile
	}
	return r.source
}

// stranger stands for a customer who comes into being with this request: not
// nobody, and no holder's equal.
var stranger = coupon.ID{Slot: coupon.Slots, Seq: 2}

func (r *customerRef) who() coupon.ID {
	if r.id == (coupon.ID{}) && !r.source.IsZero() {
		return stranger
	}
	return r.id
}

// identifyCustomer finds who a request speaks of. It writes nothing.
func (e *Engine) identifyCustomer(c *Call, p *catalog.Project, said *wire.Customer) (customerRef, error) {
	switch {
	case said == nil:
		return customerRef{}, nil
	case said.ID != "":
		return e.customerByID(c, said)
	case said.SourceID != "":
		return e.customerBySource(p, said), nil
	case said.HasProfile():
		var random [16]byte
		if _, err := rand.Read(random[:]); err != nil {
			return customerRef{}, c.asWire(err)
		}
		r := e.customerBySource(p, &wire.Customer{SourceID: string(random[:])})
		r.said, r.birth = said, &shard.Customer{Minted: true}
		r.profile = e.secret.KeyHash(said.AppendProfile([]byte("scrip/1/profile")))
		return r, nil
	}
	return customerRef{}, nil
}

func (e *Engine) customerByID(c *Call, said *wire.Customer) (customerRef, error) {
	id, ok := e.secret.ParseID(coupon.PrefixCustomer, said.ID)
	if !ok {
		return customerRef{}, c.missingRef("customer", said.ID, "customer.id")
	}
	r := customerRef{id: id, group: e.shardOf(id.Slot)}
	var v shard.CustomerView
	if !r.group.law.Customer(c.Caller.Project, id, &v) {
		return customerRef{}, c.missingRef("customer", said.ID, "customer.id")
	}
	r.source = v.Source
	if r.source.IsZero() {
		r.source = coupon.Hash{Hi: uint64(id.Slot), Lo: id.Seq}
	}
	if said.HasProfile() {
		r.said = said
	}
	return r, nil
}

func (e *Engine) customerBySource(p *catalog.Project, said *wire.Customer) customerRef {
	r := customerRef{source: e.secret.Hash(p.ID, coupon.DomainCustomer, []byte(said.SourceID))}
	r.group = e.shardOf(r.source.Slot())
	r.id, _ = r.group.law.CustomerBySource(r.source)
	if r.id == (coupon.ID{}) || said.HasProfile() {
		r.said = said
	}
	return r
}

// settleCustomer makes the customer known before the change that needs one: in
// the same command where the code's shard owns the customer too, else first.
func (e *Engine) settleCustomer(ctx context.Context, c *Call, r *customerRef, code *shardGroup) error {
	if r.said == nil {
		return nil
	}
	if r.id == (coupon.ID{}) {
		r.id, _ = r.group.law.CustomerBySource(r.source)
	}
	if r.id != (coupon.ID{}) {
		r.birth = nil
		said := r.said
		r.said = nil
		if !said.HasProfile() {
			return nil
		}
		return e.mergeCustomer(ctx, c, r, said)
	}
	if err := r.conceive(c); err != nil {
		return err
	}
	if r.group == code {
		return nil // born in the redemption's own command
	}
	reply, err := e.proposeCustomer(ctx, c, r.group, r.birth, shard.Header{Slot: r.source.Slot()})
	if err != nil {
		return err
	}
	r.id, r.said, r.birth = reply.Customer, nil, nil
	return nil
}

// conceive seals what is said of a new customer under a key of its own.
func (r *customerRef) conceive(c *Call) error {
	birth := &shard.Customer{Project: c.Caller.Project, Source: r.source, Minted: r.birth != nil && r.birth.Minted}
	if _, err := rand.Read(birth.DataKey[:]); err != nil {
		return c.asWire(err)
	}
	said := *r.said
	if birth.Minted {
		said.SourceID = ""
	}
	sealed, err := c.seal(&birth.DataKey, &said)
	if err != nil {
		return err
	}
	birth.Sealed = sealed
	r.birth = birth
	return nil
}

// seal is seal for a profile that a caller sent.
func (c *Call) seal(key *[shard.DataKeyBytes]byte, said *wire.Customer) ([]byte, error) {
	sealed, err := seal(key, said)
	if err != nil {
		return nil, c.asWire(err)
	}
	return sealed, c.checkBytes(wire.KeyInvalidCustomer, "customer", len(sealed), sealedBytesMax)
}

// mergeCustomer writes what is new in said over what is stored, without losing
// what somebody else changed in between.
func (e *Engine) mergeCustomer(ctx context.Context, c *Call, r *customerRef, said *wire.Customer) error {
	return e.editCustomer(ctx, c, r.id, func(now *wire.Customer) { merge(now, said) })
}

func (e *Engine) editCustomer(ctx context.Context, c *Call, id coupon.ID, edit func(*wire.Customer)) error {
	g := e.shardOf(id.Slot)
	for range attemptsMax {
		var v shard.CustomerView
		if !g.law.Customer(c.Caller.Project, id, &v) {
			return c.missing("customer", e.customerID(id))
		}
		var now wire.Customer
		if err := unseal(&v, &now); err != nil {
			return c.asWire(err)
		}
		before := string(now.AppendProfile(nil))
		if edit(&now); string(now.AppendProfile(nil)) == before {
			return nil
		}
		q := shard.Customer{Project: c.Caller.Project, ID: id, DataKey: v.DataKey}
		var err error
		if q.Sealed, err = c.seal(&v.DataKey, &now); err != nil {
			return err
		}
		reply, err := e.proposeCustomer(ctx, c, g, &q, shard.Header{Slot: id.Slot, BasisMask: 1, BasisVersion: v.Version})
		if err != nil {
			return err
		}
		if reply.Outcome == coupon.OK {
			return nil
		}
	}
	return c.fail(wire.KeyUnavailable, "The customer kept changing under the request; try again")
}

// proposeCustomer replicates a customer. Reevaluate is left to the caller.
func (e *Engine) proposeCustomer(ctx context.Context, c *Call, g *shardGroup, q *shard.Customer, h shard.Header) (shard.Reply, error) {
	if err := e.mayChange(c); err != nil {
		return shard.Reply{}, err
	}
	h.Kind, h.Epoch, h.NotAfter = shard.KindCustomer, slotMapEpoch, e.notAfterOn(g.law.Now())
	h.ValidFrom, h.ValidUntil, h.Actor = shard.AlwaysFrom, shard.AlwaysUntil, c.Caller.Key
	cmd := shard.AppendCustomer(shard.AppendHeader(make([]byte, 0, shard.HeaderBytes+len(q.Sealed)+80), &h), q)
	reply, err := e.propose(ctx, g, cmd)
	switch {
	case err != nil:
		return reply, c.replication(err)
	case reply.Outcome == coupon.OK || reply.Outcome == coupon.Reevaluate:
		return reply, nil
	}
	return reply, c.refused(reply.Outcome, "")
}

// merge writes the profile fields that said has over those of now.
func merge(now, said *wire.Customer) {
	for _, f := range [...][2]*string{
		{&now.Name, &said.Name}, {&now.Description, &said.Description}, {&now.Email, &said.Email},
		{&now.Phone, &said.Phone}, {&now.Birthdate, &said.Birthdate}, {&now.Birthday, &said.Birthday},
	} {
		if *f[1] != "" {
			*f[0] = *f[1]
		}
	}
	if said.Address != (wire.Address{}) {
		now.Address = said.Address
	}
	if len(said.Metadata) > 0 {
		now.Metadata = said.Metadata
	}
}

func (e *Engine) customerID(id coupon.ID) string { return e.secret.FormatID(coupon.PrefixCustomer, id) }

// findCustomer finds a customer by id or source id.
func (e *Engine) findCustomer(p *catalog.Project, ref string, v *shard.CustomerView) bool {
	if id, ok := e.secret.ParseID(coupon.PrefixCustomer, ref); ok {
		return e.shardOf(id.Slot).law.Customer(p.Ordinal, id, v)
	}
	h := e.secret.Hash(p.ID, coupon.DomainCustomer, []byte(ref))
	g := e.shardOf(h.Slot())
	id, ok := g.law.CustomerBySource(h)
	return ok && g.law.Customer(p.Ordinal, id, v)
}
