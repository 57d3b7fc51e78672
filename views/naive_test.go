package views

import (
	"slices"

	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/shard"
)

// naive answers by reading all journals from the beginning: the oracle of every
// list and count.
type naive struct {
	w       *world
	entries []naiveEntry
	codes   []naiveCode
	held    []naiveHeld
}

type naiveEntry struct {
	shard  int
	rec    shard.Record
	of     shard.Record // itself, or the redemption of a rollback
	gone   bool         // wholly rolled back; a forgotten customer
	source string
}

type naiveCode struct {
	ref      CodeRef
	project  uint32
	campaign uint32
	seq      uint64
	deleted  bool
	off      bool
	holder   coupon.ID
}

type naiveHeld struct {
	code   int // in codes
	holder coupon.ID
	stamp  int64
	shard  int
	gone   bool
}

// newNaive reads records up to the given sequences.
func newNaive(w *world, upTo []uint64) *naive {
	n := &naive{w: w}
	for i := range w.shards {
		for seq := uint64(1); seq <= upTo[i]; seq++ {
			var rec shard.Record
			if !w.shards[i].Record(seq, &rec) {
				w.t.Fatalf("shard %d has no record %d", i, seq)
			}
			n.read(i, rec)
		}
	}
	slices.SortStableFunc(n.entries, func(a, b naiveEntry) int {
		if a.rec.Stamp != b.rec.Stamp {
			return int(a.rec.Stamp - b.rec.Stamp)
		}
		return a.shard - b.shard
	})
	return n
}

func (n *naive) read(i int, rec shard.Record) {
	e := naiveEntry{shard: i, rec: rec, of: rec}
	switch rec.Kind {
	case shard.KindRollback:
		n.w.shards[i].Event(rec.Ref, &e.of)
		if rec.Flags&shard.RecordEnd != 0 {
			n.markGone(rec.Ref)
		}
	case shard.KindForget:
		n.markGone(rec.Customer)
	case shard.KindCreate:
		n.issue(i, rec, Place{rec.ID.Slot, rec.Ordinal})
	case shard.KindImport:
		for k := range uint32(rec.Uses) {
			slot, ordinal, _ := n.w.shards[i].Place(rec.Ordinal + k)
			n.issue(i, rec, Place{slot, ordinal})
		}
	case shard.KindEnable:
		n.code(i, rec).off = rec.Flags&shard.RecordOff != 0
	case shard.KindUpdate:
		n.update(i, rec)
	case shard.KindDelete:
		n.remove(n.find(i, rec))
	case shard.KindCampaign:
		for c := range n.codes {
			if rec.Flags&shard.RecordEnd != 0 && n.codes[c].ref.Shard == i && n.codes[c].campaign == rec.Campaign && !n.codes[c].deleted {
				n.remove(c)
			}
		}
	}
	e.source = string(shard.TailField(e.of.Tail, shard.TagOrderSource))
	n.entries = append(n.entries, e)
}

func (n *naive) markGone(id coupon.ID) {
	for i := range n.entries {
		if e := &n.entries[i]; e.rec.ID == id {
			e.gone = true
		}
	}
}

func (n *naive) issue(i int, rec shard.Record, p Place) {
	c := naiveCode{ref: CodeRef{i, p.Slot, p.Ordinal, rec.Stamp}, project: rec.Project, campaign: rec.Campaign, seq: rec.Seq,
		holder: rec.Customer, off: rec.Flags&shard.RecordOff != 0}
	if rec.Kind == shard.KindImport {
		if err := shard.EachMarked(&rec, func(m shard.Marked) error {
			if slot, ordinal, _ := n.w.shards[i].Place(rec.Ordinal + m.Offset); slot == p.Slot && ordinal == p.Ordinal {
				c.holder, c.off = m.Holder, m.Off
			}
			return nil
		}); err != nil {
			panic(err)
		}
	}
	n.codes = append(n.codes, c)
	if c.holder != (coupon.ID{}) {
		n.held = append(n.held, naiveHeld{code: len(n.codes) - 1, holder: c.holder, stamp: rec.Stamp, shard: i})
	}
}

func (n *naive) find(i int, rec shard.Record) int {
	return slices.IndexFunc(n.codes, func(c naiveCode) bool {
		return c.ref.Shard == i && c.ref.Slot == rec.ID.Slot && c.ref.Ordinal == rec.Ordinal
	})
}

func (n *naive) code(i int, rec shard.Record) *naiveCode { return &n.codes[n.find(i, rec)] }

func (n *naive) update(i int, rec shard.Record) {
	c := n.code(i, rec)
	masks := shard.TailField(rec.Tail, shard.TagChanged)
	set, cleared := shard.SpecMask(masks[0])|shard.SpecMask(masks[1])<<8, shard.SpecMask(masks[2])|shard.SpecMask(masks[3])<<8
	if (set|cleared)&shard.SpecDisabled != 0 {
		c.off = set&shard.SpecDisabled != 0
	}
	if (set|cleared)&shard.SpecHolder != 0 {
		n.release(n.find(i, rec))
		c.holder = rec.Customer
		if c.holder != (coupon.ID{}) {
			n.held = append(n.held, naiveHeld{code: n.find(i, rec), holder: c.holder, stamp: rec.Stamp, shard: i})
		}
	}
}

