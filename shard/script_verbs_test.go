package shard

import (
	"bytes"

	"github.com/scrip-engine/scrip/coupon"
)

func (sc *script) key(name string) coupon.Hash {
	if name == "" {
		return coupon.Hash{}
	}
	return sc.secret.KeyHash([]byte(name))
}

// head makes the header of a command: in time, evaluated at 100, always valid,
// unless the line says otherwise.
func (sc *script) head(kind Kind, slot uint16, a args) []byte {
	h := Header{Kind: kind, Slot: slot, Epoch: uint32(a.num("epoch", 1)), NotAfter: sc.now + a.num("not-after", 10_000),
		CatalogIndex: uint64(a.num("at", 100)), ValidFrom: AlwaysFrom, ValidUntil: AlwaysUntil,
		Key: sc.key(a.opts["key"]), FingerprintVersion: 1, Fingerprint: uint64(a.num("request", 1))}
	if a.has("valid-from") {
		h.ValidFrom = sc.now + a.num("valid-from", 0)
	}
	if a.has("valid-until") {
		h.ValidUntil = sc.now + a.num("valid-until", 0)
	}
	if a.has("basis") {
		h.BasisMask, h.BasisVersion = 1, uint32(a.num("basis", 0))
	}
	if a.has("minted") {
		h.Flags |= FlagMinted
	}
	if a.has("derived") {
		h.Flags |= FlagDerived
	}
	return AppendHeader(nil, &h)
}

// send applies one command at the script's time and prints the answer.
func (sc *script) send(cmd []byte, as string) string {
	sc.t.Helper()
	replies := make([]Reply, 1)
	if err := sc.s.Apply(sc.now, [][]byte{cmd}, replies); err != nil {
		sc.t.Fatal(err)
	}
	if as != "" {
		sc.named[as] = replies[0]
	}
	return answer(&replies[0])
}

// place finds a code by its text; one that is not there gets a place where none is.
func (sc *script) place(code string) (slot uint16, ordinal, campaign uint32) {
	if l := sc.look(code); l.View.Found {
		return l.View.Slot, l.View.Ordinal, l.View.Campaign
	}
	return sc.hash(code).Slot(), 999, 0
}

func (sc *script) source(name string) coupon.Hash {
	return sc.secret.Hash("proj", coupon.DomainCustomer, []byte(name))
}

func (sc *script) command(verb string, a args) string {
	switch verb {
	case "campaign":
		c := Campaign{Ordinal: uint32(a.num("n", 1)), Project: 1, Birth: uint64(a.num("birth", 5)), Limit: a.num("limit", 1),
			PerCustomer: a.num("per", 0), Gift: a.num("gift", 0), IsGift: a.has("gift"), Ended: a.has("ended")}
		if c.IsGift {
			c.Currency = 978
		}
		return sc.send(AppendCampaign(sc.head(KindCampaign, 0, a), &c), "")
	case "create":
		h := sc.hash(a.names[0])
		return sc.send(AppendCreate(sc.head(KindCreate, h.Slot(), a), &Create{Project: 1, Campaign: uint32(a.num("campaign", 0)),
			Rules: testRules, Code: NewCode{Hash: h, Issued: []byte(a.names[0]), Spec: sc.spec(a)}}), "")
	case "import":
		q := Import{Project: 1, Campaign: uint32(a.num("campaign", 0)), Rules: testRules, Job: uint64(a.num("job", 1)), Chunk: uint32(a.num("chunk", 1))}
		for _, code := range a.names {
			q.Codes = append(q.Codes, NewCode{Hash: sc.hash(code), Issued: []byte(code), Spec: sc.spec(a)})
		}
		return sc.send(AppendImport(sc.head(KindImport, 0, a), &q), "")
	case "redeem":
		return sc.redeemLine(a)
	case "rollback":
		red := sc.named[a.names[0]]
		return sc.send(AppendRollback(sc.head(KindRollback, red.Slot, a),
			&Rollback{Redemption: red.ID, Project: uint32(a.num("project", 1)), Amount: a.num("amount", RollbackAll)}), "")
	case "fence":
		q := Fence{Scope: FenceCampaign, Ordinal: uint32(a.num("campaign", 0)), Index: uint64(a.num("index", 0))}
		if q.Ordinal == 0 {
			q.Scope, q.Ordinal = FenceProject, 1
		}
		return sc.send(AppendFence(sc.head(KindFence, 0, a), &q), "")
	case "customer":
		out := sc.send(AppendCustomer(sc.head(KindCustomer, sc.source(a.names[0]).Slot(), a),
			&Customer{Project: uint32(a.num("project", 1)), Source: sc.source(a.names[0]), Sealed: []byte(a.opts["profile"]), Fresh: a.has("fresh")}), a.names[0])
		if id := sc.named[a.names[0]].ID; id != (coupon.ID{}) {
			sc.customers[a.names[0]] = id
		}
		return out
	case "forget":
		id := sc.customers[a.names[0]]
		return sc.send(AppendForget(sc.head(KindForget, id.Slot, a), &Forget{uint32(a.num("project", 1)), id}), "")
	}
	return sc.change(verb, a)
}

