package engine

import (
	"context"
	"crypto/rand"
	"math"

	"github.com/scrip-engine/scrip/catalog"
	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/shard"
	"github.com/scrip-engine/scrip/wire"
)

// customerRef is the customer of a request: known by id, or by a source id that
// may not have been seen yet, or nobody.
type customerRef struct {
	id     coupon.ID      // zero while unknown
	name   customerName   // as the request has it
	source coupon.Hash    // the mark of the name; zero for nobody
	said   *wire.Customer // what the request says of the customer; nil for nothing new
	birth  *shard.Customer
	group  *shardGroup
	// missing refuses a request that names by id a customer who does not exist. It
	// stands behind the receipt: who was there at the first attempt may have been
	// forgotten since (P3).
	missing *wire.Error
	// profile stands for a customer of whom only a profile is said: source is
	// drawn anew for each request, and a retry must still be the same request. It
	// stands for an id that no customer can have, too.
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
		return e.customerByID(c, said), nil
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

func (e *Engine) customerByID(c *Call, said *wire.Customer) customerRef {
	id, ok := e.secret.ParseID(coupon.PrefixCustomer, said.ID)
	if !ok {
		return customerRef{missing: c.missingRef("customer", said.ID, "customer.id"),
			profile: e.secret.KeyHash([]byte("scrip/1/nobody" + said.ID))}
	}
	name := customerName{id: id}
	r := customerRef{id: id, name: name, group: e.shardOf(id.Slot), source: name.mark()}
	if _, ok := name.find(r.group.law, c.Caller.Project); !ok {
		r.missing = c.missingRef("customer", said.ID, "customer.id")
	}
	if said.HasProfile() {
		r.said = said
	}
	return r
}

func (e *Engine) customerBySource(p *catalog.Project, said *wire.Customer) customerRef {
	r := customerRef{source: e.secret.Hash(p.ID, coupon.DomainCustomer, []byte(said.SourceID))}
	r.name, r.group = customerName{source: r.source}, e.shardOf(r.source.Slot())
	r.id, _ = r.group.law.CustomerBySource(r.source)
	if r.id == (coupon.ID{}) || said.HasProfile() {
		r.said = said
	}
	return r
}

// inSlot is a hash that was drawn, moved to a slot.
func inSlot(h coupon.Hash, slot uint16) coupon.Hash {
	const below = math.MaxUint64 / coupon.Slots
	return coupon.Hash{Hi: h.Hi&below | uint64(slot)*(below+1), Lo: h.Lo}
}

// bornWith moves a customer whose source was drawn to a slot of the code's shard,
// so that the birth and the redemption are one command: a redemption that is
// refused must not leave a profile behind which nobody knows of.
func (r *customerRef) bornWith(e *Engine, code *shardGroup) {
	if r.birth == nil || !r.birth.Minted || r.group == code {
		return
	}
	first, next := firstSlot(code.index, len(e.shards)), firstSlot(code.index+1, len(e.shards))
	r.source = inSlot(r.source, first+uint16(r.source.Lo%uint64(next-first)))
	r.name, r.group = customerName{source: r.source}, code
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
	if r.id == (coupon.ID{}) && r.group == code {
		return r.conceive(c) // born in the redemption's own command
	}
	if r.id == (coupon.ID{}) || r.said.HasProfile() {
		id, err := e.recordCustomer(ctx, c, r)
		if err != nil {
			return err
		}
		r.id = id
	}
	r.said, r.birth = nil, nil
	return nil
}

// recordCustomer writes what a request says of its customer, without losing what
// somebody else has said meanwhile.
func (e *Engine) recordCustomer(ctx context.Context, c *Call, r *customerRef) (coupon.ID, error) {
	said := r.said
	ch := customerChange{e: e, c: c, name: r.name, birth: said, minted: r.birth != nil && r.birth.Minted,
		edit: func(now *wire.Customer) { merge(now, said) }}
	if r.name.id != (coupon.ID{}) {
		ch.birth = nil
	}
	id, err := ch.run(ctx)
	if isMissing(err) { // forgotten since it was found
		err = c.missingRef("customer", said.ID, "customer.id")
	}
	return id, err
}

// conceive seals what is said of a new customer under a key of its own. A profile
// must not be lost to another birth of the same customer; a source id alone may.
func (r *customerRef) conceive(c *Call) error {
	birth := &shard.Customer{Project: c.Caller.Project, Source: r.source, Minted: r.birth != nil && r.birth.Minted,
		Fresh: r.said.HasProfile()}
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

// refuseMissing ends a request that names by id a customer who does not exist,
// after a proof that no earlier attempt was answered (P1, P3).
func (r *redemption) refuseMissing(ctx context.Context) (verdict, error) {
	if r.proved || !r.ref.known {
		r.ev.look.View = shard.CodeView{} // it is no refusal of the code
		return 0, r.customer.missing
	}
	r.proved = true
	if _, err := r.ref.group.log.Prove(ctx); err != nil {
		return 0, r.c.replication(err)
	}
	return surveyAgain, nil
}
