package httpapi

import (
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/scrip-engine/scrip/wire"
)

// problem turns any error of a handler into the body to answer with. known is
// false for one that no handler should return: it is logged, and its text,
// which may hold anything, is not sent.
func problem(err error) (body wire.Error, known bool) {
	var e *wire.Error
	if errors.As(err, &e) && e != nil {
		return *e, true
	}
	var f *wire.FieldError
	if errors.As(err, &f) && f != nil {
		return f.Wire(), true
	}
	return wire.NewError(wire.KeyInternalError, ""), false
}

// refuse builds the error of a key.
func refuse(key, details string) *wire.Error {
	e := wire.NewError(key, details)
	return &e
}

// refuseField is refuse with the offending field, header or parameter.
func refuseField(key, field, details string) *wire.Error {
	e := refuse(key, details)
	e.Field = field
	return e
}

// notServed answers a path of Voucherify's that is not built: theirs is a path
// that exists, so that the key says more than not_found.
func notServed(path string) *wire.Error {
	e := refuse(wire.KeyNotSupported, "This server does not serve "+path+"; docs/compatibility.md lists what it does")
	e.Code = fasthttp.StatusNotFound
	return e
}

// malformedError says what is wrong with bytes that did not become a request.
// Their statuses are HTTP's own.
func malformedError(err error) wire.Error {
	var small *fasthttp.ErrSmallBuffer
	var timeout net.Error
	var e wire.Error
	switch {
	case errors.As(err, &small):
		e = wire.NewError(wire.KeyPayloadTooLarge, "The request header is too large")
		e.Code = fasthttp.StatusRequestHeaderFieldsTooLarge
	case errors.As(err, &timeout) && timeout.Timeout():
		e = wire.NewError(wire.KeyInvalidPayload, "The request did not arrive in time")
		e.Code = fasthttp.StatusRequestTimeout
	case errors.Is(err, fasthttp.ErrBodyTooLarge):
		e = wire.NewError(wire.KeyPayloadTooLarge, "")
	default:
		e = wire.NewError(wire.KeyInvalidPayload, "This is not a valid HTTP request")
	}
	return e
}

// bodyError says why a body could not be read to its end. Nothing was done.
func bodyError(err error) *wire.Error {
	var known *wire.Error
	if errors.As(err, &known) {
		return known
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return refuse(wire.KeyInvalidPayload, "The request body ended early")
	}
	e := malformedError(err)
	return &e
}

// answerError writes the body and the headers of every failure (H2).
func (s *Server) answerError(ctx *fasthttp.RequestCtx, e *wire.Error) {
	if e.Code < 400 || e.Code > 599 {
		// An error that says success would be taken for one.
		e.Code = fasthttp.StatusInternalServerError
	}
	s.answerErrorAs(ctx, e, e.AppendJSON(nil))
}

// answerErrorAs is answerError with a body of another shape.
func (s *Server) answerErrorAs(ctx *fasthttp.RequestCtx, e *wire.Error, body []byte) {
	ctx.Response.ResetBody()
	ctx.SetStatusCode(e.Code)
	h := &ctx.Response.Header
	h.Set(headerRequestID, e.RequestID)
	h.Set(fasthttp.HeaderCacheControl, "no-store")
	h.SetContentType(contentJSON)
	if link := s.help[e.Key]; link != "" {
		h.Set(fasthttp.HeaderLink, link)
	}
	if after := retryAfter(e); after != "" {
		h.Set(fasthttp.HeaderRetryAfter, after)
	}
	if e.Code == fasthttp.StatusTooManyRequests {
		h.Set(headerRateLimitRetry, strconv.FormatInt(retryAt(time.Now()), 10))
	}
	if e.Code == fasthttp.StatusUnauthorized {
		h.Set(fasthttp.HeaderWWWAuthenticate, challenge)
	}
	ctx.Response.SetBodyRaw(body)
}

// retryAfter returns the header of an error after which the same request may
// succeed, or "".
func retryAfter(e *wire.Error) string {
	switch e.Code {
	case fasthttp.StatusTooManyRequests, fasthttp.StatusServiceUnavailable, fasthttp.StatusGatewayTimeout:
		if e.Key == wire.KeyDraining {
			return drainSeconds
		}
		return retryAfterSeconds
	}
	return ""
}

// headerRateLimitRetry is Retry-After as clients of Voucherify read it.
const headerRateLimitRetry = "X-Rate-Limit-Retry"

// retryAt is the second of the epoch from which on a request that got a 429 may
// come again: never earlier than what Retry-After says.
func retryAt(now time.Time) int64 {
	return now.Add(retryAfterWait + time.Second - 1).Unix()
}

// helpLinks makes the Link header of every key.
func helpLinks(docsURL string) map[string]string {
	links := make(map[string]string)
	for _, info := range wire.Keys() {
		links[info.Key] = "<" + strings.TrimSuffix(docsURL, "/") + "/" + info.Page() + `.md>; rel="help"`
	}
	return links
}
