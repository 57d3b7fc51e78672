package shard

import (
	"pgregory.net/rapid"

	"github.com/scrip-engine/scrip/coupon"
)

// generator draws commands: every kind, over so few codes, customers and keys
// that they meet all the time, with retries of what was sent before.
type generator struct {
	t      *rapid.T
	m      *model
	secret *coupon.Secret
	now    int64
	sent   []*command
	record func(seq uint64) *Record // as it was written, also when it is sealed
}

func newGenerator(t *rapid.T, m *model) *generator {
	return &generator{t: t, m: m, secret: coupon.NewSecret([32]byte{7}), now: modelStart}
}

func pick[T any](g *generator, what string, from ...T) T {
	return rapid.SampledFrom(from).Draw(g.t, what)
}

func (g *generator) hash(project uint32, folded string) coupon.Hash {
	return g.secret.Hash(string(rune('a'+project)), coupon.DomainCode, []byte(folded))
}

func (g *generator) key(name string) coupon.Hash {
	if name == "" {
		return coupon.Hash{}
	}
	return g.secret.KeyHash([]byte(name))
}

func (g *generator) anyKey() coupon.Hash { return g.key(pick(g, "key", "", "k1", "k2", "k3")) }

// anyCustomer is one who is known, or nobody, or one who never was.
func (g *generator) anyCustomer() coupon.ID {
	ids := []coupon.ID{{}, {Slot: 9, Seq: 999}}
	for _, c := range g.m.customers {
		ids = append(ids, c.id)
	}
	return pick(g, "customer", ids...)
}

func (g *generator) stamp() int64 {
	g.now += pick(g, "later", int64(0), 1, 500, -5000, 60_000, coupon.MintedKeyMillis-1, coupon.MintedKeyMillis,
		coupon.KeyMemoryMillis/2, coupon.KeyMemoryMillis-1, coupon.KeyMemoryMillis)
	return g.now
}

// campaigns are born before anything else.
func (g *generator) campaigns() []*command {
	var all []*command
	for _, c := range []Campaign{
		{Ordinal: 1, Project: 1, Birth: 10, Limit: 1},
		{Ordinal: 2, Project: 1, Birth: 10, Limit: 3, PerCustomer: 1},
		{Ordinal: 3, Project: 1, Birth: 10, Limit: Unlimited, IsGift: true, Gift: 100, Currency: 978},
		{Ordinal: 4, Project: 2, Birth: 20, Limit: 1, PerCustomer: 1},
	} {
		all = append(all, &command{Header{Kind: KindCampaign, Slot: 3, Epoch: 1}, &c})
	}
	return all
}

// command draws a new command, or one that was sent before: as it was, with a
// new deadline, or with the key kept and another request.
func (g *generator) command(stamp int64) *command {
	var c *command
	if len(g.sent) > 0 && pick(g, "retry", 0, 0, 1) == 1 {
		old := *rapid.SampledFrom(g.sent).Draw(g.t, "sent")
		c = &old
		if pick(g, "fresh", true, true, false) {
			c.h.NotAfter, c.h.CatalogIndex = stamp+coupon.CommandMillisMax, 200
			c.h.ValidFrom, c.h.ValidUntil, c.h.BasisMask = AlwaysFrom, AlwaysUntil, 0
		}
		if pick(g, "other request", false, false, false, true) {
			c.h.Fingerprint++
		}
	} else {
		c = g.draw()
		g.head(&c.h, stamp)
	}
	g.sent = append(g.sent, c)
	return c
}

func (g *generator) head(h *Header, stamp int64) {
	h.Epoch, h.Actor, h.FingerprintVersion = 1, 1, 1
	h.NotAfter = stamp + pick(g, "not after", int64(coupon.CommandMillisMax), coupon.CommandMillisMax, coupon.CommandMillisMax, 0, -1)
	h.CatalogIndex = pick(g, "evaluated at", uint64(200), 200, 200, 100)
	h.ValidFrom, h.ValidUntil = AlwaysFrom, AlwaysUntil
	switch pick(g, "interval", 0, 0, 0, 0, 1, 2) {
	case 1:
		h.ValidFrom = stamp + pick(g, "from", int64(0), 1)
	case 2:
		h.ValidUntil = stamp + pick(g, "until", int64(0), 1)
	}
	if pick(g, "basis", false, false, false, true) {
		h.BasisMask, h.BasisVersion = 1, pick(g, "version", uint32(1), 2, 3)
	}
	h.Key = g.anyKey()
	h.Flags = pick(g, "flags", uint16(0), 0, FlagMinted, FlagDerived)
	h.Fingerprint = pick(g, "request", uint64(1), 1, 1, 2)
}

