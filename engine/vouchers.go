package engine

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"

	"github.com/scrip-engine/scrip/catalog"
	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/shard"
	"github.com/scrip-engine/scrip/wire"
)

// Voucher reads a code by its text or its id, linearizably.
func (e *Engine) Voucher(ctx context.Context, c Call, ref string) (*wire.Voucher, error) {
	if err := e.admit(&c, RoleViewer); err != nil {
		return nil, err
	}
	r, l, err := e.find(ctx, &c, ref)
	if err != nil {
		return nil, err
	}
	_ = r
	return e.renderVoucher(e.catalog.View(), &l.View), nil
}

// find reads a code that exists, after a proof.
func (e *Engine) find(ctx context.Context, c *Call, ref string) (codeRef, *shard.Look, error) {
	v := e.catalog.View()
	if err := c.stillAllowed(v); err != nil {
		return codeRef{}, nil, err
	}
	r := e.resolve(c.project(v), ref)
	l := new(shard.Look)
	if err := e.lookProved(ctx, &r, l); err != nil {
		return r, l, c.replication(err)
	}
	if err := e.catchUp(ctx, c, &l.View); err != nil {
		return r, l, err
	}
	if !l.View.Found || e.gone(&l.View) {
		return r, l, c.missing("voucher", ref)
	}
	return r, l, nil
}

// catchUp waits until the catalog is as new as what the code refers to.
func (e *Engine) catchUp(ctx context.Context, c *Call, v *shard.CodeView) error {
	if need := max(v.CampaignBirth, v.Fence); need > e.catalog.View().Index() {
		if err := e.catLog.WaitApplied(ctx, need); err != nil {
			return c.replication(err)
		}
	}
	return nil
}

// gone says that the code, or the campaign it belonged to, was deleted.
func (e *Engine) gone(v *shard.CodeView) bool {
	if v.Deleted {
		return true
	}
	campaign := e.catalog.View().Campaign(v.Campaign)
	return v.Campaign != 0 && (campaign == nil || campaign.Deleted != 0)
}

// CreateVoucher issues one code: the given text, or with an empty one a text
// that is drawn.
func (e *Engine) CreateVoucher(ctx context.Context, c Call, code string, req *wire.VoucherCreate) (*wire.Voucher, error) {
	if req.Campaign != "" || req.CampaignID != "" {
		ref := req.CampaignID
		if ref == "" {
			ref = req.Campaign
		}
		return e.AddVoucher(ctx, c, ref, code, req)
	}
	return e.issue(ctx, &c, nil, code, req)
}

// AddVoucher issues one code of a campaign.
func (e *Engine) AddVoucher(ctx context.Context, c Call, campaign, code string, req *wire.VoucherCreate) (*wire.Voucher, error) {
	v := e.catalog.View()
	if err := c.stillAllowed(v); err != nil {
		return nil, err
	}
	found, ok := v.CampaignByRef(c.Caller.Project, campaign)
	if !ok {
		return nil, c.missing("campaign", campaign)
	}
	return e.issue(ctx, &c, found, code, req)
}

func (e *Engine) issue(ctx context.Context, c *Call, campaign *catalog.Campaign, code string, req *wire.VoucherCreate) (*wire.Voucher, error) {
	if err := e.admit(c, RoleUser); err != nil {
		return nil, err
	}
	v := e.catalog.View()
	if err := c.stillAllowed(v); err != nil {
		return nil, err
	}
	p := c.project(v)
	if code == "" {
		code = req.Code
	}
	sp, err := e.compileSpec(c, p, campaign, req)
	if err != nil {
		return nil, err
	}
	if req.HolderID != "" {
		holder, err := e.resolveHolder(ctx, c, p, req.HolderID)
		if err != nil {
			return nil, err
		}
		sp.Mask |= shard.SpecHolder
		sp.Holder = holder
	}
	said, err := json.Marshal(req)
	if err != nil {
		return nil, c.asWire(err)
	}
	id := e.identify(c, opCreate, e.fingerprintOf(opCreate, said))
	if code != "" {
		parsed, err := rulesOf(p).ParseNew(code)
		if err != nil {
			return nil, c.field(wire.KeyInvalidCode, "code", err.Error())
		}
		return e.createCode(ctx, c, p, campaign, parsed, &sp, id)
	}
	return e.issueDrawn(ctx, c, p, campaign, req, &sp, id)
}

