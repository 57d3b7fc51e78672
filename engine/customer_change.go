package engine

import (
	"context"
	"encoding/binary"

	"github.com/scrip-engine/scrip/catalog"
	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/shard"
	"github.com/scrip-engine/scrip/wire"
)

// A change of a customer reads the sealed profile, edits it here and writes it
// back on the condition that nobody else has meanwhile: the shard cannot read it.

// customerName is what a request calls a customer: a public id, or the hash of
// a source id.
type customerName struct {
	id     coupon.ID // zero for a name by source
	source coupon.Hash
}

func (e *Engine) customerName(p *catalog.Project, ref string) customerName {
	if id, ok := e.secret.ParseID(coupon.PrefixCustomer, ref); ok {
		return customerName{id: id}
	}
	return customerName{source: e.secret.Hash(p.ID, coupon.DomainCustomer, []byte(ref))}
}

// mark is the same before the customer's birth and after the forgetting. The two
// kinds of names have marks that do not meet: a source hash is one of 2^128.
func (n customerName) mark() coupon.Hash {
	if n.id != (coupon.ID{}) {
		return coupon.Hash{Hi: uint64(n.id.Slot), Lo: n.id.Seq}
	}
	return n.source
}

func (n customerName) slot() uint16 {
	if n.id != (coupon.ID{}) {
		return n.id.Slot
	}
	return n.source.Slot()
}

// find returns the id of the customer with the name, and whether there is one now.
func (n customerName) find(law *shard.Shard, project uint32) (coupon.ID, bool) {
	if n.id == (coupon.ID{}) {
		return law.CustomerBySource(n.source)
	}
	of, ok := law.CustomerProject(n.id)
	return n.id, ok && of == project
}

// identifyCustomerChange gives a change of a customer its identity. The anchor of
// its key is the name that the request gave, and is hashed into the key: a retry
// comes with the same name, also when the name means nobody any more (P3).
func (e *Engine) identifyCustomerChange(c *Call, op operation, name customerName, said ...[]byte) identity {
	id := identity{key: mint(), flags: shard.FlagMinted, fingerprint: e.fingerprintOf(op, said...)}
	if c.Key != "" {
		mark := name.mark()
		anchor := binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, mark.Hi), mark.Lo)
		id.key, id.flags = e.keyHash(c.Caller.Project, op, string(anchor)+c.Key), 0
	}
	return id
}

// customerChange is one change of a customer on its way.
type customerChange struct {
	e    *Engine
	c    *Call
	name customerName
	id   identity // zero for a change that is part of another and has no key of its own
	// birth is what is said of a customer who does not exist yet; nil where one
	// has to exist.
	birth  *wire.Customer
	minted bool // the name was made up and is nobody's source id
	edit   func(now *wire.Customer)
}

func (ch *customerChange) group() *shardGroup { return ch.e.shardOf(ch.name.slot()) }

// run makes the change and returns the customer's id: that of then, when the key
// was answered before. A customer who does not exist is a *wire.Error not_found.
func (ch *customerChange) run(ctx context.Context) (coupon.ID, error) {
	for range attemptsMax {
		if id, done, err := ch.e.storedCustomer(ch.c, ch.name, shard.KindCustomer, ch.id); done {
			return id, err
		}
		id, known := ch.name.find(ch.group().law, ch.c.Caller.Project)
		if !known && ch.birth == nil {
			return id, ch.c.missing("customer", ch.e.customerID(ch.name.id))
		}
		q, basis, err := ch.compose(id, known)
		if err != nil || q == nil {
			return id, err
		}
		reply, err := ch.propose(ctx, q, basis)
		switch {
		case err != nil:
			return id, err
		case reply.Outcome == coupon.OK:
			return reply.Customer, nil
		case reply.Outcome != coupon.Reevaluate && reply.Outcome != coupon.ResourceNotFound:
			return id, ch.c.refused(reply.Outcome, "")
		}
	}
	return coupon.ID{}, ch.c.fail(wire.KeyUnavailable, "The customer kept changing under the request; try again")
}

// storedCustomer answers from the receipt of an earlier attempt, or with the
// conflict of another request under its key.
func (e *Engine) storedCustomer(c *Call, name customerName, kind shard.Kind, id identity) (of coupon.ID, done bool, err error) {
	var rec shard.Record
	if !e.shardOf(name.slot()).law.CustomerReceipt(name.slot(), kind, id.key, &rec) {
		return coupon.ID{}, false, nil
	}
	if rec.FPVersion == coupon.FingerprintVersion && rec.Fingerprint != id.fingerprint {
		return coupon.ID{}, true, c.refused(coupon.KeyConflict, "")
	}
	if rec.Flags&shard.RecordBirth != 0 {
		return rec.ID, true, nil
	}
	return rec.Customer, true, nil
}

// compose is the customer as it is to be, and the version that this was read from;
// nil for a change that changes nothing and has no key to be remembered.
func (ch *customerChange) compose(id coupon.ID, known bool) (q *shard.Customer, basis uint32, err error) {
	if !known {
		r := customerRef{source: ch.name.source, said: ch.birth, birth: &shard.Customer{Minted: ch.minted}}
		err = r.conceive(ch.c)
		return r.birth, 0, err
	}
	var v shard.CustomerView
	var now wire.Customer
	if !ch.group().law.Customer(ch.c.Caller.Project, id, &v) {
		return nil, 0, ch.c.missing("customer", ch.e.customerID(id)) // forgotten this instant
	}
	if err := unseal(&v, &now); err != nil {
		return nil, 0, ch.c.asWire(err)
	}
	before := string(now.AppendProfile(nil))
	if ch.edit(&now); string(now.AppendProfile(nil)) == before && (ch.c.Key == "" || ch.id.key.IsZero()) {
		return nil, 0, nil
	}
	q = &shard.Customer{Project: ch.c.Caller.Project, ID: id, DataKey: v.DataKey}
	q.Sealed, err = ch.c.seal(&v.DataKey, &now)
	return q, v.Version, err
}

func (ch *customerChange) propose(ctx context.Context, q *shard.Customer, basis uint32) (shard.Reply, error) {
	e := ch.e
	if err := e.mayChange(ch.c); err != nil {
		return shard.Reply{}, err
	}
	h := e.header(ch.c, shard.KindCustomer, ch.name.slot(), ch.id, e.catalog.View().Index())
	if basis != 0 {
		h.BasisMask, h.BasisVersion = 1, basis
	}
	reply, err := e.propose(ctx, ch.group(), shard.AppendCustomer(startCommand(&h), q))
	if err != nil {
		return reply, ch.c.replication(err)
	}
	return reply, nil
}
