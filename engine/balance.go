package engine

import (
	"context"
	"encoding/binary"

	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/shard"
	"github.com/scrip-engine/scrip/wire"
)

// ChangeBalance adds to a gift card or takes from it. The key is the header's,
// or the source id of the change.
func (e *Engine) ChangeBalance(ctx context.Context, c Call, ref string, req *wire.BalanceChange) (*wire.BalanceResponse, error) {
	if err := e.admit(&c, RoleUser); err != nil {
		return nil, err
	}
	amount, ok := req.Amount.Get()
	if !ok || amount == 0 {
		return nil, c.field(wire.KeyInvalidAddBalanceParams, "amount", "is required and must not be 0")
	}
	if amount < -coupon.AmountMax || amount > coupon.AmountMax {
		return nil, c.field(wire.KeyInvalidAddBalanceParams, "amount", "is outside what an amount may be")
	}
	said := e.fingerprintOf(opBalance, binary.LittleEndian.AppendUint64(nil, uint64(amount)), []byte(req.SourceID))
	id := e.identify(&c, opBalance, said)
	if c.Key == "" && req.SourceID != "" {
		id = identity{key: e.keyHash(c.Caller.Project, opBalance, "\x00source_id\x00"+req.SourceID), fingerprint: said}
	}
	r, l, err := e.findToChange(ctx, &c, ref, shard.KindBalance, id.key)
	if err != nil {
		return nil, err
	}
	if !l.View.IsGift {
		return nil, c.field(wire.KeyInvalidAddBalanceParams, "", "The voucher is not a gift card")
	}
	q := shard.Balance{Ordinal: l.View.Ordinal, Project: l.View.Project, Amount: amount}
	q.Tail = shard.AppendTail(q.Tail, shard.TagReason, []byte(req.Reason))
	q.Tail = shard.AppendTail(q.Tail, shard.TagSource, []byte(req.SourceID))
	reply, err := e.proposeChange(ctx, &c, r.group, nil, func(index uint64) []byte {
		return shard.AppendBalance(e.command(&c, shard.KindBalance, l.View.Slot, id, index), &q)
	})
	if err != nil {
		return nil, err
	}
	if reply.Outcome != coupon.OK {
		return nil, c.refused(reply.Outcome, "")
	}
	return e.renderBalance(&c, r.group, reply.Seq)
}

func (e *Engine) renderBalance(c *Call, g *shardGroup, seq uint64) (*wire.BalanceResponse, error) {
	var rec shard.Record
	if ok, err := g.record(seq, &rec); !ok {
		return nil, c.unread(err)
	}
	return &wire.BalanceResponse{Amount: rec.Gift, Total: rec.Balance, Balance: rec.Balance,
		Type: "gift_voucher", Object: "balance", OperationType: "MANUAL",
		RelatedObject: wire.ObjectRef{Type: "voucher", ID: e.voucherID(rec.ID.Slot, rec.Ordinal)}}, nil
}

// transactionOf renders a ledger entry; false for a record that moves no credits.
func (e *Engine) transactionOf(g *shardGroup, rec *shard.Record) (wire.Transaction, bool) {
	out := wire.Transaction{
		ID:        e.secret.FormatID(coupon.PrefixTransaction, rec.ID),
		SourceID:  wire.Nullable(shard.TailField(rec.Tail, shard.TagSource)),
		VoucherID: e.voucherID(rec.ID.Slot, rec.Ordinal), Source: "API",
		Reason: wire.Nullable(shard.TailField(rec.Tail, shard.TagReason)), CreatedAt: wire.Time(rec.Stamp),
	}
	amount := rec.Gift
	operation := "MANUAL"
	switch {
	case rec.Kind == shard.KindBalance && rec.Gift >= 0, rec.Kind == shard.KindCreate:
		out.Type = wire.CreditsAddition
	case rec.Kind == shard.KindBalance:
		out.Type = wire.CreditsRemoval
	case rec.Kind == shard.KindRedeem:
		out.Type, amount, operation = wire.CreditsRedemption, -amount, "AUTOMATIC"
		out.Details.Redemption = &wire.IDRef{ID: e.secret.FormatID(coupon.PrefixRedemption, rec.ID)}
	case rec.Kind == shard.KindRollback:
		out.Type, operation = wire.CreditsRefund, "AUTOMATIC"
		out.Details.Redemption = &wire.IDRef{ID: e.secret.FormatID(coupon.PrefixRedemption, rec.Ref)}
		out.Details.Rollback = &wire.IDRef{ID: e.secret.FormatID(coupon.PrefixRollback, rec.ID)}
		out.RelatedTransactionID = wire.Nullable(e.secret.FormatID(coupon.PrefixTransaction, rec.Ref))
	default:
		return out, false
	}
	if c := e.catalog.View().Campaign(rec.Campaign); c != nil {
		out.CampaignID = wire.Nullable(c.ID)
	}
	out.Details.Balance = wire.TransactionBalance{Type: "gift_voucher", Total: rec.Balance, Amount: amount, Object: "balance",
		Balance: rec.Balance, OperationType: operation, RelatedObject: wire.ObjectRef{Type: "voucher", ID: out.VoucherID}}
	return out, true
}
