package shard

import (
	"github.com/scrip-engine/scrip/coupon"
)

// command is one command as it was before it was encoded.
type command struct {
	h    Header
	body any
}

func (c *command) encode() []byte {
	b := AppendHeader(nil, &c.h)
	switch q := c.body.(type) {
	case *Redeem:
		return AppendRedeem(b, q)
	case *Rollback:
		return AppendRollback(b, q)
	case *Create:
		return AppendCreate(b, q)
	case *Import:
		return AppendImport(b, q)
	case *Enable:
		return AppendEnable(b, q)
	case *Update:
		return AppendUpdate(b, q)
	case *Delete:
		return AppendDelete(b, q)
	case *Balance:
		return AppendBalance(b, q)
	case *Fence:
		return AppendFence(b, q)
	case *Customer:
		return AppendCustomer(b, q)
	case *Forget:
		return AppendForget(b, q)
	case *Campaign:
		return AppendCampaign(b, q)
	case *Tune:
		return AppendTune(b, q)
	case *Claim:
		return AppendClaim(b, q)
	case *Seal:
		return AppendSeal(b, q)
	}
	panic("a body without an encoder")
}

// apply is one command of an entry with the given stamp.
func (m *model) apply(stamp int64, c *command) Reply {
	m.now = max(m.now, stamp)
	switch q := c.body.(type) {
	case *Redeem:
		return m.redeem(&c.h, q)
	case *Rollback:
		return m.rollback(&c.h, q)
	case *Create:
		return m.create(&c.h, q)
	case *Import:
		return m.importChunk(&c.h, q)
	case *Enable:
		return m.change(&c.h, q.Project, q.Ordinal, func(code *modelCode) (int64, bool) {
			code.off = !q.On
			return 0, true
		})
	case *Update:
		return m.change(&c.h, q.Project, q.Ordinal, func(code *modelCode) (int64, bool) { return 0, code.update(q) })
	case *Delete:
		return m.change(&c.h, q.Project, q.Ordinal, func(code *modelCode) (int64, bool) {
			code.dead = true
			if ca := m.campaigns[code.campaign]; ca != nil {
				ca.sums.codes--
			}
			return 0, true
		})
	case *Balance:
		return m.change(&c.h, q.Project, q.Ordinal, func(code *modelCode) (int64, bool) { return m.addBalance(code, q.Amount) })
	case *Fence:
		return m.raise(q)
	case *Customer:
		return m.customer(&c.h, q)
	case *Forget:
		return m.forget(&c.h, q)
	case *Campaign:
		return m.campaign(&c.h, q)
	case *Seal:
		return m.seal(&c.h, q)
	}
	panic("a body without a law")
}

// mayIssue: a text is free, or its owner is dead and forgotten.
func (m *model) mayIssue(project uint32, text string) coupon.Outcome {
	old := m.newest(project, text)
	if old == nil {
		return coupon.OK
	}
	if !m.gone(old) {
		return coupon.DuplicateFound
	}
	last := max(old.created, old.updated)
	if ca := m.campaigns[old.campaign]; ca != nil {
		last = max(last, ca.endedAt)
	}
	if m.now < last+24*60*60*1000 {
		return coupon.CodeBlocked
	}
	return coupon.OK
}

func (m *model) issue(project, campaign uint32, n *NewCode) *modelCode {
	folded, err := testRules.AppendFolded(nil, n.Issued)
	if err != nil {
		panic(err)
	}
	ordinal := uint64(0)
	for _, c := range m.codes {
		if c.place.Slot == n.Hash.Slot() {
			ordinal++
		}
	}
	c := &modelCode{text: string(folded), place: coupon.ID{Slot: n.Hash.Slot(), Seq: ordinal},
		project: project, campaign: campaign, own: n.Spec, version: 1, created: m.now}
	c.off = n.Spec.has(SpecDisabled)
	if ca := m.campaigns[campaign]; ca != nil {
		ca.sums.codes++
		c.balance = ca.Gift
	}
	if n.Spec.has(SpecGift) {
		c.balance = n.Spec.Gift
	}
	c.added = c.balance
	m.codes = append(m.codes, c)
	return c
}

func (m *model) open(project, campaign uint32) bool {
	ca := m.campaigns[campaign]
	return campaign == 0 || ca != nil && !ca.Ended && ca.Project == project
}

func (m *model) create(h *Header, q *Create) Reply {
	folded, err := testRules.AppendFolded(nil, q.Code.Issued)
	if err != nil {
		panic(err)
	}
	if old := m.newest(q.Project, string(folded)); old != nil {
		if r, ok := m.replay(h, func(e *modelEvent) bool { return e.code == old }); ok {
			return r
		}
	}
	if r, done := m.early(h, m.fence(q.Project, q.Campaign)); done {
		return r
	}
	if o := m.mayIssue(q.Project, string(folded)); o != coupon.OK {
		return Reply{Outcome: o}
	}
	if !m.open(q.Project, q.Campaign) {
		return Reply{Outcome: coupon.ResourceNotFound}
	}
	e := m.event(h, h.Slot, KindCreate)
	e.code = m.issue(q.Project, q.Campaign, &q.Code)
	e.reply.Created = 1
	return m.close(e, q.Code.Spec.Holder, 0)
}

