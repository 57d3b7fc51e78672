package engine

import (
	"context"
	"sort"

	"github.com/scrip-engine/scrip/catalog"
	"github.com/scrip-engine/scrip/shard"
)

// EventsNow returns the cursor behind every event that was acknowledged before
// the call; what follows it happens from now on.
func (e *Engine) EventsNow(_ context.Context, c Call) (string, error) {
	v, _, err := e.beginList(&c)
	if err != nil {
		return "", err
	}
	at := make(eventCursor, 1+len(e.shards))
	at[0] = v.JournalLast()
	for i, g := range e.shards {
		at[i+1] = g.law.LastSeq()
	}
	return e.eventCursorText(at), nil
}

// cursorAfter is the cursor right behind a record of g's journal: how far the
// stream, which merges the journals by time and at one time in their order
// (nextEvent), has read each of them by then. What another journal gets later is
// behind it too, whatever its stamp.
func (e *Engine) cursorAfter(g *shardGroup, rec *shard.Record) string {
	at := make(eventCursor, 1+len(e.shards))
	at[0] = catalogUpTo(e.catalog.View(), rec.Stamp)
	for i, other := range e.shards {
		switch {
		case i < g.index:
			at[i+1] = other.journalUpTo(rec.Stamp)
		case i == g.index:
			at[i+1] = rec.Seq
		default:
			at[i+1] = other.journalUpTo(rec.Stamp - 1)
		}
	}
	return e.eventCursorText(at)
}

// journalUpTo returns the sequence of the last record stamped at or before an
// instant; stamps never go back (P9).
func (g *shardGroup) journalUpTo(stamp int64) uint64 {
	return uint64(sort.Search(int(g.law.LastSeq()), func(i int) bool {
		var rec shard.Record
		ok, _ := g.record(uint64(i)+1, &rec) // unread: the cursor is further back
		return !ok || rec.Stamp > stamp
	}))
}

// catalogUpTo is journalUpTo of the catalog, which keeps its newest records only.
func catalogUpTo(v catalog.View, stamp int64) uint64 {
	return uint64(sort.Search(int(v.JournalLast()), func(i int) bool {
		records, _ := v.JournalAfter(uint64(i), 1)
		return len(records) == 0 || records[0].Stamp > stamp
	}))
}
