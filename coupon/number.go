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

// expSaturation bounds what an exponent can say. It is larger than any text that
// a body can hold, so digits written before it never make up for it.
const expSaturation = 1 << 40

// parseScaled reads text × 10^scale as an exact integer.
func parseScaled(text []byte, scale int64) (int64, error) {
	number, ok := scanNumber(text)
	if !ok {
		return 0, ErrNumberSyntax
	}
	if number.last < 0 {
		return 0, nil // zero, whatever its exponent
	}
	// The value is the digits first..last followed by `zeros` zeros.
	zeros := number.exponent + scale
	if zeros < 0 {
		return 0, ErrNumberInexact
	}
	if zeros > 16 || number.digits+zeros > 16 { // IntMax has 16 digits
		return 0, ErrNumberRange
	}
	var value int64
	for _, c := range text[number.first : number.last+1] {
		if c != '.' {
			value = value*10 + int64(c-'0')
		}
	}
	for range zeros {
		value *= 10
	}
	if value > IntMax {
		return 0, ErrNumberRange
	}
	if text[0] == '-' {
		value = -value
	}
	return value, nil
}

// scannedNumber describes a JSON number without computing it.
type scannedNumber struct {
	first, last int   // first and last digit of the text that is not zero; last < 0 for zero
	digits      int64 // digits from first to last
	exponent    int64 // power of ten of the digit at last
}

// scanNumber holds the grammar of RFC 8259: -?(0|[1-9][0-9]*)(.[0-9]+)?([eE][+-]?[0-9]+)?
func scanNumber(text []byte) (scannedNumber, bool) {
	n := scannedNumber{first: -1, last: -1}
	pos := 0
	if pos < len(text) && text[pos] == '-' {
		pos++
	}
	start := pos
	pos = n.scanDigits(text, pos)
	if pos == start || (text[start] == '0' && pos > start+1) {
		return n, false
	}
	pointDigits, lastInFraction := int64(0), int64(0)
	if pos < len(text) && text[pos] == '.' {
		fraction, lastBefore := pos+1, n.last
		pos = n.scanDigits(text, fraction)
		if pos == fraction {
			return n, false
		}
		if n.last > lastBefore {
			lastInFraction = int64(n.last - fraction + 1)
		}
		pointDigits = 1
	}
	n.exponent = -lastInFraction
	if lastInFraction == 0 && n.last >= 0 {
		n.exponent = int64(integerEnd(text, start) - 1 - n.last)
	}
	if n.last >= 0 {
		n.digits = int64(n.last - n.first + 1)
		if pointDigits == 1 && n.first < integerEnd(text, start) && lastInFraction > 0 {
			n.digits-- // the point lies between them
		}
	}
	exponent, ok := scanExponent(text[pos:])
	n.exponent += exponent
	return n, ok
}

// scanDigits walks over digits from pos, noting those that are not zero.
func (n *scannedNumber) scanDigits(text []byte, pos int) int {
	for ; pos < len(text) && text[pos] >= '0' && text[pos] <= '9'; pos++ {
		if text[pos] != '0' {
			if n.last < 0 {
				n.first = pos
			}
			n.last = pos
		}
	}
	return pos
}

// integerEnd is where the digits that begin at start end.
func integerEnd(text []byte, start int) int {
	for start < len(text) && text[start] >= '0' && text[start] <= '9' {
		start++
	}
	return start
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
		exponent = min(exponent*10+int64(c-'0'), expSaturation)
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
