package shard

import "github.com/scrip-engine/scrip/coupon"

func (m *model) raise(q *Fence) Reply {
	if q.Scope == FenceProject {
		m.fences[q.Ordinal] = max(m.fences[q.Ordinal], q.Index)
		return Reply{}
	}
	ca := m.campaigns[q.Ordinal]
	if ca == nil {
		return Reply{Outcome: coupon.ResourceNotFound}
	}
	ca.fence = max(ca.fence, q.Index)
	return Reply{}
}

func (m *model) campaign(h *Header, q *Campaign) Reply {
	old := m.campaigns[q.Ordinal]
	if old != nil && (old.Ended || !q.Ended) {
		return Reply{Replayed: true}
	}
	e := m.event(h, h.Slot, KindCampaign)
	if old == nil {
		old = &modelCampaign{Campaign: *q, fence: q.Birth}
		m.campaigns[q.Ordinal] = old
	}
	if q.Ended {
		old.Ended, old.endedAt = true, m.now
	}
	return e.reply
}

func (m *model) bear(h *Header, q *Customer, project uint32) *modelCustomer {
	e := m.event(h, q.Source.Slot(), KindCustomer)
	if h.Kind != KindCustomer {
		e.h.Key = coupon.Hash{} // a redemption's key belongs to the redemption
	}
	e.reply.Customer = e.reply.ID
	c := &modelCustomer{project: project, id: e.reply.ID, source: q.Source, sealed: string(q.Sealed), version: 1}
	m.customers = append(m.customers, c)
	return c
}

func (m *model) byID(project uint32, id coupon.ID) *modelCustomer {
	for _, c := range m.customers {
		if c.id == id && c.project == project && !c.forgotten {
			return c
		}
	}
	return nil
}

func (m *model) customer(h *Header, q *Customer) Reply {
	known := m.byID(q.Project, q.ID)
	if !q.Source.IsZero() {
		known = m.bySource(q.Source)
	}
	if r, ok := m.replay(h, func(e *modelEvent) bool { return e.reply.Slot == h.Slot }); ok {
		return r
	}
	switch {
	case m.now > h.NotAfter:
		return Reply{Outcome: coupon.TooLate}
	case known == nil && q.Source.IsZero():
		return Reply{Outcome: coupon.ResourceNotFound}
	case q.Fresh && known != nil, h.BasisMask != 0 && (known == nil || known.version != h.BasisVersion):
		return Reply{Outcome: coupon.Reevaluate}
	}
	if known == nil {
		m.bear(h, q, q.Project)
		r := m.events[len(m.events)-1].reply
		r.Version = 1
		return r
	}
	known.sealed = string(q.Sealed)
	known.version++
	e := m.event(h, h.Slot, KindCustomer)
	e.reply.ID, e.reply.Customer = known.id, known.id
	r := e.reply
	r.Version = known.version
	return r
}

func (m *model) forget(h *Header, q *Forget) Reply {
	known := m.byID(q.Project, q.ID)
	if r, ok := m.replay(h, func(e *modelEvent) bool { return e.reply.Slot == h.Slot }); ok {
		return r
	}
	switch {
	case m.now > h.NotAfter:
		return Reply{Outcome: coupon.TooLate}
	case known == nil:
		return Reply{Outcome: coupon.NotFound}
	}
	known.forgotten = true
	m.forgettings = append(m.forgettings, Forgotten{known.id, m.now})
	e := m.event(h, h.Slot, KindForget)
	e.reply.ID, e.reply.Customer = known.id, known.id
	return e.reply
}

// isSealed: the events of a slot are sealed in their order.
func (m *model) isSealed(id coupon.ID) bool {
	n := uint64(0)
	for _, e := range m.events {
		if e.reply.Slot == id.Slot && e.reply.Seq <= m.sealed {
			n++
		}
	}
	return id.Seq >= 1 && id.Seq <= n
}

// sealable is how much a day has passed for.
func (m *model) sealable() (seq uint64) {
	for _, e := range m.events {
		if m.now >= e.stamp+24*60*60*1000 {
			seq = e.reply.Seq
		}
	}
	return seq
}

func (m *model) seal(h *Header, q *Seal) Reply {
	switch {
	case m.now > h.NotAfter:
		return Reply{Outcome: coupon.TooLate}
	case q.Seq > m.sealed && q.Seq > m.sealable():
		return Reply{Outcome: coupon.Reevaluate}
	}
	m.sealed = max(m.sealed, q.Seq)
	return Reply{Seq: m.sealed, Stamp: m.now}
}

func (m *model) rollback(h *Header, q *Rollback) Reply {
	var red *modelEvent
	for _, e := range m.events {
		if e.kind == KindRedeem && e.reply.ID == q.Redemption && e.code.project == q.Project {
			red = e
		}
	}
	missed := m.isSealed(q.Redemption) && (len(q.Sealed) == 0 || h.Seen < m.sealed)
	if red != nil && !missed {
		if r, ok := m.replay(h, func(e *modelEvent) bool { return e.redemption == red }); ok {
			return r
		}
	}
	var gift bool
	var left int64
	if red != nil {
		_, _, gift, _ = m.limits(red.code)
		left = red.credit - red.back
	}
	switch {
	case m.now > h.NotAfter:
		return Reply{Outcome: coupon.TooLate}
	case missed:
		return Reply{Outcome: coupon.LookAgain}
	case red == nil:
		return Reply{Outcome: coupon.NotFound}
	case red.over:
		return Reply{Outcome: coupon.AlreadyRolledBack}
	case q.Amount != RollbackAll && (gift && q.Amount > left || !gift && q.Amount != red.applied), m.now >= h.ValidUntil:
		return Reply{Outcome: coupon.InvalidRollback}
	}
	amount := left
	if gift && q.Amount != RollbackAll {
		amount = q.Amount
	}
	e := m.event(h, h.Slot, KindRollback)
	c := red.code
	e.code, e.redemption = c, red
	red.back += amount
	red.over = red.back == red.credit
	c.balance += amount
	c.version++
	applied := amount
	if red.over {
		c.used--
		if !gift {
			applied = red.applied
		}
	}
	if ca := m.campaigns[c.campaign]; ca != nil {
		ca.sums.creditsBack += amount
		if red.over {
			ca.sums.rolledBack++
			ca.sums.appliedBack += red.applied
		}
	}
	return m.close(e, red.customer, applied)
}