func (n *naive) release(c int) {
	for i := range n.held {
		if n.held[i].code == c {
			n.held[i].gone = true
		}
	}
}

func (n *naive) remove(c int) {
	n.codes[c].deleted = true
	n.release(c)
}

func (n *naive) list(q ListQuery) (all []item) {
	for i := range n.entries {
		e := &n.entries[i]
		if n.kind(e, q) && n.filter(e, q) {
			all = append(all, item{stamp: e.rec.Stamp, shard: e.shard, tie: e.rec.Seq, seq: e.rec.Seq})
		}
	}
	if q.Descending {
		slices.Reverse(all)
	}
	return all
}

func (n *naive) kind(e *naiveEntry, q ListQuery) bool {
	k, gift := e.rec.Kind, e.rec.Flags&shard.RecordIsGift != 0
	switch q.Kind {
	case Redemptions:
		return k == shard.KindRedeem && (q.Status == AnyStatus || (q.Status == RolledBack) == e.gone)
	case Rollbacks:
		return k == shard.KindRollback
	case RedemptionsAndRollbacks:
		return k == shard.KindRedeem || k == shard.KindRollback
	case Transactions:
		return k == shard.KindBalance || gift && (k == shard.KindRedeem || k == shard.KindRollback || k == shard.KindCreate)
	case Customers:
		return k == shard.KindCustomer && e.rec.Flags&shard.RecordBirth != 0 && !e.gone
	}
	if q.Code == nil { // a customer's timeline
		return k == shard.KindRedeem || k == shard.KindRollback || k == shard.KindCustomer || k == shard.KindForget
	}
	if k == shard.KindImport {
		c := slices.IndexFunc(n.codes, func(c naiveCode) bool { return c.ref.Shard == e.shard && (Place{c.ref.Slot, c.ref.Ordinal}) == *q.Code })
		return c >= 0 && n.codes[c].seq == e.rec.Seq
	}
	return k != shard.KindCustomer && k != shard.KindForget && k != shard.KindCampaign
}

func (n *naive) filter(e *naiveEntry, q ListQuery) bool {
	who := e.of.Customer
	if e.rec.Kind == shard.KindCustomer && e.rec.Flags&shard.RecordBirth != 0 {
		who = e.rec.ID
	}
	return e.of.Project == q.Project &&
		(q.Campaign == 0 || e.of.Campaign == q.Campaign) &&
		(q.Code == nil || e.rec.Kind == shard.KindImport || placeOf(&e.of) == *q.Code) &&
		(q.Customer == (coupon.ID{}) || who == q.Customer) &&
		(q.Order == "" || e.source == q.Order) &&
		e.rec.Stamp >= q.From && (q.Until == 0 || e.rec.Stamp < q.Until)
}

func (n *naive) listCodes(q CodeQuery) (all []CodeRef) {
	if q.Holder != (coupon.ID{}) {
		for _, h := range n.held {
			c := &n.codes[h.code]
			if h.holder == q.Holder && !h.gone && c.project == q.Project && (q.Campaign == 0 || c.campaign == q.Campaign) {
				ref := c.ref
				ref.Created = h.stamp
				all = append(all, ref)
			}
		}
	} else {
		for _, c := range n.codes {
			if !c.deleted && c.project == q.Project && (q.Campaign == 0 || c.campaign == q.Campaign) {
				all = append(all, c.ref)
			}
		}
	}
	all = slices.DeleteFunc(all, func(r CodeRef) bool { return r.Created < q.From || q.Until != 0 && r.Created >= q.Until })
	slices.SortStableFunc(all, func(a, b CodeRef) int {
		if a.Created != b.Created {
			return int(a.Created - b.Created)
		}
		return a.Shard - b.Shard
	})
	if q.Descending {
		slices.Reverse(all)
	}
	return all
}

// counts sums over entries; customer zero: all.
func (n *naive) counts(project uint32, campaign *uint32, customer coupon.ID) (c Counts) {
	in := func(p, of uint32) bool { return p == project && (campaign == nil || of == *campaign) }
	for _, k := range n.codes {
		if customer != (coupon.ID{}) || !in(k.project, k.campaign) {
			continue
		}
		c.Issued++
		switch {
		case k.deleted:
			c.Deleted++
		case k.off:
			c.Disabled++
		}
	}
	for i := range n.entries {
		e := &n.entries[i]
		if !in(e.of.Project, e.of.Campaign) || customer != (coupon.ID{}) && e.of.Customer != customer {
			continue
		}
		switch e.rec.Kind {
		case shard.KindRedeem:
			c.Redemptions++
			c.Order += e.rec.Order
			c.Discount += e.rec.Applied
			c.Gift += e.rec.Gift
			if c.First == 0 {
				c.First = e.rec.Stamp
			}
			c.Last = e.rec.Stamp
		case shard.KindRollback:
			c.Rollbacks++
			c.GiftBack += e.rec.Gift
			if e.rec.Flags&shard.RecordEnd != 0 {
				c.RolledBack++
				c.DiscountBack += e.of.Applied
			}
		case shard.KindBalance:
			if customer == (coupon.ID{}) {
				c.CreditsIn += max(e.rec.Gift, 0)
				c.CreditsOut += max(-e.rec.Gift, 0)
			}
		}
	}
	return c
}
