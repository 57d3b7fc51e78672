package jobs

import (
	"context"

	"github.com/scrip-engine/scrip/catalog"
	"github.com/scrip-engine/scrip/wire"
)

// running is a job that has a place.
type running struct {
	project uint32
	small   bool
}

// loop chooses jobs until the runner is closed.
func (r *Runner) loop(ctx context.Context) {
	defer close(r.done)
	busy := map[uint32]running{}
	over := make(chan uint32)
	for {
		select {
		case <-ctx.Done():
			for range len(busy) {
				<-over
			}
			return
		case ordinal := <-over:
			delete(busy, ordinal)
		case <-r.wake:
			if r.turns == nil {
				r.begin()
			}
		}
		if r.turns == nil {
			continue
		}
		for job := r.choose(busy); job != nil && ctx.Err() == nil; job = r.choose(busy) {
			busy[job.Ordinal] = running{job.Project, r.small(job)}
			go func() {
				r.run(ctx, job)
				over <- job.Ordinal
			}()
		}
		r.met.running.Set(float64(len(busy)))
	}
}

// begin is done once, when the host is ready.
func (r *Runner) begin() {
	turns := make([]chan struct{}, r.cfg.Host.Shards())
	for i := range turns {
		turns[i] = make(chan struct{}, 1)
	}
	r.turns = turns
	r.tidy()
}

// choose returns the job to start next, or nil: of those that may start, one of
// the project with the fewest running, and of these the oldest. The last place is
// for small jobs.
func (r *Runner) choose(busy map[uint32]running) *catalog.Job {
	large := 0
	perProject := map[uint32]int{}
	for _, b := range busy { // order: sums
		perProject[b.project]++
		if !b.small {
			large++
		}
	}
	if len(busy) == r.cfg.AtOnce {
		return nil
	}
	var best *catalog.Job
	for _, job := range r.cfg.Host.ActiveJobs() {
		if _, taken := busy[job.Ordinal]; taken || job.Status.Finished() || !ours(job.Kind) {
			continue
		}
		if large >= r.cfg.AtOnce-1 && !r.small(job) {
			continue
		}
		if best == nil || perProject[job.Project] < perProject[best.Project] ||
			perProject[job.Project] == perProject[best.Project] && job.Ordinal < best.Ordinal {
			best = job
		}
	}
	return best
}

// ours reports the kinds that this package runs; the others are somebody else's.
func ours(kind string) bool {
	switch kind {
	case wire.AsyncGenerate, wire.AsyncCampaignImport, wire.AsyncVoucherImport:
		return true
	}
	return false
}

// small reports a job that will be over soon. An import may not know its total
// yet; its file is as good.
func (r *Runner) small(job *catalog.Job) bool {
	if job.Total > 0 {
		return job.Total <= smallCodesMax
	}
	if !spoolName(job.Spool) {
		return true // it fails at once
	}
	info, err := r.cfg.FS.Stat(r.path(job.Spool))
	return err != nil || info.Size() <= smallFileBytesMax
}
