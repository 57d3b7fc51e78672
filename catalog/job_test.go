package catalog

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/scrip-engine/scrip/coupon"
)

func TestJobLife(t *testing.T) {
	m := newShop(t)
	m.ok(newCampaign("summer"))
	r := m.ok(&PutJob{Project: 1, Campaign: 1, NewJob: newJob("GENERATE")})
	if r.ID != r.JobID || r.Ordinal != r.Job || !strings.HasPrefix(r.ID, coupon.PrefixAsyncAction) {
		t.Fatalf("reply %+v", r)
	}
	want := Job{
		ID: r.ID, Ordinal: 1, Project: 1, Campaign: 1, NewJob: newJob("GENERATE"), Status: JobEnqueued,
		EnqueuedAt: m.now, UpdatedAt: m.now, Version: m.index,
	}
	is := func() {
		t.Helper()
		want.Version = m.index
		j, ok := m.c.View().JobByID(1, r.ID)
		if !ok || !reflect.DeepEqual(*j, want) {
			t.Fatalf("got  %+v\nwant %+v", j, want)
		}
		active := m.c.View().ActiveJobs()
		if want.Status.Finished() != (len(active) == 0) {
			t.Fatalf("%d active jobs while %s", len(active), want.Status)
		}
	}
	is()
	m.now += 5
	m.ok(&JobProgress{Project: 1, Job: 1, Created: 4, Failed: 1, Total: 20})
	want.Status, want.Created, want.Failed, want.Total, want.UpdatedAt = JobInProgress, 4, 1, 20, m.now
	is()
	m.ok(&JobProgress{Project: 1, Job: 1, Created: 2, Failed: 0}) // late: counts never go down
	is()
	m.now += 5
	failures := []Failure{NewFailure(3, "A-1", "duplicate_found")}
	m.ok(&JobFinish{Project: 1, Job: 1, Status: JobDone, Created: 19, Failed: 1, Failures: failures})
	want.Status, want.Created, want.UpdatedAt, want.FinishedAt, want.Failures = JobDone, 19, m.now, m.now, failures
	is()
	finished, version, last := *m.c.View().Job(1), want.Version, m.c.View().JournalLast()
	m.ok(&JobFinish{Project: 1, Job: 1, Status: JobFailed, Error: "another leader"})
	m.ok(&JobProgress{Project: 1, Job: 1, Created: 99})
	if !reflect.DeepEqual(*m.c.View().Job(1), finished) || finished.Version != version || m.c.View().JournalLast() != last {
		t.Fatal("a finished job changed")
	}
	if _, ok := m.c.View().JobByID(2, r.ID); ok {
		t.Fatal("C6: found from another project")
	}
}

// The memory of jobs is bounded: the oldest finished one goes, an unfinished one
// never, and a command with a job that has no place leaves nothing behind.
func TestJobBounds(t *testing.T) {
	m := newShop(t)
	for range JobsActiveMax {
		m.ok(&PutJob{Project: 1, NewJob: newJob("IMPORT")})
	}
	b := newCampaign("summer")
	job := newJob("GENERATE")
	b.Job = &job
	m.wants(coupon.CapacityExceeded, header(), b)
	if _, ok := m.c.View().CampaignByRef(1, "summer"); ok {
		t.Fatal("C3: a campaign without its job")
	}
	m.ok(&JobFinish{Project: 1, Job: 2, Status: JobDone})
	m.ok(&JobFinish{Project: 1, Job: 3, Status: JobFailed})
	fillJobs(m, JobsMax-JobsActiveMax)
	m.ok(b)
	v := m.c.View()
	if v.Job(2) != nil || v.Job(1) == nil || v.Job(3) == nil || v.r.jobs.size() != JobsMax {
		t.Fatal("not the oldest finished job was forgotten")
	}
	if page := v.ListJobs(Query[Job]{Project: 1, Limit: 1}); page.Total != JobsMax {
		t.Fatalf("%d jobs listed", page.Total)
	}
	m.ok(&PutJob{Project: 1, NewJob: newJob("IMPORT")})
	if v = m.c.View(); v.Job(3) != nil || v.Job(1) == nil || v.r.jobs.size() != JobsMax {
		t.Fatal("a forgotten job stands in the way of the next")
	}
	restored(t, m.c)
}

// fillJobs adds finished jobs past the commands.
func fillJobs(m *machine, n int) {
	next := *m.c.state.Load()
	for i := range n {
		next.lastJob++
		next.putJob(nil, &Job{ID: fmt.Sprint("aa_", i), Ordinal: next.lastJob, Project: 1, Status: JobDone})
	}
	m.c.state.Store(&next)
}

// When the catalog is full a job must still be able to end; it loses its sample.
func TestJobEndsInAFullCatalog(t *testing.T) {
	m := newShop(t)
	m.ok(newCampaign("summer"))
	m.ok(newKey("app"))
	m.ok(&PutJob{Project: 1, NewJob: newJob("IMPORT")})
	next := *m.c.state.Load()
	next.bytes = StateBytesMax
	m.c.state.Store(&next)
	m.wants(coupon.CapacityExceeded, header(), newCampaign("winter"))
	m.wants(coupon.CapacityExceeded, header(), newKey("app 2"))
	m.wants(coupon.CapacityExceeded, header(), newProject("other"))
	m.wants(coupon.CapacityExceeded, header(), &PutJob{Project: 1, NewJob: newJob("IMPORT")})
	m.wants(coupon.CapacityExceeded, header(), &UpdateCampaign{Project: 1, Campaign: 1, Description: Set("longer")})
	m.ok(&JobFinish{Project: 1, Job: 1, Status: JobDone, Created: 9, Failed: 1, Failures: []Failure{NewFailure(1, "A", "duplicate_found")}})
	if j := m.c.View().Job(1); j.Created != 9 || j.Failed != 1 || j.Failures != nil || !j.Status.Finished() {
		t.Fatalf("job %+v", j)
	}
	// C10: what protects must work when all is full.
	m.ok(&SetCampaignEnabled{Project: 1, Campaign: 1})
	m.ok(&RevokeKey{Project: 1, Key: 1})
	m.ok(&UpdateProject{Project: 1, Active: Set(false)})
	m.ok(&DeleteCampaign{Project: 1, Campaign: 1})
}

// A row of an upload may hold anything; it must never keep a job from ending.
func TestNewFailureIsAlwaysEncodable(t *testing.T) {
	for _, code := range []string{"", "A", "\xff\xfe", strings.Repeat("\xff", 4000), strings.Repeat("ü", 4000), "\x00<&>\u2028"} {
		failure := NewFailure(1, code, "invalid_code"+code)
		if len(failure.Code) > FailureCodeBytesMax || len(failure.Reason) > WordBytesMax || !utf8.ValidString(failure.Code+failure.Reason) {
			t.Errorf("%q: %+v", code, failure)
		}
		if _, err := Encode(header(), &JobFinish{Project: 1, Job: 1, Status: JobDone, Failures: []Failure{failure}}); err != nil {
			t.Errorf("%q: %v", code, err)
		}
	}
}

// The largest result fits a command.
func TestFullSampleFits(t *testing.T) {
	failures := make([]Failure, FailuresMax)
	for i := range failures {
		failures[i] = NewFailure(1<<53, strings.Repeat("\x01", 999), strings.Repeat("\x01", 999))
	}
	if _, err := Encode(header(), &JobFinish{Project: 1, Job: 1, Status: JobDone, Failures: failures, Error: strings.Repeat("\x01", RefBytesMax)}); err != nil {
		t.Fatal(err)
	}
}
