package engine

import (
	"context"
	"encoding/json"

	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/shard"
	"github.com/scrip-engine/scrip/wire"
)

// UpdateVoucher changes the fields that the request names and no others.
func (e *Engine) UpdateVoucher(ctx context.Context, c Call, ref string, req *wire.VoucherUpdate) (*wire.Voucher, error) {
	if err := e.admit(&c, RoleUser); err != nil {
		return nil, err
	}
	r, l, err := e.findToChange(ctx, &c, ref, shard.KindUpdate, e.callersKey(&c, opUpdate))
	if err != nil {
		return nil, err
	}
	said, err := json.Marshal(req)
	if err != nil {
		return nil, c.asWire(err)
	}
	id := e.identify(&c, opUpdate, e.fingerprintOf(opUpdate, said))
	if l.HasReceipt {
		return e.stored(&c, r.group, &l.Receipt, id.fingerprint)
	}
	q := shard.Update{Ordinal: l.View.Ordinal, Project: l.View.Project}
	if err := e.compileUpdate(ctx, &c, req, &q); err != nil {
		return e.unlessChanged(ctx, &c, &r, err, id)
	}
	from, until := l.View.From, l.View.Until
	if q.Clear&shard.SpecFrom != 0 {
		from = shard.AlwaysFrom
	}
	if q.Clear&shard.SpecUntil != 0 {
		until = shard.AlwaysUntil
	}
	if q.Set.Mask&shard.SpecFrom != 0 {
		from = q.Set.From
	}
	if q.Set.Mask&shard.SpecUntil != 0 {
		until = q.Set.Until
	}
	if from >= until && (q.Set.Mask|q.Clear)&(shard.SpecFrom|shard.SpecUntil) != 0 {
		return nil, c.field(wire.KeyInvalidVoucher, "expiration_date", "must be after start_date")
	}
	return e.changeCode(ctx, &c, &r, l, shard.KindUpdate, id, func(cmd []byte) []byte { return shard.AppendUpdate(cmd, &q) })
}

// unlessChanged lets a refusal of a change out, unless the same request came a
// second time and was answered meanwhile (P3).
func (e *Engine) unlessChanged(ctx context.Context, c *Call, r *codeRef, refusal error, id identity) (*wire.Voucher, error) {
	var l shard.Look
	if err := e.lookProved(ctx, r, &l); err != nil || !l.HasReceipt {
		return nil, refusal
	}
	return e.stored(c, r.group, &l.Receipt, id.fingerprint)
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
	return c.checkSpec(&q.Set)
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
	r, l, err := e.findToChange(ctx, &c, ref, shard.KindEnable, e.callersKey(&c, opEnable))
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
	r, l, err := e.findToChange(ctx, &c, ref, shard.KindDelete, e.callersKey(&c, opDelete))
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
