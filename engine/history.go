package engine

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/history"
	"github.com/scrip-engine/scrip/shard"
	"github.com/scrip-engine/scrip/views"
	"github.com/scrip-engine/scrip/wire"
)

// A shard's journal is in two places: what is young in the shard's memory, what was
// sealed in the history. Readers come here and do not see the difference: they look in
// memory first and then in the history, which is durable before memory lets go, so a
// record that moves meanwhile is found in one of the two.

// historyDir holds the histories of the shards, in a data directory and in a backup.
const historyDir = "history"

// historyFiltersMax bounds the filters of all histories in memory.
const historyFiltersMax = history.DefaultFilterBytes

func (g *shardGroup) historyName() string { return fmt.Sprintf("shard-%d", g.index) }

// openHistory opens what a shard has sealed, before its log is replayed.
func (e *Engine) openHistory(g *shardGroup) error {
	h, err := history.Open(history.Config{FS: e.fs, Seq: seqOfRecord,
		FilterBytes: historyFiltersMax / int64(e.catalog.View().Cluster().Shards),
		Dir:         e.fs.PathJoin(e.cfg.Dir, historyDir, g.historyName())})
	if err != nil {
		return fmt.Errorf("history of shard %d: %w", g.index, err)
	}
	g.history = h
	return nil
}

func seqOfRecord(b []byte) uint64 {
	if !shard.IsRecord(b) {
		return 0
	}
	return shard.TracesOf(b).Seq
}

// checkHistory compares the history with the journal, once it is loaded: it must hold
// what was sealed, and be of the same journal and no other.
func (g *shardGroup) checkHistory() error {
	sealed, chain := g.law.Sealed()
	end, want := g.history.End()
	if end < sealed || end > g.law.LastSeq() {
		return fmt.Errorf("history of shard %d: it ends at record %d; the journal was sealed up to %d and ends at %d",
			g.index, end, sealed, g.law.LastSeq())
	}
	var b []byte
	for seq := sealed + 1; seq <= end; seq++ { // written, and not sealed before a stop
		b = g.law.AppendEncoded(b[:0], seq)
		chain = shard.Chain(chain, b)
	}
	if end > 0 && chain != want {
		return fmt.Errorf("history of shard %d: it is of another journal", g.index)
	}
	return nil
}

// errHistory: the history could not be read. Nothing is known of the record.
var errHistory = errors.New("the history cannot be read")

// old decodes what the history has found.
func old(b []byte, err error, rec *shard.Record) (bool, error) {
	switch {
	case errors.Is(err, history.ErrNotFound):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("%w: %w", errHistory, err)
	}
	if err := shard.DecodeRecord(b, rec); err != nil {
		return false, fmt.Errorf("%w: %w", errHistory, err)
	}
	return true, nil
}

// record reads the record with a sequence; false when there is none.
func (g *shardGroup) record(seq uint64, rec *shard.Record) (bool, error) {
	if g.law.Record(seq, rec) {
		return true, nil
	}
	if sealed, _ := g.law.Sealed(); seq == 0 || seq > sealed {
		return false, nil
	}
	b, err := g.history.Record(nil, seq)
	return old(b, err, rec)
}

// event reads the record with a public id; false when there is none.
func (g *shardGroup) event(id coupon.ID, rec *shard.Record) (bool, error) {
	if g.law.Event(id, rec) {
		return true, nil
	}
	return g.sealedEvent(id, rec)
}

func (g *shardGroup) sealedEvent(id coupon.ID, rec *shard.Record) (bool, error) {
	if !g.law.IsSealed(id) {
		return false, nil
	}
	b, err := g.history.ByID(nil, id.Slot, uint32(id.Seq))
	found, err := old(b, err, rec)
	return found && rec.ID == id, err
}

// newestRollback reads the newest rollback of a redemption whose record is red. One
// whose redemption is in memory is there too.
func (g *shardGroup) newestRollback(red, rec *shard.Record) (bool, error) {
	if g.law.NewestRollback(red.ID, rec) {
		return true, nil
	}
	if sealed, _ := g.law.Sealed(); red.Seq > sealed {
		return false, nil
	}
	b, err := g.history.Newest(nil, shard.RollbackTrace(red.ID), red.Seq, func(b []byte) bool {
		var back shard.Record
		return shard.DecodeRecord(b, &back) == nil && back.Kind == shard.KindRollback && back.Ref == red.ID
	})
	return old(b, err, rec)
}

// replayChunk completes the answer to a chunk that was applied before: its record may
// be sealed, and then the shard says only where it is.
func (g *shardGroup) replayChunk(r *shard.Reply) error {
	var rec shard.Record
	ok, err := g.record(r.Seq, &rec)
	if !ok {
		return errors.Join(errHistory, err)
	}
	return shard.ReplayChunk(&rec, r)
}

// unread answers a request whose record could not be read, or was not there although
// it must be.
func (c *Call) unread(err error) *wire.Error {
	if err == nil {
		return c.fail(wire.KeyInternalError, "a record of the journal is not there")
	}
	return c.fail(wire.KeyInternalError, err.Error())
}

// wholeJournal is a shard as a source of the views: its journal from the beginning.
type wholeJournal struct {
	*shard.Shard
	g   *shardGroup
	log *slog.Logger
}

var _ views.Source = (*wholeJournal)(nil)

// Record satisfies views.Source. A record that cannot be read stops a view where it is.
func (w *wholeJournal) Record(seq uint64, rec *shard.Record) bool {
	return w.said(w.g.record(seq, rec))
}

// Event satisfies views.Source.
func (w *wholeJournal) Event(id coupon.ID, rec *shard.Record) bool {
	return w.said(w.g.event(id, rec))
}

func (w *wholeJournal) said(found bool, err error) bool {
	if err != nil {
		w.log.Error("a sealed record", "shard", w.g.index, "error", err)
	}
	return found
}
