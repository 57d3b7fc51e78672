package engine

import (
	"context"

	"github.com/scrip-engine/scrip/catalog"
	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/shard"
)

// codeRef is a code as a request named it: text that can be looked up.
type codeRef struct {
	query shard.Query
	group *shardGroup
	known bool // false: no code can have this name
}

func rulesOf(p *catalog.Project) coupon.CodeRules {
	return coupon.CodeRules{Version: p.CodeVersion, Fold: !p.CaseSensitive}
}

// resolve normalises a code and finds its shard. Text that no code can have
// gives a ref that is not known; a public id names the code at its place, unless
// there is a code of the same text. The folded text is written into folded's
// capacity, which belongs to the ref from then on.
func (e *Engine) resolve(p *catalog.Project, text string, folded []byte) codeRef {
	rules := rulesOf(p)
	folded, err := rules.AppendFolded(folded[:0], []byte(text))
	if err != nil {
		return codeRef{}
	}
	h := e.secret.Hash(p.ID, coupon.DomainCode, folded)
	r := codeRef{known: true, group: e.shardOf(h.Slot()),
		query: shard.Query{Project: p.Ordinal, Rules: rules, Hash: h, Folded: folded}}
	id, ok := e.secret.ParseID(coupon.PrefixVoucher, text)
	if !ok {
		return r
	}
	var l shard.Look
	if r.group.law.Look(&r.query, &l); l.View.Found && !l.View.Deleted {
		return r
	}
	return e.place(p, id)
}

// place is the code behind a public id: its ordinal counts from 1 there.
func (e *Engine) place(p *catalog.Project, id coupon.ID) codeRef {
	n := uint32(id.Seq) // the generation stands above it
	if n == 0 {
		return codeRef{}
	}
	g := e.shardOf(id.Slot)
	if g.law.CodeID(id.Slot, n-1) != id {
		return codeRef{} // not there, or lost in a restore
	}
	return codeRef{known: true, group: g,
		query: shard.Query{Project: p.Ordinal, ByPlace: true, Slot: id.Slot, Ordinal: n - 1}}
}

// voucherID is the public id of the code at a place.
func (e *Engine) voucherID(slot uint16, ordinal uint32) string {
	id := e.shardOf(slot).law.CodeID(slot, ordinal)
	if id == (coupon.ID{}) {
		return ""
	}
	return e.secret.FormatID(coupon.PrefixVoucher, id)
}

// look reads the code. The filter answers first for text that was never issued.
func (r *codeRef) look(l *shard.Look) {
	if !r.known {
		l.View, l.HasReceipt = shard.CodeView{}, false
		return
	}
	if !r.query.ByPlace && !r.group.filter.mayHold(r.query.Hash) {
		l.View, l.HasReceipt = shard.CodeView{}, false
		return
	}
	r.group.law.Look(&r.query, l)
	if l.View.Found && l.View.Project != r.query.Project {
		l.View, l.HasReceipt = shard.CodeView{}, false // a place may be another project's
	}
}

// lookProved reads the code after a leadership proof that began after the
// caller's request arrived: what it says, no's included, is linearizable (P1).
func (e *Engine) lookProved(ctx context.Context, r *codeRef, l *shard.Look) error {
	if !r.known {
		l.View, l.HasReceipt = shard.CodeView{}, false
		return nil
	}
	if _, err := r.group.log.Prove(ctx); err != nil {
		return err
	}
	r.look(l)
	return nil
}

// project returns the caller's project as a view of the catalog has it.
func (c *Call) project(v catalog.View) *catalog.Project { return v.Project(c.Caller.Project) }
