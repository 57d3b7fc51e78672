package httpapi

import (
	"bufio"
	"context"
	"errors"
	"net"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/scrip-engine/scrip/engine"
	"github.com/scrip-engine/scrip/wire"
)

// stream is an answer that is written by a goroutine after its handler returned.
// It holds nothing of the exchange.
type stream struct {
	server    *Server
	ctx       context.Context
	cancel    context.CancelFunc
	call      engine.Call
	route     string
	conn      net.Conn
	bytesSent func(n int)
}

// startStream answers with what write writes. ctx ends with the client's
// connection, after life, or when the server stops, whichever is first.
func (x *exchange) startStream(base context.Context, life time.Duration, contentType string,
	write func(st *stream, w *bufio.Writer) error,
) error {
	s := x.server
	if !x.http.Request.Header.IsHTTP11() {
		// Without chunks an end cannot be told from a break (H6).
		e := refuse(wire.KeyNotSupported, "A stream needs HTTP/1.1")
		e.Code = fasthttp.StatusHTTPVersionNotSupported
		return e
	}
	if s.streams.Add(1) > s.limits.Streams {
		s.streams.Add(-1)
		return refuse(wire.KeyCapacity, "Too many streams are open")
	}
	// From now on the writer keeps the deadline; fasthttp would set one for the
	// whole answer.
	if err := x.http.SetWriteDeadline(time.Now().Add(s.limits.StallTimeout)); err != nil {
		s.streams.Add(-1)
		return err
	}
	st := &stream{server: s, call: x.call, route: x.route.name, conn: x.http.Conn()}
	st.ctx, st.cancel = context.WithTimeout(base, life)
	sent := x.route.metrics.sent
	st.bytesSent = func(n int) { sent.Add(float64(n)) }
	s.metrics.streams.Inc()
	s.writers.Add(1)
	x.http.Response.Header.SetContentType(contentType)
	x.http.Response.ImmediateHeaderFlush = true
	x.http.SetBodyStreamWriter(func(w *bufio.Writer) { st.run(w, write) })
	return nil
}

// run is the goroutine's body. fasthttp does not recover panics of it, and ends
// an answer in order whatever happened; so both are done here (H5, H6).
func (st *stream) run(w *bufio.Writer, write func(*stream, *bufio.Writer) error) {
	s := st.server
	defer s.writers.Done()
	defer s.metrics.streams.Dec()
	defer s.streams.Add(-1)
	defer st.cancel()
	whole := false
	defer func() {
		if cause := recover(); cause != nil {
			_ = s.recovered(st.call.RequestID, st.route, cause) // the header is gone; there is no answer to give
		}
		if !whole {
			_ = st.conn.Close() // so that the client sees a break
		}
	}()
	err := write(st, w)
	if err == nil {
		err = w.Flush()
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		s.log.Warn("stream ended early", "request_id", st.call.RequestID, "route", st.route, "error", err)
	}
	whole = err == nil
}

// progress writes through to the client and gives it another StallTimeout for
// each piece. A client that is gone ends the stream's context.
type progress struct {
	st *stream
	w  *bufio.Writer
}

func (p *progress) Write(b []byte) (int, error) {
	if err := p.st.ctx.Err(); err != nil {
		return 0, err
	}
	// The write itself happens in fasthttp's goroutine, and only on this
	// connection, which it keeps until this writer is done.
	if err := p.st.conn.SetWriteDeadline(time.Now().Add(p.st.server.limits.StallTimeout)); err != nil {
		p.st.cancel()
		return 0, err
	}
	n, err := p.w.Write(b)
	p.st.bytesSent(n)
	if err != nil {
		p.st.cancel()
	}
	return n, err
}

func (p *progress) flush() error {
	err := p.w.Flush()
	if err != nil {
		p.st.cancel()
	}
	return err
}

// exportLifeMax bounds a download: at a megabyte a second it is the largest
// campaign that fits one node.
const exportLifeMax = 6 * time.Hour

// exportCampaignCSV is GET /v1/campaigns/{campaignId}/codes.csv: all codes, as they
// are read, whatever their number.
func exportCampaignCSV(x *exchange) error {
	id, err := x.idParam()
	if err != nil {
		return err
	}
	// What would be refused is refused while there is a status to say so.
	c, err := x.server.engine.Campaign(x.ctx, x.call, id)
	if err != nil {
		return err
	}
	x.http.Response.Header.Set(fasthttp.HeaderContentDisposition, `attachment; filename="`+c.ID+`.csv"`)
	return x.startStream(x.server.base, exportLifeMax, contentCSV, func(st *stream, w *bufio.Writer) error {
		return st.server.engine.ExportCSV(st.ctx, st.call, c.ID, &progress{st, w})
	})
}

// exportRejectsCSV is GET /v1/async-actions/{asyncActionId}/rejects.csv: all rows that
// a job did not carry out.
func exportRejectsCSV(x *exchange) error {
	id, err := x.idParam()
	if err != nil {
		return err
	}
	job, err := x.server.engine.AsyncAction(x.ctx, x.call, id)
	if err != nil {
		return err
	}
	x.http.Response.Header.Set(fasthttp.HeaderContentDisposition, `attachment; filename="`+job.ID+`-rejects.csv"`)
	return x.startStream(x.server.base, exportLifeMax, contentCSV, func(st *stream, w *bufio.Writer) error {
		return st.server.engine.RejectsCSV(st.ctx, st.call, job.ID, &progress{st, w})
	})
}
