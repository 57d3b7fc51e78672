package httpapi

import (
	"bufio"
	"context"
	"errors"
	"sync"
	"time"

	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/wire"
)

// Values of the parameter from of a stream.
const (
	fromNow       = "now"
	fromBeginning = "beginning"
)

// listEvents is GET /v1/events.
func listEvents(x *exchange) error {
	q := x.query()
	q.unsupported("type")
	cursor := q.text("cursor")
	limit := q.number("limit", 1, coupon.ListLimitMax, coupon.ListLimitDefault)
	if q.err != nil {
		return q.err
	}
	list, err := x.server.engine.Events(x.ctx, x.call, cursor, int(limit))
	if err != nil {
		return err
	}
	return x.json(list)
}

// streamEvents is GET /v1/events/stream: events as they happen, in the format of
// server-sent events. It begins with what happens from now on, unless the client
// asks for the journal's beginning or names a cursor. A client that was cut off
// sends the id of the last one it saw as Last-Event-ID and misses none; a browser
// repeats the first request's parameters beside it, so the header wins.
func streamEvents(x *exchange) error {
	q := x.query()
	q.unsupported("type")
	cursor := q.text("cursor")
	from := q.oneOf("from", fromNow, fromBeginning)
	if cursor != "" && from != "" {
		q.fail(wire.KeyInvalidQueryParams, "from", "from and cursor exclude each other")
	}
	if q.err != nil {
		return q.err
	}
	if last := x.http.Request.Header.Peek("Last-Event-ID"); len(last) > 0 {
		cursor = string(last)
	}
	if len(cursor) > queryValueBytesMax {
		return refuseField(wire.KeyInvalidQueryParams, "cursor", "The cursor is too long")
	}
	said := ""
	if cursor != "" {
		// A cursor that cannot be followed is refused while there is a status.
		if _, err := x.server.engine.Events(x.ctx, x.call, cursor, 1); err != nil {
			return err
		}
	} else if from != fromBeginning {
		now, err := x.server.engine.EventsNow(x.ctx, x.call)
		if err != nil {
			return err
		}
		cursor, said = now, now
	}
	x.http.Response.Header.Set("X-Accel-Buffering", "no") // for nginx in front
	return x.startStream(x.server.streaming, x.server.limits.StreamLife, contentSSE,
		func(st *stream, w *bufio.Writer) error { return st.follow(w, cursor, said) })
}

// follow writes events until its context ends, which is its proper end, and a
// comment whenever nothing else was written for a while. said is a cursor that the
// client does not know yet: cut off before the first event, it resumes there.
func (st *stream) follow(w *bufio.Writer, cursor, said string) error {
	out := &eventWriter{out: progress{st, w}}
	if err := out.comment("connected"); err != nil {
		return err
	}
	if said != "" {
		if err := out.position(said); err != nil {
			return err
		}
	}
	var beats sync.WaitGroup
	beats.Go(func() { out.beat(st.ctx, st.server.limits.Heartbeat) })
	err := st.server.engine.FollowEvents(st.ctx, st.call, cursor, out.event)
	ended := st.ctx.Err() != nil
	st.cancel()
	beats.Wait()
	if ended && (out.err == nil || errors.Is(out.err, st.ctx.Err())) {
		return nil
	}
	return err
}

// eventWriter writes whole events; the heart beats in another goroutine.
type eventWriter struct {
	mu  sync.Mutex
	out progress // guarded by mu
	buf []byte   // guarded by mu
	err error    // guarded by mu; the first failed write
}

func (e *eventWriter) event(event wire.Event) error {
	body, err := encodeJSON(event)
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.buf = append(e.buf[:0], "id: "...)
	e.buf = append(e.buf, event.Cursor...)
	e.buf = append(e.buf, "\nevent: "...)
	e.buf = append(e.buf, event.Type...)
	e.buf = append(e.buf, "\ndata: "...)
	e.buf = append(e.buf, body...)
	e.buf = append(e.buf, "\n\n"...)
	return e.sendLocked()
}

// position sends an id without data, which moves where the client resumes and
// dispatches nothing (WHATWG HTML, section 9.2.6).
func (e *eventWriter) position(cursor string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.buf = append(e.buf[:0], "id: "...)
	e.buf = append(e.buf, cursor...)
	e.buf = append(e.buf, "\n\n"...)
	return e.sendLocked()
}

func (e *eventWriter) comment(text string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.buf = append(e.buf[:0], ": "...)
	e.buf = append(e.buf, text...)
	e.buf = append(e.buf, "\n\n"...)
	return e.sendLocked()
}

func (e *eventWriter) sendLocked() error {
	if e.err == nil {
		_, e.err = e.out.Write(e.buf)
	}
	if e.err == nil {
		e.err = e.out.flush()
	}
	return e.err
}

// beat sends a comment every interval until ctx ends. A client that is gone is
// noticed by the write that fails, which ends ctx.
func (e *eventWriter) beat(ctx context.Context, every time.Duration) {
	ticks := time.NewTicker(every)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
			if e.comment("alive") != nil {
				return
			}
		}
	}
}
