package engine

import (
	"context"
	"errors"

	"github.com/scrip-engine/scrip/catalog"
	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/shard"
	"github.com/scrip-engine/scrip/views"
	"github.com/scrip-engine/scrip/wire"
)

// Lists come from the views and say which instant they stand at. A list of one
// code waits for the view to have seen everything that was acknowledged before
// the call, so it is linearizable.

// Redemptions lists redemptions and rollbacks by what the query filters.
func (e *Engine) Redemptions(_ context.Context, c Call, q RedemptionQuery) (*wire.List[wire.RedemptionEntry], error) {
	v, p, err := e.beginList(&c)
	if err != nil {
		return nil, err
	}
	lq := views.ListQuery{Kind: views.Redemptions, Project: p.Ordinal, Order: q.Order,
		From: int64(q.After), Until: int64(q.Before)}
	if q.Result == wire.ResultFailure || !e.filterRedemptions(v, p, &q, &lq) {
		return emptyList[wire.RedemptionEntry](wire.ListRedemptions), nil
	}
	out := emptyList[wire.RedemptionEntry](wire.ListRedemptions)
	return out, listRecords(e, &c, &lq, q.Page, out, e.addEntry(&c, out))
}

// filterRedemptions resolves the names in a query; false when one of them names
// nothing, and so nothing can match.
func (e *Engine) filterRedemptions(v catalog.View, p *catalog.Project, q *RedemptionQuery, lq *views.ListQuery) bool {
	switch q.Status {
	case "":
	case wire.StatusSucceeded:
		lq.Status = views.Succeeded
	case wire.StatusRolledBack:
		lq.Status = views.RolledBack
	default:
		return false
	}
	if q.Campaign != "" {
		campaign, ok := v.CampaignByRef(p.Ordinal, q.Campaign)
		if !ok {
			return false
		}
		lq.Campaign = campaign.Ordinal
	}
	if q.Customer != "" {
		var cv shard.CustomerView
		if !e.findCustomer(p, q.Customer, &cv) {
			return false
		}
		lq.Customer = cv.ID
	}
	if q.Voucher != "" {
		r := e.resolve(p, q.Voucher, nil)
		var l shard.Look
		if r.look(&l); !l.View.Found || l.View.Project != p.Ordinal {
			return false
		}
		lq.Code = &views.Place{Slot: l.View.Slot, Ordinal: l.View.Ordinal}
	}
	return true
}

// VoucherRedemptions lists the redemptions and rollbacks of one code.
func (e *Engine) VoucherRedemptions(ctx context.Context, c Call, code string, p Page) (*wire.List[wire.RedemptionEntry], error) {
	out := emptyList[wire.RedemptionEntry](wire.ListRedemptionEntries)
	l, err := listOfCode(ctx, e, &c, code, views.RedemptionsAndRollbacks, p, out, e.addEntry(&c, out))
	if err != nil {
		return nil, err
	}
	out.Uses = &wire.VoucherUses{RedeemedQuantity: l.View.Used, Quantity: wire.Cleared[int64]()}
	if l.View.Limit != shard.Unlimited {
		out.Uses.Quantity = wire.Some(l.View.Limit)
	}
	if l.View.IsGift {
		out.Uses.RedeemedAmount = wire.Some(l.View.Issued - l.View.Balance)
	}
	return out, nil
}

// Transactions lists the ledger of a gift card.
func (e *Engine) Transactions(ctx context.Context, c Call, code string, p Page) (*wire.List[wire.Transaction], error) {
	out := emptyList[wire.Transaction](wire.ListData)
	_, err := listOfCode(ctx, e, &c, code, views.Transactions, p, out, func(g *shardGroup, rec *shard.Record) error {
		if t, ok := e.transactionOf(g, rec); ok {
			out.Data = append(out.Data, t)
		}
		return nil
	})
	return out, err
}

// Timeline lists everything that happened to a code.
func (e *Engine) Timeline(ctx context.Context, c Call, code string, p Page) (*wire.List[wire.Event], error) {
	out := emptyList[wire.Event](wire.ListData)
	_, err := listOfCode(ctx, e, &c, code, views.Timeline, p, out, func(g *shardGroup, rec *shard.Record) error {
		if ev, ok := e.eventOf(g, rec); ok {
			ev.Cursor = e.cursorAfter(g, rec)
			out.Data = append(out.Data, ev)
		}
		return nil
	})
	return out, err
}

// listOfCode lists records of one code, linearizably: the view has first to see
// what was acknowledged before the call, so the answer needs no AsOf. It returns
// the code as it was found.
func listOfCode[T any](ctx context.Context, e *Engine, c *Call, code string, kind views.ListKind, p Page, out *wire.List[T],
	add func(*shardGroup, *shard.Record) error,
) (*shard.Look, error) {
	if err := e.admit(c, RoleViewer); err != nil {
		return nil, err
	}
	r, l, err := e.find(ctx, c, code)
	if err != nil {
		return nil, err
	}
	if err := e.views.WaitFor(ctx, r.group.index, r.group.law.LastSeq()); err != nil {
		return nil, c.viewError(err)
	}
	err = listRecords(e, c, &views.ListQuery{Kind: kind, Project: l.View.Project,
		Code: &views.Place{Slot: l.View.Slot, Ordinal: l.View.Ordinal}}, p, out, add)
	out.AsOf = 0
	return l, err
}

// addEntry renders a record into a list of redemptions and rollbacks.
func (e *Engine) addEntry(c *Call, out *wire.List[wire.RedemptionEntry]) func(*shardGroup, *shard.Record) error {
	return func(g *shardGroup, rec *shard.Record) error {
		entry, err := e.entry(c, g, rec)
		if err == nil {
			out.Data = append(out.Data, *entry)
		}
		return err
	}
}

