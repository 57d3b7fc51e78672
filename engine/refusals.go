package engine

import (
	"context"
	"encoding/binary"
	"errors"

	"github.com/scrip-engine/scrip/catalog"
	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/refusals"
	"github.com/scrip-engine/scrip/shard"
	"github.com/scrip-engine/scrip/wire"
)

func (e *Engine) openRefusals() error {
	r, err := refusals.Open(refusals.Config{FS: e.fs, Dir: e.fs.PathJoin(e.cfg.Dir, "refusals"),
		Clock: e.clock, Logger: e.log, Registerer: e.cfg.Registerer})
	e.refusals = r
	return err
}

// failed counts how a redemption ended and notes it when it was refused.
func (r *redemption) failed(err error) error {
	return r.e.metrics.refused(r.note(refusals.Redemption, err))
}

// note remembers a refusal, and returns err. Errors of other families are no
// decisions about a code, and are counted by the metrics alone.
func (r *redemption) note(op refusals.Operation, err error) error {
	var e *wire.Error
	if !errors.As(err, &e) {
		return err
	}
	if info, ok := wire.Lookup(e.Key); !ok || info.Family != wire.FamilyRefusal {
		return err
	}
	n := refusals.Refusal{Operation: op, Key: e.Key, Project: r.c.Caller.Project, Customer: r.customer.id,
		RequestID: r.c.RequestID, Scope: e.LimitScope}
	if len(r.req.Redeemables) > 0 {
		n.Code = r.req.Redeemables[0].ID
	}
	if v := &r.ev.look.View; v.Found {
		n.Campaign, n.Voucher = v.Campaign, coupon.ID{Slot: v.Slot, Seq: uint64(v.Ordinal) + 1}
	}
	if r.req.Order != nil {
		n.Order = r.req.Order.SourceID
	}
	r.e.refusals.Note(n)
	return err
}

// RefusalQuery filters the refusals that this node remembers. Empty fields
// filter nothing.
type RefusalQuery struct {
	Limit     int    // 1–100
	Cursor    string // opaque; from NextCursor of the page before
	Campaign  string // name or id
	Key       string // error key
	Code      string // the code, or its last four characters
	Customer  string // id or source id
	Order     string // order source id
	RequestID string
	// After and Before bound the time: [After, Before).
	After, Before wire.Time
}

// Refusals lists the redemptions that this node refused lately, the newest
// first. They are in memory only: Kept says since when, and how many have been
// dropped.
func (e *Engine) Refusals(_ context.Context, c Call, q RefusalQuery) (*wire.List[wire.Refusal], error) {
	v, p, err := e.beginList(&c)
	if err != nil {
		return nil, err
	}
	rq := refusals.RecentQuery{Project: p.Ordinal, Key: q.Key, Code: q.Code, Order: q.Order, RequestID: q.RequestID,
		From: int64(q.After), Until: int64(q.Before), Limit: q.Limit}
	if rq.Before, err = e.refusalCursor(&c, q.Cursor); err != nil {
		return nil, err
	}
	out := emptyList[wire.Refusal](wire.ListData)
	known := e.filterRefusals(v, p, &q, &rq)
	found := e.refusals.Recent(&rq)
	out.AsOf = wire.Time(e.clock.UnixMilli())
	out.Kept = &wire.RefusalsKept{Since: wire.Time(e.refusals.Opened()), Dropped: int64(found.Dropped)}
	if !known {
		return out, nil
	}
	for i := range found.Records {
		out.Data = append(out.Data, e.renderRefusal(v, &found.Records[i]))
	}
	out.Total, out.HasMore = int64(found.Total), found.More
	if found.More {
		last := found.Records[len(found.Records)-1].Ticket
		out.NextCursor = e.sealCursor(cursorRefusals, binary.LittleEndian.AppendUint64(
			binary.LittleEndian.AppendUint64(nil, uint64(e.refusals.Opened())), last))
	}
	return out, nil
}

// filterRefusals resolves the names in a query; false when one of them names
// nothing, and so nothing can match.
func (e *Engine) filterRefusals(v catalog.View, p *catalog.Project, q *RefusalQuery, rq *refusals.RecentQuery) bool {
	if q.Campaign != "" {
		campaign, ok := v.CampaignByRef(p.Ordinal, q.Campaign)
		if !ok {
			return false
		}
		rq.Campaign, rq.ByCampaign = campaign.Ordinal, true
	}
	if q.Customer != "" {
		var cv shard.CustomerView
		if !e.findCustomer(p, q.Customer, &cv) {
			return false
		}
		rq.Customer = cv.ID
	}
	return true
}

