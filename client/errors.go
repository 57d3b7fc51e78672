package client

import (
	"errors"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/scrip-engine/scrip/wire"
)

// Error is why a call gave no result. errors.As finds the *wire.Error inside it,
// and errors.Is the cause, such as context.Canceled.
type Error struct {
	// Answer is what the server said. When it said nothing readable, it is what
	// follows from that: unavailable when nothing was sent or nothing would
	// change, outcome_unknown otherwise.
	Answer wire.Error
	// IdempotencyKey is the key that every attempt carried; empty for a read.
	// After an unknown outcome, ask again with it.
	IdempotencyKey string
	// RetryAfter is what the server asked to wait.
	RetryAfter time.Duration
	// Attempts is how often the request was tried.
	Attempts int
	// Unsettled says that an attempt before the last one got no answer and may
	// yet take effect, whatever Answer says of the last one.
	Unsettled bool

	cause  error
	unsent bool // the call was over before this attempt left
}

// Error gives the answer and its cause.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Answer.Error())
	if e.cause != nil {
		b.WriteString(": ")
		b.WriteString(e.cause.Error())
	}
	if e.Unsettled && e.Answer.Outcome != wire.Unknown {
		b.WriteString(" (an earlier attempt got no answer)")
	}
	if e.Attempts > 1 {
		b.WriteString(" [attempts: " + strconv.Itoa(e.Attempts) + "]")
	}
	return b.String()
}

// Unwrap gives errors.Is and errors.As the answer and the cause.
func (e *Error) Unwrap() []error {
	if e.cause == nil {
		return []error{&e.Answer}
	}
	return []error{&e.Answer, e.cause}
}

// IsUnknown reports that a change may or may not have happened. Ask again with
// the same key; KeyOf has it.
func IsUnknown(err error) bool {
	var e *Error
	if errors.As(err, &e) && e.Unsettled {
		return true
	}
	w, ok := answer(err)
	return ok && w.Outcome == wire.Unknown
}

// IsRefusal reports a decision against the request by the state of things: the
// code is used up, expired, unknown. Asking again unchanged gives the same
// answer until the state changes.
func IsRefusal(err error) bool { return !IsUnknown(err) && family(err) == wire.FamilyRefusal }

// IsNotFound reports that what the request names does not exist.
func IsNotFound(err error) bool {
	w, ok := answer(err)
	return ok && !IsUnknown(err) && w.Code == 404
}

// IsDenied reports that the server key is missing, wrong or not allowed to do
// this.
func IsDenied(err error) bool {
	w, ok := answer(err)
	return ok && !IsUnknown(err) && (w.Code == 401 || w.Code == 403)
}

// IsUnavailable reports that nothing was done and that the same request may
// succeed later.
func IsUnavailable(err error) bool {
	f := family(err)
	return !IsUnknown(err) && (f == wire.FamilyRetry || f == wire.FamilyUnknown)
}

// Is reports whether the server answered with one of the keys, such as
// wire.KeyQuantityExceeded.
func Is(err error, keys ...string) bool {
	w, ok := answer(err)
	if !ok {
		return false
	}
	for _, key := range keys {
		if w.Key == key {
			return true
		}
	}
	return false
}

// KeyOf returns the idempotency key that the failed call carried, or "".
func KeyOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.IdempotencyKey
	}
	return ""
}

// answer finds the server's words in err, also in a *wire.Error alone, as the
// results of a batch and of a validation carry it.
func answer(err error) (*wire.Error, bool) {
	var w *wire.Error
	ok := errors.As(err, &w)
	return w, ok && w != nil
}

// family goes by the key. A key that this version of the client does not know is
// judged by its status, and by the outcome that every failure states.
func family(err error) wire.Family {
	w, ok := answer(err)
	if !ok {
		return 0
	}
	if info, known := wire.Lookup(w.Key); known && info.Family != wire.FamilyReserved {
		return info.Family
	}
	switch {
	case w.Outcome == wire.Unknown:
		return wire.FamilyUnknown
	case w.Code == 429 || w.Code == 503:
		return wire.FamilyRetry
	case w.Code == 404 || w.Code == 409 || w.Code == 423:
		return wire.FamilyRefusal
	}
	return wire.FamilyRequest
}

// silence is the error of an attempt that got no readable answer. A connection
// that was never made has carried nothing. Everything later may have reached the
// server, so a change is unknown then.
func silence(q *call, err error) *Error {
	key := wire.KeyUnavailable
	if q.changes && !neverConnected(err) {
		key = wire.KeyOutcomeUnknown
	}
	return &Error{Answer: wire.NewError(key, "no answer from the server"), cause: err}
}

// neverConnected recognises net's errors of resolving and dialling.
func neverConnected(err error) bool {
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		return true
	}
	var dns *net.DNSError
	return errors.As(err, &dns)
}

// notSent is the error of a call that ended before anything was sent.
func notSent(err error) *Error {
	return &Error{Answer: wire.NewError(wire.KeyUnavailable, "not sent"), cause: err, unsent: true}
}
