package coupon

import (
	"errors"
	"math/bits"
)

// AmountMax is the largest amount of money, in minor units of its currency, that
// a request, a balance or a sum of lines may have. It is IntMax, so that every
// client reads every amount exactly; two of them still add without overflow.
const AmountMax = IntMax

// ErrAmountRange means that an amount is negative or above AmountMax.
var ErrAmountRange = errors.New("amount out of range")

// CheckAmount refuses what is no amount of an order or a balance.
func CheckAmount(amount int64) error {
	if amount < 0 || amount > AmountMax {
		return ErrAmountRange
	}
	return nil
}

// AddAmounts returns a + b and whether both and the sum are amounts.
func AddAmounts(a, b int64) (int64, bool) {
	sum, fits := AddExact(a, b)
	return sum, fits && a >= 0 && b >= 0 && sum <= AmountMax
}

// MulAmount returns price × quantity and whether all three are amounts.
func MulAmount(price, quantity int64) (int64, bool) {
	product, fits := MulExact(price, quantity)
	return product, fits && price >= 0 && quantity >= 0 && product <= AmountMax
}

// MulDiv returns a × b ÷ c rounded down, and the remainder, through 128 bits in
// between. It reports false when an argument is negative, c is zero or the
// quotient does not fit.
func MulDiv(a, b, c int64) (quotient, remainder int64, ok bool) {
	if a < 0 || b < 0 || c <= 0 {
		return 0, 0, false
	}
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	if hi >= uint64(c) {
		return 0, 0, false // bits.Div64 would panic
	}
	q, r := bits.Div64(hi, lo, uint64(c))
	if q > 1<<63-1 {
		return 0, 0, false
	}
	return int64(q), int64(r), true
}

// MulDivHalfUp is MulDiv rounded to the nearest, a half upward.
func MulDivHalfUp(a, b, c int64) (int64, bool) {
	q, r, ok := MulDiv(a, b, c)
	if ok && r >= c-r {
		return AddExact(q, 1)
	}
	return q, ok
}

// Percent is hundredths of a percent: 1250 is 12.5 %.
type Percent int32

// PercentMax is one hundred percent; a discount above it would owe the customer.
const PercentMax Percent = 100 * 100

// ParsePercent reads a JSON number from 0 to 100 with at most two decimals that
// are not zero.
func ParsePercent(text []byte) (Percent, error) {
	hundredths, err := parseScaled(text, 2)
	if err != nil {
		return 0, err
	}
	if hundredths < 0 || hundredths > int64(PercentMax) {
		return 0, ErrNumberRange
	}
	return Percent(hundredths), nil
}

// Of returns that part of an amount, rounded half up. The amount must pass
// CheckAmount; the result then does too for a percentage up to PercentMax.
func (p Percent) Of(amount int64) int64 {
	part, ok := MulDivHalfUp(amount, int64(p), int64(PercentMax))
	if !ok {
		panic("coupon: percentage of what is no amount")
	}
	return part
}

// Append appends p as a JSON number with no more decimals than it needs.
func (p Percent) Append(dst []byte) []byte {
	dst = appendInt(dst, int64(p)/100)
	if cents := int64(p) % 100; cents != 0 {
		dst = append(dst, '.', byte('0'+cents/10))
		if cents%10 != 0 {
			dst = append(dst, byte('0'+cents%10))
		}
	}
	return dst
}

// String is Append as text.
func (p Percent) String() string { return string(p.Append(nil)) }
