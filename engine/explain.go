package engine

import (
	"context"
	"strconv"

	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/shard"
	"github.com/scrip-engine/scrip/wire"
)

// Explain runs the functions that decide, with a trace: every check in order,
// actual against wanted, at the present or at a time that the request names. It
// changes nothing.
func (e *Engine) Explain(ctx context.Context, c Call, req *wire.ExplainRequest) (*wire.ExplainResponse, error) {
	r := e.newRedemption(&c, &req.RedeemRequest)
	defer r.release()
	if _, err := r.assess(ctx); err != nil {
		return nil, err
	}
	now := r.ev.facts.Now
	if req.Now != 0 {
		now = int64(req.Now)
		r.ev.facts.Now = now
	}
	out := &wire.ExplainResponse{Object: "explanation", Code: req.Redeemables[0].ID, Now: wire.Time(now)}
	first := shard.Examine(&r.ev.look.View, &r.ev.facts, func(check shard.Check) {
		out.Checks = append(out.Checks, explainCheck(&check))
	})
	out.Valid = !first.Refuses
	if first.Refuses {
		out.Key = first.Outcome.Key()
		return out, nil
	}
	out.Order = r.validatedOrder(false)
	out.Gift = r.offer().Gift
	return out, nil
}

func explainCheck(c *shard.Check) wire.ExplainCheck {
	out := wire.ExplainCheck{Name: checkName(c), Key: c.Outcome.Key(), Passed: wire.Some(!c.Refuses)}
	switch c.Outcome {
	case coupon.VoucherNotActive, coupon.VoucherExpired:
		out.Actual, out.Wanted = instantWords(c.Actual), instantWords(c.Wanted)
	case coupon.QuantityExceeded:
		out.Actual, out.Wanted = strconv.FormatInt(c.Actual, 10)+" used", limitWords(c)
	case coupon.GiftAmountExceeded:
		out.Actual = "balance " + strconv.FormatInt(c.Actual, 10)
		out.Wanted = strconv.FormatInt(c.Wanted, 10)
	case coupon.CurrencyMismatch:
		out.Actual, out.Wanted = coupon.Currency(c.Actual).String(), coupon.Currency(c.Wanted).String()
	case coupon.VoucherDisabled:
		out.Actual = disabledDetails(c.Scope)
	}
	return out
}

func checkName(c *shard.Check) string {
	if c.Outcome == coupon.OK {
		return "evaluation"
	}
	if c.Scope == shard.ScopeCustomer {
		return c.Outcome.String() + "_by_customer"
	}
	return c.Outcome.String()
}

func limitWords(c *shard.Check) string {
	if c.Wanted == shard.Unlimited || c.Scope == shard.ScopeCustomer && c.Wanted == 0 {
		return "unlimited"
	}
	return "fewer than " + strconv.FormatInt(c.Wanted, 10)
}

func instantWords(ms int64) string {
	if ms == shard.AlwaysFrom || ms == shard.AlwaysUntil {
		return "any time"
	}
	return coupon.FormatInstant(ms)
}
