package views

import (
	"encoding/binary"
	"fmt"

	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/shard"
)

// create shows a new code. Its shard-wide ordinal is the number of codes before
// it, since every code is issued by a record.
func (p *projector) create(rec *shard.Record) error {
	if err := p.issued(rec, run{count: 1, seq: rec.Seq, stamp: rec.Stamp, first: p.mark.codes}); err != nil {
		return err
	}
	c := classOther
	if rec.Flags&shard.RecordIsGift != 0 {
		c = classLedger
	}
	if err := p.ofCode(rec, c); err != nil {
		return err
	}
	if rec.Flags&shard.RecordOff != 0 {
		if err := p.toggle(rec, true); err != nil {
			return err
		}
	}
	return p.allocate(rec, rec.Customer)
}

// imported shows a chunk of codes: one run, however many they are.
func (p *projector) imported(rec *shard.Record) error {
	if rec.Uses <= 0 {
		return nil
	}
	if err := p.issued(rec, run{count: rec.Uses, seq: rec.Seq, stamp: rec.Stamp, first: uint64(rec.Ordinal)}); err != nil {
		return err
	}
	return shard.EachMarked(rec, func(m shard.Marked) error { return p.marked(rec, m) })
}

// marked shows what one code of a chunk was born with, as if it had been created
// alone.
func (p *projector) marked(rec *shard.Record, m shard.Marked) error {
	slot, ordinal, ok := p.src.Place(rec.Ordinal + m.Offset)
	if !ok {
		return fmt.Errorf("place of code %d of record %d: %w", m.Offset, rec.Seq, errFormat)
	}
	one := *rec
	one.ID.Slot, one.Ordinal = slot, ordinal
	if m.Off {
		if err := p.toggle(&one, true); err != nil {
			return err
		}
	}
	return p.allocate(&one, m.Holder)
}

func (p *projector) issued(rec *shard.Record, r run) error {
	p.mark.codes = r.first + uint64(r.count)
	scopes := []scope{projectScope(rec.Project)}
	if rec.Campaign != 0 {
		scopes = append(scopes, campaignScope(rec.Project, rec.Campaign))
	}
	for _, s := range scopes {
		if _, err := p.append(s, classCodes, r); err != nil {
			return err
		}
	}
	return p.countCodes(rec, func(c *Counts) { c.Issued += r.count })
}

// countCodes changes what a code's project and campaign count.
func (p *projector) countCodes(rec *shard.Record, f func(*Counts)) error {
	if err := p.count(projectScope(rec.Project), f); err != nil {
		return err
	}
	return p.count(campaignScope(rec.Project, rec.Campaign), f)
}

// ofCode shows a record in the lists of its code, and a ledger's also in those of
// its campaign and project.
func (p *projector) ofCode(rec *shard.Record, c class) error {
	scopes := []scope{codeScope(rec.Project, placeOf(rec))}
	if c == classLedger {
		scopes = append(scopes, projectScope(rec.Project))
		if rec.Campaign != 0 {
			scopes = append(scopes, campaignScope(rec.Project, rec.Campaign))
		}
	}
	for _, s := range scopes {
		if _, err := p.append(s, c, entryOf(rec)); err != nil {
			return err
		}
	}
	return nil
}

// change is a record about one code that is neither used nor given back.
func (p *projector) change(rec *shard.Record) error {
	c := classOther
	if rec.Kind == shard.KindBalance {
		c = classLedger
	}
	if err := p.ofCode(rec, c); err != nil {
		return err
	}
	switch rec.Kind {
	case shard.KindEnable:
		return p.toggle(rec, rec.Flags&shard.RecordOff != 0)
	case shard.KindUpdate:
		return p.update(rec)
	case shard.KindDelete:
		return p.delete(rec)
	default:
		return p.countCodes(rec, func(c *Counts) {
			c.CreditsIn += max(rec.Gift, 0)
			c.CreditsOut += max(-rec.Gift, 0)
		})
	}
}

