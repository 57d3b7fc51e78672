package promo

import "github.com/scrip-engine/scrip/coupon"

// Interval is a span of replicated time in unix milliseconds, half open:
// [From, Until). An instant of expiry is the first at which a code is expired,
// so neighbouring intervals share no millisecond and leave none out. An end that
// is missing is coupon.SinceEver or coupon.ForEver.
type Interval struct {
	From, Until int64
}

// Always gives the interval without ends. The last millisecond of an int64 lies
// outside it; the log never stamps it.
func Always() Interval { return Interval{From: coupon.SinceEver, Until: coupon.ForEver} }

// Contains says whether at lies in the interval.
func (v Interval) Contains(at int64) bool { return v.From <= at && at < v.Until }

// Empty says whether the interval contains nothing.
func (v Interval) Empty() bool { return v.From >= v.Until }

// Intersect gives the instants that lie in both. It may be empty.
func (v Interval) Intersect(w Interval) Interval {
	return Interval{From: max(v.From, w.From), Until: min(v.Until, w.Until)}
}

// Judge says what holds at an instant for something that is valid in v:
// OK, VoucherNotActive before it, VoucherExpired after it, in the order of
// precedence (P6), and the interval in which that answer stays the same. The
// answer travels with that interval, so that Apply can see whether the stamp of
// the entry still lies inside (P9).
func (v Interval) Judge(at int64) (coupon.Outcome, Interval) {
	switch {
	case at < v.From:
		return coupon.VoucherNotActive, Interval{From: coupon.SinceEver, Until: v.From}
	case at >= v.Until:
		// Where the ends are crossed, "not active yet" comes first until From.
		return coupon.VoucherExpired, Interval{From: max(v.From, v.Until), Until: coupon.ForEver}
	}
	return coupon.OK, v
}
