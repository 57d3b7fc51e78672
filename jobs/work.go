package jobs

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/scrip-engine/scrip/catalog"
	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/wire"
)

// work is one job while it runs.
type work struct {
	r       *Runner
	job     *catalog.Job
	project *catalog.Project
	rules   coupon.CodeRules

	// Set before the first lane starts.
	total   int64
	rejects *rejects // nil for a job that generates

	halted chan struct{} // closed when the job has failed: no new chunk begins

	mu       sync.Mutex
	reason   error     // guarded by mu: why the job failed
	reported time.Time // guarded by mu: the last Progress

	telling sync.Mutex // held while a report is told: one after the other never goes back
}

// failure ends a job as failed. Any other error but the context's does too, as an
// internal one.
type failure struct {
	key  string
	text string
}

func (f *failure) Error() string { return f.key + ": " + f.text }

func failf(key, format string, args ...any) error {
	return &failure{key, fmt.Sprintf(format, args...)}
}

// run takes a job as far as it goes: to its end, or to the runner's.
func (r *Runner) run(ctx context.Context, job *catalog.Job) {
	w := &work{r: r, job: job, total: job.Total, halted: make(chan struct{})}
	err := w.execute(ctx)
	if w.rejects != nil {
		err = errors.Join(err, w.rejects.close())
	}
	if ctx.Err() != nil {
		return // goes on at the next start
	}
	if err := w.finish(ctx, w.result(err)); err != nil {
		return
	}
	if spoolName(job.Spool) {
		r.remove(job.Spool)
	}
	r.pruneRejects()
}

func (w *work) execute(ctx context.Context) error {
	w.project = w.r.cfg.Host.Project(w.job.Project)
	if w.project == nil {
		return failf(wire.KeyResourceNotFound, "the project does not exist")
	}
	w.rules = rulesOf(w.project)
	if _, err := w.campaign(); err != nil {
		return err
	}
	if w.job.Kind == wire.AsyncGenerate {
		return w.generate(ctx)
	}
	return w.importFile(ctx)
}

// campaign is the job's as it is now; nil for standalone codes. One that was
// deleted ends the job: nobody could use the codes.
func (w *work) campaign() (*catalog.Campaign, error) {
	if w.job.Campaign == 0 {
		return nil, nil
	}
	c := w.r.cfg.Host.Campaign(w.job.Campaign)
	if c == nil || c.Deleted != 0 {
		return nil, failf(wire.KeyResourceNotFound, "the campaign was deleted")
	}
	return c, nil
}

// chunkJob is the job's name in the shards.
func (w *work) chunkJob() uint64 { return uint64(w.job.Ordinal) }

// applied sums what the shards applied of the job.
func (w *work) applied() (created, failed int64) {
	for s := range w.r.turns {
		if info, ok := w.r.cfg.Host.ChunkProgress(s, w.chunkJob()); ok {
			created += int64(info.Created)
			failed += int64(info.Failed)
		}
	}
	return created, failed
}

// halt ends the job for a reason, the first of which counts.
func (w *work) halt(reason error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.reason == nil {
		w.reason = reason
		close(w.halted)
	}
}

// haltReason is nil while the job goes on.
func (w *work) haltReason() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.reason
}

// report tells how far the job is, at most once in progressEvery. It is only for
// people to look at, so a report that fails is left out.
func (w *work) report(ctx context.Context) {
	if !w.telling.TryLock() {
		return
	}
	defer w.telling.Unlock()
	now := w.r.cfg.Clock.Now()
	w.mu.Lock()
	early := !w.reported.IsZero() && now.Sub(w.reported) < progressEvery
	if !early {
		w.reported = now
	}
	w.mu.Unlock()
	if early {
		return
	}
	p := &catalog.JobProgress{Project: w.job.Project, Job: w.job.Ordinal, Total: w.total}
	p.Created, _ = w.applied()
	if w.rejects != nil {
		p.Failed = w.rejects.total()
	}
	if err := w.r.cfg.Host.Progress(ctx, p); err != nil && ctx.Err() == nil {
		w.r.cfg.Logger.Warn("jobs: progress was not told", "job", w.job.ID, "error", err)
	}
}

// result says what the job came to. Nothing of it is on its way any more, so the
// shards' counts are final, and what they did not create has failed (J1).
func (w *work) result(err error) *catalog.JobFinish {
	f := &catalog.JobFinish{
		Project: w.job.Project, Job: w.job.Ordinal, Status: catalog.JobDone, Total: w.total,
	}
	f.Created, _ = w.applied()
	f.Failed = max(0, w.total-f.Created)
	if w.rejects != nil {
		f.Failures = w.rejects.sample()
		if told := w.rejects.total(); err == nil && told != f.Failed {
			err = failf(wire.KeyInternalError, "%d rows failed, but %d of them are listed", f.Failed, told)
		}
	}
	if err == nil {
		return f
	}
	var why *failure
	if !errors.As(err, &why) {
		why = &failure{wire.KeyInternalError, err.Error()}
	}
	f.Status, f.Error = catalog.JobFailed, cutText(why.Error(), catalog.RefBytesMax)
	if len(f.Failures) == 0 {
		f.Failures = []catalog.Failure{catalog.NewFailure(0, "", why.key)}
	}
	return f
}

// finish writes the result, for as long as it takes. The error is ctx's.
func (w *work) finish(ctx context.Context, f *catalog.JobFinish) error {
	err := w.insist(ctx, "finish", func() error { return w.r.cfg.Host.Finish(ctx, f) })
	if err != nil {
		return err
	}
	w.r.met.finished(w.job.Kind, f.Status)
	w.r.cfg.Logger.Info("jobs: over", "job", w.job.ID, "kind", w.job.Kind, "status", f.Status,
		"created", f.Created, "failed", f.Failed, "error", f.Error)
	return nil
}

// insist does what may fail for a while until it succeeds, the job's own failure
// ends it, or ctx does (J6).
func (w *work) insist(ctx context.Context, what string, do func() error) error {
	for wait := w.r.retryFirst; ; wait = min(2*wait, retryMost) {
		err := do()
		var final *failure
		if err == nil || errors.As(err, &final) {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		w.r.met.retries.Inc()
		w.r.cfg.Logger.Warn("jobs: asking again", "job", w.job.ID, "what", what, "after", wait, "error", err)
		if err := pause(ctx, wait); err != nil {
			return err
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// rowError sorts what the host says of a row: its own failure, or nil when it
// was temporary or no answer at all.
func rowError(err error) *wire.Error {
	var e *wire.Error
	if !errors.As(err, &e) {
		return nil
	}
	info, known := wire.Lookup(e.Key)
	if !known || info.Family == wire.FamilyRetry || info.Family == wire.FamilyUnknown {
		return nil
	}
	return e
}
