package coupon

import (
	"errors"
	"strconv"
)

// The fields of CodeConfig by the names that a request has for them.
const (
	fieldLength  = "length"
	fieldCharset = "charset"
	fieldPrefix  = "prefix"
	fieldPostfix = "postfix"
	fieldPattern = "pattern"
	fieldCount   = "vouchers_count"
)

// PatternError is a configuration from which codes cannot, or should not, be
// made. Field is the name of the field to change.
type PatternError struct {
	Field  string
	Reason string
}

// Key is the documented error key.
func (*PatternError) Key() string { return "invalid_code_config" }

func (e *PatternError) Error() string { return e.Field + " " + e.Reason }

// ErrRandomSource means that a source of chance failed or returned what no
// source of chance returns. Nothing was drawn.
var ErrRandomSource = errors.New("source of random bytes is broken")

func crowdedError(count, safe uint64) error {
	return &PatternError{fieldCount, "of " + strconv.FormatUint(count, 10) +
		" is above the safe number for this pattern, " + strconv.FormatUint(safe, 10) +
		": codes could be guessed; use more random characters"}
}
