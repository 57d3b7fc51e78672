package engine

import (
	"context"
	"time"

	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/shard"
	"github.com/scrip-engine/scrip/wire"
)

// THE JOURNEY of one redemption, from top to bottom:
//
//	 1 may this caller do this now           admit            admit.go
//	 2 which code, which shard               resolve          codes.go
//	 3 who is the customer                   identifyCustomer customers.go
//	 4 under which key                       identifyRedemption key.go
//	 5 read catalog, code and receipt        survey           here
//	 6 evaluate the discount                 evaluate         evaluate.go
//	 7 would the law refuse?                 shard.Examine    shard/check.go
//	   then prove leadership, look again, and refuse          (P1, no disk)
//	 8 stamp, propose, wait for the disk     propose          raftstore
//	 9 the law decides                       applyRedeem      shard/redeem.go
//	10 answer from the record                render           render_brief.go

// attemptsMax bounds how often a request is evaluated again because something
// changed under it: a campaign edited, a code changed, time passing an edge.
const attemptsMax = 6

// redemption is one request on its way. It is pooled.
type redemption struct {
	e        *Engine
	call     Call
	c        *Call // call
	req      *wire.RedeemRequest
	ref      codeRef
	customer customerRef
	id       identity
	ev       evaluation
	lent     lent
	proved   bool // a proof that began after the request arrived was made

	record     shard.Record // of the outcome
	began      time.Time
	committing time.Duration // in the log, all attempts together
}

func (e *Engine) newRedemption(c *Call, req *wire.RedeemRequest) *redemption {
	r, ok := e.pool.Get().(*redemption)
	if !ok {
		r = new(redemption)
	}
	r.e, r.call, r.c, r.req, r.proved = e, *c, &r.call, req, false
	r.ev.look.View.Found = false // nothing was looked at yet
	r.began, r.committing = time.Now(), 0
	return r
}

func (r *redemption) release() {
	pool := &r.e.pool
	r.lent.trim()
	r.e, r.call, r.req, r.ref, r.customer = nil, Call{}, nil, codeRef{}, customerRef{}
	pool.Put(r)
}

// Redeem uses a code once, durably, or says why not. out is filled on success.
func (e *Engine) Redeem(ctx context.Context, c Call, req *wire.RedeemRequest, out *wire.RedeemResponse) error {
	r := e.newRedemption(&c, req)
	defer r.release()
	if err := r.begin(ctx); err != nil {
		return r.failed(err)
	}
	reply, err := r.run(ctx)
	decided := time.Now()
	if err != nil {
		e.metrics.stages(r, decided)
		return r.failed(err)
	}
	e.metrics.redeemed(reply.Replayed)
	err = r.answer(&reply, out)
	e.metrics.stages(r, decided)
	e.metrics.replied(decided)
	return err
}

// begin does what does not depend on the state: steps 1 to 4.
func (r *redemption) begin(ctx context.Context) error {
	if err := r.e.admit(r.c, RoleUser); err != nil {
		return err
	}
	if len(r.req.Redeemables) != 1 {
		return r.c.field(wire.KeyNotSupported, "redeemables", "one redeemable a request in this version")
	}
	r.ev.view = r.e.catalog.View()
	r.ev.project = r.c.project(r.ev.view)
	r.resolve()
	customer, err := r.e.identifyCustomer(r.c, r.ev.project, r.req.Customer)
	if err != nil {
		return err
	}
	if r.customer = customer; r.ref.known {
		r.customer.bornWith(r.e, r.ref.group)
	}
	r.id = r.e.identifyRedemption(r.c, r.ev.project, r.req, r.fingerprint(customer.mark()))
	r.ref.query.Kind, r.ref.query.Key, r.ref.query.Customer = shard.KindRedeem, r.id.key, customer.id
	return r.c.checkTail(r.req)
}

// run repeats steps 5 to 9 until there is an answer that holds.
func (r *redemption) run(ctx context.Context) (shard.Reply, error) {
	for range attemptsMax {
		verdict, err := r.survey(ctx)
		if err != nil {
			return shard.Reply{}, err
		}
		switch verdict {
		case surveyStored:
			return r.replay()
		case surveyAgain:
			continue
		case surveyRefused:
			return shard.Reply{}, r.refusal(r.lastCheck())
		}
		reply, err := r.propose(ctx)
		if err != nil {
			return reply, err
		}
		if done, err := r.settle(ctx, &reply); done {
			return reply, err
		}
	}
	return shard.Reply{}, r.c.fail(wire.KeyUnavailable, "The code kept changing under the request; try again")
}

type verdict int

const (
	surveyPropose verdict = iota
	surveyRefused
	surveyStored // the key was answered before
	surveyAgain  // the picture was not current; look again
)

// survey looks at everything and says what to do. A refusal is final only from a
// state that was read after a proof, evaluated at or above the code's fences.
func (r *redemption) survey(ctx context.Context) (verdict, error) {
	ev := &r.ev
	ev.view = r.e.catalog.View()
	if err := r.c.stillAllowed(ev.view); err != nil {
		return 0, err
	}
	r.ref.look(&ev.look)
	if ev.look.HasReceipt {
		return surveyStored, nil
	}
	if r.customer.missing != nil {
		return r.refuseMissing(ctx)
	}
	if need := max(ev.look.View.Fence, ev.look.View.CampaignBirth); ev.view.Index() < need {
		if err := r.e.catLog.WaitApplied(ctx, need); err != nil {
			return 0, r.c.replication(err)
		}
		return surveyAgain, nil
	}
	// From memory: not started holds only if it does at the later of the two
	// times, expired only if it does at replicated time (P9).
	wall := r.e.clock.UnixMilli()
	ev.evaluate(&r.e.plans, r.req, r.customer.who(), max(wall, ev.look.Now))
	check := r.lastCheck()
	if !check.Refuses {
		return surveyPropose, nil
	}
	if check.Outcome == coupon.VoucherExpired && ev.look.Now < check.Wanted {
		return surveyAgain, r.tick(ctx)
	}
	if !r.proved {
		r.proved = true
		if r.ref.known {
			if _, err := r.ref.group.log.Prove(ctx); err != nil {
				return 0, r.c.replication(err)
			}
		}
		return surveyAgain, nil
	}
	return surveyRefused, nil
}

