package shard

import (
	"math"
	"sort"

	"github.com/scrip-engine/scrip/coupon"
)

// campaignState is a campaign in this shard: what its codes inherit, its fence,
// and counters over the shard's codes. Guarded by meta.
type campaignState struct {
	Campaign
	fence   uint64
	endedAt int64 // replicated time; 0: not ended
	Counters
}

// Counters are sums over the codes of one campaign in one shard, in uses and
// minor units.
type Counters struct {
	codes                 int64 // issued, less deleted
	redeemed, rolledBack  int64
	applied, appliedBack  int64 // discounts given and given back
	credits, creditsBack  int64 // gift credits spent and given back
	creditsIn, creditsOut int64 // balance added and removed by hand
}

// count adds v ≥ 0 to a sum that stops at the end of its range rather than wrap:
// it is shown and decides nothing.
func count(sum *int64, v int64) {
	if *sum > math.MaxInt64-v {
		*sum = math.MaxInt64
		return
	}
	*sum += v
}

// jobState is how far a job came in this shard.
type jobState struct {
	chunk           uint32
	created, failed uint64
	last            uint64 // journal sequence of the newest chunk
}

// countCampaign changes a campaign's counters under the lock that readers use.
func (s *Shard) countCampaign(ordinal uint32, f func(*campaignState)) {
	c := s.campaignOf(ordinal)
	if c == nil {
		return
	}
	s.meta.Lock()
	s.touchCampaign(c)
	f(c)
	s.meta.Unlock()
}

// applyCampaign introduces a campaign or ends it. Both are idempotent.
func (s *Shard) applyCampaign(h *Header, body []byte, r *Reply) error {
	var q Campaign
	if err := decodeCampaign(body, &q); err != nil {
		return err
	}
	if q.Ordinal >= campaignsMax || q.Project >= projectsMax || s.spent(recordBytesMax) {
		r.Outcome = coupon.CapacityExceeded
		return nil
	}
	old := s.campaignOf(q.Ordinal)
	if old != nil && (old.Ended || !q.Ended) {
		r.Replayed = true
		return nil
	}
	// ---- nothing refuses below this line ----
	rec := s.newRecord(h)
	rec.Project, rec.Campaign = q.Project, q.Ordinal
	if q.Ended {
		rec.Flags |= RecordEnd
	}
	p := s.lock(h.Slot)
	s.commit(h.Slot, rec)
	p.mu.Unlock()
	s.meta.Lock()
	defer s.meta.Unlock()
	s.growMeta(q.Ordinal, q.Project)
	if old != nil {
		s.touchCampaign(old)
		old.Ended, old.endedAt = true, s.now
	} else {
		c := &campaignState{Campaign: q, fence: q.Birth}
		if q.Ended {
			c.endedAt = s.now
		}
		s.campaigns[q.Ordinal] = c
	}
	r.fill(rec)
	return nil
}

// growMeta makes room for ordinals. meta is held for writing.
func (s *Shard) growMeta(campaign, project uint32) {
	if n := int(campaign) + 1; n > len(s.campaigns) {
		s.campaigns = append(s.campaigns, make([]*campaignState, n-len(s.campaigns))...)
	}
	if n := int(project) + 1; n > len(s.fences) {
		s.fences = append(s.fences, make([]uint64, n-len(s.fences))...)
	}
}

// applyFence raises a fence; a lower one changes nothing (P7).
func (s *Shard) applyFence(_ *Header, body []byte, r *Reply) error {
	var q Fence
	if err := decodeFence(body, &q); err != nil {
		return err
	}
	s.meta.Lock()
	defer s.meta.Unlock()
	switch {
	case q.Scope == FenceProject && q.Ordinal < projectsMax:
		s.growMeta(0, q.Ordinal)
		s.fences[q.Ordinal] = max(s.fences[q.Ordinal], q.Index)
	case q.Scope == FenceCampaign:
		c := s.campaignOf(q.Ordinal)
		if c == nil {
			r.Outcome = coupon.ResourceNotFound
			return nil
		}
		s.touchCampaign(c)
		c.fence = max(c.fence, q.Index)
	default:
		r.Outcome = coupon.CapacityExceeded
	}
	return nil
}

// fenceOf is the fence for a command about a project and a campaign.
func (s *Shard) fenceOf(project, campaign uint32) uint64 {
	f := s.projectFence(project)
	if c := s.campaignOf(campaign); c != nil {
		f = max(f, c.fence)
	}
	return f
}

// jobFits reports whether the progress of one more job can be remembered. To forget
// a job that goes on would be to apply its chunks twice: only those that have ended
// make way, and the catalog says which.
func (s *Shard) jobFits(oldestActive uint64) bool {
	return len(s.jobOrder) < jobsMax || s.jobOrder[0] < oldestActive
}

// progress notes that a job's chunk was applied.
func (s *Shard) progress(id uint64, chunk uint32, seq, created, failed uint64) {
	s.meta.Lock()
	defer s.meta.Unlock()
	j := s.jobs[id]
	if j == nil {
		if len(s.jobOrder) == jobsMax { // the lowest has ended: see jobFits
			delete(s.jobs, s.jobOrder[0])
			s.jobOrder = s.jobOrder[1:]
		}
		j = &jobState{}
		s.jobs[id] = j
		at := sort.Search(len(s.jobOrder), func(i int) bool { return s.jobOrder[i] > id })
		s.jobOrder = append(s.jobOrder, 0)
		copy(s.jobOrder[at+1:], s.jobOrder[at:])
		s.jobOrder[at] = id
	}
	j.chunk, j.last = chunk, seq
	j.created += created
	j.failed += failed
}