// place is where a code lives, has lived, or never did.
func (g *generator) place() *modelCode {
	codes := []*modelCode{{place: coupon.ID{Slot: 5, Seq: 3}, project: 1}}
	if n := len(g.m.codes); n > 0 {
		codes = g.m.codes[max(0, n-6):]
	}
	return rapid.SampledFrom(codes).Draw(g.t, "code")
}

func (g *generator) draw() *command {
	switch kind := pick(g, "kind", KindRedeem, KindRedeem, KindRedeem, KindRedeem, KindRollback, KindRollback, KindRollback,
		KindCreate, KindCreate, KindImport, KindEnable, KindUpdate, KindDelete, KindBalance, KindFence,
		KindCustomer, KindForget, KindCampaign, KindSeal); kind {
	case KindRedeem:
		return g.redeem()
	case KindRollback:
		return g.rollback()
	case KindCreate:
		n := g.newCode()
		return &command{Header{Kind: kind, Slot: n.Hash.Slot()}, &Create{Project: 1, Campaign: g.anyCampaign(), Rules: testRules, Code: n}}
	case KindImport:
		return g.chunk()
	case KindFence:
		return &command{Header{Kind: kind}, pick(g, "fence", &Fence{FenceProject, 1, 150}, &Fence{FenceCampaign, 1, 120}, &Fence{FenceCampaign, 9, 1})}
	case KindCustomer:
		c := g.birth()
		if c.ID = g.anyCustomer(); c.ID != (coupon.ID{}) {
			c.Source = coupon.Hash{}
			return &command{Header{Kind: kind, Slot: c.ID.Slot}, c}
		}
		return &command{Header{Kind: kind, Slot: c.Source.Slot()}, c}
	case KindForget:
		id := g.anyCustomer()
		return &command{Header{Kind: kind, Slot: id.Slot}, &Forget{pick(g, "project", uint32(1), 1, 2), id}}
	case KindCampaign:
		return &command{Header{Kind: kind, Slot: 3}, &Campaign{Ordinal: pick(g, "campaign", uint32(1), 5), Project: 1,
			Limit: 1, Ended: pick(g, "end", false, false, false, true)}}
	case KindSeal:
		upTo := g.m.sealable()
		return &command{Header{Kind: kind}, &Seal{pick(g, "seal", upTo, upTo, upTo, upTo+1, g.m.sealed, g.m.sealed+1)}}
	default:
		return g.change(kind)
	}
}

func (g *generator) anyCampaign() uint32 { return pick(g, "campaign", uint32(0), 1, 1, 2, 2, 3, 3, 5) }

func (g *generator) redeem() *command {
	c := g.place()
	q := &Redeem{Ordinal: uint32(c.place.Seq), Project: c.project, Campaign: c.campaign, Customer: g.anyCustomer(),
		Currency: pick(g, "currency", uint16(978), 978, 0, 840),
		Order:    1000, Discount: 10, Applied: pick(g, "applied", int64(0), 50),
		GiftMax: pick(g, "gift", int64(0), 30, 30, 100, 101), GiftAsked: pick(g, "asked", int64(0), 0, 30, 101),
		Lines: []int64{3, 7}, Tail: AppendTail(nil, TagTracking, []byte("t"))}
	if pick(g, "birth", false, false, true) {
		q.Customer, q.Birth = coupon.ID{}, g.birth()
	}
	return &command{Header{Kind: KindRedeem, Slot: c.place.Slot}, q}
}

func (g *generator) birth() *Customer {
	name := pick(g, "source", "ann", "bob")
	return &Customer{Project: pick(g, "project", uint32(1), 1, 2), Source: g.secret.Hash("b", coupon.DomainCustomer, []byte(name)),
		Sealed: []byte(name + pick(g, "profile", "", "+", "a longer profile")), DataKey: [DataKeyBytes]byte{1, 2},
		Fresh: pick(g, "fresh", false, false, true)}
}

