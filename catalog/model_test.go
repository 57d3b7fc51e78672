package catalog

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/scrip-engine/scrip/coupon"
)

// model is the catalog as one would write it on a slip of paper: slices, maps and
// linear searches, no versions of the state, no indexes. Slow, and easy to check.
type model struct {
	index     uint64
	now       int64
	projects  []Project
	keys      []Key
	campaigns []Campaign
	jobs      []Job
	fences    map[Fence]uint64 // target (Index 0) to index
	receipts  map[modelScope]modelReceipt
	kinds     []string // of the journal
}

type modelScope struct {
	project uint32
	kind    Kind
	anchor  string
	key     coupon.Hash
}

type modelReceipt struct {
	fingerprint uint64
	expires     int64
	reply       Reply
}

func newModel() *model {
	return &model{now: 1, fences: map[Fence]uint64{}, receipts: map[modelScope]modelReceipt{}}
}

// apply is what one entry with one command should answer.
func (m *model) apply(index uint64, stamp int64, h Header, b Body) Reply {
	m.index, m.now = index, max(m.now, stamp)
	project, anchor := b.scope()
	scope := modelScope{project, b.kind(), anchor, h.Key}
	if old, ok := m.receipts[scope]; ok && h.Key != (coupon.Hash{}) && m.now < old.expires {
		if old.fingerprint != h.Fingerprint {
			return Reply{Outcome: coupon.KeyConflict}
		}
		reply := old.reply
		reply.Replayed = true
		return reply
	}
	if m.now > h.NotAfter {
		return Reply{Outcome: coupon.TooLate}
	}
	if h.Actor != 0 && (int(h.Actor) > len(m.keys) || m.keys[h.Actor-1].Revoked != 0) {
		return Reply{Outcome: coupon.Stale}
	}
	reply := m.run(b)
	if reply.Outcome != coupon.OK {
		return Reply{Outcome: reply.Outcome}
	}
	reply.Index, reply.Stamp = m.index, m.now
	if reply.Fence.Scope != NoFence {
		m.fences[reply.Fence] = m.index
		reply.Fence.Index = m.index
	}
	if h.Key != (coupon.Hash{}) {
		life := int64(ReceiptMillis)
		if h.Flags&FlagMinted != 0 {
			life = MintedReceiptMillis
		}
		m.receipts[scope] = modelReceipt{h.Fingerprint, m.now + life, reply}
	}
	return reply
}

func (m *model) run(b Body) Reply {
	switch b := b.(type) {
	case *CreateProject:
		return m.createProject(b)
	case *UpdateProject:
		return m.updateProject(b)
	case *CreateKey:
		return m.createKey(b)
	case *RotateKey:
		return m.rotateKey(b)
	case *RevokeKey:
		return m.revokeKey(b)
	case *CreateCampaign:
		return m.createCampaign(b)
	case *UpdateCampaign:
		return m.updateCampaign(b)
	case *SetCampaignEnabled:
		return m.setEnabled(b)
	case *DeleteCampaign:
		return m.deleteCampaign(b)
	case *PutJob:
		if int(b.Project) > len(m.projects) || (b.Campaign != 0 && m.campaign(b.Project, b.Campaign) == nil) {
			return refuse(coupon.ResourceNotFound)
		}
		j := m.addJob(b.Project, b.Campaign, &b.NewJob)
		return Reply{ID: j.JobID, Ordinal: j.Job, JobID: j.JobID, Job: j.Job}
	case *JobProgress:
		return m.changeJob(b.Project, b.Job, JobInProgress, b.Total, b.Created, b.Failed)
	case *JobFinish:
		return m.changeJob(b.Project, b.Job, b.Status, b.Total, b.Created, b.Failed)
	case *FenceDone:
		target := Fence{Scope: b.Scope, Ordinal: b.Ordinal}
		if m.fences[target] <= b.Index {
			delete(m.fences, target)
		}
		return Reply{Ordinal: b.Ordinal}
	}
	panic("the model does not know this command")
}

func (m *model) id(prefix string) string {
	return coupon.NewSecret(testSecret()).FormatCatalogID(prefix, m.index)
}

func (m *model) tell(kind string) { m.kinds = append(m.kinds, kind) }

func (m *model) createProject(b *CreateProject) Reply {
	if slices.ContainsFunc(m.projects, func(p Project) bool { return p.Name == b.Name }) {
		return refuse(coupon.DuplicateFound)
	}
	m.projects = append(m.projects, Project{
		ID: m.id("proj_"), Ordinal: uint32(len(m.projects) + 1), Name: b.Name, Currency: b.Currency, CodeVersion: b.CodeVersion,
		IdempotencySource: b.IdempotencySource, Active: true, Created: m.now, Updated: m.now, Version: m.index,
	})
	m.tell("project.created")
	return Reply{ID: m.id("proj_"), Ordinal: uint32(len(m.projects))}
}