// update follows the two fields that lists or counts depend on. The record says
// by masks which fields it set and which it cleared.
func (p *projector) update(rec *shard.Record) error {
	masks := shard.TailField(rec.Tail, shard.TagChanged)
	if len(masks) != 4 {
		return nil
	}
	set := shard.SpecMask(binary.LittleEndian.Uint16(masks))
	cleared := shard.SpecMask(binary.LittleEndian.Uint16(masks[2:]))
	if (set|cleared)&shard.SpecDisabled != 0 {
		if err := p.toggle(rec, set&shard.SpecDisabled != 0); err != nil {
			return err
		}
	}
	if (set|cleared)&shard.SpecHolder == 0 {
		return nil
	}
	if _, err := p.release(rec.Project, rec.Campaign, placeOf(rec)); err != nil {
		return err
	}
	return p.allocate(rec, rec.Customer)
}

func (p *projector) state(campaign uint32, place Place) (*codeState, error) {
	p.key = appendCode(p.key[:0], p.shard, campaign, place)
	return p.states.edit(p.db, p.key)
}

// toggle switches a code off or on. Switching twice counts once.
func (p *projector) toggle(rec *shard.Record, off bool) error {
	st, err := p.state(rec.Campaign, placeOf(rec))
	if err != nil || st.off == off {
		return err
	}
	st.off = off
	by := int64(1)
	if !off {
		by = -1
	}
	return p.countCodes(rec, func(c *Counts) { c.Disabled += by })
}

// allocate gives a code to a holder; the zero ID is nobody.
func (p *projector) allocate(rec *shard.Record, holder coupon.ID) error {
	if holder == (coupon.ID{}) {
		return nil
	}
	r := entryOf(rec)
	r.first = packHeld(rec.Campaign, placeOf(rec))
	pos, err := p.append(customerScope(rec.Project, holder), classCodes, r)
	if err != nil {
		return err
	}
	st, err := p.state(rec.Campaign, placeOf(rec))
	if err == nil {
		st.holder, st.held = holder, pos
	}
	return err
}

// release takes a code from its holder, and reports whether it was disabled.
func (p *projector) release(project, campaign uint32, place Place) (off bool, err error) {
	st, err := p.state(campaign, place)
	if err != nil || st.holder == (coupon.ID{}) {
		return err == nil && st.off, err
	}
	held, s := st.held, customerScope(project, st.holder)
	st.holder, st.held = coupon.ID{}, 0
	return st.off, p.markRange(s, classCodes, held, held+1)
}

// delete takes a code out of every list of codes.
func (p *projector) delete(rec *shard.Record) error {
	off, err := p.release(rec.Project, rec.Campaign, placeOf(rec))
	if err != nil {
		return err
	}
	if off {
		if err := p.toggle(rec, false); err != nil {
			return err
		}
	}
	seq, offset, err := p.birth(rec)
	if err != nil {
		return err
	}
	if rec.Campaign != 0 {
		if _, err := p.markSeq(campaignScope(rec.Project, rec.Campaign), classCodes, seq, offset); err != nil {
			return err
		}
	}
	if _, err := p.markSeq(projectScope(rec.Project), classCodes, seq, offset); err != nil {
		return err
	}
	return p.countCodes(rec, func(c *Counts) { c.Deleted++ })
}

// birth finds the record that issued a code and the code's place among those that
// the record issued: at most coupon.ImportChunkCodesMax to look at. Both never
// change, so the moment of asking does not show (V1).
func (p *projector) birth(rec *shard.Record) (seq uint64, offset int64, err error) {
	var look shard.Look
	var born shard.Record
	place := placeOf(rec)
	p.src.Look(&shard.Query{Project: rec.Project, ByPlace: true, Slot: place.Slot, Ordinal: place.Ordinal}, &look)
	if !look.View.Found || !p.src.Record(look.View.BirthSeq, &born) {
		return 0, 0, fmt.Errorf("views: record %d is about a code without a birth", rec.Seq)
	}
	if born.Kind != shard.KindImport {
		return born.Seq, 0, nil
	}
	for i := range born.Uses {
		slot, ordinal, ok := p.src.Place(born.Ordinal + uint32(i))
		if ok && (Place{slot, ordinal}) == place {
			return born.Seq, i, nil
		}
	}
	return 0, 0, fmt.Errorf("views: record %d is about a code that its birth did not issue", rec.Seq)
}
