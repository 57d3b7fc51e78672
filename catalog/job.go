package catalog

import (
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/scrip-engine/scrip/coupon"
)

// JobStatus is how far an async action is; the words are the API's.
type JobStatus string

// The four states. A job moves forward only.
const (
	JobEnqueued   JobStatus = "ENQUEUED"
	JobInProgress JobStatus = "IN_PROGRESS"
	JobDone       JobStatus = "DONE"
	JobFailed     JobStatus = "FAILED"
)

// Finished reports that nothing will change any more.
func (s JobStatus) Finished() bool { return s == JobDone || s == JobFailed }

// Job is an async action. The catalog is the truth about its existence and its
// final result; which chunks were applied is known to the shards, where each is
// applied once.
type Job struct {
	ID       string `json:"id"`
	Ordinal  uint32 `json:"ordinal"`
	Project  uint32 `json:"project"`
	Campaign uint32 `json:"campaign,omitempty"`
	NewJob
	Status   JobStatus `json:"status"`
	Created  int64     `json:"created_count"`
	Failed   int64     `json:"failed_count"`
	Failures []Failure `json:"failures,omitempty"` // a sample; Failed is exact
	Error    string    `json:"error,omitempty"`    // why the whole job failed
	// EnqueuedAt, UpdatedAt and FinishedAt are unix milliseconds; 0 is not yet.
	EnqueuedAt int64  `json:"enqueued_at"`
	UpdatedAt  int64  `json:"updated_at"`
	FinishedAt int64  `json:"finished_at,omitempty"`
	Version    uint64 `json:"version"`
}

// NewJob is what a job is asked to do.
type NewJob struct {
	Kind   string          `json:"kind"` // GENERATE, IMPORT, …: the engine's words
	Params json.RawMessage `json:"params,omitempty"`
	// Spool names the file with the input and Digest is its SHA-256; it was
	// synced to disk before the command was proposed. Empty when there is none.
	Spool  string    `json:"spool,omitempty"`
	Digest Digest256 `json:"digest"`
	Total  int64     `json:"total"` // rows or codes asked for; 0 when not known yet
}

// Failure is one thing that a job did not do.
type Failure struct {
	Row    int64  `json:"row,omitempty"`
	Code   string `json:"code,omitempty"`
	Reason string `json:"reason"` // an error key
}

// NewFailure makes a Failure that Encode accepts, whatever stood in the input:
// bytes that are no UTF-8 are replaced, and what is too long is cut.
func NewFailure(row int64, code, reason string) Failure {
	return Failure{Row: row, Code: cut(code, FailureCodeBytesMax), Reason: cut(reason, WordBytesMax)}
}

func cut(s string, most int) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most]
}

// PutJob enqueues a job; Campaign 0 is a job of the whole project.
type PutJob struct {
	Project  uint32 `json:"project"`
	Campaign uint32 `json:"campaign,omitempty"`
	NewJob
}

// JobProgress says that a job is under way. Counts never go down, so a late
// report changes nothing; Total 0 leaves the total alone.
type JobProgress struct {
	Project uint32 `json:"project"`
	Job     uint32 `json:"job"`
	Total   int64  `json:"total,omitempty"`
	Created int64  `json:"created"`
	Failed  int64  `json:"failed"`
}

// JobFinish writes the final result. Finishing a finished job changes nothing
// and is OK: the leader that takes over may say it again.
type JobFinish struct {
	Project  uint32    `json:"project"`
	Job      uint32    `json:"job"`
	Status   JobStatus `json:"status"` // JobDone or JobFailed
	Total    int64     `json:"total,omitempty"`
	Created  int64     `json:"created"`
	Failed   int64     `json:"failed"`
	Failures []Failure `json:"failures,omitempty"`
	Error    string    `json:"error,omitempty"`
}

func (*PutJob) kind() Kind      { return KindPutJob }
func (*JobProgress) kind() Kind { return KindJobProgress }
func (*JobFinish) kind() Kind   { return KindJobFinish }

// scope anchors generate and import at their campaign.
func (b *PutJob) scope() (uint32, string)      { return b.Project, b.Kind + string(key32(b.Campaign)) }
func (b *JobProgress) scope() (uint32, string) { return b.Project, "" }
func (b *JobFinish) scope() (uint32, string)   { return b.Project, "" }

func (b *PutJob) check() error {
	var c checker
	c.ordinal("project", b.Project)
	b.NewJob.check(&c)
	return c.err
}

