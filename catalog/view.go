package catalog

// View is the catalog at one index: whatever is read through one View belongs
// together, and Index says what an evaluation has seen (P7). It costs one atomic
// load, is safe for any number of goroutines and never goes stale by itself:
// take a new one for each request. Objects are shared: do not write into them.
type View struct{ r *root }

// View returns the catalog as it is now.
func (c *Catalog) View() View { return View{c.state.Load()} }

// Index is the log position of the last applied entry; it covers entries that
// carried only time as well.
func (v View) Index() uint64 { return v.r.index }

// Time is replicated time in unix milliseconds (P9), at least 1.
func (v View) Time() int64 { return v.r.now }

// Bytes is what projects, keys, campaigns and jobs occupy of StateBytesMax.
func (v View) Bytes() int64 { return v.r.bytes }

// Cluster is nil before Init was applied.
func (v View) Cluster() *Cluster { return v.r.cluster }

// Project returns a project by ordinal, or nil.
func (v View) Project(ordinal uint32) *Project {
	p, _ := v.r.projects.at(key32(ordinal))
	return p
}

// ProjectByRef finds a project by name or id; a name wins over an id of the same
// text.
func (v View) ProjectByRef(ref string) (*Project, bool) {
	if p, ok := v.r.projectNames.get(ref); ok {
		return p, true
	}
	return v.r.projectIDs.get(ref)
}

// Projects lists projects by ordinal.
func (v View) Projects() []*Project {
	out := make([]*Project, 0, v.r.projects.size())
	v.r.projects.up(nil, func(_ []byte, p *Project) bool {
		out = append(out, p)
		return true
	})
	return out
}

// Key returns a key by ordinal, also a revoked one, or nil.
func (v View) Key(ordinal uint32) *Key {
	k, _ := v.r.keys.at(key32(ordinal))
	return k
}

// KeyByAppID finds a key, revoked or not, by what a request sends; Key.Accepts
// decides. It is on every request's path: it does not allocate and keeps nothing
// of appID.
func (v View) KeyByAppID(appID []byte) (*Key, bool) { return v.r.appIDs.at(appID) }

// KeyByID finds a key, revoked or not, by its public id.
func (v View) KeyByID(id string) (*Key, bool) { return v.r.keyIDs.get(id) }

// Keys lists the keys of a project by ordinal, revoked ones too.
func (v View) Keys(project uint32) []*Key {
	var out []*Key
	v.r.projectKeys.up(keyPair(project, 0), func(_ []byte, k *Key) bool {
		if k.Project == project {
			out = append(out, k)
		}
		return k.Project == project
	})
	return out
}

// Campaign returns a campaign by ordinal, or nil. It finds tombstones too, for
// redemptions that refer to them: check Deleted.
func (v View) Campaign(ordinal uint32) *Campaign {
	m, _ := v.r.campaigns.at(key32(ordinal))
	return m
}

// CampaignByRef finds a living campaign of a project by name or id; a name wins
// over an id of the same text.
func (v View) CampaignByRef(project uint32, ref string) (*Campaign, bool) {
	if m, ok := v.r.campaignNames.at(keyName(project, ref)); ok {
		return m, true
	}
	m, ok := v.r.campaignIDs.get(ref)
	if !ok || m.Project != project {
		return nil, false
	}
	return m, true
}

// Job returns a job by ordinal, or nil when there was none or it is forgotten.
func (v View) Job(ordinal uint32) *Job {
	j, _ := v.r.jobs.at(key32(ordinal))
	return j
}

// JobByID finds a job of a project by its public id.
func (v View) JobByID(project uint32, id string) (*Job, bool) {
	j, ok := v.r.jobIDs.get(id)
	if !ok || j.Project != project {
		return nil, false
	}
	return j, true
}

// ActiveJobs lists the unfinished jobs of all projects, oldest first: what a
// leader has to drive. At most JobsActiveMax.
func (v View) ActiveJobs() []*Job {
	out := make([]*Job, 0, v.r.activeJobs.size())
	v.r.activeJobs.up(nil, func(_ []byte, j *Job) bool {
		out = append(out, j)
		return true
	})
	return out
}

// PendingFences lists the raises that the shards still owe, projects first, each
// by ordinal. Whoever leads the catalog redrives them.
func (v View) PendingFences() []Fence {
	out := make([]Fence, 0, v.r.fences.size())
	v.r.fences.up(nil, func(_ []byte, f *Fence) bool {
		out = append(out, *f)
		return true
	})
	return out
}

// FencePending reports whether the raise that f asks for is still owed.
func (v View) FencePending(f Fence) bool {
	pending, ok := v.r.fences.at(f.target())
	return ok && f.Scope != NoFence && pending.Index >= f.Index
}

// JournalAfter returns up to limit records (at most PageMax) with a sequence
// above after, in order. first is the oldest sequence still kept: when it is
// above after+1, the records between were dropped and the reader has a gap (C8).
func (v View) JournalAfter(after uint64, limit int) (records []*Record, first uint64) {
	oldest, ok := v.r.journal.first()
	if !ok {
		return nil, v.r.lastSeq + 1
	}
	limit = min(limit, PageMax)
	if after >= v.r.lastSeq || limit <= 0 {
		return nil, oldest.Seq
	}
	v.r.journal.up(key64(after+1), func(_ []byte, r *Record) bool {
		records = append(records, r)
		return len(records) < limit
	})
	return records, oldest.Seq
}

// JournalLast is the sequence of the newest record, 0 before the first.
func (v View) JournalLast() uint64 { return v.r.lastSeq }
