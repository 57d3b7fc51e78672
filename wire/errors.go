package wire

import (
	"fmt"
	"strings"
)

// What a failure says about its effect (P5).
const (
	// NotDone: nothing happened and nothing will.
	NotDone = "not_done"
	// Unknown: it may have happened. Ask again with the same idempotency key.
	Unknown = "unknown"
)

// Error is the body of every answer that is not a success, and the error inside
// a validation that says valid: false. It is an error for the client as well.
type Error struct {
	// Code is the HTTP status.
	Code int `json:"code"`
	// Key is one of the Key constants; programs branch on it.
	Key string `json:"key"`
	// Message is a sentence for people; it may change between versions.
	Message string `json:"message"`
	// Details adds what is particular to this case.
	Details string `json:"details,omitempty"`
	// RequestID is the X-Request-Id of the answer.
	RequestID string `json:"request_id,omitempty"`
	// ResourceID and ResourceType name what the error is about.
	ResourceID   string `json:"resource_id,omitempty"`
	ResourceType string `json:"resource_type,omitempty"`
	// Outcome is NotDone or Unknown.
	Outcome string `json:"outcome"`
	// Field is the path of the offending field in the request.
	Field string `json:"field,omitempty"`
	// LimitScope says which limit quantity_exceeded speaks of: voucher,
	// customer or campaign.
	LimitScope string `json:"limit_scope,omitempty"`
}

// Values of Error.LimitScope.
const (
	ScopeVoucher  = "voucher"
	ScopeCustomer = "customer"
	ScopeCampaign = "campaign"
)

// NewError returns the Error of a key with its status, message and outcome from
// the table. A key outside the table becomes internal_error, never a lie about
// the effect.
func NewError(key, details string) Error {
	info, ok := Lookup(key)
	if !ok {
		info, _ = Lookup(KeyInternalError)
	}
	return Error{
		Code: info.Status, Key: info.Key, Message: info.Message, Details: details,
		Outcome: info.Family.Outcome(),
	}
}

// NotServed is the error of a path that this version does not serve: the one
// use of not_supported that answers 404.
func NotServed(path string) Error {
	e := NewError(KeyNotSupported, path+" is not served")
	e.Code, e.Message = 404, "This version does not serve this path."
	return e
}

// Error makes *Error an error: key, message, details and the offending field.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Key)
	b.WriteString(": ")
	b.WriteString(e.Message)
	if e.Details != "" {
		b.WriteString(" (" + e.Details + ")")
	}
	if e.Field != "" {
		b.WriteString(" [" + e.Field + "]")
	}
	return b.String()
}

// AppendJSON appends the body.
func (e *Error) AppendJSON(dst []byte) []byte {
	w := writer{dst}
	w.open()
	w.int("code", int64(e.Code))
	w.str("key", e.Key)
	w.str("message", e.Message)
	w.optStr("details", e.Details)
	w.optStr("request_id", e.RequestID)
	w.optStr("resource_id", e.ResourceID)
	w.optStr("resource_type", e.ResourceType)
	w.str("outcome", e.Outcome)
	w.optStr("field", e.Field)
	w.optStr("limit_scope", e.LimitScope)
	w.close()
	return w.buf
}

// FieldError says what is wrong with a request and where. It means that nothing
// was done: a request is decoded before anything else happens to it.
type FieldError struct {
	// Field is a path such as "order.items[3].quantity"; "" is the body itself.
	Field string
	// Key is the error key to answer with.
	Key string
	// Message completes "<field> …".
	Message string

	// syntax marks an error of JSON itself, whose position is found out later,
	// off the path that well-formed bodies take.
	syntax bool
}

// Error returns the field and the message.
func (e *FieldError) Error() string {
	if e.Field == "" {
		return e.Message
	}
	return e.Field + " " + e.Message
}

// Wire returns the body to answer with.
func (e *FieldError) Wire() Error {
	body := NewError(e.Key, e.Error())
	body.Field = e.Field
	return body
}

func fieldErr(key, field, format string, args ...any) *FieldError {
	return &FieldError{Field: field, Key: key, Message: fmt.Sprintf(format, args...)}
}

// under puts a field in front of the path of an error that came from inside it.
// Paths are built on the way out, so that a good body pays nothing for them.
func under(field string, err *FieldError) *FieldError {
	switch {
	case err == nil:
		return nil
	case err.Field == "":
		err.Field = field
	case strings.HasPrefix(err.Field, "["):
		err.Field = field + err.Field
	default:
		err.Field = field + "." + err.Field
	}
	return err
}
