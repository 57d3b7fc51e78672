package engine

import (
	"context"
	"encoding/json"

	"github.com/scrip-engine/scrip/catalog"
	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/shard"
	"github.com/scrip-engine/scrip/wire"
)

// CreateVoucher issues one code: the given text, or with an empty one a text
// that is drawn.
func (e *Engine) CreateVoucher(ctx context.Context, c Call, code string, req *wire.VoucherCreate) (*wire.Voucher, error) {
	ref := req.CampaignID
	if ref == "" {
		ref = req.Campaign
	}
	return e.issue(ctx, &c, ref, code, req)
}

// AddVoucher issues one code of a campaign.
func (e *Engine) AddVoucher(ctx context.Context, c Call, campaign, code string, req *wire.VoucherCreate) (*wire.Voucher, error) {
	if campaign == "" {
		return nil, c.missing("campaign", campaign)
	}
	return e.issue(ctx, &c, campaign, code, req)
}

// creation is one request for one code, on its way.
type creation struct {
	e        *Engine
	c        *Call
	p        *catalog.Project
	ref      string            // the campaign in the caller's words; "" for none
	campaign *catalog.Campaign // set by prepare; nil for none
	req      *wire.VoucherCreate
	spec     shard.Spec // set by prepare
	id       identity
}

// issue makes one code. ref names its campaign, "" for a standalone code.
func (e *Engine) issue(ctx context.Context, c *Call, ref, code string, req *wire.VoucherCreate) (*wire.Voucher, error) {
	if err := e.admit(c, RoleUser); err != nil {
		return nil, err
	}
	v := e.catalog.View()
	if err := c.stillAllowed(v); err != nil {
		return nil, err
	}
	said, err := json.Marshal(req)
	if err != nil {
		return nil, c.asWire(err)
	}
	n := &creation{e: e, c: c, p: c.project(v), ref: ref, req: req,
		id: e.identify(c, opCreate, e.fingerprintOf(opCreate, said, []byte(ref)))}
	if code == "" {
		code = req.Code
	}
	if code == "" {
		return n.drawn(ctx)
	}
	return n.named(ctx, code)
}

// named issues the text that the caller gave, which is the anchor of the key.
func (n *creation) named(ctx context.Context, code string) (*wire.Voucher, error) {
	parsed, err := rulesOf(n.p).ParseNew(code)
	if err != nil {
		return nil, n.c.field(wire.KeyInvalidCode, "code", err.Error())
	}
	t := n.text(parsed)
	if out, err := n.before(&t); out != nil || err != nil {
		return out, err
	}
	out, refusal := n.attempt(ctx, &t)
	if refusal == nil || n.c.Key == "" {
		return out, refusal
	}
	// The same request may have come a second time and been answered meanwhile.
	if _, err := t.ref.group.log.Prove(ctx); err != nil {
		return nil, refusal
	}
	if out, err := n.before(&t); out != nil || err != nil {
		return out, err
	}
	return nil, refusal
}

func (n *creation) attempt(ctx context.Context, t *codeText) (*wire.Voucher, error) {
	if err := n.prepare(ctx); err != nil {
		return nil, err
	}
	return n.create(ctx, t)
}

// codeText is a text that a code may get, and where it belongs.
type codeText struct {
	code coupon.Code
	ref  codeRef
}

func (n *creation) text(code coupon.Code) codeText {
	h := n.e.secret.Hash(n.p.ID, coupon.DomainCode, []byte(code.Folded))
	r := codeRef{known: true, group: n.e.shardOf(h.Slot()), query: shard.Query{Project: n.p.Ordinal, Rules: rulesOf(n.p),
		Hash: h, Folded: []byte(code.Folded), Kind: shard.KindCreate}}
	if n.c.Key != "" {
		r.query.Key = n.id.key
	}
	return codeText{code, r}
}

// before returns the code that the key has made of the text, or nothing. It may be
// asked of memory: a receipt that is there was committed.
func (n *creation) before(t *codeText) (*wire.Voucher, error) {
	var l shard.Look
	if t.ref.look(&l); !l.HasReceipt {
		return nil, nil
	}
	return n.e.stored(n.c, t.ref.group, &l.Receipt, n.id.fingerprint)
}

// prepare finds the campaign and compiles what the code is to be. It is the part
// that asks the state, and that makes the holder if need be.
func (n *creation) prepare(ctx context.Context) (err error) {
	if n.campaign, err = n.findCampaign(ctx); err != nil {
		return err
	}
	if n.spec, err = n.e.compileSpec(n.c, n.p, n.campaign, n.req); err != nil || n.req.HolderID == "" {
		return err
	}
	n.spec.Mask |= shard.SpecHolder
	n.spec.Holder, err = n.e.resolveHolder(ctx, n.c, n.p, n.req.HolderID)
	return err
}

// findCampaign asks memory first: only its no needs a proof.
func (n *creation) findCampaign(ctx context.Context) (*catalog.Campaign, error) {
	if n.ref == "" {
		return nil, nil
	}
	if found, ok := n.e.catalog.View().CampaignByRef(n.p.Ordinal, n.ref); ok {
		return found, nil
	}
	return n.e.findCampaign(ctx, n.c, n.ref, RoleUser)
}

// create has the law issue the text.
func (n *creation) create(ctx context.Context, t *codeText) (*wire.Voucher, error) {
	slot := t.ref.query.Hash.Slot()
	q := shard.Create{Project: n.p.Ordinal, Rules: t.ref.query.Rules,
		Code: shard.NewCode{Hash: t.ref.query.Hash, Issued: []byte(t.code.Issued), Spec: n.spec}}
	if n.campaign != nil {
		q.Campaign = n.campaign.Ordinal
	}
	reply, err := n.e.proposeChange(ctx, n.c, t.ref.group, n.campaign, func(index uint64) []byte {
		return shard.AppendCreate(n.e.command(n.c, shard.KindCreate, slot, n.id, index), &q)
	})
	if err != nil {
		return nil, err
	}
	if reply.Outcome != coupon.OK {
		out := n.c.refused(reply.Outcome, "")
		out.ResourceID, out.ResourceType = t.code.Issued, "voucher"
		return nil, out
	}
	return n.e.voucherAt(n.c, t.ref.group, slot, reply.Ordinal)
}

func (e *Engine) voucherAt(c *Call, g *shardGroup, slot uint16, ordinal uint32) (*wire.Voucher, error) {
	var l shard.Look
	g.law.Look(&shard.Query{Project: c.Caller.Project, ByPlace: true, Slot: slot, Ordinal: ordinal}, &l)
	if !l.View.Found {
		return nil, c.fail(wire.KeyInternalError, "the voucher is not there")
	}
	return e.renderVoucher(e.catalog.View(), &l.View), nil
}