// drawAttempts bounds how often a drawn text may turn out to be taken: at the
// fullest that a pattern may be, one draw in a thousand is.
const drawAttempts = 16

// issueDrawn draws texts until one is free. With a key the draw is determined by
// it and the cluster's secret, so that a retry draws the same texts and finds
// the code that the first attempt made (P3).
func (e *Engine) issueDrawn(ctx context.Context, c *Call, p *catalog.Project, campaign *catalog.Campaign, req *wire.VoucherCreate, sp *shard.Spec, id identity) (*wire.Voucher, error) {
	pattern, err := e.pattern(c, p, campaign, req.CodeConfig)
	if err != nil {
		return nil, err
	}
	random := newDraw(e.secret, id.key, c.Key != "")
	for range drawAttempts {
		text, err := pattern.Draw(random, nil)
		if err != nil {
			return nil, c.asWire(err)
		}
		parsed, err := rulesOf(p).ParseNew(string(text))
		if err != nil {
			continue // a reserved word
		}
		out, err := e.createCode(ctx, c, p, campaign, parsed, sp, id)
		if e, ok := err.(*wire.Error); ok && (e.Key == wire.KeyDuplicateFound || e.Key == wire.KeyCodeBlocked) {
			continue
		}
		return out, err
	}
	return nil, c.field(wire.KeyInvalidCodeConfig, "code_config", "the pattern has hardly a free code left")
}

// pattern compiles the code configuration of a request over its campaign's.
func (e *Engine) pattern(c *Call, p *catalog.Project, campaign *catalog.Campaign, w *wire.CodeConfig) (*coupon.CodePattern, error) {
	if w == nil && campaign != nil && len(campaign.Voucher.CodeConfig) > 0 {
		w = new(wire.CodeConfig)
		if err := json.Unmarshal(campaign.Voucher.CodeConfig, w); err != nil {
			return nil, c.asWire(err)
		}
	}
	pattern, err := codeConfig(w).Compile(rulesOf(p))
	if err != nil {
		return nil, c.patternError(err)
	}
	return pattern, nil
}

func (e *Engine) createCode(ctx context.Context, c *Call, p *catalog.Project, campaign *catalog.Campaign, code coupon.Code, sp *shard.Spec, id identity) (*wire.Voucher, error) {
	h := e.secret.Hash(p.ID, coupon.DomainCode, []byte(code.Folded))
	g := e.shardOf(h.Slot())
	q := shard.Create{Project: p.Ordinal, Rules: rulesOf(p),
		Code: shard.NewCode{Hash: h, Issued: []byte(code.Issued), Spec: *sp}}
	if campaign != nil {
		q.Campaign = campaign.Ordinal
	}
	reply, err := e.proposeChange(ctx, c, g, campaign, func(index uint64) []byte {
		return shard.AppendCreate(e.command(c, shard.KindCreate, h.Slot(), id, index), &q)
	})
	if err != nil {
		return nil, err
	}
	if reply.Outcome != coupon.OK {
		out := c.refused(reply.Outcome, "")
		out.ResourceID, out.ResourceType = code.Issued, "voucher"
		return nil, out
	}
	return e.voucherAt(c, g, h.Slot(), reply.Ordinal)
}

func (e *Engine) voucherAt(c *Call, g *shardGroup, slot uint16, ordinal uint32) (*wire.Voucher, error) {
	var l shard.Look
	g.law.Look(&shard.Query{Project: c.Caller.Project, ByPlace: true, Slot: slot, Ordinal: ordinal}, &l)
	if !l.View.Found {
		return nil, c.fail(wire.KeyInternalError, "the voucher is not there")
	}
	return e.renderVoucher(e.catalog.View(), &l.View), nil
}

