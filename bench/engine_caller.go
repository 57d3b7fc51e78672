package bench

import (
	"context"
	"errors"
	"net/http"

	"github.com/cespare/xxhash/v2"

	"github.com/scrip-engine/scrip/engine"
	"github.com/scrip-engine/scrip/wire"
)

// driveEngine carries a load to an engine of this process: each connection of the
// load is a goroutine that calls it.
func driveEngine(ctx context.Context, j *Job, e *engine.Engine, s *Shape) (*Tally, error) {
	if err := j.Load.Check(); err != nil {
		return nil, err
	}
	j.Protocol = nil
	j.Live.start(j.Label, j.Load.WarmUp+j.Load.Duration)
	return driveCallers(ctx, j, func() (caller, error) { return &engineCaller{engine: e, shape: s, call0: e.Default()}, nil })
}

// engineCaller asks an engine directly. Its requests are built once and patched.
type engineCaller struct {
	engine *engine.Engine
	shape  *Shape
	call0  engine.Call
	text   []byte

	redeem   wire.RedeemRequest
	answer   wire.RedeemResponse
	validity wire.ValidationResponse
	batch    wire.BatchRequest
	results  wire.BatchResponse
	order    wire.Order
}

func (c *engineCaller) close() {}

func (c *engineCaller) call(ctx context.Context, op *Op, v *Verdict) {
	call := c.call0
	switch op.Kind {
	case Redeem, Guess:
		call.Key = c.key(op.Key)
		c.fill(&c.redeem, op, 0)
		c.judge(op, v, c.engine.Redeem(ctx, call, &c.redeem, &c.answer), 0)
	case Batch:
		c.callBatch(ctx, op, v)
	case Validate:
		c.fill(&c.redeem, op, 0)
		err := c.engine.Validate(ctx, call, &c.redeem, &c.validity)
		if err == nil && !c.validity.Valid {
			v.Class, v.Name = Refused, []byte(refusalOf(&c.validity))
			return
		}
		c.judgeError(op, v, err)
	case Rollback:
		call.Key = c.key(op.Key)
		_, err := c.engine.Rollback(ctx, call, string(op.ID), new(wire.RollbackRequest))
		c.judgeError(op, v, err)
	default:
		v.lost(op.Kind, "lists are measured over HTTP")
	}
}

func refusalOf(r *wire.ValidationResponse) string {
	for i := range r.Redeemables {
		if e := r.Redeemables[i].Result.Error; e != nil {
			return e.Key
		}
	}
	return ""
}

func (c *engineCaller) key(n uint64) string {
	c.text = c.shape.AppendKey(c.text[:0], n)
	return string(c.text)
}

// fill makes r the request for one item of op.
func (c *engineCaller) fill(r *wire.RedeemRequest, op *Op, item uint64) {
	if len(r.Redeemables) == 0 {
		c.order.Amount = wire.Some(c.shape.Amount)
		*r = wire.RedeemRequest{Redeemables: []wire.Redeemable{{Object: wire.ObjectVoucher}}, Order: &c.order}
		if c.shape.Customers {
			r.Customer = new(wire.Customer)
		}
	}
	c.text = c.shape.Codes.Append(c.text[:0], op.Code+item)
	r.Redeemables[0].ID = string(c.text)
	if c.shape.Credits {
		r.Redeemables[0].Gift.Credits = wire.Some(op.Credits)
	}
	if c.shape.Customers {
		c.text = c.shape.AppendCustomer(c.text[:0], op.Customer)
		r.Customer.SourceID = string(c.text)
	}
}

// judge reads the answer to one redemption.
func (c *engineCaller) judge(op *Op, v *Verdict, err error, item int) {
	if err != nil || len(c.answer.Redemptions) != 1 {
		c.judgeError(op, v, err)
		return
	}
	c.take(v, &c.answer.Redemptions[0], item)
	v.ID = []byte(c.answer.Redemptions[0].ID)
}

func (c *engineCaller) take(v *Verdict, r *wire.Redemption, item int) {
	v.IDs, v.Items = append(v.IDs, xxhash.Sum64String(r.ID)), append(v.Items, item)
	if r.Gift != nil {
		v.Amount = r.Gift.Amount
	}
}

func (c *engineCaller) judgeError(op *Op, v *Verdict, err error) {
	var e *wire.Error
	switch {
	case err == nil:
	case !errors.As(err, &e):
		v.lost(op.Kind, err.Error())
	case e.Outcome == wire.Unknown:
		v.lost(op.Kind, e.Key)
	default:
		info, known := wire.Lookup(e.Key)
		v.Class, v.Name = Failed, []byte(e.Key)
		if known && info.Family == wire.FamilyRefusal {
			v.Class = Refused
		}
	}
}

func (c *engineCaller) callBatch(ctx context.Context, op *Op, v *Verdict) {
	if len(c.batch.Redemptions) != op.Count {
		c.batch.Redemptions = make([]wire.BatchItem, op.Count)
	}
	for i := range c.batch.Redemptions {
		it := &c.batch.Redemptions[i]
		c.fill(&it.RedeemRequest, op, uint64(i))
		it.IdempotencyKey = c.key(op.Key + uint64(i))
	}
	if err := c.engine.RedeemBatch(ctx, c.call0, &c.batch, &c.results); err != nil {
		c.judgeError(op, v, err)
		return
	}
	for i := range c.results.Results {
		switch r := &c.results.Results[i]; {
		case r.Status == http.StatusOK && r.Redemption != nil:
			c.take(v, r.Redemption, i)
		case r.Error != nil && r.Error.Outcome == wire.NotDone:
			v.Refusals++
			v.Name = []byte(r.Error.Key)
		default:
			v.LostItems = append(v.LostItems, i)
		}
	}
}
