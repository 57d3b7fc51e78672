package wire

import (
	"encoding/json"
	"errors"
	"strconv"
)

var (
	errNotInteger = errors.New("must be an integer")
	errNotPercent = errors.New("must have at most two decimals")
	errTooLarge   = errors.New("must be between -9007199254740991 and 9007199254740991")
)

// exponentMax stops the reading of an exponent: no number with a longer one is
// within IntMax, and the sum below stays far from overflow.
const exponentMax = 1 << 20

// parseInt returns the value of a JSON number literal times 10^scale, exactly.
// The literal has passed the grammar of JSON. It never goes through a float
// (W2): the digits are shifted, not computed.
func parseInt(lit []byte, scale int) (int64, error) {
	if scale == 0 && len(lit) <= 15 {
		if v, ok := plainDigits(lit); ok {
			return v, nil
		}
	}
	return parseShifted(lit, scale)
}

// plainDigits reads -?[0-9]{1,15}, the form of nearly every number there is.
func plainDigits(lit []byte) (int64, bool) {
	digits, negative := lit, false
	if len(lit) > 0 && lit[0] == '-' {
		digits, negative = lit[1:], true
	}
	var v int64
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		v = v*10 + int64(c-'0')
	}
	if negative {
		v = -v
	}
	return v, len(digits) > 0
}

// parseShifted handles fractions, exponents and long literals: it walks the
// significant digits and places the decimal point by counting.
func parseShifted(lit []byte, scale int) (int64, error) {
	mantissa, exponent := splitExponent(lit)
	negative := len(mantissa) > 0 && mantissa[0] == '-'
	var v int64
	var zeros int // zeros seen since the last other digit: they may be trailing
	afterPoint := false
	for _, c := range mantissa {
		switch {
		case c == '-':
		case c == '.':
			afterPoint = true
		default:
			if afterPoint {
				exponent--
			}
			if c == '0' {
				zeros++
				continue
			}
			var ok bool
			if v, ok = shift(v, zeros+1); !ok || v > IntMax-int64(c-'0') {
				if afterPoint && exponent+scale < 0 {
					return 0, inexact(scale)
				}
				return 0, errTooLarge
			}
			v += int64(c - '0')
			zeros = 0
		}
	}
	if v == 0 {
		return 0, nil
	}
	exponent += zeros + scale
	if exponent < 0 {
		return 0, inexact(scale)
	}
	v, ok := shift(v, exponent)
	if !ok {
		return 0, errTooLarge
	}
	if negative {
		v = -v
	}
	return v, nil
}

func inexact(scale int) error {
	if scale > 0 {
		return errNotPercent
	}
	return errNotInteger
}

// shift returns v·10^n unless that exceeds IntMax.
func shift(v int64, n int) (int64, bool) {
	for ; n > 0 && v != 0; n-- {
		if v > IntMax/10 {
			return 0, false
		}
		v *= 10
	}
	return v, true
}

// splitExponent cuts a literal at its e or E. An exponent beyond exponentMax is
// cut there, which changes no verdict.
func splitExponent(lit []byte) ([]byte, int) {
	for i, c := range lit {
		if c != 'e' && c != 'E' {
			continue
		}
		exponent, sign := 0, 1
		for _, c := range lit[i+1:] {
			switch {
			case c == '-':
				sign = -1
			case c == '+':
			case exponent < exponentMax:
				exponent = exponent*10 + int(c-'0')
			}
		}
		return lit[:i], sign * exponent
	}
	return lit, 0
}

// Percent is hundredths of a percent: 1250 is 12.5 %. JSON carries it as a
// number with at most two decimals.
type Percent int64

// AppendPercent appends p as a JSON number without superfluous zeros.
func AppendPercent(dst []byte, p Percent) []byte {
	if p < 0 {
		dst, p = append(dst, '-'), -p
	}
	dst = strconv.AppendInt(dst, int64(p)/100, 10)
	cents := int64(p) % 100
	if cents == 0 {
		return dst
	}
	dst = append(dst, '.', byte('0'+cents/10))
	if cents%10 != 0 {
		dst = append(dst, byte('0'+cents%10))
	}
	return dst
}

// MarshalJSON writes a number like 12.5.
func (p Percent) MarshalJSON() ([]byte, error) { return AppendPercent(nil, p), nil }

// UnmarshalJSON reads a number with at most two decimals, exactly.
func (p *Percent) UnmarshalJSON(b []byte) error {
	var lit json.Number
	if err := json.Unmarshal(b, &lit); err != nil {
		return err
	}
	v, err := parseInt([]byte(lit), 2)
	if err == nil {
		*p = Percent(v)
	}
	return err
}
