package views

import (
	"fmt"

	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/shard"
)

// apply projects one record. whole is false when the record needs another batch:
// the caller commits and applies it again (V2).
func (p *projector) apply(rec *shard.Record) (whole bool, err error) {
	switch rec.Kind {
	case shard.KindRedeem:
		return true, p.redeem(rec)
	case shard.KindRollback:
		return true, p.rollback(rec)
	case shard.KindCreate:
		return true, p.create(rec)
	case shard.KindImport:
		return true, p.imported(rec)
	case shard.KindEnable, shard.KindUpdate, shard.KindDelete, shard.KindBalance:
		return true, p.change(rec)
	case shard.KindCustomer:
		return true, p.customer(rec)
	case shard.KindForget:
		return true, p.forget(rec)
	case shard.KindCampaign:
		return p.campaign(rec)
	}
	return true, nil // a kind that no list shows
}

// Place is where a code lives.
type Place struct {
	Slot    uint16
	Ordinal uint32
}

func placeOf(rec *shard.Record) Place { return Place{rec.ID.Slot, rec.Ordinal} }

func entryOf(rec *shard.Record) run { return run{count: 1, seq: rec.Seq, stamp: rec.Stamp} }

// scopesOf appends where a redemption appears.
func scopesOf(scopes []scope, rec *shard.Record) []scope {
	scopes = append(scopes, projectScope(rec.Project), codeScope(rec.Project, placeOf(rec)))
	if rec.Campaign != 0 {
		scopes = append(scopes, campaignScope(rec.Project, rec.Campaign))
	}
	if rec.Customer != (coupon.ID{}) {
		scopes = append(scopes, customerScope(rec.Project, rec.Customer))
	}
	if source := shard.TailField(rec.Tail, shard.TagOrderSource); len(source) > 0 {
		scopes = append(scopes, orderScope(rec.Project, source))
	}
	return scopes
}

// countScopes appends where a redemption is counted: standalone codes are a
// campaign of their own, 0.
func countScopes(scopes []scope, rec *shard.Record) []scope {
	scopes = append(scopes, projectScope(rec.Project), campaignScope(rec.Project, rec.Campaign))
	if rec.Customer != (coupon.ID{}) {
		scopes = append(scopes, customerScope(rec.Project, rec.Customer))
	}
	return scopes
}

func spendClass(rec *shard.Record) class {
	if rec.Flags&shard.RecordIsGift != 0 {
		return classGiftSpend
	}
	return classSpend
}

func (p *projector) redeem(rec *shard.Record) error {
	p.scopes = scopesOf(p.scopes[:0], rec)
	for _, s := range p.scopes {
		if _, err := p.append(s, spendClass(rec), entryOf(rec)); err != nil {
			return err
		}
	}
	p.scopes = countScopes(p.scopes[:0], rec)
	for i, s := range p.scopes {
		if err := p.count(s, func(c *Counts) { c.redeemed(rec) }); err != nil {
			return err
		}
		if i < 2 {
			if err := p.minute(s, rec.Stamp, func(m *Bucket) { m.redeemed(rec) }); err != nil {
				return err
			}
		}
	}
	return nil
}

// rollback appears wherever its redemption does, and marks that when nothing of
// it is left.
func (p *projector) rollback(rec *shard.Record) error {
	var red shard.Record
	if !p.src.Event(rec.Ref, &red) {
		return fmt.Errorf("views: rollback %d of a redemption that the journal does not have", rec.Seq)
	}
	end := rec.Flags&shard.RecordEnd != 0
	p.scopes = scopesOf(p.scopes[:0], &red)
	for _, s := range p.scopes {
		if _, err := p.append(s, spendClass(&red)+classBack-classSpend, entryOf(rec)); err != nil {
			return err
		}
		if end {
			if _, err := p.markSeq(s, spendClass(&red), red.Seq, 0); err != nil {
				return err
			}
		}
	}
	p.scopes = countScopes(p.scopes[:0], &red)
	for i, s := range p.scopes {
		if err := p.count(s, func(c *Counts) { c.rolledBack(rec, &red) }); err != nil {
			return err
		}
		if i < 2 && end {
			if err := p.minute(s, rec.Stamp, func(m *Bucket) { m.RolledBack++ }); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *projector) count(s scope, f func(*Counts)) error {
	p.key = appendCounts(p.key[:0], p.shard, s)
	c, err := p.counts.edit(p.db, p.key)
	if err == nil {
		f(c)
	}
	return err
}

func (p *projector) minute(s scope, stamp int64, f func(*Bucket)) error {
	p.key = appendMinute(p.key[:0], p.shard, s, minuteOf(stamp))
	m, err := p.minutes.edit(p.db, p.key)
	if err == nil {
		f(m)
	}
	return err
}

// customer shows a birth in the project's list, and every change of a customer
// in the customer's own.
func (p *projector) customer(rec *shard.Record) error {
	if rec.Flags&shard.RecordBirth == 0 {
		_, err := p.append(customerScope(rec.Project, rec.Customer), classOther, entryOf(rec))
		return err
	}
	if _, err := p.append(projectScope(rec.Project), classCustomers, entryOf(rec)); err != nil {
		return err
	}
	_, err := p.append(customerScope(rec.Project, rec.ID), classOther, entryOf(rec))
	return err
}

// forget takes a customer out of the project's list.
func (p *projector) forget(rec *shard.Record) error {
	var birth shard.Record
	if !p.src.Event(rec.Customer, &birth) {
		return fmt.Errorf("views: record %d forgets a customer whom the journal does not have", rec.Seq)
	}
	if _, err := p.append(customerScope(birth.Project, rec.Customer), classOther, entryOf(rec)); err != nil {
		return err
	}
	_, err := p.markSeq(projectScope(birth.Project), classCustomers, birth.Seq, 0)
	return err
}