// tick moves replicated time up to the clock by an entry that changes nothing
// else. What only the clock calls expired is refused after it and from then on
// for good, wherever the clock goes (P9): one entry, then the flood is free.
func (r *redemption) tick(ctx context.Context) error {
	if err := r.e.mayChange(r.c); err != nil {
		return err
	}
	q := shard.Fence{Scope: shard.FenceProject, Ordinal: r.ev.project.Ordinal}
	cmd := shard.AppendFence(r.e.command(r.c, shard.KindFence, r.ev.look.View.Slot, identity{}, 0), &q)
	if _, err := r.e.propose(ctx, r.ref.group, cmd); err != nil {
		return r.c.replication(err)
	}
	r.proved = true // an entry proposed after the request arrived was applied here
	return nil
}

func (r *redemption) lastCheck() shard.Check { return shard.Examine(&r.ev.look.View, &r.ev.facts, nil) }

// propose hands the command to the log and waits until it is durable and decided.
func (r *redemption) propose(ctx context.Context) (shard.Reply, error) {
	if err := r.e.mayChange(r.c); err != nil {
		return shard.Reply{}, err
	}
	if err := r.e.settleCustomer(ctx, r.c, &r.customer, r.ref.group); err != nil {
		return shard.Reply{}, err
	}
	cmd, err := r.command()
	if err != nil {
		return shard.Reply{}, err
	}
	proposed := time.Now()
	reply, err := r.e.propose(ctx, r.ref.group, cmd)
	r.committing += time.Since(proposed)
	if err != nil {
		r.lent.command = nil // the log may still hold it
		return reply, r.c.replication(err)
	}
	r.proved = true // an entry proposed after the request arrived was applied here
	return reply, nil
}

// command encodes the redemption. The slice belongs to the log until it has
// answered; after an error for good.
func (r *redemption) command() ([]byte, error) {
	ev := &r.ev
	v := &ev.look.View
	h := r.e.header(r.c, shard.KindRedeem, v.Slot, r.id, ev.view.Index())
	h.ValidFrom, h.ValidUntil = ev.from, ev.until
	if ev.campaign != nil && ev.campaign.Voucher.HolderOnly {
		// The law lets a code without a holder pass; that this one has one was seen
		// in this version of it.
		h.BasisMask, h.BasisVersion = basisHolder, v.Version
	}
	q := shard.Redeem{
		Ordinal: v.Ordinal, Project: v.Project, Campaign: v.Campaign,
		GiftMax: ev.facts.GiftMax, GiftAsked: ev.facts.GiftAsked, Currency: ev.facts.Currency,
		Customer: r.customer.id, Birth: r.customer.birth, Tail: ev.tailOf(r.req),
	}
	if len(q.Tail) > coupon.TailBytesMax {
		return nil, r.c.tailTooLong() // the evaluation had more to say of the lines
	}
	if ev.result.HasOrder {
		q.Order, q.Currency = ev.result.Amount, ev.currency.Numeric()
	}
	if !v.IsGift {
		q.Discount, q.Applied = ev.result.AppliedDiscountAmount, ev.result.TotalAppliedDiscountAmount
		q.Lines = ev.lineShares()
	}
	r.lent.command = shard.AppendRedeem(shard.AppendHeader(r.lent.command[:0], &h), &q)
	return r.lent.command, nil
}

// settle reads the law's answer. Not done means: look again.
func (r *redemption) settle(ctx context.Context, reply *shard.Reply) (done bool, err error) {
	switch reply.Outcome {
	case coupon.OK:
		return true, nil
	case coupon.Stale:
		if err := r.e.catLog.WaitApplied(ctx, reply.CatalogIndex); err != nil {
			return true, r.c.replication(err)
		}
		return false, nil
	case coupon.Reevaluate:
		return false, nil
	case coupon.TooLate:
		return true, r.c.fail(wire.KeyUnavailable, "The command waited too long in the queue")
	}
	return true, r.refusal(shard.Check{Outcome: reply.Outcome, Scope: reply.Scope, Refuses: true})
}

// replay answers from the receipt: the stored outcome, or a conflict.
func (r *redemption) replay() (shard.Reply, error) {
	rec := &r.ev.look.Receipt
	if rec.FPVersion == coupon.FingerprintVersion && rec.Fingerprint != r.id.fingerprint {
		return shard.Reply{}, r.c.refused(coupon.KeyConflict, "")
	}
	return shard.Reply{Outcome: coupon.OK, Replayed: true, ID: rec.ID, Seq: rec.Seq, Stamp: rec.Stamp}, nil
}

func (r *redemption) answer(reply *shard.Reply, out *wire.RedeemResponse) error {
	out.Redemptions = append(out.Redemptions[:0], wire.Redemption{})
	red := &out.Redemptions[0]
	err := r.render(reply, red)
	out.Order = red.Order
	return err
}