// proposeChange replicates a change that is evaluated at a catalog index, again
// when that turns out to be old. make builds the command for an index.
func (e *Engine) proposeChange(ctx context.Context, c *Call, g *shardGroup, campaign *catalog.Campaign, build func(index uint64) []byte) (shard.Reply, error) {
	for range attemptsMax {
		if err := e.mayChange(c); err != nil {
			return shard.Reply{}, err
		}
		v := e.catalog.View()
		if err := c.stillAllowed(v); err != nil {
			return shard.Reply{}, err
		}
		if campaign != nil {
			if now := v.Campaign(campaign.Ordinal); now == nil || now.Deleted != 0 {
				return shard.Reply{}, c.missing("campaign", campaign.ID)
			}
		}
		reply, err := e.propose(ctx, g, build(v.Index()))
		switch {
		case err != nil:
			return reply, c.replication(err)
		case reply.Outcome == coupon.Stale:
			if err := e.catLog.WaitApplied(ctx, reply.CatalogIndex); err != nil {
				return reply, c.replication(err)
			}
		case reply.Outcome == coupon.ResourceNotFound && campaign != nil:
			if err := e.introduce(ctx, c, g, v.Campaign(campaign.Ordinal)); err != nil {
				return reply, err
			}
		case reply.Outcome == coupon.Reevaluate:
		default:
			return reply, nil
		}
	}
	return shard.Reply{}, c.fail(wire.KeyUnavailable, "The campaign kept changing under the request; try again")
}

// UpdateVoucher changes the fields that the request names and no others.
func (e *Engine) UpdateVoucher(ctx context.Context, c Call, ref string, req *wire.VoucherUpdate) (*wire.Voucher, error) {
	if err := e.admit(&c, RoleUser); err != nil {
		return nil, err
	}
	r, l, err := e.find(ctx, &c, ref)
	if err != nil {
		return nil, err
	}
	q := shard.Update{Ordinal: l.View.Ordinal, Project: l.View.Project}
	if err := e.compileUpdate(ctx, &c, req, &q); err != nil {
		return nil, err
	}
	from, until := l.View.From, l.View.Until
	if q.Set.Mask&shard.SpecFrom != 0 {
		from = q.Set.From
	}
	if q.Set.Mask&shard.SpecUntil != 0 {
		until = q.Set.Until
	}
	if from >= until && (q.Set.Mask|q.Clear)&(shard.SpecFrom|shard.SpecUntil) != 0 {
		return nil, c.field(wire.KeyInvalidVoucher, "expiration_date", "must be after start_date")
	}
	said, err := json.Marshal(req)
	if err != nil {
		return nil, c.asWire(err)
	}
	return e.changeCode(ctx, &c, &r, l, shard.KindUpdate, e.identify(&c, opUpdate, e.fingerprintOf(opUpdate, said)),
		func(cmd []byte) []byte { return shard.AppendUpdate(cmd, &q) })
}

// compileUpdate reads an update: absent stays, null clears, a value is set.
func (e *Engine) compileUpdate(ctx context.Context, c *Call, w *wire.VoucherUpdate, q *shard.Update) error {
	if w.Gift != nil && w.Gift.Amount.Set {
		return c.field(wire.KeyNotSupported, "gift.amount", "change a balance by POST /v1/vouchers/{code}/balance")
	}
	if !w.Redemption.IsZero() {
		return c.field(wire.KeyNotSupported, "redemption", "the limits of a code are fixed at its creation")
	}
	patchTime(q, shard.SpecFrom, &q.Set.From, w.StartDate)
	patchTime(q, shard.SpecUntil, &q.Set.Until, w.ExpirationDate)
	patchText(q, shard.SpecCategory, &q.Set.Category, w.Category)
	patchText(q, shard.SpecInfo, &q.Set.Info, w.AdditionalInfo)
	patchText(q, shard.SpecMetadata, &q.Set.Metadata, wire.Opt[string]{
		Value: string(w.Metadata.Value), Set: w.Metadata.Set, Null: w.Metadata.Null})
	if on, ok := w.Active.Get(); ok {
		if on {
			q.Clear |= shard.SpecDisabled
		} else {
			q.Set.Mask |= shard.SpecDisabled
		}
	}
	switch {
	case w.HolderID.Null || w.HolderID.Set && w.HolderID.Value == "":
		q.Clear |= shard.SpecHolder
	case w.HolderID.Set:
		holder, err := e.resolveHolder(ctx, c, c.project(e.catalog.View()), w.HolderID.Value)
		if err != nil {
			return err
		}
		q.Set.Mask |= shard.SpecHolder
		q.Set.Holder = holder
	}
	return nil
}

