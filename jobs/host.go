package jobs

import (
	"context"

	"github.com/scrip-engine/scrip/catalog"
	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/shard"
	"github.com/scrip-engine/scrip/wire"
)

// Host is what jobs need of the engine. Its methods are called from several
// goroutines at once, and not before the first Wake. What they return is shared
// and not written to; what they are given is the host's to read until it returns.
type Host interface {
	// ActiveJobs lists the jobs that are not finished, of all kinds and projects.
	ActiveJobs() []*catalog.Job
	// Job, Campaign and Project look up the catalog; nil for what is not there. A
	// deleted campaign is there.
	Job(ordinal uint32) *catalog.Job
	Campaign(ordinal uint32) *catalog.Campaign
	Project(ordinal uint32) *catalog.Project

	// Shards is their number; it never changes.
	Shards() int
	// Place is the hash of a folded code and the shard that owns it.
	Place(project uint32, folded []byte) (coupon.Hash, int)
	// IssueChunk has the shard apply a chunk. With a nil error the reply is
	// final, durable, and visible to ChunkProgress. An error is temporary: the
	// same chunk will be asked again, and is applied once. The campaign is
	// introduced to the shard before; a fence that a chunk met is the host's to
	// catch up with.
	IssueChunk(ctx context.Context, shard int, q *shard.Import) (shard.Reply, error)
	// ChunkProgress is how far a job came in a shard, as applied; false for a job
	// that the shard has not seen.
	ChunkProgress(shard int, job uint64) (shard.JobInfo, bool)

	// Progress and Finish change the job's record; after a nil error ActiveJobs and
	// Job show it. An error is temporary.
	Progress(ctx context.Context, p *catalog.JobProgress) error
	Finish(ctx context.Context, f *catalog.JobFinish) error

	// Holder resolves who is to hold a code, by id or source id; it creates a
	// customer for a source id that nobody has. A *wire.Error of a family that
	// does not ask to retry is the row's failure, any other error is temporary.
	Holder(ctx context.Context, project uint32, idOrSource string) (coupon.ID, error)
	// Spec checks what a row says besides its code and its holder, and compiles
	// it. campaign is nil for a standalone code. Errors are as Holder's.
	Spec(project uint32, campaign *catalog.Campaign, row *wire.VoucherImport) (shard.Spec, error)
}
