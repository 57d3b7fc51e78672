package httpapi

import (
	"github.com/valyala/fasthttp"

	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/wire"
)

// clock is GET /clock, what the node thinks of its clock, and POST /clock?at=TIME,
// which accepts a clock that jumped ahead and is right. The time is the operator's
// own, so that a node whose clock is wrong is not believed.
func (o *Ops) clock(ctx *fasthttp.RequestCtx) {
	if ctx.IsGet() || ctx.IsHead() {
		o.json(ctx, fasthttp.StatusOK, o.engine.ClockStatus())
		return
	}
	if !ctx.IsPost() {
		ctx.Response.Header.Set(fasthttp.HeaderAllow, "GET, HEAD, POST")
		o.fail(ctx, wire.KeyMethodNotAllowed, "")
		return
	}
	if len(ctx.Request.Header.Peek(fasthttp.HeaderOrigin)) > 0 {
		o.fail(ctx, wire.KeyForbidden, "Not from a browser")
		return
	}
	at, err := coupon.ParseInstant(string(ctx.QueryArgs().Peek("at")))
	if err != nil {
		o.fail(ctx, wire.KeyInvalidQueryParams, "at must say what time it is, such as 2026-11-24T09:00:00Z")
		return
	}
	status, err := o.engine.AcceptClock(wire.Time(at))
	if err != nil {
		e, _ := problem(err)
		o.json(ctx, e.Code, &e)
		return
	}
	o.json(ctx, fasthttp.StatusOK, status)
}
