package engine

import (
	"strconv"

	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/shard"
	"github.com/scrip-engine/scrip/wire"
)

// refusal turns a check that refused into the answer, with the words that
// support needs: which switch, which limit, which instant.
func (r *redemption) refusal(c shard.Check) *wire.Error {
	e := r.c.refused(c.Outcome, refusalDetails(&c))
	e.LimitScope = limitScope(&c)
	if len(r.req.Redeemables) > 0 {
		e.ResourceID, e.ResourceType = r.req.Redeemables[0].ID, "voucher"
		if c.Outcome == coupon.NotFound {
			e.Details = "Cannot find voucher with id " + r.req.Redeemables[0].ID
		}
	}
	return e
}

func limitScope(c *shard.Check) string {
	if c.Outcome != coupon.QuantityExceeded {
		return ""
	}
	if c.Scope == shard.ScopeCustomer {
		return wire.ScopeCustomer
	}
	return wire.ScopeVoucher
}

func refusalDetails(c *shard.Check) string {
	switch c.Outcome {
	case coupon.VoucherDisabled:
		return disabledDetails(c.Scope)
	case coupon.VoucherNotActive:
		return "It starts at " + coupon.FormatInstant(c.Wanted)
	case coupon.VoucherExpired:
		if c.Wanted != 0 {
			return "It ended at " + coupon.FormatInstant(c.Wanted)
		}
	case coupon.QuantityExceeded:
		if c.Wanted != 0 {
			return strconv.FormatInt(c.Actual, 10) + " of " + strconv.FormatInt(c.Wanted, 10) + " uses are taken"
		}
	case coupon.GiftAmountExceeded:
		return "The balance is " + strconv.FormatInt(c.Actual, 10)
	}
	return ""
}

func disabledDetails(s shard.Scope) string {
	switch s {
	case shard.ScopeCode:
		return "The voucher is disabled"
	case shard.ScopeCampaign:
		return "The campaign is disabled"
	case shard.ScopeBoth:
		return "The voucher and its campaign are disabled"
	}
	return ""
}