func patchTime(q *shard.Update, bit shard.SpecMask, to *int64, w wire.Opt[wire.Time]) {
	switch {
	case w.Null:
		q.Clear |= bit
	case w.Set:
		q.Set.Mask |= bit
		*to = int64(w.Value)
	}
}

func patchText(q *shard.Update, bit shard.SpecMask, to *[]byte, w wire.Opt[string]) {
	switch {
	case w.Null || w.Set && w.Value == "":
		q.Clear |= bit
	case w.Set:
		q.Set.Mask |= bit
		*to = []byte(w.Value)
	}
}

// SetVoucherEnabled switches a code. When it returns, no redemption of the code
// that comes later passes, or none is refused for it (P7).
func (e *Engine) SetVoucherEnabled(ctx context.Context, c Call, ref string, on bool) (*wire.Voucher, error) {
	if err := e.admit(&c, RoleUser); err != nil {
		return nil, err
	}
	r, l, err := e.find(ctx, &c, ref)
	if err != nil {
		return nil, err
	}
	q := shard.Enable{Ordinal: l.View.Ordinal, Project: l.View.Project, On: on}
	id := e.identify(&c, opEnable, e.fingerprintOf(opEnable, []byte{boolByte(on)}))
	return e.changeCode(ctx, &c, &r, l, shard.KindEnable, id,
		func(cmd []byte) []byte { return shard.AppendEnable(cmd, &q) })
}

// DeleteVoucher ends a code. Its redemptions stay.
func (e *Engine) DeleteVoucher(ctx context.Context, c Call, ref string) error {
	if err := e.admit(&c, RoleUser); err != nil {
		return err
	}
	r, l, err := e.find(ctx, &c, ref)
	if err != nil {
		return err
	}
	q := shard.Delete{Ordinal: l.View.Ordinal, Project: l.View.Project}
	_, err = e.changeCode(ctx, &c, &r, l, shard.KindDelete, e.identify(&c, opDelete, 0),
		func(cmd []byte) []byte { return shard.AppendDelete(cmd, &q) })
	return err
}

// changeCode replicates a change of one code and renders it.
func (e *Engine) changeCode(ctx context.Context, c *Call, r *codeRef, l *shard.Look, kind shard.Kind, id identity, body func([]byte) []byte) (*wire.Voucher, error) {
	slot := l.View.Slot
	reply, err := e.proposeChange(ctx, c, r.group, nil, func(index uint64) []byte {
		return body(e.command(c, kind, slot, id, index))
	})
	if err != nil {
		return nil, err
	}
	if reply.Outcome != coupon.OK {
		return nil, c.refused(reply.Outcome, "")
	}
	return e.voucherAt(c, r.group, slot, l.View.Ordinal)
}

func boolByte(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// draw is a source of random bytes for codes. With a key it is a stream that the
// key and the cluster's secret determine.
type draw struct {
	secret *coupon.Secret
	key    coupon.Hash
	n      uint64
	fixed  bool
	rest   []byte
}

func newDraw(s *coupon.Secret, key coupon.Hash, fixed bool) *draw {
	return &draw{secret: s, key: key, fixed: fixed}
}

// Read fills b. It never fails where crypto/rand does not.
func (d *draw) Read(b []byte) (int, error) {
	if !d.fixed {
		return rand.Read(b)
	}
	n := 0
	for n < len(b) {
		if len(d.rest) == 0 {
			block := binary.BigEndian.AppendUint64([]byte("scrip/1/draw"), d.key.Hi)
			block = binary.BigEndian.AppendUint64(block, d.key.Lo)
			h := d.secret.KeyHash(binary.BigEndian.AppendUint64(block, d.n))
			d.n++
			d.rest = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, h.Hi), h.Lo)
		}
		k := copy(b[n:], d.rest)
		d.rest = d.rest[k:]
		n += k
	}
	return n, nil
}
