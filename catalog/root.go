package catalog

// root is the whole state at one catalog index. It is a value: a command works
// on a copy, and a reader that took one keeps it for as long as it likes (C5).
type root struct {
	index   uint64 // of the last entry applied, also one that carried only time
	now     int64  // replicated time, unix milliseconds; never 0, which means "never"
	lastSeq uint64 // of the journal
	lastJob uint32 // ordinal of the youngest job
	bytes   int64  // encoded size of projects, keys, campaigns and jobs

	cluster *Cluster

	// The objects, by ordinal. Only jobs are ever removed.
	projects  tree[Project]
	keys      tree[Key]
	campaigns tree[Campaign] // with tombstones
	jobs      tree[Job]

	fences  tree[Fence]  // pending raises, by scope and ordinal
	journal tree[Record] // by seq

	receipts   tree[receipt] // by scope and key
	ages       tree[receipt] // the callers' ones, by age
	mintedAges tree[receipt] // the engine's own, by age

	// Indexes, derived from the objects: rebuilt by Restore, absent in the image.
	projectNames  tree[Project]
	projectIDs    tree[Project]
	appIDs        tree[Key]
	keyIDs        tree[Key]
	projectKeys   tree[Key]      // by project and ordinal
	campaignNames tree[Campaign] // by project and name, living only
	campaignIDs   tree[Campaign] // living only
	liveCampaigns tree[Campaign] // by project and ordinal, living only
	campaignCount tree[int]      // of the living, by project
	jobIDs        tree[Job]
	projectJobs   tree[Job] // by project and ordinal
	jobCount      tree[int] // by project
	activeJobs    tree[Job] // by ordinal
	finishedJobs  tree[Job] // by ordinal
}

func newRoot() *root {
	r := &root{now: 1}
	for _, t := range r.trees() {
		t.init()
	}
	return r
}

// anyTree is what all trees of a root have in common.
type anyTree interface {
	init()
	beginBulk()
	endBulk()
}

// trees lists every tree of r; one that is missing here is nil and shows at once.
func (r *root) trees() []anyTree {
	return []anyTree{
		&r.projects, &r.keys, &r.campaigns, &r.jobs, &r.fences, &r.journal,
		&r.receipts, &r.ages, &r.mintedAges,
		&r.projectNames, &r.projectIDs, &r.appIDs, &r.keyIDs, &r.projectKeys,
		&r.campaignNames, &r.campaignIDs, &r.liveCampaigns, &r.campaignCount,
		&r.jobIDs, &r.projectJobs, &r.jobCount, &r.activeJobs, &r.finishedJobs,
	}
}

// inBulk runs build, which may put and drop but not walk, on a root that nobody
// else sees. Without it every put would copy a path of the tree, and a start with
// a full catalog would take seconds more.
func (r *root) inBulk(build func() error) error {
	for _, t := range r.trees() {
		t.beginBulk()
	}
	err := build()
	for _, t := range r.trees() {
		t.endBulk()
	}
	return err
}

// The put functions publish a new state of one object in every index it belongs
// to. old is the state it replaces, nil for a birth. They are the only writers of
// the indexes, and Restore uses the same ones.

func (r *root) putProject(old, p *Project) {
	if old != nil {
		r.bytes -= encodedSize(old)
		r.projectNames = r.projectNames.drop([]byte(old.Name))
	}
	r.bytes += encodedSize(p)
	r.projects = r.projects.put(key32(p.Ordinal), p)
	r.projectNames = r.projectNames.put([]byte(p.Name), p)
	r.projectIDs = r.projectIDs.put([]byte(p.ID), p)
}

func (r *root) putKey(old, k *Key) {
	if old != nil {
		r.bytes -= encodedSize(old)
	}
	r.bytes += encodedSize(k)
	r.keys = r.keys.put(key32(k.Ordinal), k)
	r.appIDs = r.appIDs.put([]byte(k.AppID), k)
	r.keyIDs = r.keyIDs.put([]byte(k.ID), k)
	r.projectKeys = r.projectKeys.put(keyPair(k.Project, k.Ordinal), k)
}

func (r *root) putCampaign(old, m *Campaign) {
	if old != nil {
		r.bytes -= encodedSize(old)
		r.campaignNames = r.campaignNames.drop(keyName(old.Project, old.Name))
	}
	r.bytes += encodedSize(m)
	r.campaigns = r.campaigns.put(key32(m.Ordinal), m)
	if m.Deleted != 0 {
		if old != nil {
			r.campaignCount = tally(r.campaignCount, m.Project, -1)
		}
		r.campaignIDs = r.campaignIDs.drop([]byte(m.ID))
		r.liveCampaigns = r.liveCampaigns.drop(keyPair(m.Project, m.Ordinal))
		return
	}
	if old == nil {
		r.campaignCount = tally(r.campaignCount, m.Project, 1)
	}
	r.campaignNames = r.campaignNames.put(keyName(m.Project, m.Name), m)
	r.campaignIDs = r.campaignIDs.put([]byte(m.ID), m)
	r.liveCampaigns = r.liveCampaigns.put(keyPair(m.Project, m.Ordinal), m)
}

func (r *root) putJob(old, j *Job) {
	if old != nil {
		r.bytes -= encodedSize(old)
	} else {
		r.jobCount = tally(r.jobCount, j.Project, 1)
	}
	r.bytes += encodedSize(j)
	r.jobs = r.jobs.put(key32(j.Ordinal), j)
	r.jobIDs = r.jobIDs.put([]byte(j.ID), j)
	r.projectJobs = r.projectJobs.put(keyPair(j.Project, j.Ordinal), j)
	if j.Status.Finished() {
		r.activeJobs = r.activeJobs.drop(key32(j.Ordinal))
		r.finishedJobs = r.finishedJobs.put(key32(j.Ordinal), j)
	} else {
		r.activeJobs = r.activeJobs.put(key32(j.Ordinal), j)
	}
}

func (r *root) forgetJob(j *Job) {
	r.bytes -= encodedSize(j)
	r.jobCount = tally(r.jobCount, j.Project, -1)
	r.jobs = r.jobs.drop(key32(j.Ordinal))
	r.jobIDs = r.jobIDs.drop([]byte(j.ID))
	r.projectJobs = r.projectJobs.drop(keyPair(j.Project, j.Ordinal))
	r.activeJobs = r.activeJobs.drop(key32(j.Ordinal))
	r.finishedJobs = r.finishedJobs.drop(key32(j.Ordinal))
}

// tally returns counts with the one of a project changed.
func tally(counts tree[int], project uint32, by int) tree[int] {
	if n, ok := counts.at(key32(project)); ok {
		by += *n
	}
	return counts.put(key32(project), &by)
}

// encodedSize is what an object counts in StateBytesMax: its bytes in an image.
// An encoding is a few microseconds, and changes here come by the second.
func encodedSize(object any) int64 { return int64(len(mustMarshal(object))) }
