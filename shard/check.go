package shard

import "github.com/scrip-engine/scrip/coupon"

// Facts is what a request asserts and what was found outside the shard. Inside
// Apply the campaign's part is what the fence vouches for: on, begun, not over.
type Facts struct {
	Now      int64 // replicated time, unix milliseconds
	Project  uint32
	Customer coupon.ID // zero: none
	// CampaignOff, CampaignFrom and CampaignUntil speak of the code's campaign.
	CampaignOff                 bool
	CampaignFrom, CampaignUntil int64
	// Evaluated is the refusal of the evaluation, coupon.OK for none: a missing
	// order or amount, or a rule. It is told in its place among the checks.
	Evaluated coupon.Outcome
	Currency  uint16 // of the order; 0 when it has none
	GiftMax   int64  // the two of Redeem
	GiftAsked int64
}

// AllowAll are the Facts of a campaign that stands in nobody's way.
func AllowAll() Facts {
	return Facts{CampaignFrom: AlwaysFrom, CampaignUntil: AlwaysUntil}
}

// Scope names the limit or the switch that refused.
type Scope uint8

const (
	ScopeNone Scope = iota
	ScopeCode
	ScopeCampaign
	ScopeBoth
	ScopeCustomer // uses of the code by this customer
)

// Check is one step of the law, in order of precedence (P6).
type Check struct {
	Outcome coupon.Outcome
	Scope   Scope
	Refuses bool
	// Actual and Wanted explain the step in numbers: times in milliseconds,
	// counts, amounts. Both zero where there is nothing to compare.
	Actual, Wanted int64
}

// Examine runs the law's checks on a code in order of precedence. It returns
// the first refusal, or a Check with coupon.OK. With a trace every step is
// reported, the refusing ones and those behind them too: that is explain.
//
// It is a pure function of its arguments; Apply, the refusals from memory and
// explain all run it.
func Examine(v *CodeView, f *Facts, trace func(Check)) Check {
	first := Check{Outcome: coupon.OK}
	for _, step := range law {
		c := step(v, f)
		if c.Refuses && first.Outcome == coupon.OK {
			first = c
			if trace == nil {
				return first
			}
		}
		if trace != nil {
			trace(c)
		}
		if c.Refuses && c.Outcome == coupon.NotFound {
			return first // nothing behind it can be asked of a code that is not there
		}
	}
	if first.Outcome == coupon.OK && f.Evaluated != coupon.OK {
		first = evaluated(f, f.Evaluated) // one that has no step of its own still refuses
	}
	return first
}

// law is the order of refusals. The numbers of coupon.Outcome follow it.
var law = [...]func(*CodeView, *Facts) Check{
	checkFound, checkEnabled, checkStarted, checkNotExpired, checkWindow,
	checkHasCustomer, checkHolder, checkOrder, checkAmount, checkCurrency,
	checkOrderRules, checkCustomerRules, checkRules,
	checkLimit, checkCustomerLimit, checkGift, checkSessions,
}

func checkFound(v *CodeView, f *Facts) Check {
	return Check{Outcome: coupon.NotFound, Refuses: !v.Found || v.Deleted || v.Project != f.Project}
}

func checkEnabled(v *CodeView, f *Facts) Check {
	c := Check{Outcome: coupon.VoucherDisabled, Refuses: v.Disabled || f.CampaignOff}
	switch {
	case v.Disabled && f.CampaignOff:
		c.Scope = ScopeBoth
	case v.Disabled:
		c.Scope = ScopeCode
	case f.CampaignOff:
		c.Scope = ScopeCampaign
	}
	return c
}

func checkStarted(v *CodeView, f *Facts) Check {
	from, scope := v.From, ScopeCode
	if f.CampaignFrom > from {
		from, scope = f.CampaignFrom, ScopeCampaign
	}
	return Check{Outcome: coupon.VoucherNotActive, Scope: scope, Refuses: f.Now < from, Actual: f.Now, Wanted: from}
}

func checkNotExpired(v *CodeView, f *Facts) Check {
	until, scope := v.Until, ScopeCode
	if f.CampaignUntil < until {
		until, scope = f.CampaignUntil, ScopeCampaign
	}
	return Check{Outcome: coupon.VoucherExpired, Scope: scope, Refuses: f.Now >= until, Actual: f.Now, Wanted: until}
}

func checkHasCustomer(v *CodeView, f *Facts) Check {
	c := Check{Outcome: coupon.MissingCustomer, Scope: ScopeCode}
	c.Refuses = f.Customer == (coupon.ID{}) && (v.Holder != (coupon.ID{}) || v.PerCustomer > 0)
	return c
}

func checkHolder(v *CodeView, f *Facts) Check {
	return Check{Outcome: coupon.NotTheHolder, Scope: ScopeCode,
		Refuses: v.Holder != (coupon.ID{}) && v.Holder != f.Customer}
}

// evaluated is the step of a refusal that was found outside.
func evaluated(f *Facts, o coupon.Outcome) Check {
	return Check{Outcome: o, Refuses: f.Evaluated == o}
}

func checkWindow(_ *CodeView, f *Facts) Check { return evaluated(f, coupon.VoucherNotActiveNow) }
func checkOrder(_ *CodeView, f *Facts) Check  { return evaluated(f, coupon.MissingOrder) }
func checkAmount(_ *CodeView, f *Facts) Check { return evaluated(f, coupon.MissingAmount) }

func checkOrderRules(_ *CodeView, f *Facts) Check    { return evaluated(f, coupon.OrderRules) }
func checkCustomerRules(_ *CodeView, f *Facts) Check { return evaluated(f, coupon.CustomerRules) }
func checkRules(_ *CodeView, f *Facts) Check         { return evaluated(f, coupon.RedemptionRules) }
func checkSessions(_ *CodeView, f *Facts) Check      { return evaluated(f, coupon.LockedBySession) }

func checkCurrency(v *CodeView, f *Facts) Check {
	return Check{Outcome: coupon.CurrencyMismatch, Scope: ScopeCode, Actual: int64(f.Currency), Wanted: int64(v.Currency),
		Refuses: v.IsGift && f.Currency != 0 && f.Currency != v.Currency || f.Evaluated == coupon.CurrencyMismatch}
}

func checkLimit(v *CodeView, _ *Facts) Check {
	return Check{Outcome: coupon.QuantityExceeded, Scope: ScopeCode, Actual: v.Used, Wanted: v.Limit,
		Refuses: v.Limit != Unlimited && v.Used >= v.Limit}
}

func checkCustomerLimit(v *CodeView, f *Facts) Check {
	return Check{Outcome: coupon.QuantityExceeded, Scope: ScopeCustomer, Actual: v.CustomerUses, Wanted: v.PerCustomer,
		Refuses: v.PerCustomer > 0 && v.CustomerUses >= v.PerCustomer}
}

// checkGift: credits that were asked for must be there; a maximum takes what is
// there, but not nothing when something was wanted.
func checkGift(v *CodeView, f *Facts) Check {
	c := Check{Outcome: coupon.GiftAmountExceeded, Scope: ScopeCode, Actual: v.Balance, Wanted: max(f.GiftMax, f.GiftAsked)}
	if !v.IsGift {
		c.Actual, c.Wanted = 0, 0
		return c
	}
	c.Refuses = f.GiftAsked > v.Balance || f.GiftMax > 0 && v.Balance == 0
	return c
}
