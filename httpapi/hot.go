package httpapi

import (
	"sync"

	"github.com/scrip-engine/scrip/wire"
)

// hotPools lend the requests and answers of the hot path. What is lent goes back
// only when the handler returns in order: after a panic nobody knows who still
// holds it.
type hotPools struct {
	redeem   sync.Pool // *redeemPair
	validate sync.Pool // *validatePair
	batch    sync.Pool // *batchPair
}

type redeemPair struct {
	req wire.RedeemRequest
	out wire.RedeemResponse
}

type validatePair struct {
	req wire.RedeemRequest
	out wire.ValidationResponse
}

type batchPair struct {
	req wire.BatchRequest
	out wire.BatchResponse
}

// lend returns a value of the pool, or a new one.
func lend[T any](pool *sync.Pool) *T {
	if v, ok := pool.Get().(*T); ok {
		return v
	}
	return new(T)
}

// redeem is POST /v1/redemptions.
func redeem(x *exchange) error {
	pool := &x.server.hot.redeem
	pair := lend[redeemPair](pool)
	if err := redeemWith(x, pair); err != nil {
		pair.reset()
		pool.Put(pair)
		return err
	}
	err := x.writePreferred(&pair.out)
	pair.reset()
	pool.Put(pair)
	return err
}

func redeemWith(x *exchange, pair *redeemPair) error {
	if err := pair.req.Decode(x.body); err != nil {
		return err
	}
	if err := x.server.engine.Redeem(x.ctx, x.call, &pair.req, &pair.out); err != nil {
		return err
	}
	pair.showKey(x.call.Key)
	return nil
}

// showKey tells the caller which key the answer goes with. The engine keeps a hash
// of it only, so that no later answer can.
func (p *redeemPair) showKey(key string) {
	for i := range p.out.Redemptions {
		p.out.Redemptions[i].IdempotencyKey = key
	}
}

// reset drops what the answer points to, and the request's strings, which alias
// a body that would otherwise live on in the pool.
func (p *redeemPair) reset() {
	p.req.Reset()
	clear(p.out.Redemptions)
	p.out = wire.RedeemResponse{Redemptions: p.out.Redemptions[:0]}
}

// validate is POST /v1/validations. A refusal is a 200 with valid: false.
func validate(x *exchange) error {
	pool := &x.server.hot.validate
	pair := lend[validatePair](pool)
	err := pair.req.Decode(x.body)
	if err == nil {
		err = x.server.engine.Validate(x.ctx, x.call, &pair.req, &pair.out)
	}
	if err == nil {
		err = x.writePreferred(&pair.out)
	}
	pair.req.Reset()
	clear(pair.out.Redeemables)
	pair.out = wire.ValidationResponse{Redeemables: pair.out.Redeemables[:0]}
	pool.Put(pair)
	return err
}

// showKeys is showKey for items, each of which has its own.
func (p *batchPair) showKeys() {
	for i := range min(len(p.out.Results), len(p.req.Redemptions)) {
		if r := p.out.Results[i].Redemption; r != nil {
			r.IdempotencyKey = p.req.Redemptions[i].IdempotencyKey
		}
	}
}

// redeemBatch is POST /v1/redemptions/batch. Its items fail alone; an error here
// concerns the batch as a whole, before any of them was tried.
func redeemBatch(x *exchange) error {
	pool := &x.server.hot.batch
	pair := lend[batchPair](pool)
	err := pair.req.Decode(x.body)
	if err == nil {
		err = x.server.engine.RedeemBatch(x.ctx, x.call, &pair.req, &pair.out)
	}
	if err == nil {
		pair.showKeys()
		err = x.writePreferred(&pair.out)
	}
	for i := range pair.req.Redemptions {
		pair.req.Redemptions[i].Reset()
		pair.req.Redemptions[i].Invalid = nil
	}
	pair.req.Redemptions = pair.req.Redemptions[:0]
	clear(pair.out.Results)
	pair.out.Results = pair.out.Results[:0]
	pool.Put(pair)
	return err
}
