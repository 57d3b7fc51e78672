package promo

import "errors"

// The keys that a FieldError carries. They are part of the public API.
const (
	KeyInvalidVoucher = "invalid_voucher" // the discount's definition makes no sense
	KeyInvalidOrder   = "invalid_order"   // the order's numbers make no sense
	KeyNotSupported   = "not_supported"   // known, and not built: refused, never ignored
)

// FieldError says which field of a request is wrong and why. It is always the
// caller's mistake, and nothing was changed.
type FieldError struct {
	Field      string // path from the root of the request: "discount.percent_off"
	Key        string // one of the Key constants
	Message    string // a sentence for a person, without the field's name
	Suggestion string // the name that was probably meant, or ""
}

// Error implements error.
func (e *FieldError) Error() string {
	text := e.Field + ": " + e.Message
	if e.Suggestion != "" {
		text += " (did you mean " + e.Suggestion + "?)"
	}
	return text
}

// In returns the same error with the field below path, so that a caller who
// parsed a larger body can name the whole way: In("campaign.voucher").
func (e *FieldError) In(path string) *FieldError {
	moved := *e
	if path != "" {
		moved.Field = path + "." + e.Field
	}
	return &moved
}

// ErrCorrupt says that bytes are not a discount that AppendDiscount wrote.
// Where a committed record gives it, the group that holds the record must stop:
// skipping the record would fork the ledger.
var ErrCorrupt = errors.New("promo: corrupt discount")

// ErrVersion says that a discount was written by a newer version of Scrip.
var ErrVersion = errors.New("promo: discount of an unknown version")

func invalid(field, message string) *FieldError {
	return &FieldError{Field: field, Key: KeyInvalidVoucher, Message: message}
}

func notSupported(field, message string) *FieldError {
	return &FieldError{Field: field, Key: KeyNotSupported, Message: message}
}

func invalidOrder(field, message string) *FieldError {
	return &FieldError{Field: field, Key: KeyInvalidOrder, Message: message}
}