func (sc *script) change(verb string, a args) string {
	slot, ordinal, _ := sc.place(a.names[0])
	project := uint32(a.num("project", 1))
	switch verb {
	case "enable", "disable":
		return sc.send(AppendEnable(sc.head(KindEnable, slot, a), &Enable{ordinal, project, verb == "enable"}), "")
	case "delete":
		return sc.send(AppendDelete(sc.head(KindDelete, slot, a), &Delete{ordinal, project}), "")
	case "balance":
		return sc.send(AppendBalance(sc.head(KindBalance, slot, a), &Balance{ordinal, project, a.num("add", 0), nil}), "")
	case "update":
		q := Update{Ordinal: ordinal, Project: project, Set: sc.spec(a)}
		for name, bit := range map[string]SpecMask{"from": SpecFrom, "until": SpecUntil, "holder": SpecHolder} {
			if a.has("clear-" + name) {
				q.Clear |= bit
			}
		}
		return sc.send(AppendUpdate(sc.head(KindUpdate, slot, a), &q), "")
	}
	sc.t.Fatalf("verb %q", verb)
	return ""
}

func (sc *script) redeemLine(a args) string {
	slot, ordinal, campaign := sc.place(a.names[0])
	q := Redeem{Ordinal: ordinal, Project: uint32(a.num("project", 1)), Campaign: uint32(a.num("campaign", int64(campaign))),
		Currency: uint16(a.num("currency", 0)), Order: a.num("order", 1000), Applied: a.num("applied", 0),
		GiftMax: a.num("credits", 0), GiftAsked: a.num("asked", 0), Customer: sc.customers[a.opts["customer"]]}
	if name := a.opts["birth"]; name != "" {
		q.Birth = &Customer{Source: sc.source(name), Sealed: []byte(name), Fresh: a.has("fresh")}
	}
	out := sc.send(AppendRedeem(sc.head(KindRedeem, slot, a), &q), a.opts["as"])
	if name := a.opts["birth"]; name != "" {
		if id, ok := sc.s.CustomerBySource(sc.source(name)); ok {
			sc.customers[name] = id
		}
	}
	return out
}

// spec reads what a line says of a code. Times are relative to now.
func (sc *script) spec(a args) Spec {
	var sp Spec
	set := func(bit SpecMask, name string) bool {
		if a.has(name) {
			sp.Mask |= bit
		}
		return a.has(name)
	}
	if set(SpecLimit, "limit") {
		sp.Limit = a.num("limit", 0)
	}
	if set(SpecPerCustomer, "per") {
		sp.PerCustomer = a.num("per", 0)
	}
	if set(SpecGift, "gift") {
		sp.Gift, sp.Currency = a.num("gift", 0), 978
	}
	if set(SpecFrom, "from") {
		sp.From = sc.now + a.num("from", 0)
	}
	if set(SpecUntil, "until") {
		sp.Until = sc.now + a.num("until", 0)
	}
	if set(SpecHolder, "holder") {
		sp.Holder = sc.customers[a.opts["holder"]]
	}
	if set(SpecMetadata, "metadata") {
		sp.Metadata = bytes.Clone([]byte(a.opts["metadata"]))
	}
	set(SpecDisabled, "disabled")
	return sp
}
