package engine

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/scrip-engine/scrip/internal/linear"
	"github.com/scrip-engine/scrip/wire"
)

// Every history of a few hot codes, with clients that retry and a node that loses
// its power under them, is that of codes that do one thing at a time (P1 to P4, P7).
func TestHistoriesAreLinearizable(t *testing.T) {
	for _, shards := range []int{1, 4} {
		t.Run(fmt.Sprintf("shards=%d", shards), func(t *testing.T) { runHistory(t, shards) })
	}
}

const (
	historyClients = 6
	historyLives   = 3
	historyOps     = 60 // of a client in a life
)

func runHistory(t *testing.T, shards int) {
	rng := seeded(t)
	ctx := context.Background()
	fs := vfs.NewCrashableMem()
	h := new(linear.History)
	clients := make([]*historian, historyClients)
	for i := range clients {
		clients[i] = &historian{t: t, h: h, id: i, rng: rand.New(rand.NewPCG(rng.Uint64(), uint64(i)))}
	}
	for life := range historyLives + 1 {
		e := open(t, fs, func(c *Config) { c.Shards = shards })
		if life == 0 {
			if _, err := e.CreateCampaign(ctx, e.Default(), decode[wire.CampaignCreate](t, `{"name":"Hot","voucher":
				{"type":"DISCOUNT_VOUCHER","redemption":{"quantity":3},"discount":{"type":"AMOUNT","amount_off":1}}}`)); err != nil {
				t.Fatal(err)
			}
		}
		h.Thaw()
		var left atomic.Int64
		var dead atomic.Bool
		crashAt := rng.Int64N(historyClients*historyOps) / 2
		crash := make(chan *vfs.MemFS, 1)
		last := life == historyLives
		cut := rand.New(rand.NewPCG(rng.Uint64(), 1))
		lose := func() {
			if left.Add(1) != crashAt+1 || last {
				return
			}
			h.Freeze()
			dead.Store(true)
			crash <- fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: cut.IntN(101), RNG: cut})
		}
		var wg sync.WaitGroup
		for _, c := range clients {
			wg.Go(func() {
				c.e, c.dead = e, &dead
				c.resolve()
				for range historyOps {
					if dead.Load() {
						return
					}
					lose()
					c.act()
				}
			})
		}
		wg.Wait()
		if last {
			break
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		fs = <-crash
	}
	if err := h.Check(20 * time.Second); err != nil {
		t.Fatal(err)
	}
}

// historian is a client that notes what it asks and is told.
type historian struct {
	t    *testing.T
	h    *linear.History
	id   int
	rng  *rand.Rand
	e    *Engine
	dead *atomic.Bool

	n    int
	open *linear.Op // a redemption that got no answer
	in   linear.Input
	mine []linear.Input // redemptions to give back or to repeat
}

func (c *historian) act() {
	code := fmt.Sprint("HOT-", c.rng.IntN(5))
	c.n++
	switch p := c.rng.IntN(100); {
	case p < 8:
		c.do(linear.Input{Kind: linear.Create, Code: code, Limit: 3})
	case p < 45:
		c.do(linear.Input{Kind: linear.Redeem, Code: code, Key: fmt.Sprint(c.id, "-", c.n)})
	case p < 65 && len(c.mine) > 0:
		i := c.rng.IntN(len(c.mine))
		c.do(linear.Input{Kind: linear.Rollback, Code: c.mine[i].Code, Redemption: c.mine[i].Redemption})
	case p < 72 && len(c.mine) > 0:
		i := c.rng.IntN(len(c.mine))
		c.do(linear.Input{Kind: linear.Redeem, Code: c.mine[i].Code, Key: c.mine[i].Key})
	case p < 80:
		c.do(linear.Input{Kind: linear.Switch, Code: code, On: c.rng.IntN(3) > 0})
	case p < 90:
		c.do(linear.Input{Kind: linear.Get, Code: code})
	default:
		c.do(linear.Input{Kind: linear.Validate, Code: code})
	}
}

// do asks and notes. An error of the family not done takes the operation back.
func (c *historian) do(in linear.Input) {
	op := c.h.Begin(c.id, in)
	out, err := c.ask(&in)
	switch refusal, ok := refusalOf(err); {
	case err == nil || ok:
		out.Refusal = refusal
		if !op.End(out) {
			c.keep(op, in)
		} else if in.Kind == linear.Redeem && out.Refusal == linear.OK {
			in.Redemption = out.Redemption
			c.mine = append(c.mine, in)
		}
	case keyOf(err) == wire.KeyOutcomeUnknown:
		c.keep(op, in)
	default:
		if k, known := wire.Lookup(keyOf(err)); !known || k.Family != wire.FamilyRetry || !c.dead.Load() {
			c.t.Errorf("%+v: %v", in, err)
		}
		op.Drop()
	}
}

// keep remembers what got no answer: a redemption is asked for again by its key in
// the next life.
func (c *historian) keep(op *linear.Op, in linear.Input) {
	if in.Kind == linear.Redeem {
		c.open, c.in = op, in
	}
}

// resolve asks again for what got no answer. What is answered from memory had
// happened; what is not never had, and never will: its node is gone.
func (c *historian) resolve() {
	op, in := c.open, c.in
	c.open = nil
	if op == nil {
		return
	}
	again := c.h.Begin(c.id, in)
	out, err := c.ask(&in)
	refusal, ok := refusalOf(err)
	if err != nil && !ok {
		again.Drop()
		return // the next life's power is gone too: it stays open
	}
	out.Refusal = refusal
	if !out.Replayed {
		op.Drop()
	}
	if !again.End(out) {
		c.keep(again, in)
	}
}

func (c *historian) ask(in *linear.Input) (out linear.Output, err error) {
	ctx, call := context.Background(), c.e.Default()
	switch in.Kind {
	case linear.Create:
		_, err = c.e.AddVoucher(ctx, call, "Hot", in.Code, &wire.VoucherCreate{})
	case linear.Redeem:
		call.Key = in.Key
		var r wire.RedeemResponse
		if err = c.e.Redeem(ctx, call, request(c.t, in.Code, ""), &r); err == nil {
			out.Redemption, out.Replayed = r.Redemptions[0].ID, r.Redemptions[0].Replayed
		}
	case linear.Rollback:
		_, err = c.e.Rollback(ctx, call, in.Redemption, &wire.RollbackRequest{})
	case linear.Switch:
		_, err = c.e.SetVoucherEnabled(ctx, call, in.Code, in.On)
	case linear.Get:
		var v *wire.Voucher
		if v, err = c.e.Voucher(ctx, call, in.Code); err == nil {
			out.Used, out.On = v.Redemption.RedeemedQuantity, v.Active
		}
	case linear.Validate:
		v := new(wire.ValidationResponse)
		if err = c.e.Validate(ctx, call, request(c.t, in.Code, ""), v); err == nil && !v.Valid {
			err = v.Redeemables[0].Result.Error
		}
	}
	return out, err
}

// refusalOf reads an error that is an answer.
func refusalOf(err error) (linear.Refusal, bool) {
	switch keyOf(err) {
	case "":
		return linear.OK, err == nil
	case wire.KeyNotFound:
		return linear.NotFound, true
	case wire.KeyVoucherDisabled:
		return linear.Disabled, true
	case wire.KeyQuantityExceeded:
		return linear.Exhausted, true
	case wire.KeyDuplicateFound:
		return linear.Duplicate, true
	case wire.KeyAlreadyRolledBack:
		return linear.RolledBack, true
	}
	return 0, false
}
