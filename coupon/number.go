package coupon

import (
	"errors"
	"math"
)

// Errors of ParseInt and ParsePercent. All mean: the request is invalid.
var (
	ErrNumberSyntax  = errors.New("not a JSON number")
	ErrNumberInexact = errors.New("not a whole number of the smallest unit")
	ErrNumberRange   = errors.New("number out of range")
)

// IntMax is the largest integer that the API takes or gives: above it a client
// that reads JSON numbers as doubles would see another number.
const IntMax = 1<<53 - 1

// ParseInt reads a JSON number that is exactly an integer: 10, 10.0 and 1e1 are
// ten, 10.5 is ErrNumberInexact, and more than IntMax either way is
// ErrNumberRange. No float is involved, so no digit is lost on the way.
func ParseInt(text []byte) (int64, error) { return parseScaled(text, 0) }

// exponentMax is where an exponent stops growing while it is read. It is beyond
// what the digits of any body could make up for.
const exponentMax = 1 << 40

// intDigitsMax is the number of digits of IntMax.
const intDigitsMax = 16

// parseScaled reads text × 10^scale as an exact integer.
func parseScaled(text []byte, scale int64) (int64, error) {
	d, ok := scanDecimal(text)
	if !ok {
		return 0, ErrNumberSyntax
	}
	if d.digits == 0 {
		return 0, nil // zero, whatever its exponent
	}
	zeros := d.exponent + scale
	if zeros < 0 {
		return 0, ErrNumberInexact
	}
	if d.digits+zeros > intDigitsMax {
		return 0, ErrNumberRange
	}
	value := d.value * pow10(int(zeros))
	if value > IntMax {
		return 0, ErrNumberRange
	}
	if d.negative {
		value = -value
	}
	return value, nil
}

// decimal is a number as value × 10^exponent, where value ends in no zero.
type decimal struct {
	negative bool
	value    int64 // meaningless when there are more than intDigitsMax digits
	digits   int64 // of value; zero for the number zero
	exponent int64
	zeros    int64 // zeros read since the last other digit
}

// scanDecimal holds the grammar of RFC 8259:
// -?(0|[1-9][0-9]*)(.[0-9]+)?([eE][+-]?[0-9]+)?
func scanDecimal(text []byte) (decimal, bool) {
	var d decimal
	if len(text) > 0 && text[0] == '-' {
		d.negative = true
		text = text[1:]
	}
	whole := d.takeDigits(text)
	if whole == 0 || text[0] == '0' && whole > 1 {
		return d, false
	}
	text = text[whole:]
	fraction := 0
	if len(text) > 0 && text[0] == '.' {
		if fraction = d.takeDigits(text[1:]); fraction == 0 {
			return d, false
		}
		text = text[1+fraction:]
	}
	exponent, ok := scanExponent(text)
	d.exponent = d.zeros - int64(fraction) + exponent
	return d, ok
}

// takeDigits reads digits into the value and returns how many there were. Zeros
// count only once another digit follows them.
func (d *decimal) takeDigits(text []byte) (taken int) {
	for ; taken < len(text) && text[taken] >= '0' && text[taken] <= '9'; taken++ {
		if text[taken] == '0' {
			d.zeros++
			continue
		}
		if d.digits == 0 {
			d.zeros = 0 // they lead, and say nothing
		}
		if d.digits += d.zeros + 1; d.digits <= intDigitsMax {
			d.value = d.value*pow10(int(d.zeros+1)) + int64(text[taken]-'0')
		}
		d.zeros = 0
	}
	return taken
}

// scanExponent reads the rest of a number, which is empty or an exponent.
func scanExponent(rest []byte) (int64, bool) {
	if len(rest) == 0 {
		return 0, true
	}
	if rest[0] != 'e' && rest[0] != 'E' {
		return 0, false
	}
	rest = rest[1:]
	sign := int64(1)
	if len(rest) > 0 && (rest[0] == '+' || rest[0] == '-') {
		if rest[0] == '-' {
			sign = -1
		}
		rest = rest[1:]
	}
	if len(rest) == 0 {
		return 0, false
	}
	var exponent int64
	for _, c := range rest {
		if c < '0' || c > '9' {
			return 0, false
		}
		exponent = min(exponent*10+int64(c-'0'), exponentMax)
	}
	return sign * exponent, true
}

// AddExact returns a + b and whether it fits.
func AddExact(a, b int64) (int64, bool) {
	sum := a + b
	return sum, (sum > a) == (b > 0)
}

// SubExact returns a − b and whether it fits.
func SubExact(a, b int64) (int64, bool) {
	difference := a - b
	return difference, (difference < a) == (b > 0)
}

// MulExact returns a × b and whether it fits.
func MulExact(a, b int64) (int64, bool) {
	if a == 0 || b == 0 {
		return 0, true
	}
	product := a * b
	if product/b != a || (a == -1 && b == math.MinInt64) || (b == -1 && a == math.MinInt64) {
		return 0, false
	}
	return product, true
}
