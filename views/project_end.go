package views

import (
	"encoding/binary"

	"github.com/cockroachdb/pebble/v2"

	"github.com/scrip-engine/scrip/shard"
)

// endStep bounds how many disabled or held codes of an ended campaign one batch
// lets go: a campaign may have given millions of codes to customers.
const endStep = 2048

// campaign ends a campaign: its codes leave all lists. Codes with a state of
// their own go first, a bounded number a batch; that they are gone is how the
// next batch knows where to go on.
func (p *projector) campaign(rec *shard.Record) (whole bool, err error) {
	if rec.Flags&shard.RecordEnd == 0 {
		return true, nil
	}
	if whole, err = p.endStates(rec); err != nil || !whole {
		return whole, err
	}
	own := campaignScope(rec.Project, rec.Campaign)
	l, err := p.open(own, classCodes)
	if err != nil {
		return false, err
	}
	defer l.close()
	live := l.head.n - l.head.marked
	if err := p.markRuns(l, projectScope(rec.Project)); err != nil {
		return false, err
	}
	if err := p.markRange(own, classCodes, 0, l.head.n); err != nil {
		return false, err
	}
	return true, p.countCodes(rec, func(c *Counts) { c.Deleted += live })
}

// fresh reports that a record has to be the first of its batch: what it reads from
// the store must be all there.
func fresh(rec *shard.Record) bool {
	return rec.Kind == shard.KindCampaign && rec.Flags&shard.RecordEnd != 0
}

// endStates lets go of codes that are disabled or held, at most endStep of them.
// It reads them from the store, where all are: the record is the first of its
// batch (see fresh).
func (p *projector) endStates(rec *shard.Record) (whole bool, err error) {
	prefix := appendCampaignCodes(nil, p.shard, rec.Campaign)
	var places []Place
	it, err := p.db.NewIter(&pebble.IterOptions{LowerBound: prefix, UpperBound: after(prefix)})
	if err != nil {
		return false, err
	}
	for ok := it.First(); ok && len(places) <= endStep; ok = it.Next() {
		at := it.Key()[len(prefix):]
		places = append(places, Place{binary.BigEndian.Uint16(at), binary.BigEndian.Uint32(at[2:])})
	}
	if err := it.Close(); err != nil {
		return false, err
	}
	whole = len(places) <= endStep
	for _, place := range places[:min(len(places), endStep)] {
		off, err := p.release(rec.Project, rec.Campaign, place)
		if err != nil {
			return false, err
		}
		if !off {
			continue
		}
		st, err := p.state(rec.Campaign, place)
		if err != nil {
			return false, err
		}
		st.off = false
		if err := p.countCodes(rec, func(c *Counts) { c.Disabled-- }); err != nil {
			return false, err
		}
	}
	return whole, nil
}

// markRuns marks in another list what stands in l: runs of the same records.
// Where the other list goes on with the next run too, as it does for the chunks
// of an import, finding it is one step.
func (p *projector) markRuns(l *list, s scope) error {
	other, err := p.open(s, classCodes)
	if err != nil {
		return err
	}
	defer other.close()
	var next int64
	for pos := int64(0); pos < l.head.n; {
		var r, o run
		if err := l.at(pos, &r); err != nil {
			return err
		}
		if next < other.head.n {
			if err := other.at(next, &o); err != nil {
				return err
			}
		}
		if o.seq != r.seq {
			if next, err = other.first(func(o *run) bool { return o.seq >= r.seq }); err != nil {
				return err
			}
			if err := other.at(next, &o); err != nil {
				return err
			}
		}
		if o.seq != r.seq {
			return errFormat
		}
		if err := p.markRange(s, classCodes, o.start, o.end()); err != nil {
			return err
		}
		pos, next = r.end(), o.end()
	}
	return nil
}
