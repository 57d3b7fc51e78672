package httpapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/valyala/fasthttp"
	"github.com/valyala/fasthttp/fasthttpadaptor"
	"github.com/valyala/fasthttp/pprofhandler"

	"github.com/scrip-engine/scrip/wire"
)

// opsConnectionsMax is enough for a few scrapers, probes and people.
const opsConnectionsMax = 64

// opsWriteTimeout lets a slow operator fetch a heap profile.
const opsWriteTimeout = time.Minute

// OpsConfig of an Ops server. Engine is required.
type OpsConfig struct {
	Engine Engine
	Logger *slog.Logger
	// Gatherer is what /metrics shows.
	Gatherer prometheus.Gatherer
}

// Ops serves operators: /livez, /readyz, /status, /metrics, /clock, /debug/pprof/
// and POST /backup. It asks for no credentials and shows no code and no customer,
// but who reaches it can slow the process down or fill a disk: it belongs on the
// loopback or an operators' network.
type Ops struct {
	engine  operations
	log     *slog.Logger
	metrics fasthttp.RequestHandler
	http    *fasthttp.Server
	conns   *conns

	// base is the context of backups; stopping ends as Shutdown begins.
	base     context.Context
	cancel   context.CancelFunc
	stopping context.Context
	stop     context.CancelFunc
}

