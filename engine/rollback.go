package engine

import (
	"context"
	"encoding/binary"

	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/shard"
	"github.com/scrip-engine/scrip/wire"
)

// Rollback gives a redemption back: every counter that it took, and the credits,
// all of them or a part. A key makes a retry safe; without one a second rollback
// is already_rolled_back.
func (e *Engine) Rollback(ctx context.Context, c Call, id string, req *wire.RollbackRequest) (*wire.Rollback, error) {
	if err := e.admit(&c, RoleUser); err != nil {
		return nil, err
	}
	v := e.catalog.View()
	if err := c.stillAllowed(v); err != nil {
		return nil, err
	}
	red, ok := e.secret.ParseID(coupon.PrefixRedemption, id)
	if !ok {
		return nil, c.missing("redemption", id)
	}
	g := e.shardOf(red.Slot)
	q := shard.Rollback{Redemption: red, Project: c.Caller.Project, Amount: shard.RollbackAll}
	if amount, ok := req.Amount.Get(); ok {
		if amount < 1 || amount > coupon.AmountMax {
			return nil, c.field(wire.KeyInvalidRollbackParams, "amount", "must be at least 1")
		}
		q.Amount = amount
	}
	q.Tail = shard.AppendTail(q.Tail, shard.TagTracking, []byte(req.TrackingID))
	q.Tail = shard.AppendTail(q.Tail, shard.TagMetadata, req.Metadata)
	q.Tail = shard.AppendTail(q.Tail, shard.TagReason, []byte(req.Reason))
	if len(q.Tail) > coupon.TailBytesMax {
		return nil, c.field(wire.KeyInvalidPayload, "metadata", "Reason, tracking id and metadata may take 8 KiB together")
	}
	said := e.fingerprintOf(opRollback, binary.LittleEndian.AppendUint64(nil, uint64(q.Amount)), []byte(req.Reason), req.Metadata)
	rid := e.identify(&c, opRollback, said)
	reply, err := e.proposeRollback(ctx, &c, g, rid, &q)
	if err != nil {
		return nil, err
	}
	if reply.Outcome != coupon.OK {
		return nil, c.rollbackRefused(reply.Outcome, id)
	}
	out, err := e.renderRollback(&c, g, reply.Seq)
	if err == nil {
		out.Replayed = reply.Replayed
		e.metrics.rollbacks.Inc()
	}
	return out, err
}

// proposeRollback looks for what the law needs of a sealed redemption, and proposes;
// again, when something was sealed in between.
func (e *Engine) proposeRollback(ctx context.Context, c *Call, g *shardGroup, id identity, q *shard.Rollback) (shard.Reply, error) {
	until, err := e.rollbackUntil(c, g, q.Redemption)
	if err != nil {
		return shard.Reply{}, c.unread(err)
	}
	for range attemptsMax {
		seen, err := g.lookBack(q)
		if err != nil {
			return shard.Reply{}, c.unread(err)
		}
		reply, err := e.proposeChange(ctx, c, g, nil, func(index uint64) []byte {
			h := e.header(c, shard.KindRollback, q.Redemption.Slot, id, index)
			h.ValidUntil, h.Seen = until, seen
			return shard.AppendRollback(startCommand(&h), q)
		})
		if err != nil || reply.Outcome != coupon.LookAgain {
			return reply, err
		}
	}
	return shard.Reply{}, c.fail(wire.KeyUnavailable, "The journal kept being sealed under the request; try again")
}

// lookBack brings along what the history has of a redemption, and its newest rollback
// wherever that is. seen is how far the journal had come when the look began. A sealed
// id that the history does not know is nobody's: the law is told so by a redemption of
// no project.
func (g *shardGroup) lookBack(q *shard.Rollback) (seen uint64, err error) {
	seen = g.law.LastSeq()
	q.Sealed, q.Back = nil, nil
	if !g.law.IsSealed(q.Redemption) {
		return seen, nil
	}
	var red, back shard.Record
	ok, err := g.sealedEvent(q.Redemption, &red)
	if err != nil {
		return seen, err
	}
	if !ok || red.Kind != shard.KindRedeem {
		q.Sealed = shard.AppendSealed(nil, &shard.Record{Kind: shard.KindRedeem, ID: q.Redemption})
		return seen, nil
	}
	q.Sealed = shard.AppendSealed(nil, &red)
	if ok, err = g.newestRollback(&red, &back); ok {
		q.Back = shard.AppendSealed(nil, &back)
	}
	return seen, err
}

