package engine

import (
	"context"
	"errors"
	"net/http"

	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/refusals"
	"github.com/scrip-engine/scrip/shard"
	"github.com/scrip-engine/scrip/wire"
)

// RedeemBatch redeems up to wire.BatchMax items, each on its own, and answers
// all of them in order. Commands of one shard travel in as few log entries as
// fit; a key that comes twice is answered the second time with the first's
// outcome.
func (e *Engine) RedeemBatch(ctx context.Context, c Call, req *wire.BatchRequest, out *wire.BatchResponse) error {
	if err := e.admit(&c, RoleUser); err != nil {
		return err
	}
	b := &batch{e: e, items: make([]batchItem, len(req.Redemptions)), answers: make([]wire.Redemption, len(req.Redemptions))}
	for i := range req.Redemptions {
		b.items[i].call = c
		b.prepare(ctx, i, &req.Redemptions[i])
	}
	b.bearCustomers(ctx)
	for i := range b.items {
		if it := &b.items[i]; it.ready {
			it.prepareCommand(ctx)
		}
	}
	b.proposeAll(ctx)
	out.Results = out.Results[:0]
	for i := range b.items {
		out.Results = append(out.Results, b.finish(ctx, i))
		if r := b.items[i].r; r != nil {
			r.release()
		}
	}
	return nil
}

type batch struct {
	e       *Engine
	items   []batchItem
	answers []wire.Redemption
}

// batchItem is one item on its way: settled by err or reply, or a command that
// waits for the others of its shard.
type batchItem struct {
	call  Call
	r     *redemption
	cmd   []byte
	reply shard.Reply
	err   error
	ready bool // nothing refuses it: a command is to be made
	again bool // the law asked for another look
}

func (b *batch) prepare(ctx context.Context, i int, item *wire.BatchItem) {
	it := &b.items[i]
	if item.Invalid != nil {
		it.err = it.call.asWire(item.Invalid)
		return
	}
	it.call.Key = item.IdempotencyKey
	it.r = b.e.newRedemption(&it.call, &item.RedeemRequest)
	if it.err = it.r.begin(ctx); it.err != nil {
		return
	}
	for range attemptsMax {
		verdict, err := it.r.survey(ctx)
		switch {
		case err != nil:
			it.err = err
		case verdict == surveyAgain:
			continue
		case verdict == surveyStored:
			it.reply, it.err = it.r.replay()
		case verdict == surveyRefused:
			it.err = it.r.refusal(it.r.lastCheck())
		default:
			it.ready = true
		}
		return
	}
	it.again = true
}

func (it *batchItem) prepareCommand(ctx context.Context) {
	r := it.r
	if it.err = r.e.mayChange(r.c); it.err != nil {
		return
	}
	if it.err = r.e.settleCustomer(ctx, r.c, &r.customer, r.ref.group); it.err == nil {
		it.cmd, it.err = r.command()
	}
}

// proposeAll hands each shard its commands, in the order of the items.
func (b *batch) proposeAll(ctx context.Context) {
	for _, g := range b.e.shards {
		var cmds [][]byte
		var of []*batchItem
		for i := range b.items {
			it := &b.items[i]
			if it.cmd != nil && it.r.ref.group == g {
				cmds = append(cmds, it.cmd)
				of = append(of, it)
			}
		}
		if len(cmds) == 0 {
			continue
		}
		replies := make([]shard.Reply, len(cmds))
		_, err := b.e.proposeAll(ctx, g, cmds, replies)
		for i, it := range of {
			if err != nil {
				it.r.lent.command = nil // the log may still hold it
				it.err = it.call.replication(err)
				continue
			}
			it.reply = replies[i]
			it.again = it.reply.Outcome == coupon.Stale || it.reply.Outcome == coupon.Reevaluate
		}
	}
}

// finish renders one item. What the law wants to see again goes the single way.
func (b *batch) finish(ctx context.Context, i int) wire.BatchResult {
	it := &b.items[i]
	if it.err == nil && it.again {
		it.reply, it.err = it.r.run(ctx)
	}
	if it.err == nil {
		_, it.err = it.r.settle(ctx, &it.reply)
	}
	if it.err == nil {
		red := &b.answers[i]
		if it.err = it.r.render(&it.reply, red); it.err == nil {
			b.e.metrics.redeemed(it.reply.Replayed)
			return wire.BatchResult{Status: http.StatusOK, Redemption: red}
		}
	}
	if it.r != nil {
		it.err = it.r.note(refusals.Redemption, it.err)
	}
	var refused *wire.Error
	if !errors.As(b.e.metrics.refused(it.err), &refused) {
		refused = it.call.asWire(it.err)
	}
	return wire.BatchResult{Status: refused.Code, Error: refused}
}
