package httpapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/valyala/fasthttp"

	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/wire"
)

// DefaultDocsURL is the root of the documentation that answers link to.
const DefaultDocsURL = "https://github.com/scrip-engine/scrip/blob/main/docs/"

// Config of a Server. Engine is required.
type Config struct {
	Engine Engine
	// Logger gets errors, slow requests and, at level debug, every request.
	Logger *slog.Logger
	// Registerer gets the server's metrics; nil keeps none of them reachable.
	Registerer prometheus.Registerer
	// DocsURL is the root of the documentation, with a slash at its end.
	DocsURL string
	Limits  Limits
}

// Server serves the public API. New makes it, Serve runs it, Shutdown ends it.
type Server struct {
	engine  Engine
	log     *slog.Logger
	limits  Limits
	metrics *metrics
	http    *fasthttp.Server
	help    map[string]string // error key to Link header

	// base is the context of all requests; it ends when Shutdown gives up or is
	// done. streaming ends as Shutdown begins, for those who would never end.
	base      context.Context
	cancel    context.CancelFunc
	streaming context.Context
	endStream context.CancelFunc

	deadlines deadlines
	bodyBytes atomic.Int64 // of the larger bodies in memory
	serving   atomic.Int64 // requests, uploads and streams apart
	streams   atomic.Int64 // open
	lingering atomic.Int64 // connections being closed gently
	writers   sync.WaitGroup

	exchanges sync.Pool // *exchange
	hot       hotPools
	conns     *conns
	watch     sync.Once
	watching  sync.WaitGroup
}

// New makes a server that does not listen yet.
func New(c Config) (*Server, error) {
	if c.Engine == nil {
		return nil, errors.New("httpapi: an engine is required")
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.DocsURL == "" {
		c.DocsURL = DefaultDocsURL
	}
	s := &Server{
		engine: c.Engine, log: c.Logger, limits: c.Limits.withDefaults(),
		help: helpLinks(c.DocsURL), conns: newConns(c.Limits.withDefaults().ConnectionsPerIP),
	}
	var err error
	if s.metrics, err = newMetrics(c.Registerer, &s.serving); err != nil {
		return nil, fmt.Errorf("httpapi: metrics: %w", err)
	}
	s.base, s.cancel = context.WithCancel(context.Background())
	s.streaming, s.endStream = context.WithCancel(s.base)
	s.deadlines = deadlines{base: s.base, timeout: s.limits.RequestTimeout}
	s.http = s.newHTTP()
	return s, nil
}

// newHTTP sets every bound of fasthttp, whose own defaults are mostly unlimited.
func (s *Server) newHTTP() *fasthttp.Server {
	return &fasthttp.Server{
		Handler:      s.guard(s.router()),
		ErrorHandler: s.malformed,
		ConnState:    s.conns.track,
		Logger:       fasthttpLog{s.log},

		ReadTimeout:        s.limits.ReadTimeout,
		WriteTimeout:       s.limits.WriteTimeout,
		IdleTimeout:        s.limits.IdleTimeout,
		ReadBufferSize:     headerBytesMax,
		WriteBufferSize:    writeBufferBytes,
		Concurrency:        s.limits.Connections,
		MaxRequestsPerConn: requestsPerConnMax,

		// Streaming hands a request over once its header and at most 8 KiB of its
		// body are there, so that credentials are checked before a body is held
		// (H3). The bound below then only says where streaming begins; the true
		// one is the route's, kept in body.go.
		StreamRequestBody:  true,
		MaxRequestBodySize: coupon.BodyBytesMax,
		// Multipart forms are read from the stream; fasthttp would write them to
		// temporary files, without a bound.
		DisablePreParseMultipartForm: true,

		NoDefaultServerHeader: true, // what runs here is nobody's business
		NoDefaultContentType:  true, // set where there is a body
		SecureErrorLogMessage: true, // headers carry tokens
		CloseOnShutdown:       true,
		TCPKeepalive:          true,
	}
}

// guard is the last resort against a panic outside of a route's handler: in the
// router, or while an answer is written (H5).
func (s *Server) guard(next fasthttp.RequestHandler) fasthttp.RequestHandler {
	return func(ctx *fasthttp.RequestCtx) {
		defer func() {
			if cause := recover(); cause != nil {
				e := wire.NewError(wire.KeyInternalError, "")
				e.RequestID = newRequestID()
				_ = s.recovered(e.RequestID, "other", cause) // is the error that e is
				s.answerError(ctx, &e)
				ctx.SetConnectionClose()
			}
		}()
		next(ctx)
	}
}

// Serve answers requests from ln until Shutdown. It closes ln.
func (s *Server) Serve(ln net.Listener) error {
	s.watch.Do(func() {
		s.watching.Go(func() { s.conns.watch(s.base, s.limits.sweepEvery()) })
	})
	if err := serveUntil(s.streaming, s.http, ln, true); err != nil {
		return fmt.Errorf("httpapi: serve %s: %w", ln.Addr(), err)
	}
	return nil
}

// Shutdown closes the listener, ends event streams and every connection that waits
// for a request or the rest of one, and waits until the requests that are being
// served are answered; an upload counts as served while it arrives. When ctx ends first, their contexts are
// cancelled and their connections cut; what they asked for is unknown to their
// callers (P5), and the error is ctx's.
func (s *Server) Shutdown(ctx context.Context) error {
	s.endStream()
	s.conns.stop()
	err := s.http.ShutdownWithContext(ctx)
	s.cancel()
	if err != nil {
		s.conns.cut()
	}
	s.writers.Wait()
	s.watching.Wait()
	if err != nil {
		return fmt.Errorf("httpapi: shutdown: %w", err)
	}
	return nil
}

// malformed answers what did not become a request.
func (s *Server) malformed(ctx *fasthttp.RequestCtx, err error) {
	s.metrics.malformed.Inc()
	e := malformedError(err)
	if s.conns.stopping.Load() {
		e = wire.NewError(wire.KeyDraining, "") // it is us who ended the reading
	}
	e.RequestID = newRequestID()
	s.answerError(ctx, &e)
}

// fasthttpLog takes fasthttp's own messages: failed connections, mostly.
type fasthttpLog struct{ log *slog.Logger }

func (l fasthttpLog) Printf(format string, args ...any) {
	l.log.Debug("http connection", "message", strings.TrimSpace(fmt.Sprintf(format, args...)))
}
