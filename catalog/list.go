package catalog

import "math"

// Query asks for one page of a project's campaigns or jobs in the order of their
// creation.
type Query[T any] struct {
	Project uint32
	// Match keeps what it returns true for; nil keeps all. It costs a walk over all
	// of the project's objects (CampaignsMax, JobsMax: some milliseconds at most);
	// without it a page costs its offset and its limit.
	Match func(*T) bool
	// Descending lists the newest first.
	Descending bool
	// After is a cursor: the ordinal of the last object of the page before; 0 is
	// the beginning. Objects created meanwhile never shift a page.
	After uint32
	// Offset skips that many matches after the cursor, for numbered pages.
	Offset int
	// Limit is at most PageMax; more is taken as PageMax.
	Limit int
}

// Page is the answer to a Query.
type Page[T any] struct {
	Items []*T
	Total int  // of all matches, whatever the cursor
	More  bool // there is at least one after Items
}

// ListCampaigns lists living campaigns.
func (v View) ListCampaigns(q Query[Campaign]) Page[Campaign] {
	return list(v.r.liveCampaigns, v.r.campaignCount, q, func(m *Campaign) (uint32, uint32) { return m.Project, m.Ordinal })
}

// ListJobs lists the jobs that are remembered.
func (v View) ListJobs(q Query[Job]) Page[Job] {
	return list(v.r.projectJobs, v.r.jobCount, q, func(j *Job) (uint32, uint32) { return j.Project, j.Ordinal })
}

// list pages through a tree that is keyed by project and ordinal.
func list[T any](objects tree[T], counts tree[int], q Query[T], place func(*T) (project, ordinal uint32)) Page[T] {
	page := Page[T]{}
	limit, skip := min(q.Limit, PageMax), q.Offset
	take := func(object *T) {
		switch {
		case skip > 0:
			skip--
		case len(page.Items) < limit:
			page.Items = append(page.Items, object)
		default:
			page.More = true
		}
	}
	q.walk(objects, place, func(object *T, behind bool) bool {
		if q.Match != nil && !q.Match(object) {
			return true
		}
		page.Total++
		if !behind {
			take(object)
		}
		return q.Match != nil || !page.More
	})
	if q.Match == nil {
		page.Total = 0
		if n, ok := counts.at(key32(q.Project)); ok {
			page.Total = *n
		}
	}
	return page
}

// walk visits the project's objects in the asked order until visit returns false,
// telling which lie behind the cursor. Without Match nobody counts those, so it
// starts at the cursor.
func (q *Query[T]) walk(objects tree[T], place func(*T) (project, ordinal uint32), visit func(object *T, behind bool) bool) {
	step := func(_ []byte, object *T) bool {
		project, ordinal := place(object)
		behind := q.After != 0 && ordinal <= q.After
		if q.Descending {
			behind = q.After != 0 && ordinal >= q.After
		}
		return project == q.Project && visit(object, behind)
	}
	switch {
	case !q.Descending && q.Match == nil && q.After == math.MaxUint32:
		return // nothing can follow
	case !q.Descending && q.Match == nil && q.After != 0:
		objects.up(keyPair(q.Project, q.After+1), step)
	case !q.Descending:
		objects.up(keyPair(q.Project, 0), step)
	case q.Match == nil && q.After != 0:
		objects.down(keyPair(q.Project, q.After-1), step)
	default:
		objects.down(keyPair(q.Project, math.MaxUint32), step)
	}
}