func (m *model) updateProject(b *UpdateProject) Reply {
	if int(b.Project) > len(m.projects) {
		return refuse(coupon.ResourceNotFound)
	}
	p := &m.projects[b.Project-1]
	if name, ok := b.Name.Get(); ok {
		for _, other := range m.projects {
			if other.Name == name && other.Ordinal != p.Ordinal {
				return refuse(coupon.DuplicateFound)
			}
		}
		p.Name = name
	}
	m.tell("project.updated")
	if active, ok := b.Active.Get(); ok && active != p.Active {
		p.Active = active
		m.tell(map[bool]string{true: "project.enabled", false: "project.disabled"}[active])
	}
	p.Updated, p.Version = m.now, m.index
	return Reply{ID: p.ID, Ordinal: p.Ordinal, Fence: Fence{Scope: ProjectFence, Ordinal: p.Ordinal}}
}

func (m *model) createKey(b *CreateKey) Reply {
	if int(b.Project) > len(m.projects) {
		return refuse(coupon.ResourceNotFound)
	}
	appID := b.AppID
	if appID == "" {
		appID = m.id("key_")
	}
	if slices.ContainsFunc(m.keys, func(k Key) bool { return k.AppID == appID }) {
		return refuse(coupon.DuplicateFound)
	}
	m.keys = append(m.keys, Key{
		ID: m.id("key_"), Ordinal: uint32(len(m.keys) + 1), Project: b.Project, AppID: appID, Class: b.Class, Role: b.Role,
		Token: b.Token, Created: m.now, Updated: m.now, Version: m.index,
	})
	m.tell("key.created")
	return Reply{ID: m.id("key_"), Ordinal: uint32(len(m.keys))}
}

func (m *model) key(project, ordinal uint32) *Key {
	if int(ordinal) > len(m.keys) || m.keys[ordinal-1].Project != project {
		return nil
	}
	return &m.keys[ordinal-1]
}

func (m *model) rotateKey(b *RotateKey) Reply {
	k := m.key(b.Project, b.Key)
	if k == nil || k.Revoked != 0 {
		return refuse(coupon.ResourceNotFound)
	}
	k.Previous, k.PreviousUntil, k.Token = k.Token, b.PreviousUntil, b.Token
	if b.PreviousUntil <= m.now {
		k.Previous, k.PreviousUntil = Digest256{}, 0
	}
	k.Updated, k.Version = m.now, m.index
	m.tell("key.rotated")
	return Reply{ID: k.ID, Ordinal: k.Ordinal, Fence: Fence{Scope: ProjectFence, Ordinal: b.Project}}
}

func (m *model) revokeKey(b *RevokeKey) Reply {
	k := m.key(b.Project, b.Key)
	if k == nil {
		return refuse(coupon.ResourceNotFound)
	}
	reply := Reply{ID: k.ID, Ordinal: k.Ordinal, Fence: Fence{Scope: ProjectFence, Ordinal: b.Project}}
	if k.Revoked != 0 && !b.PreviousOnly {
		return reply
	}
	k.Previous, k.PreviousUntil = Digest256{}, 0
	k.Updated, k.Version = m.now, m.index
	if b.PreviousOnly {
		m.tell("key.token_revoked")
		return reply
	}
	k.Revoked = m.now
	m.tell("key.revoked")
	return reply
}

func (m *model) campaign(project, ordinal uint32) *Campaign {
	if int(ordinal) > len(m.campaigns) {
		return nil
	}
	c := &m.campaigns[ordinal-1]
	if c.Project != project || c.Deleted != 0 {
		return nil
	}
	return c
}

func (m *model) nameTaken(project uint32, name string, but uint32) bool {
	return slices.ContainsFunc(m.campaigns, func(c Campaign) bool {
		return c.Project == project && c.Name == name && c.Deleted == 0 && c.Ordinal != but
	})
}

func (m *model) createCampaign(b *CreateCampaign) Reply {
	if int(b.Project) > len(m.projects) {
		return refuse(coupon.ResourceNotFound)
	}
	if m.nameTaken(b.Project, b.Name, 0) {
		return refuse(coupon.DuplicateFound)
	}
	m.campaigns = append(m.campaigns, Campaign{
		ID: m.id("camp_"), Ordinal: uint32(len(m.campaigns) + 1), Project: b.Project, Name: b.Name, Description: b.Description,
		CampaignType: b.CampaignType, Type: b.Type, Active: true, Metadata: b.Metadata, Voucher: b.Voucher,
		Created: m.now, Updated: m.now, Birth: m.index, Version: m.index,
	})
	m.tell("campaign.created")
	reply := m.addJob(b.Project, uint32(len(m.campaigns)), b.Job)
	reply.ID, reply.Ordinal = m.id("camp_"), uint32(len(m.campaigns))
	return reply
}