// Customers lists customers. A page by the SDK's starting_after is extended to
// the end of its last millisecond, or those of one instant would be lost.
func (e *Engine) Customers(_ context.Context, c Call, q CustomerQuery) (*wire.List[wire.CustomerAnswer], error) {
	_, p, err := e.beginList(&c)
	if err != nil {
		return nil, err
	}
	if q.Email != "" || q.Name != "" {
		return nil, c.field(wire.KeyNotSupported, "email", "profiles are sealed; find a customer by source_id")
	}
	lq := views.ListQuery{Kind: views.Customers, Project: p.Ordinal, From: int64(q.After), Until: int64(q.Before)}
	if q.StartingAfter != 0 {
		lq.WholeInstants = true
		if desc, err := c.descending(q.Order); err == nil && desc {
			lq.Until = int64(q.StartingAfter)
		} else {
			lq.From = int64(q.StartingAfter) + 1
		}
	}
	out := emptyList[wire.CustomerAnswer](wire.ListCustomers)
	err = listRecords(e, &c, &lq, q.Page, out, func(_ *shardGroup, rec *shard.Record) error {
		a, err := e.readCustomer(&c, rec.ID) // a birth's id is the customer's
		if err != nil && c.asWire(err).Key == wire.KeyNotFound {
			return nil // forgotten between the view and now
		}
		if err != nil {
			return err
		}
		out.Data = append(out.Data, *a)
		return nil
	})
	return out, err
}

// beginList is what every list asks first.
func (e *Engine) beginList(c *Call) (catalog.View, *catalog.Project, error) {
	v := e.catalog.View()
	if err := e.admit(c, RoleViewer); err != nil {
		return v, nil, err
	}
	if err := c.stillAllowed(v); err != nil {
		return v, nil, err
	}
	return v, c.project(v), nil
}

func emptyList[T any](ref string) *wire.List[T] { return &wire.List[T]{DataRef: ref, Data: []T{}} }

// listRecords asks the views for a page and hands each record to add.
func listRecords[T any](e *Engine, c *Call, q *views.ListQuery, p Page, out *wire.List[T], add func(*shardGroup, *shard.Record) error) error {
	desc, err := c.descending(p.Order)
	if err != nil {
		return err
	}
	q.Descending, q.Limit = desc, p.Limit
	if q.After, q.Offset, err = e.startOf(c, p, cursorList); err != nil {
		return err
	}
	page, err := e.views.List(*q)
	if err != nil {
		return c.viewError(err)
	}
	for _, ref := range page.Refs {
		g := e.shards[ref.Shard]
		var rec shard.Record
		if ok, err := g.record(ref.Seq, &rec); !ok {
			return c.unread(err)
		}
		if err := add(g, &rec); err != nil {
			return err
		}
	}
	fillPage(e, out, &page.PageInfo, cursorList)
	return nil
}

func fillPage[T any](e *Engine, out *wire.List[T], p *views.PageInfo, kind cursorKind) {
	out.Total, out.TotalIsEstimate, out.HasMore, out.AsOf = p.Total, p.TotalIsEstimate, p.More, wire.Time(p.AsOf)
	if p.More {
		out.NextCursor = e.sealCursor(kind, p.Next[:])
	}
}

// startOf reads where a page begins.
func (e *Engine) startOf(c *Call, p Page, kind cursorKind) (after views.Position, offset int64, err error) {
	if p.Cursor == "" {
		return after, int64(max(p.Number-1, 0)) * int64(p.Limit), nil
	}
	b, err := e.openCursor(c, kind, p.Cursor)
	if err != nil {
		return after, 0, err
	}
	after, ok := views.ParsePosition(b)
	if !ok {
		return after, 0, c.field(wire.KeyInvalidQueryParams, "cursor", "is not one that this list gave out")
	}
	return after, 0, nil
}

// descending reads the order of a list: by creation, the newest first unless the
// caller says otherwise.
func (c *Call) descending(order string) (bool, error) {
	switch order {
	case "", "-created_at":
		return true, nil
	case "created_at":
		return false, nil
	}
	return false, c.field(wire.KeyNotSupported, "order", "lists are ordered by created_at or -created_at")
}

func (c *Call) viewError(err error) *wire.Error {
	switch {
	case errors.Is(err, views.ErrNotReady):
		return c.fail(wire.KeyUnavailable, "The view is being built")
	case errors.Is(err, views.ErrClosed):
		return c.fail(wire.KeyDraining, "")
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return c.fail(wire.KeyUnavailable, err.Error())
	}
	return c.asWire(err)
}

// customerCounts fills in what the views count for a customer.
func (e *Engine) customerCounts(c *Call, id coupon.ID, out *wire.CustomerAnswer) {
	n, _, err := e.views.CustomerCounts(c.Caller.Project, id)
	if err != nil {
		e.log.Warn("customer counts", "error", err)
		return
	}
	r := &out.Summary.Redemptions
	r.TotalRedeemed, r.TotalSucceeded = n.Redemptions, n.Redemptions
	r.TotalRolledBack, r.TotalRollbackSucceeded = n.RolledBack, n.Rollbacks
	r.Gift.RedeemedAmount = n.Gift - n.GiftBack
	out.Summary.Orders = wire.CustomerOrders{TotalAmount: n.Order, TotalCount: n.Redemptions, LastOrderDate: wire.Time(n.Last)}
	if n.Redemptions > 0 {
		out.Summary.Orders.AverageAmount = n.Order / n.Redemptions
	}
}
