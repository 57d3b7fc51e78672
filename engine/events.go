package engine

import (
	"context"
	"encoding/binary"
	"errors"

	"github.com/scrip-engine/scrip/shard"
	"github.com/scrip-engine/scrip/wire"
)

// Events are the journals of the shards and of the catalog, as one stream: in
// order within each, by time between them, at least once, resumable by a cursor
// that names how far each was read.

// eventCursor is the last sequence seen of the catalog's journal, then of each
// shard's.
type eventCursor []uint64

func (e *Engine) parseEventCursor(c *Call, text string) (eventCursor, error) {
	at := make(eventCursor, 1+len(e.shards))
	if text == "" {
		return at, nil
	}
	b, err := e.openCursor(c, cursorEvents, text)
	if err != nil {
		return nil, err
	}
	mark, n := binary.Uvarint(b)
	if n <= 0 || mark != e.generations() {
		return nil, c.field(wire.KeyInvalidQueryParams, "cursor",
			"is from before the server was restored from a backup; events behind it were lost, begin anew")
	}
	b = b[n:]
	for i := range at {
		v, n := binary.Uvarint(b)
		if n <= 0 {
			return nil, c.field(wire.KeyInvalidQueryParams, "cursor", "is of another number of shards")
		}
		at[i], b = v, b[n:]
	}
	return at, nil
}

func (e *Engine) eventCursorText(at eventCursor) string {
	b := binary.AppendUvarint(nil, e.generations())
	for _, v := range at {
		b = binary.AppendUvarint(b, v)
	}
	return e.sealCursor(cursorEvents, b)
}

// generations sums up the generations of the shards: another number means that the
// journals were restored to an older state in between.
func (e *Engine) generations() (mark uint64) {
	for _, g := range e.shards {
		mark = mark*31 + uint64(g.law.Generation())
	}
	return mark
}

// eventLooksMax bounds the records that one call looks at, most of which may be
// another project's: some milliseconds. A page may then be short, or empty, and
// still have more behind it.
const eventLooksMax = 10_000

// eventsBehind reports whether any journal goes on behind a cursor.
func (e *Engine) eventsBehind(at eventCursor) bool {
	if at[0] < e.catalog.View().JournalLast() {
		return true
	}
	for i, g := range e.shards {
		if at[i+1] < g.law.LastSeq() {
			return true
		}
	}
	return false
}

// Events lists events after a cursor, the oldest first; "" is the beginning.
func (e *Engine) Events(_ context.Context, c Call, cursor string, limit int) (*wire.List[wire.Event], error) {
	if err := e.admit(&c, RoleViewer); err != nil {
		return nil, err
	}
	if err := c.stillAllowed(e.catalog.View()); err != nil {
		return nil, err
	}
	at, err := e.parseEventCursor(&c, cursor)
	if err != nil {
		return nil, err
	}
	out := &wire.List[wire.Event]{DataRef: wire.ListData, Data: []wire.Event{}, TotalIsEstimate: true}
	looked := 0
	for len(out.Data) < limit && looked < eventLooksMax {
		ev, ok, err := e.nextEvent(&c, at, &looked)
		if err != nil {
			return nil, c.unread(err)
		}
		if !ok {
			break
		}
		out.Data = append(out.Data, ev)
	}
	out.Total = int64(len(out.Data))
	out.NextCursor = e.eventCursorText(at)
	out.HasMore = e.eventsBehind(at)
	return out, nil
}

// FollowEvents delivers events after a cursor until ctx ends or deliver fails.
func (e *Engine) FollowEvents(ctx context.Context, c Call, cursor string, deliver func(wire.Event) error) error {
	if err := e.admit(&c, RoleViewer); err != nil {
		return err
	}
	at, err := e.parseEventCursor(&c, cursor)
	if err != nil {
		return err
	}
	for {
		more, done := e.applied.wait()
		for {
			if err := c.stillAllowed(e.catalog.View()); err != nil {
				done()
				return err
			}
			looked := 0
			ev, ok, err := e.nextEvent(&c, at, &looked)
			if err != nil {
				done()
				return c.unread(err)
			}
			if !ok && looked >= eventLooksMax && ctx.Err() == nil && e.running.Err() == nil {
				continue // nothing for this caller so far, and more behind it
			}
			if !ok {
				break
			}
			if err := deliver(ev); err != nil {
				done()
				return err
			}
		}
		select {
		case <-more:
			done()
		case <-ctx.Done():
			done()
			return c.fail(wire.KeyUnavailable, ctx.Err().Error())
		case <-e.running.Done():
			done()
			return c.fail(wire.KeyDraining, "")
		}
	}
}

var errNoEvent = errors.New("no event")

// nextEvent counts the records it looks at, and stops at eventLooksMax. It takes
// the oldest event of the caller's project that is behind the
// cursor, and moves the cursor past it. An error is that of the history.
func (e *Engine) nextEvent(c *Call, at eventCursor, looked *int) (wire.Event, bool, error) {
	best, stamp := -1, int64(0)
	var event wire.Event
	for i := range at {
		ev, err := e.peekEvent(c, at, i, looked)
		if err != nil && !errors.Is(err, errNoEvent) {
			return event, false, err
		}
		if err == nil && (best < 0 || int64(ev.CreatedAt) < stamp) {
			best, stamp, event = i, int64(ev.CreatedAt), ev
		}
	}
	if best < 0 {
		return event, false, nil
	}
	at[best]++
	event.Cursor = e.eventCursorText(at)
	return event, true, nil
}

// peekEvent looks at the next event of one journal, passing over what is not
// for this caller.
func (e *Engine) peekEvent(c *Call, at eventCursor, i int, looked *int) (wire.Event, error) {
	if i == 0 {
		return e.peekCatalog(c, at)
	}
	g := e.shards[i-1]
	for {
		var rec shard.Record
		if *looked >= eventLooksMax {
			return wire.Event{}, errNoEvent
		}
		switch ok, err := g.record(at[i]+1, &rec); {
		case err != nil:
			return wire.Event{}, err
		case !ok:
			return wire.Event{}, errNoEvent
		}
		*looked++
		if rec.Project == c.Caller.Project {
			if ev, ok := e.eventOf(g, &rec); ok {
				return ev, nil
			}
		}
		at[i]++
	}
}

func (e *Engine) peekCatalog(c *Call, at eventCursor) (wire.Event, error) {
	v := e.catalog.View()
	for {
		records, _ := v.JournalAfter(at[0], 1)
		if len(records) == 0 {
			return wire.Event{}, errNoEvent
		}
		r := records[0]
		at[0] = r.Seq - 1
		if ev, ok := e.catalogEvent(v, r); ok && r.Project == c.Caller.Project {
			return ev, nil
		}
		at[0] = r.Seq
	}
}