func (m *model) updateCampaign(b *UpdateCampaign) Reply {
	c := m.campaign(b.Project, b.Campaign)
	switch {
	case c == nil:
		return refuse(coupon.ResourceNotFound)
	case b.Basis != 0 && b.Basis != c.Version:
		return refuse(coupon.Reevaluate)
	}
	if name, ok := b.Name.Get(); ok {
		if m.nameTaken(b.Project, name, c.Ordinal) {
			return refuse(coupon.DuplicateFound)
		}
		c.Name = name
	}
	if text, ok := b.Description.Get(); ok || b.Description.IsClear() {
		c.Description = text
	}
	if start, ok := b.Start.Get(); ok || b.Start.IsClear() {
		c.Start = start
	}
	if quantity, ok := b.Voucher.Quantity.Get(); ok {
		c.Voucher.Quantity = quantity
	} else if b.Voucher.Quantity.IsClear() {
		c.Voucher.Quantity = Unlimited
	}
	if merge, ok := b.Metadata.Get(); ok {
		c.Metadata = modelMerge(c.Metadata, merge)
	} else if b.Metadata.IsClear() {
		c.Metadata = nil
	}
	c.Updated, c.Version = m.now, m.index
	m.tell("campaign.updated")
	return Reply{ID: c.ID, Ordinal: c.Ordinal, Fence: Fence{Scope: CampaignFence, Ordinal: c.Ordinal}}
}

// modelMerge works on decoded values; the test's metadata holds small integers.
func modelMerge(have, merge json.RawMessage) json.RawMessage {
	fields := map[string]any{}
	for _, object := range []json.RawMessage{have, merge} {
		if len(object) > 0 {
			if err := json.Unmarshal(object, &fields); err != nil {
				panic(err)
			}
		}
	}
	maps.DeleteFunc(fields, func(_ string, v any) bool { return v == nil })
	if len(fields) == 0 {
		return nil
	}
	out, err := json.Marshal(fields)
	if err != nil {
		panic(err)
	}
	return out
}

func (m *model) setEnabled(b *SetCampaignEnabled) Reply {
	c := m.campaign(b.Project, b.Campaign)
	if c == nil {
		return refuse(coupon.ResourceNotFound)
	}
	if c.Active != b.Enabled {
		c.Active, c.Updated, c.Version = b.Enabled, m.now, m.index
		m.tell(map[bool]string{true: "campaign.enabled", false: "campaign.disabled"}[b.Enabled])
	}
	return Reply{ID: c.ID, Ordinal: c.Ordinal, Fence: Fence{Scope: CampaignFence, Ordinal: c.Ordinal}}
}

func (m *model) deleteCampaign(b *DeleteCampaign) Reply {
	c := m.campaign(b.Project, b.Campaign)
	if c == nil {
		return refuse(coupon.ResourceNotFound)
	}
	c.Deleted, c.Updated, c.Version = m.now, m.now, m.index
	c.Active, c.Description, c.Metadata = false, "", nil
	m.tell("campaign.deleted")
	reply := m.addJob(b.Project, b.Campaign, b.Job)
	reply.ID, reply.Ordinal, reply.Fence = c.ID, c.Ordinal, Fence{Scope: CampaignFence, Ordinal: c.Ordinal}
	return reply
}

func (m *model) addJob(project, campaign uint32, n *NewJob) Reply {
	if n == nil {
		return Reply{}
	}
	m.jobs = append(m.jobs, Job{
		ID: m.id("aa_"), Ordinal: uint32(len(m.jobs) + 1), Project: project, Campaign: campaign, NewJob: *n,
		Status: JobEnqueued, EnqueuedAt: m.now, UpdatedAt: m.now, Version: m.index,
	})
	m.tell("job.created")
	return Reply{JobID: m.id("aa_"), Job: uint32(len(m.jobs))}
}

func (m *model) changeJob(project, ordinal uint32, status JobStatus, total, created, failed int64) Reply {
	if int(ordinal) > len(m.jobs) || m.jobs[ordinal-1].Project != project {
		return refuse(coupon.ResourceNotFound)
	}
	j := &m.jobs[ordinal-1]
	if j.Status != JobDone && j.Status != JobFailed {
		j.Status, j.UpdatedAt, j.Version = status, m.now, m.index
		j.Total, j.Created, j.Failed = max(j.Total, total), max(j.Created, created), max(j.Failed, failed)
		if status != JobInProgress {
			j.FinishedAt = m.now
			m.tell("job.finished")
		}
	}
	return Reply{ID: j.ID, Ordinal: j.Ordinal}
}
