package jobs

import (
	"context"
	"errors"

	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/shard"
	"github.com/scrip-engine/scrip/wire"
)

// importFile reads the job's file from its beginning, also when the job goes on
// after a crash: the lanes pass over what was applied.
func (w *work) importFile(ctx context.Context) error {
	var p ImportParams
	if err := decodeParams(w.job.Params, &p); err != nil {
		return err
	}
	if !spoolName(w.job.Spool) {
		return failf(wire.KeyInternalError, "the job names no spooled file")
	}
	src, rows, err := openSource(ctx, w.r.cfg.FS, w.r.path(w.job.Spool), p.Format, w.job.Digest)
	if rows > 0 || err == nil {
		w.total = rows
	}
	if err != nil {
		return err
	}
	if err := w.openRejects(); err != nil {
		return err
	}
	w.report(ctx)
	began := make([]uint32, len(w.r.turns))
	for s := range began {
		began[s] = w.appliedChunk(s)
	}
	to := openLanes(w, func(s int, c chunk) error {
		switch {
		case c.number < began[s]:
			return nil
		case c.number == began[s]:
			return w.askAgain(ctx, s, c)
		}
		return w.carryRows(ctx, s, c)
	})
	err = w.readRows(src, to)
	if halted := to.close(); halted != nil {
		return halted
	}
	return errors.Join(err, w.rejects.sync())
}

// openRejects begins the list of rows that failed, or goes on with it. Without the
// list of a job that has begun nobody could say which rows its chunks had.
func (w *work) openRejects() error {
	fresh := w.r.cut
	fresh.Shards = len(w.r.turns)
	created, failed := w.applied()
	var err error
	w.rejects, err = w.r.openRejects(w.job.Ordinal, fresh, created+failed == 0 && !w.begun())
	if err != nil {
		return err
	}
	if c := w.rejects.cut; c.Version != cutVersion || c.Shards != fresh.Shards {
		return failf(wire.KeyInternalError, "the job was begun by another version: import the file again")
	}
	return nil
}

func (w *work) begun() bool {
	for s := range w.r.turns {
		if w.appliedChunk(s) > 0 {
			return true
		}
	}
	return false
}

// readRows cuts the file into chunks.
func (w *work) readRows(src *source, to *lanes[chunk]) error {
	k := newCutter(w.rejects.cut)
	err := src.each(func(rec record) error {
		p, s, err := w.place(rec)
		if err != nil || p == nil {
			return err
		}
		if full, ok := k.add(s, *p); ok {
			return to.send(s, full)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for s := range k.open {
		if last, ok := k.take(s); ok {
			if err := to.send(s, last); err != nil {
				return err
			}
		}
	}
	return nil
}

// place finds the shard of a row, or lists it as failed. Both follow from the row
// and the project's rules alone (J4).
func (w *work) place(rec record) (*placed, int, error) {
	if rec.bad != nil {
		return nil, 0, w.fail(Reject{Row: rec.row, Reason: rec.bad.Key, Details: rec.bad.Error()})
	}
	code, err := w.rules.ParseNew(rec.item.Code)
	if err != nil {
		return nil, 0, w.fail(Reject{Row: rec.row, Code: rec.item.Code, Reason: wire.KeyInvalidCode, Details: err.Error()})
	}
	hash, s := w.r.cfg.Host.Place(w.job.Project, []byte(code.Folded))
	return &placed{row: rec.row, item: rec.item, issued: code.Issued, hash: hash}, s, nil
}

func (w *work) fail(r Reject) error {
	fresh, err := w.rejects.add(r)
	if fresh {
		w.r.met.rowsFailed.Inc()
	}
	return err
}

// askAgain asks for the newest chunk that was applied before this start: which of
// its rows the shard refused may not be on disk. The codes need not be sent, as
// the shard answers from what it remembers.
func (w *work) askAgain(ctx context.Context, s int, c chunk) error {
	reply, err := w.issue(ctx, s, w.head(c.number))
	if err != nil {
		return err
	}
	if !reply.Replayed {
		return failf(wire.KeyInternalError, "a shard has forgotten a chunk that it had applied")
	}
	var sent []placed
	for _, p := range c.rows {
		if !w.rejects.unsent(p.row) {
			sent = append(sent, p)
		}
	}
	return w.refused(sent, reply.FailedRows)
}

// carryRows checks the rows of a chunk and has the good ones issued.
func (w *work) carryRows(ctx context.Context, s int, c chunk) error {
	if _, err := w.campaign(); err != nil {
		return err
	}
	q := w.head(c.number)
	sent := c.rows[:0]
	for _, p := range c.rows {
		if w.rejects.unsent(p.row) {
			continue // it was told as failed before a crash, and stays so
		}
		spec, bad, err := w.compile(ctx, p.item)
		if err != nil {
			return err
		}
		if bad != nil {
			if err := w.fail(Reject{Row: p.row, Code: p.issued, Reason: bad.Key, Details: bad.Error()}); err != nil {
				return err
			}
			continue
		}
		sent = append(sent, p)
		q.Codes = append(q.Codes, shard.NewCode{Hash: p.hash, Issued: []byte(p.issued), Spec: spec})
	}
	// The rows left out of this chunk, and those refused in the one before, are on
	// disk before the shard hears of it (J3).
	if err := w.rejects.sync(); err != nil {
		return err
	}
	reply, err := w.issue(ctx, s, q)
	if err != nil {
		return err
	}
	w.r.met.created(w.job.Kind, reply.Created)
	if err := w.refused(sent, reply.FailedRows); err != nil {
		return err
	}
	w.report(ctx)
	return nil
}

// refused lists what a shard did not issue of the rows that it was sent.
func (w *work) refused(sent []placed, rows []shard.FailedRow) error {
	for _, f := range rows {
		if int(f.Row) >= len(sent) {
			return failf(wire.KeyInternalError, "a shard refused row %d of a chunk of %d", f.Row+1, len(sent))
		}
		p := sent[f.Row]
		err := w.fail(Reject{Row: p.row, Code: p.issued, Reason: outcomeKey(f.Outcome), Details: f.Outcome.Message(), Sent: true})
		if err != nil {
			return err
		}
	}
	return nil
}

// compile asks the host what a row means. bad is why the row fails; err ends the
// job or is ctx's.
func (w *work) compile(ctx context.Context, row *wire.VoucherImport) (spec shard.Spec, bad *wire.Error, err error) {
	err = w.insist(ctx, "row", func() error {
		if reason := w.haltReason(); reason != nil {
			return failf(wire.KeyInternalError, "the job has ended: %v", reason)
		}
		campaign, err := w.campaign()
		if err != nil {
			return err
		}
		var holder coupon.ID
		spec, err = w.r.cfg.Host.Spec(w.job.Project, campaign, row)
		if err == nil && row.HolderID != "" {
			holder, err = w.r.cfg.Host.Holder(ctx, w.job.Project, row.HolderID)
		}
		if bad = rowError(err); bad != nil || err != nil {
			if bad != nil {
				return nil
			}
			return err
		}
		if row.HolderID != "" {
			spec.Mask |= shard.SpecHolder
			spec.Holder = holder
		}
		return nil
	})
	return spec, bad, err
}