func (m *model) importChunk(h *Header, q *Import) Reply {
	j := m.jobs[q.Job]
	if j != nil && q.Chunk < j.chunk {
		return Reply{Replayed: true, Stamp: m.now}
	}
	if j != nil && q.Chunk == j.chunk {
		r := j.newest
		if r.Seq <= m.sealed {
			r = Reply{Seq: r.Seq, Stamp: m.now}
		}
		r.Replayed = true
		return r
	}
	if r, done := m.early(h, m.fence(q.Project, q.Campaign)); done {
		return r
	}
	if j == nil && q.Chunk != 1 || j != nil && q.Chunk != j.chunk+1 {
		return Reply{Outcome: coupon.Reevaluate}
	}
	if !m.open(q.Project, q.Campaign) {
		return Reply{Outcome: coupon.ResourceNotFound}
	}
	if j == nil {
		j = &modelJob{}
		m.jobs[q.Job] = j
	}
	first := len(m.codes)
	e := m.event(h, h.Slot, KindImport)
	for i := range q.Codes {
		folded, err := testRules.AppendFolded(nil, q.Codes[i].Issued)
		if err != nil {
			panic(err)
		}
		if o := m.mayIssue(q.Project, string(folded)); o != coupon.OK {
			e.reply.FailedRows = append(e.reply.FailedRows, FailedRow{uint32(i), o})
			continue
		}
		m.issue(q.Project, q.Campaign, &q.Codes[i])
	}
	e.reply.Ordinal = uint32(first)
	e.reply.Created, e.reply.Failed = uint32(len(m.codes)-first), uint32(len(e.reply.FailedRows))
	j.chunk, j.newest = q.Chunk, e.reply
	j.created += uint64(e.reply.Created)
	j.failed += uint64(e.reply.Failed)
	return e.reply
}

// change is what switching, updating, deleting and the balance have in common.
func (m *model) change(h *Header, project, ordinal uint32, f func(*modelCode) (int64, bool)) Reply {
	c := m.code(h.Slot, ordinal)
	if c == nil {
		if r, done := m.early(h, m.fences[project]); done {
			return r
		}
		return Reply{Outcome: coupon.NotFound}
	}
	if r, ok := m.replay(h, func(e *modelEvent) bool { return e.code == c }); ok {
		return r
	}
	if r, done := m.early(h, m.fence(c.project, c.campaign)); done {
		return r
	}
	switch {
	case h.BasisMask != 0 && h.BasisVersion != c.version:
		return Reply{Outcome: coupon.Reevaluate}
	case m.gone(c) || c.project != project:
		return Reply{Outcome: coupon.NotFound}
	}
	applied, ok := f(c)
	if !ok {
		return Reply{Outcome: coupon.InvalidAmount}
	}
	c.updated = m.now
	c.version++
	e := m.event(h, h.Slot, h.Kind)
	e.code = c
	holder := coupon.ID{}
	if h.Kind == KindUpdate {
		holder = c.lastHolder
	}
	return m.close(e, holder, applied)
}

func (c *modelCode) update(q *Update) bool {
	for _, f := range []struct {
		bit  SpecMask
		copy func(from *Spec)
	}{
		{SpecFrom, func(s *Spec) { c.own.From = s.From }},
		{SpecUntil, func(s *Spec) { c.own.Until = s.Until }},
		{SpecHolder, func(s *Spec) { c.own.Holder = s.Holder }},
		{SpecMetadata, func(s *Spec) { c.own.Metadata = s.Metadata }},
	} {
		if q.Set.has(f.bit) {
			c.own.Mask |= f.bit
			f.copy(&q.Set)
		}
		if q.Clear&f.bit != 0 {
			c.own.Mask &^= f.bit
			f.copy(&Spec{})
		}
	}
	if q.Set.has(SpecDisabled) {
		c.off = true
	}
	if q.Clear&SpecDisabled != 0 {
		c.off = false
	}
	c.lastHolder = q.Set.Holder
	return true
}

func (m *model) addBalance(c *modelCode, amount int64) (int64, bool) {
	_, _, gift, _ := m.limits(c)
	if !gift || c.balance+amount < 0 || c.added+amount > coupon.AmountMax {
		return 0, false
	}
	c.balance += amount
	c.added += amount
	if ca := m.campaigns[c.campaign]; ca != nil {
		ca.sums.creditsIn += max(amount, 0)
		ca.sums.creditsOut += max(-amount, 0)
	}
	return amount, true
}
