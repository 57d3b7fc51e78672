package engine

import (
	"errors"

	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/raftstore"
	"github.com/scrip-engine/scrip/wire"
)

// fail builds the answer for an error key.
func (c *Call) fail(key, details string) *wire.Error {
	e := wire.NewError(key, details)
	e.RequestID = c.RequestID
	return &e
}

// field is fail with the path of the offending field.
func (c *Call) field(key, field, details string) *wire.Error {
	e := c.fail(key, details)
	e.Field = field
	return e
}

// missing says that something which the request names does not exist.
func (c *Call) missing(kind, id string) *wire.Error {
	e := c.fail(wire.KeyNotFound, "Cannot find "+kind+" with id "+id)
	e.ResourceID, e.ResourceType = id, kind
	return e
}

// missingRef is missing for something referred to in a body.
func (c *Call) missingRef(kind, id, field string) *wire.Error {
	e := c.fail(wire.KeyResourceNotFound, "Cannot find "+kind+" with id "+id)
	e.ResourceID, e.ResourceType, e.Field = id, kind, field
	return e
}

// refused turns an outcome of a machine into the answer.
func (c *Call) refused(o coupon.Outcome, details string) *wire.Error {
	key := o.Key()
	if o.Internal() || key == "" {
		// The engine asks again for these; one that is still here after the last
		// attempt was not done.
		return c.fail(wire.KeyUnavailable, details)
	}
	return c.fail(key, details)
}

// replication turns an error of the log into the answer of its family (P5).
func (c *Call) replication(err error) *wire.Error {
	switch {
	case raftstore.IsUnknown(err):
		return c.fail(wire.KeyOutcomeUnknown, "Ask again with the same idempotency key")
	case errors.Is(err, raftstore.ErrClockJump):
		return c.fail(wire.KeyClockJump, "")
	case errors.Is(err, raftstore.ErrQueueFull):
		return c.fail(wire.KeyTooManyRequests, "The queue of this shard is full")
	case errors.Is(err, errUnspeakable):
		return c.fail(wire.KeyInvalidPayload, "A number or a text of the request is outside what can be kept")
	case errors.Is(err, raftstore.ErrTooLarge):
		return c.fail(wire.KeyPayloadTooLarge, "")
	default:
		return c.fail(wire.KeyUnavailable, err.Error())
	}
}

// asWire returns err as the *wire.Error that every method promises.
func (c *Call) asWire(err error) *wire.Error {
	var e *wire.Error
	if errors.As(err, &e) {
		if e.RequestID == "" {
			e.RequestID = c.RequestID
		}
		return e
	}
	var f *wire.FieldError
	if errors.As(err, &f) {
		e := f.Wire()
		e.RequestID = c.RequestID
		return &e
	}
	return c.fail(wire.KeyInternalError, err.Error())
}