// NewOps makes an ops server that does not listen yet.
func NewOps(c OpsConfig) (*Ops, error) {
	if c.Engine == nil {
		return nil, errors.New("httpapi: an engine is required")
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Gatherer == nil {
		c.Gatherer = prometheus.NewRegistry()
	}
	o := &Ops{engine: c.Engine, log: c.Logger, conns: newConns(opsConnectionsMax)}
	o.base, o.cancel = context.WithCancel(context.Background())
	o.stopping, o.stop = context.WithCancel(o.base)
	o.metrics = fasthttpadaptor.NewFastHTTPHandler(promhttp.HandlerFor(c.Gatherer, promhttp.HandlerOpts{
		MaxRequestsInFlight: opsConnectionsMax,
	}))
	o.http = &fasthttp.Server{
		Handler:   o.handle,
		ConnState: o.conns.track,
		Logger:    fasthttpLog{c.Logger},

		ReadTimeout:        5 * time.Second, // there are no bodies to read
		WriteTimeout:       opsWriteTimeout,
		IdleTimeout:        2 * time.Minute, // scrapers come once a minute
		ReadBufferSize:     headerBytesMax,
		MaxRequestBodySize: formBytesMax,
		Concurrency:        opsConnectionsMax,

		NoDefaultServerHeader: true,
		NoDefaultContentType:  true,
		SecureErrorLogMessage: true,
		CloseOnShutdown:       true,
	}
	return o, nil
}

// Serve answers requests from ln until Shutdown. It closes ln.
func (o *Ops) Serve(ln net.Listener) error {
	if err := serveUntil(o.stopping, o.http, ln, false); err != nil {
		return fmt.Errorf("httpapi: serve operations on %s: %w", ln.Addr(), err)
	}
	return nil
}

// Shutdown closes the listener and waits for the requests being served; a backup
// that outlasts ctx is cancelled.
func (o *Ops) Shutdown(ctx context.Context) error {
	o.stop()
	o.conns.stop()
	defer context.AfterFunc(ctx, o.cancel)()
	err := o.http.ShutdownWithContext(ctx)
	o.cancel()
	if err != nil {
		return fmt.Errorf("httpapi: shutdown operations: %w", err)
	}
	return nil
}

func (o *Ops) handle(ctx *fasthttp.RequestCtx) {
	admit(ctx.Conn())
	defer func() {
		if cause := recover(); cause != nil {
			o.log.Error("panic", "path", string(ctx.Path()), "panic", fmt.Sprint(cause))
			ctx.SetConnectionClose()
			o.text(ctx, fasthttp.StatusInternalServerError, "internal error\n")
		}
	}()
	path := string(ctx.Path())
	switch path {
	case "/backup":
		o.backup(ctx)
		return
	case "/clock":
		o.clock(ctx)
		return
	}
	if !ctx.IsGet() && !ctx.IsHead() {
		ctx.Response.Header.Set(fasthttp.HeaderAllow, "GET, HEAD")
		o.text(ctx, fasthttp.StatusMethodNotAllowed, "only GET\n")
		return
	}
	switch {
	case path == "/livez":
		o.livez(ctx)
	case path == "/readyz":
		o.readyz(ctx)
	case path == "/status":
		o.json(ctx, fasthttp.StatusOK, o.engine.Status())
	case path == "/metrics":
		o.metrics(ctx)
	case path == "/debug/pprof" || strings.HasPrefix(path, "/debug/pprof/"):
		pprofhandler.PprofHandler(ctx)
	default:
		o.text(ctx, fasthttp.StatusNotFound, "no such path\n")
	}
}

// livez says whether the process should be left alive.
func (o *Ops) livez(ctx *fasthttp.RequestCtx) {
	if !o.engine.Live() {
		o.text(ctx, fasthttp.StatusServiceUnavailable, "not live\n")
		return
	}
	o.text(ctx, fasthttp.StatusOK, "ok\n")
}

// readyz says whether requests should be sent here; with ?verbose also why not.
func (o *Ops) readyz(ctx *fasthttp.RequestCtx) {
	ready, reasons := o.engine.Ready()
	status, answer := fasthttp.StatusOK, "ok\n"
	if !ready {
		status, answer = fasthttp.StatusServiceUnavailable, "not ready\n"
	}
	if ctx.QueryArgs().Has("verbose") {
		for _, reason := range reasons[:min(len(reasons), readinessReasonsMax)] {
			answer += "- " + reason + "\n"
		}
	}
	o.text(ctx, status, answer)
}

// backup is POST /backup?to=DIR: a backup into a directory of the server's
// machine. A page in an operator's browser must not be able to ask for one, so
// that requests with an Origin are refused.
func (o *Ops) backup(ctx *fasthttp.RequestCtx) {
	if !ctx.IsPost() {
		ctx.Response.Header.Set(fasthttp.HeaderAllow, "POST")
		o.fail(ctx, wire.KeyMethodNotAllowed, "")
		return
	}
	if len(ctx.Request.Header.Peek(fasthttp.HeaderOrigin)) > 0 {
		o.fail(ctx, wire.KeyForbidden, "Not from a browser")
		return
	}
	dir := string(ctx.QueryArgs().Peek("to"))
	if !filepath.IsAbs(dir) || strings.ContainsRune(dir, 0) {
		o.fail(ctx, wire.KeyInvalidQueryParams, "to must be an absolute path on the server's machine")
		return
	}
	info, err := o.engine.Backup(o.base, filepath.Clean(dir))
	if err != nil {
		e, known := problem(err)
		if !known {
			// Operators are told what is wrong: they own the machine.
			e.Details = err.Error()
			o.log.Error("backup failed", "error", err)
		}
		o.json(ctx, e.Code, &e)
		return
	}
	o.json(ctx, fasthttp.StatusOK, info)
}

func (o *Ops) fail(ctx *fasthttp.RequestCtx, key, details string) {
	e := refuse(key, details)
	o.json(ctx, e.Code, e)
}

func (o *Ops) json(ctx *fasthttp.RequestCtx, status int, v any) {
	body, err := encodeJSON(v)
	if err != nil {
		o.log.Error("encode", "error", err)
		o.text(ctx, fasthttp.StatusInternalServerError, "internal error\n")
		return
	}
	ctx.SetStatusCode(status)
	ctx.SetContentType(contentJSON)
	ctx.Response.Header.Set(fasthttp.HeaderCacheControl, "no-store")
	ctx.SetBody(body)
}

func (o *Ops) text(ctx *fasthttp.RequestCtx, status int, text string) {
	ctx.SetStatusCode(status)
	ctx.SetContentType("text/plain; charset=utf-8")
	ctx.Response.Header.Set(fasthttp.HeaderCacheControl, "no-store")
	ctx.SetBodyString(text)
}
