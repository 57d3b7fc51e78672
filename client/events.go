package client

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/scrip-engine/scrip/wire"
)

// EventQuery asks for events. The zero value asks Events for the oldest, and
// Follow for what happens from now on.
type EventQuery struct {
	Limit  int    // 1 to 100; 0 means the server's default
	Cursor string // Event.Cursor or NextCursor: what comes after it
	// Beginning makes Follow deliver all events first, the oldest before; not
	// with a Cursor.
	Beginning bool
}

func (q EventQuery) values() url.Values {
	return Page{Limit: q.Limit, Cursor: q.Cursor}.values()
}

// Events lists events, the oldest first.
func (c *Client) Events(ctx context.Context, q EventQuery) (*wire.List[wire.Event], error) {
	return get[wire.List[wire.Event]](ctx, c, reading("events").ask(q.values()))
}

// Follow calls deliver with each event as it happens: after the cursor of q, or
// from the beginning, or from now on, which is when the server first answers. It reconnects as long as it takes and resumes
// after the last event delivered, so each is delivered at least once (C5); Limit
// is not used. It returns when ctx ends (with ctx's error), when deliver returns
// an error (with that), or when the server answers that it will not: wrong key,
// unknown cursor.
func (c *Client) Follow(ctx context.Context, q EventQuery, deliver func(wire.Event) error) error {
	cursor := q.Cursor
	if q.Beginning && cursor != "" {
		return errors.New("client: an EventQuery has a Cursor or Beginning, not both")
	}
	for attempt := 1; ; attempt++ {
		before := cursor
		err := c.stream(ctx, q, &cursor, deliver)
		var mine *deliverError
		var failed *Error
		switch {
		case errors.As(err, &mine):
			return mine.err
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && !IsUnavailable(err):
			return err
		case cursor != before:
			attempt = 1
		}
		wait := c.backoff(attempt)
		if errors.As(err, &failed) {
			wait = max(wait, failed.RetryAfter)
		}
		if err := sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// deliverError carries the caller's own error past the reading of the stream.
type deliverError struct{ err error }

func (e *deliverError) Error() string { return e.err.Error() }

// stream reads one connection until it ends, moving cursor along. The server ends
// streams now and then: a nil error is as good as a broken connection.
func (c *Client) stream(ctx context.Context, query EventQuery, cursor *string, deliver func(wire.Event) error) error {
	ctx, alive, stop := watch(ctx, true)
	defer stop()
	ask := EventQuery{Cursor: *cursor}.values()
	if query.Beginning && *cursor == "" {
		set(ask, "from", "beginning")
	}
	q := reading("events", "stream").ask(ask)
	r, err := c.request(ctx, q)
	if err != nil {
		return notSent(err)
	}
	r.Header.Set("Accept", "text/event-stream")
	if *cursor != "" {
		r.Header.Set("Last-Event-ID", *cursor)
	}
	resp, err := c.http.Do(r)
	if err != nil {
		return silence(q, stalled(ctx, err))
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return failure(q, resp)
	}
	return readEvents(&progress{in: resp.Body, alive: alive}, func(id string, data []byte) error {
		if len(data) == 0 { // where the stream stands, before anything has happened
			*cursor = cmp.Or(id, *cursor)
			return nil
		}
		var e wire.Event
		if err := json.Unmarshal(data, &e); err != nil {
			return fmt.Errorf("client: an event that cannot be read: %w", err)
		}
		if err := deliver(e); err != nil {
			return &deliverError{err}
		}
		*cursor = cmp.Or(id, *cursor)
		return nil
	})
}

// readEvents reads server-sent events (WHATWG HTML, section 9.2) and dispatches
// each at its empty line, also one without data, which only sets the id; one that the connection cut off is dropped, and comes
// again after the reconnect. Comments and fields that we do not use are ignored.
func readEvents(in io.Reader, dispatch func(id string, data []byte) error) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 0, 4096), eventLineBytesMax)
	lines.Split(wholeLines)
	var id string
	var data []byte
	for lines.Scan() {
		line := lines.Bytes()
		if len(line) == 0 {
			if err := dispatch(id, data); err != nil {
				return err
			}
			data = data[:0]
			continue
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimPrefix(value, []byte(" "))
		switch string(name) {
		case "id":
			id = string(value)
		case "data":
			if len(data) > 0 {
				data = append(data, '\n')
			}
			if len(data)+len(value) > eventLineBytesMax {
				return fmt.Errorf("client: an event has more than %d bytes", eventLineBytesMax)
			}
			data = append(data, value...)
		}
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return fmt.Errorf("client: a line of the event stream has more than %d bytes", eventLineBytesMax)
	}
	return nil // however the connection ended, the next one resumes
}

// wholeLines is bufio.ScanLines without what the end of the input cut off.
func wholeLines(data []byte, atEOF bool) (advance int, line []byte, err error) {
	if bytes.IndexByte(data, '\n') < 0 {
		if atEOF {
			return len(data), nil, nil
		}
		return 0, nil, nil
	}
	return bufio.ScanLines(data, atEOF)
}