// refusalCursor reads a cursor: since when the ring is filled, and the ticket of
// the last refusal that was shown. One from before a restart names nothing now.
func (e *Engine) refusalCursor(c *Call, cursor string) (uint64, error) {
	if cursor == "" {
		return 0, nil
	}
	b, err := e.openCursor(c, cursorRefusals, cursor)
	if err != nil {
		return 0, err
	}
	if len(b) != 16 || binary.LittleEndian.Uint64(b) != uint64(e.refusals.Opened()) {
		return 0, c.field(wire.KeyInvalidQueryParams, "cursor", "is from before this node's last start, which emptied the list")
	}
	return binary.LittleEndian.Uint64(b[8:]), nil
}

func (e *Engine) renderRefusal(v catalog.View, r *refusals.Record) wire.Refusal {
	out := wire.Refusal{Object: "refusal", Key: r.Key, LimitScope: r.Scope, CodeLastFour: r.CodeTail,
		CampaignID: campaignID(v, r.Campaign), OrderSourceID: r.Order, RequestID: r.RequestID, CreatedAt: wire.Time(r.Time)}
	if r.Voucher.Seq != 0 {
		out.VoucherID = e.secret.FormatID(coupon.PrefixVoucher, r.Voucher)
	}
	if r.Customer != (coupon.ID{}) {
		out.CustomerID = e.customerID(r.Customer)
	}
	return out
}

func campaignID(v catalog.View, ordinal uint32) string {
	if c := v.Campaign(ordinal); c != nil {
		return c.ID
	}
	return ""
}

// RefusalCountQuery asks for counters of refusals. Empty fields filter nothing.
type RefusalCountQuery struct {
	Campaign  string // name or id
	Key       string // error key
	Operation string // wire.OperationRedemption or wire.OperationValidation
	// Step is minute, hour or day; empty sums up the whole range.
	Step string
	// After and Before bound the time, widened to whole minutes: [After, Before).
	After, Before wire.Time
}

// steps are the values of RefusalCountQuery.Step, in minutes.
var steps = map[string]uint32{"": 0, "minute": 1, "hour": 60, "day": 24 * 60}

// operations are the values of RefusalCountQuery.Operation.
var operations = map[string]refusals.Operation{"": 0,
	wire.OperationRedemption: refusals.Redemption, wire.OperationValidation: refusals.Validation}

// RefusalCounts counts what this node refused. The answer says of which time all
// counters are kept, and how many seconds crashes may have taken out of it.
func (e *Engine) RefusalCounts(_ context.Context, c Call, q RefusalCountQuery) (*wire.RefusalCounts, error) {
	v, p, err := e.beginList(&c)
	if err != nil {
		return nil, err
	}
	step, ok := steps[q.Step]
	if !ok {
		return nil, c.field(wire.KeyInvalidQueryParams, "step", "must be minute, hour or day")
	}
	op, ok := operations[q.Operation]
	if !ok {
		return nil, c.field(wire.KeyInvalidQueryParams, "operation", "must be redemption or validation")
	}
	cq := refusals.CountQuery{Project: p.Ordinal, Key: q.Key, Operation: op, StepMinutes: step,
		From: int64(q.After), Until: int64(q.Before)}
	known := true
	if q.Campaign != "" {
		var campaign *catalog.Campaign
		if campaign, known = v.CampaignByRef(p.Ordinal, q.Campaign); known {
			cq.Campaign, cq.ByCampaign = campaign.Ordinal, true
		}
	}
	found, err := e.refusals.Counts(&cq)
	switch {
	case errors.Is(err, refusals.ErrTooManyRows):
		return nil, c.field(wire.KeyQueryTooLarge, "step", "The answer would have too many rows: ask for a longer step or a shorter range")
	case err != nil:
		return nil, c.fail(wire.KeyUnavailable, err.Error())
	}
	out := &wire.RefusalCounts{Object: "list", DataRef: wire.ListData, Data: []wire.RefusalCount{},
		AsOf: wire.Time(found.AsOf), Since: wire.Time(found.Since), MayMissSeconds: found.MayMissSeconds}
	if !known {
		return out, nil
	}
	out.Total = int64(found.Total)
	for _, row := range found.Rows {
		out.Data = append(out.Data, wire.RefusalCount{Time: wire.Time(row.Time), CampaignID: campaignID(v, row.Campaign),
			Key: row.Key, Operation: row.Operation.String(), Count: int64(row.N)})
	}
	return out, nil
}
