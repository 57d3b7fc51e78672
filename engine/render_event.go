package engine

import (
	"encoding/binary"
	"strings"

	"github.com/scrip-engine/scrip/catalog"
	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/shard"
	"github.com/scrip-engine/scrip/wire"
)

func (e *Engine) catalogEvent(v catalog.View, r *catalog.Record) (wire.Event, bool) {
	if !strings.HasPrefix(r.Kind, "campaign.") {
		return wire.Event{}, false
	}
	p := v.Project(r.Project)
	return wire.Event{ID: e.secret.FormatCatalogID(coupon.PrefixCatalogEvent, r.Number()), Object: "event", ProjectID: p.ID, Type: r.Kind, Source: "API",
		CreatedAt: wire.Time(r.Stamp), Data: wire.EventData{CampaignID: r.Object}}, true
}

// eventOf renders a journal record; false for one that is no event.
func (e *Engine) eventOf(g *shardGroup, rec *shard.Record) (wire.Event, bool) {
	kind, ok := eventType(rec)
	if !ok {
		return wire.Event{}, false
	}
	v := e.catalog.View()
	p := v.Project(rec.Project)
	if p == nil {
		return wire.Event{}, false
	}
	ev := wire.Event{ID: e.secret.FormatID(coupon.PrefixEvent, rec.ID), Object: "event", ProjectID: p.ID, Type: kind, Source: "API",
		CreatedAt: wire.Time(rec.Stamp)}
	d := &ev.Data
	if c := v.Campaign(rec.Campaign); c != nil {
		d.CampaignID = c.ID
	}
	if rec.Customer != (coupon.ID{}) {
		d.CustomerID = e.customerID(rec.Customer)
	}
	e.eventVoucher(g, rec, d)
	switch rec.Kind {
	case shard.KindRedeem:
		d.RedemptionID, d.OrderID = e.secret.FormatID(coupon.PrefixRedemption, rec.ID), string(shard.TailField(rec.Tail, shard.TagOrderSource))
		d.Amount = wire.Some(rec.Applied + rec.Gift)
	case shard.KindRollback:
		d.RollbackID, d.RedemptionID = e.secret.FormatID(coupon.PrefixRollback, rec.ID), e.secret.FormatID(coupon.PrefixRedemption, rec.Ref)
		d.Amount = wire.Some(rec.Gift + rec.Discount)
	case shard.KindBalance:
		d.Amount = wire.Some(rec.Gift)
	case shard.KindImport:
		d.Count = wire.Some(rec.Uses)
		if job := shard.TailField(rec.Tail, shard.TagJob); len(job) == 8 {
			ev.Source = "JOB"
			if j := v.Job(uint32(binary.LittleEndian.Uint64(job))); j != nil {
				d.JobID = j.ID
			}
		}
	}
	if rec.Flags&shard.RecordIsGift != 0 {
		d.Balance, d.Currency = wire.Some(rec.Balance), coupon.Currency(rec.Currency).String()
	}
	return ev, true
}

func (e *Engine) eventVoucher(g *shardGroup, rec *shard.Record, d *wire.EventData) {
	if rec.Kind == shard.KindImport || rec.Kind == shard.KindCustomer || rec.Kind == shard.KindForget {
		return
	}
	d.VoucherID = e.voucherID(rec.ID.Slot, rec.Ordinal)
	var l shard.Look
	g.law.Look(&shard.Query{Project: rec.Project, ByPlace: true, Slot: rec.ID.Slot, Ordinal: rec.Ordinal}, &l)
	if l.View.Found {
		d.Code = string(l.View.Code)
	}
}

func eventType(rec *shard.Record) (string, bool) {
	switch rec.Kind {
	case shard.KindRedeem:
		return wire.EventRedemptionSucceeded, true
	case shard.KindRollback:
		return wire.EventRollbackSucceeded, true
	case shard.KindCreate:
		return wire.EventVoucherCreated, true
	case shard.KindImport:
		return wire.EventVouchersGenerated, true
	case shard.KindEnable:
		if rec.Flags&shard.RecordOff != 0 {
			return wire.EventVoucherDisabled, true
		}
		return wire.EventVoucherEnabled, true
	case shard.KindUpdate:
		return wire.EventVoucherUpdated, true
	case shard.KindDelete:
		return wire.EventVoucherDeleted, true
	case shard.KindBalance:
		return wire.EventGiftTransaction, true
	case shard.KindCustomer:
		if rec.Flags&shard.RecordBirth != 0 {
			return wire.EventCustomerCreated, true
		}
		return wire.EventCustomerUpdated, true
	case shard.KindForget:
		return wire.EventCustomerDeleted, true
	}
	return "", false
}