func (c *Call) rollbackRefused(o coupon.Outcome, id string) *wire.Error {
	if o == coupon.NotFound {
		return c.missing("redemption", id)
	}
	e := c.refused(o, "")
	e.ResourceID, e.ResourceType = id, "redemption"
	return e
}

// rollbackUntil is when the project's window for the redemption closes. The law
// compares it with replicated time, after it has looked for the receipt (P3, P9).
func (e *Engine) rollbackUntil(c *Call, g *shardGroup, red coupon.ID) (int64, error) {
	window := c.project(e.catalog.View()).RollbackWindow
	var rec shard.Record
	if window == 0 {
		return shard.AlwaysUntil, nil
	}
	if ok, err := g.event(red, &rec); !ok {
		return shard.AlwaysUntil, err
	}
	return rec.Stamp + window, nil
}

func (e *Engine) renderRollback(c *Call, g *shardGroup, seq uint64) (*wire.Rollback, error) {
	var rec shard.Record
	if ok, err := g.record(seq, &rec); !ok || rec.Kind != shard.KindRollback {
		return nil, c.unread(err)
	}
	return e.rollbackOf(c, g, &rec)
}

func (e *Engine) rollbackOf(c *Call, g *shardGroup, rec *shard.Record) (*wire.Rollback, error) {
	v := e.catalog.View()
	out := &wire.Rollback{
		ID: e.secret.FormatID(coupon.PrefixRollback, rec.ID), Object: "redemption_rollback", Date: wire.Time(rec.Stamp),
		Redemption: e.secret.FormatID(coupon.PrefixRedemption, rec.Ref),
		Reason:     wire.Nullable(shard.TailField(rec.Tail, shard.TagReason)),
		TrackingID: wire.Nullable(shard.TailField(rec.Tail, shard.TagTracking)),
		Metadata:   metadataOr(shard.TailField(rec.Tail, shard.TagMetadata)),
		Result:     wire.ResultSuccess, Status: wire.StatusSucceeded,
		Channel:           e.channel(v, rec.Actor),
		RelatedObjectType: "voucher", RelatedObjectID: e.voucherID(rec.ID.Slot, rec.Ordinal),
		Voucher: e.voucherThen(v, g, rec, new(shard.Look)),
	}
	var red shard.Record
	switch ok, err := g.event(rec.Ref, &red); {
	case err != nil:
		return nil, c.unread(err)
	case ok:
		order, err := e.orderOf(&red)
		if err != nil {
			return nil, c.asWire(err)
		}
		out.Order = order
	}
	if rec.Flags&shard.RecordIsGift != 0 {
		out.Amount = wire.Some(rec.Gift)
		out.Gift = &wire.GiftTaken{Amount: rec.Gift}
	} else if out.Order != nil {
		out.Amount = wire.Some(out.Order.Amount)
	}
	if rec.Customer != (coupon.ID{}) {
		out.CustomerID = wire.Nullable(e.customerID(rec.Customer))
		out.Customer = e.simpleCustomer(rec.Project, rec.Customer)
	}
	return out, nil
}

// Redemption reads a redemption or a rollback by its id, linearizably.
func (e *Engine) Redemption(ctx context.Context, c Call, id string) (*wire.RedemptionEntry, error) {
	if err := e.admit(&c, RoleViewer); err != nil {
		return nil, err
	}
	for _, prefix := range [...]string{coupon.PrefixRedemption, coupon.PrefixRollback} {
		at, ok := e.secret.ParseID(prefix, id)
		if !ok {
			continue
		}
		g := e.shardOf(at.Slot)
		if _, err := g.log.Prove(ctx); err != nil {
			return nil, c.replication(err)
		}
		var rec shard.Record
		ok, err := g.event(at, &rec)
		if err != nil {
			return nil, c.unread(err)
		}
		if ok && rec.Project == c.Caller.Project {
			return e.entry(&c, g, &rec)
		}
	}
	return nil, c.missing("redemption", id)
}

// entry renders a record of a list: a redemption or a rollback.
func (e *Engine) entry(c *Call, g *shardGroup, rec *shard.Record) (*wire.RedemptionEntry, error) {
	if rec.Kind == shard.KindRollback {
		b, err := e.rollbackOf(c, g, rec)
		return &wire.RedemptionEntry{Rollback: b}, err
	}
	r, err := e.redemptionOf(c, g, rec)
	return &wire.RedemptionEntry{Redemption: r}, err
}