func (n *NewJob) check(c *checker) {
	if n == nil {
		return
	}
	c.word("job.kind", n.Kind)
	c.raw("job.params", n.Params, RawBytesMax)
	c.text("job.spool", n.Spool, 0, RefBytesMax)
	c.atLeast("job.total", n.Total, 0)
}

func (b *JobProgress) check() error {
	var c checker
	c.ordinal("project", b.Project)
	c.ordinal("job", b.Job)
	c.atLeast("total", b.Total, 0)
	c.atLeast("created", b.Created, 0)
	c.atLeast("failed", b.Failed, 0)
	return c.err
}

func (b *JobFinish) check() error {
	var c checker
	c.ordinal("project", b.Project)
	c.ordinal("job", b.Job)
	c.that(b.Status.Finished(), "status", "neither DONE nor FAILED")
	c.atLeast("total", b.Total, 0)
	c.atLeast("created", b.Created, 0)
	c.atLeast("failed", b.Failed, 0)
	c.text("error", b.Error, 0, RefBytesMax)
	c.that(len(b.Failures) <= FailuresMax, "failures", "too many")
	for i := range b.Failures {
		c.atLeast("failures.row", b.Failures[i].Row, 0)
		c.text("failures.code", b.Failures[i].Code, 0, FailureCodeBytesMax)
		c.word("failures.reason", b.Failures[i].Reason)
	}
	return c.err
}

func (b *PutJob) apply(x *txn) Reply {
	if x.project(b.Project) == nil {
		return refuse(coupon.ResourceNotFound)
	}
	if b.Campaign != 0 && x.campaign(b.Project, b.Campaign) == nil {
		return refuse(coupon.ResourceNotFound)
	}
	if !x.addJob(b.Project, b.Campaign, &b.NewJob) {
		return refuse(coupon.CapacityExceeded)
	}
	return x.doneIfRoom(x.reply.JobID, x.reply.Job)
}

func (b *JobProgress) apply(x *txn) Reply {
	old := x.job(b.Project, b.Job)
	if old == nil {
		return refuse(coupon.ResourceNotFound)
	}
	if old.Status.Finished() {
		return x.done(old.ID, old.Ordinal)
	}
	j := *old
	j.Status = JobInProgress
	j.count(b.Total, b.Created, b.Failed)
	j.UpdatedAt, j.Version = x.next.now, x.next.index
	x.next.putJob(old, &j)
	return x.done(j.ID, j.Ordinal)
}

func (b *JobFinish) apply(x *txn) Reply {
	old := x.job(b.Project, b.Job)
	if old == nil {
		return refuse(coupon.ResourceNotFound)
	}
	if old.Status.Finished() {
		return x.done(old.ID, old.Ordinal)
	}
	j := *old
	j.Status, j.Failures, j.Error = b.Status, b.Failures, b.Error
	j.count(b.Total, b.Created, b.Failed)
	j.UpdatedAt, j.FinishedAt, j.Version = x.next.now, x.next.now, x.next.index
	before := x.next
	x.next.putJob(old, &j)
	if x.full() {
		// A job must be able to end: without room it loses its sample, not its counts.
		x.next = before
		j.Failures = nil
		x.next.putJob(old, &j)
	}
	x.record("job.finished", j.Project, j.ID, summary{Name: j.Kind, Status: string(j.Status), Created: j.Created, Failed: j.Failed})
	return x.done(j.ID, j.Ordinal)
}

func (j *Job) count(total, created, failed int64) {
	j.Total = max(j.Total, total)
	j.Created = max(j.Created, created)
	j.Failed = max(j.Failed, failed)
}

// addJob enqueues a job, forgetting the oldest finished one when the memory of
// jobs is full. It reports false when there is no place; nil is no job.
func (x *txn) addJob(project, campaign uint32, n *NewJob) bool {
	if n == nil {
		return true
	}
	if x.next.activeJobs.size() >= JobsActiveMax {
		return false
	}
	if x.next.jobs.size() >= JobsMax {
		oldest, ok := x.next.finishedJobs.first()
		if !ok {
			return false
		}
		x.next.forgetJob(oldest)
	}
	x.next.lastJob++
	j := &Job{
		ID: x.mint(coupon.PrefixAsyncAction), Ordinal: x.next.lastJob, Project: project, Campaign: campaign,
		NewJob: *n, Status: JobEnqueued, EnqueuedAt: x.next.now, UpdatedAt: x.next.now, Version: x.next.index,
	}
	x.next.putJob(nil, j)
	x.record("job.created", project, j.ID, summary{Name: j.Kind})
	x.reply.JobID, x.reply.Job = j.ID, j.Ordinal
	return true
}