func (g *generator) rollback() *command {
	ids := []coupon.ID{{Slot: 5, Seq: 77}}
	for _, e := range g.m.events[max(0, len(g.m.events)-8):] {
		if e.kind == KindRedeem {
			ids = append(ids, e.reply.ID)
		}
	}
	id := ids[len(ids)-1-rapid.IntRange(0, len(ids)-1).Draw(g.t, "redemption")]
	q := &Rollback{Redemption: id, Project: 1,
		Amount: pick(g, "amount", RollbackAll, RollbackAll, 10, 20, 50, 101), Tail: AppendTail(nil, TagReason, []byte("r"))}
	if g.record != nil && pick(g, "looked", true, true, true, false) {
		g.look(q)
	}
	return &command{Header{Kind: KindRollback, Slot: id.Slot, Seen: g.m.seq}, q}
}

// look brings along what a proposer finds in the history, of what is sealed already
// and of what may be soon.
func (g *generator) look(q *Rollback) {
	for _, e := range g.m.events {
		switch {
		case e.reply.ID == q.Redemption && e.kind == KindRedeem:
			q.Sealed = AppendSealed(nil, g.record(e.reply.Seq))
		case e.kind == KindRollback && e.redemption.reply.ID == q.Redemption:
			q.Back = AppendSealed(nil, g.record(e.reply.Seq))
		}
	}
}

func (g *generator) newCode() NewCode {
	issued := pick(g, "text", "Alpha", "ALPHA", "beta", "Straße", "gamma-1", "DELTA")
	folded, err := testRules.AppendFolded(nil, []byte(issued))
	if err != nil {
		g.t.Fatal(err)
	}
	n := NewCode{Hash: g.hash(1, string(folded)), Issued: []byte(issued)}
	holder := g.anyCustomer()
	n.Spec = pick(g, "spec", Spec{}, Spec{}, Spec{},
		Spec{Mask: SpecLimit, Limit: 2}, Spec{Mask: SpecLimit, Limit: 0},
		Spec{Mask: SpecPerCustomer | SpecLimit, PerCustomer: 1, Limit: Unlimited},
		Spec{Mask: SpecGift | SpecLimit, Gift: 60, Currency: 978, Limit: Unlimited},
		Spec{Mask: SpecFrom | SpecUntil, From: modelStart + 1000, Until: modelStart + coupon.KeyMemoryMillis},
		Spec{Mask: SpecHolder, Holder: holder}, Spec{Mask: SpecDisabled},
		Spec{Mask: SpecMetadata, Metadata: []byte(`{"a":1}`)})
	return n
}

func (g *generator) chunk() *command {
	job := pick(g, "job", uint64(1), 2)
	chunk := uint32(1)
	if j := g.m.jobs[job]; j != nil {
		chunk = j.chunk
	}
	q := &Import{Project: 1, Campaign: g.anyCampaign(), Rules: testRules, Job: job,
		Chunk: chunk + pick(g, "chunk", uint32(1), 1, 0, 2)}
	for range rapid.IntRange(0, 3).Draw(g.t, "codes") {
		q.Codes = append(q.Codes, g.newCode())
	}
	return &command{Header{Kind: KindImport, Slot: 3}, q}
}

func (g *generator) change(kind Kind) *command {
	c := g.place()
	h := Header{Kind: kind, Slot: c.place.Slot}
	ordinal := uint32(c.place.Seq)
	switch kind {
	case KindEnable:
		return &command{h, &Enable{ordinal, 1, pick(g, "on", false, true)}}
	case KindDelete:
		return &command{h, &Delete{ordinal, 1}}
	case KindBalance:
		return &command{h, &Balance{ordinal, 1, pick(g, "by", int64(5), -5, -80, coupon.AmountMax), nil}}
	}
	holder := g.anyCustomer()
	q := pick(g, "update", &Update{Set: Spec{Mask: SpecMetadata, Metadata: []byte(`{"b":"longer"}`)}},
		&Update{Clear: SpecMetadata | SpecFrom | SpecHolder}, &Update{Set: Spec{Mask: SpecHolder, Holder: holder}},
		&Update{Set: Spec{Mask: SpecUntil, Until: modelStart}, Clear: SpecFrom}, &Update{Clear: SpecUntil},
		&Update{Set: Spec{Mask: SpecFrom, From: modelStart + 1}}, &Update{Set: Spec{Mask: SpecDisabled}}, &Update{Clear: SpecDisabled})
	q.Ordinal, q.Project = ordinal, 1
	return &command{h, q}
}
