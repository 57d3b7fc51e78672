package httpapi

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/scrip-engine/scrip/engine"
	"github.com/scrip-engine/scrip/wire"
)

// exchange is one request and its answer. It is pooled and belongs to the
// handler's goroutine until the handler returns; a handler that streams takes
// what it needs out of it.
type exchange struct {
	server *Server
	route  *route
	http   *fasthttp.RequestCtx
	ctx    context.Context
	call   engine.Call

	body     []byte // a copy; may be kept and aliased (H1)
	received int    // bytes of it, also of an upload
	bodyDone bool   // it was read to its end
	reserved int64  // of Server.bodyBytes
	minimal  bool   // Prefer: return=minimal
	code     string // the {code} of the path, once asked for; for the log
	started  time.Time
	key      string // of the error that was answered
}

// serve wraps a route's handler into what every request goes through.
func (s *Server) serve(r *route) fasthttp.RequestHandler {
	return func(ctx *fasthttp.RequestCtx) {
		x, _ := s.exchanges.Get().(*exchange)
		if x == nil {
			x = new(exchange)
		}
		*x = exchange{server: s, route: r, http: ctx, started: time.Now()}
		x.ctx = s.deadlines.at(x.started)
		x.call.RequestID = requestID(&ctx.Request.Header)
		if err := x.run(); err != nil {
			x.fail(err)
		}
		x.finish()
		*x = exchange{}
		s.exchanges.Put(x)
	}
}

// run takes a request through its steps, in the order that promises depend on:
// who asks, whether they may, then what they ask (H3, P6). A panic becomes an
// error here (H5); whatever the handler was doing may have happened.
func (x *exchange) run() (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = x.server.recovered(x.call.RequestID, x.route.name, cause)
			x.http.SetConnectionClose() // its state is anybody's guess
		}
	}()
	if err := x.authenticate(); err != nil {
		return err
	}
	if err := x.headers(); err != nil {
		return err
	}
	if err := x.takeBody(); err != nil {
		return err
	}
	admit(x.http.Conn())
	h := &x.http.Response.Header
	h.Set(headerRequestID, x.call.RequestID)
	h.Set(fasthttp.HeaderCacheControl, "no-store")
	return x.serveBounded()
}

// serveBounded hands the request to its route, or refuses one too many before
// anything was asked of the engine (P10). A slow client holds no place: its body
// is here, and uploads, which their handlers read, have a bound of their own.
func (x *exchange) serveBounded() error {
	if x.route.body.upload() {
		return x.route.handle(x)
	}
	defer x.server.serving.Add(-1)
	if x.server.serving.Add(1) > x.server.limits.Requests {
		return refuse(wire.KeyTooManyRequests, "The server is busy")
	}
	return x.route.handle(x)
}

// headers reads the headers that change what a request means.
func (x *exchange) headers() error {
	h := &x.http.Request.Header
	if x.route.keyed() {
		if key := h.Peek("Idempotency-Key"); len(key) > 0 {
			x.call.Key = string(key)
			if !wire.ValidKey(x.call.Key) {
				return refuseField(wire.KeyInvalidIdempotencyKey, "Idempotency-Key",
					fmt.Sprintf("Idempotency-Key must have 1 to %d printable characters", wire.KeyCharsMax))
			}
		}
	}
	if x.route.minimal {
		if prefer := h.Peek("Prefer"); len(prefer) > 0 {
			x.minimal = wire.PrefersMinimal(string(prefer))
			x.call.Minimal = x.minimal
		}
	}
	return nil
}

// fail answers with an error.
func (x *exchange) fail(err error) {
	e, known := problem(err)
	if !known {
		x.server.log.Error("request failed", "request_id", x.call.RequestID, "route", x.route.name, "error", err)
	}
	e.RequestID = x.call.RequestID
	x.key = e.Key
	if x.route.access == accessToken {
		if body, err := oauthProblem(&e); err == nil {
			x.server.answerErrorAs(x.http, &e, body)
			return
		}
	}
	x.server.answerError(x.http, &e)
}

// recovered reports a panic and returns what to answer.
func (s *Server) recovered(requestID, route string, cause any) error {
	s.metrics.panics.Inc()
	s.log.Error("panic", "request_id", requestID, "route", route,
		"panic", fmt.Sprint(cause), "stack", string(debug.Stack()))
	return refuse(wire.KeyInternalError, "")
}

// finish counts and logs the request, and gives back what it held.
func (x *exchange) finish() {
	x.server.bodyBytes.Add(-x.reserved)
	status, sent := x.http.Response.StatusCode(), 0
	if !x.http.Response.IsBodyStream() {
		sent = len(x.http.Response.Body())
		x.lingerIfUnread()
	}
	took := time.Since(x.started)
	x.route.metrics.observe(status, took, x.received, sent)
	x.logAccess(status, took)
}

// logAccess logs failures of the server, slow requests, and with level debug
// all. A line per redemption would cost more than the redemption.
func (x *exchange) logAccess(status int, took time.Duration) {
	level := slog.LevelDebug
	switch {
	case status >= 500:
		level = slog.LevelWarn
	case took >= slowRequest:
		level = slog.LevelInfo
	}
	if !x.server.log.Enabled(x.ctx, level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("request_id", x.call.RequestID),
		slog.String("route", x.route.name),
		slog.Int("status", status),
		slog.Int64("micros", took.Microseconds()),
		slog.Int("received", x.received),
		slog.Uint64("project", uint64(x.call.Caller.Project)),
		slog.Uint64("key", uint64(x.call.Caller.Key)),
	}
	if x.key != "" {
		attrs = append(attrs, slog.String("error", x.key))
	}
	if x.code != "" {
		attrs = append(attrs, slog.String("code", lastFour(x.code)))
	}
	x.server.log.LogAttrs(x.ctx, level, "request", attrs...)
}

// lastFour is what a log may show of a code (H7): enough to recognise one that
// is known, too little to redeem it. A short code is not shown at all.
func lastFour(code string) string {
	const shown, hidden = 4, 4
	runes := []rune(code)
	if len(runes) < shown+hidden {
		return "…"
	}
	return "…" + string(runes[len(runes)-shown:])
}
