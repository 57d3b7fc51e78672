package engine

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/scrip-engine/scrip/catalog"
	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/jobs"
	"github.com/scrip-engine/scrip/shard"
	"github.com/scrip-engine/scrip/wire"
)

// jobRunner is the engine as the jobs see it, and their runner.
type jobRunner struct {
	e      *Engine
	runner *jobs.Runner
}

var _ jobs.Host = (*jobRunner)(nil)

func (e *Engine) openJobs() error {
	j := &jobRunner{e: e}
	r, err := jobs.New(jobs.Config{Host: j, FS: e.fs, Dir: e.fs.PathJoin(e.cfg.Dir, spoolDir), Rand: rand.Reader,
		Clock: e.clock, Logger: e.log, Registerer: e.cfg.Registerer})
	if err != nil {
		return fmt.Errorf("open the jobs: %w", err)
	}
	j.runner = r
	e.jobs = j
	return nil
}

func (j *jobRunner) close() { j.runner.Close() }
func (j *jobRunner) wake()  { j.runner.Wake() }

// ActiveJobs satisfies jobs.Host.
func (j *jobRunner) ActiveJobs() []*catalog.Job { return j.e.catalog.View().ActiveJobs() }

// Job satisfies jobs.Host.
func (j *jobRunner) Job(ordinal uint32) *catalog.Job { return j.e.catalog.View().Job(ordinal) }

// Campaign satisfies jobs.Host.
func (j *jobRunner) Campaign(ordinal uint32) *catalog.Campaign {
	return j.e.catalog.View().Campaign(ordinal)
}

// Project satisfies jobs.Host.
func (j *jobRunner) Project(ordinal uint32) *catalog.Project {
	return j.e.catalog.View().Project(ordinal)
}

// Shards satisfies jobs.Host.
func (j *jobRunner) Shards() int { return len(j.e.shards) }

// Place satisfies jobs.Host.
func (j *jobRunner) Place(project uint32, folded []byte) (coupon.Hash, int) {
	h := j.e.secret.Hash(j.Project(project).ID, coupon.DomainCode, folded)
	return h, j.e.shardOf(h.Slot()).index
}

// IssueChunk satisfies jobs.Host: it asks again by itself until the chunk meets
// the fences and the shard knows the campaign.
func (j *jobRunner) IssueChunk(ctx context.Context, index int, q *shard.Import) (shard.Reply, error) {
	e := j.e
	g := e.shards[index]
	c := Call{Caller: Caller{Project: q.Project, Role: RoleAdmin}}
	slot := firstSlot(index, len(e.shards))
	campaign := e.catalog.View().Campaign(q.Campaign)
	if campaign != nil {
		slot = e.campaignSlot(g, campaign)
	}
	reply, err := e.proposeChange(ctx, &c, g, campaign, func(catalogIndex uint64) []byte {
		told := *q
		if active := e.catalog.View().ActiveJobs(); len(active) > 0 {
			told.OldestActive = uint64(active[0].Ordinal)
		}
		return shard.AppendImport(e.command(&c, shard.KindImport, slot, identity{}, catalogIndex), &told)
	})
	if err != nil || reply.Outcome != coupon.OK || !reply.Replayed || reply.Seq == 0 {
		return reply, err
	}
	err = g.replayChunk(&reply)
	return reply, err
}

// ChunkProgress satisfies jobs.Host.
func (j *jobRunner) ChunkProgress(index int, job uint64) (shard.JobInfo, bool) {
	return j.e.shards[index].law.Job(job)
}

// Progress satisfies jobs.Host.
func (j *jobRunner) Progress(ctx context.Context, p *catalog.JobProgress) error {
	_, err := j.e.change(ctx, catalog.Header{NotAfter: j.e.notAfter()}, p)
	return err
}

// Finish satisfies jobs.Host.
func (j *jobRunner) Finish(ctx context.Context, f *catalog.JobFinish) error {
	_, err := j.e.change(ctx, catalog.Header{NotAfter: j.e.notAfter()}, f)
	return err
}

// Holder satisfies jobs.Host.
func (j *jobRunner) Holder(ctx context.Context, project uint32, ref string) (coupon.ID, error) {
	c := Call{Caller: Caller{Project: project, Role: RoleAdmin}}
	return j.e.resolveHolder(ctx, &c, j.Project(project), ref)
}

// Spec satisfies jobs.Host.
func (j *jobRunner) Spec(project uint32, campaign *catalog.Campaign, row *wire.VoucherImport) (shard.Spec, error) {
	c := Call{Caller: Caller{Project: project, Role: RoleAdmin}}
	return j.e.compileSpec(&c, j.Project(project), campaign, row)
}

// Formats of an import.
const (
	FormatCSV  = jobs.FormatCSV
	FormatJSON = jobs.FormatJSON
)

// ImportFormat is FormatCSV or FormatJSON.
type ImportFormat = string

// Import takes a file of codes: it is on disk with its digest before the answer,
// and a job goes through it, also after a crash. campaign "" is for standalone
// codes. At most limit bytes are read.
func (e *Engine) Import(ctx context.Context, c Call, campaign string, format ImportFormat, body io.Reader) (*wire.Accepted, error) {
	if err := e.mayEdit(&c); err != nil {
		return nil, err
	}
	if err := e.mayChange(&c); err != nil {
		return nil, err
	}
	put := &catalog.PutJob{Project: c.Caller.Project, NewJob: catalog.NewJob{Kind: wire.AsyncVoucherImport}}
	var found *catalog.Campaign
	if campaign != "" {
		var err error
		put.Kind = wire.AsyncCampaignImport
		if found, err = e.campaignForJob(ctx, &c, campaign, put.Kind); err != nil {
			return nil, err
		}
		put.Campaign = found.Ordinal
	}
	params, err := (&jobs.ImportParams{Format: format}).Encode()
	if err != nil {
		return nil, c.asWire(err)
	}
	limit := int64(coupon.UploadBytesMax)
	if format == FormatJSON {
		limit = jobs.JSONBytesMax
	}
	name, digest, size, err := e.jobs.runner.Spool(ctx, body, limit)
	if err != nil {
		return nil, c.spoolError(err)
	}
	put.Params, put.Spool, put.Digest = params, name, digest
	said := struct {
		Campaign uint32
		Format   string
		Digest   catalog.Digest256
		Size     int64
	}{put.Campaign, format, digest, size}
	reply, err := e.putJob(ctx, &c, nil, said, found, put)
	var failed *wire.Error
	if unknown := errors.As(err, &failed) && failed.Outcome == wire.Unknown; !unknown && (err != nil || reply.Replayed) {
		e.jobs.runner.Discard(name) // of an unknown outcome the next start knows more
	}
	if err != nil {
		return nil, err
	}
	e.jobs.wake()
	return &wire.Accepted{AsyncActionID: reply.ID}, nil
}

func (c *Call) spoolError(err error) *wire.Error {
	switch {
	case errors.Is(err, jobs.ErrUploadTooLarge):
		return c.fail(wire.KeyPayloadTooLarge, err.Error())
	case errors.Is(err, jobs.ErrTooManyUploads):
		return c.fail(wire.KeyTooManyRequests, err.Error())
	case errors.Is(err, jobs.ErrClosed):
		return c.fail(wire.KeyDraining, "")
	}
	return c.asWire(err)
}

// Generate makes codes of a campaign by the campaign's pattern, or the request's.
func (e *Engine) Generate(ctx context.Context, c Call, campaign string, count int64, req *wire.GenerateRequest) (*wire.Accepted, error) {
	found, err := e.campaignForJob(ctx, &c, campaign, wire.AsyncGenerate)
	if err != nil {
		return nil, err
	}
	if count < 1 || count > coupon.GenerateCountMax {
		return nil, c.field(wire.KeyInvalidQueryParams, "vouchers_count", fmt.Sprintf("must be from 1 to %d", coupon.GenerateCountMax))
	}
	said := struct {
		Campaign string
		Count    int64
		*wire.GenerateRequest
	}{found.ID, count, req}
	put := &catalog.PutJob{Project: found.Project, Campaign: found.Ordinal, NewJob: catalog.NewJob{Kind: wire.AsyncGenerate}}
	job, refusal := e.generation(&c, c.project(e.catalog.View()), found, count, req)
	if refusal == nil {
		put.NewJob = *job
	}
	reply, err := e.putJob(ctx, &c, refusal, said, found, put)
	if err != nil {
		return nil, err
	}
	e.jobs.wake()
	return &wire.Accepted{AsyncActionID: reply.ID}, nil
}

// generation compiles a job that makes codes; refused up front when the pattern
// has no room for so many beside those that are there.
func (e *Engine) generation(c *Call, p *catalog.Project, campaign *catalog.Campaign, count int64, req *wire.GenerateRequest) (*catalog.NewJob, error) {
	pattern, err := e.pattern(c, p, campaign, req.CodeConfig)
	if err != nil {
		return nil, err
	}
	existing := e.codesOf(campaign)
	if err := pattern.CheckCount(uint64(existing + count)); err != nil {
		return nil, c.patternError(err)
	}
	w := req.CodeConfig
	if w == nil && campaign != nil && len(campaign.Voucher.CodeConfig) > 0 {
		w = new(wire.CodeConfig)
		if err := json.Unmarshal(campaign.Voucher.CodeConfig, w); err != nil {
			return nil, c.asWire(err)
		}
	}
	params, err := (&jobs.GenerateParams{Count: count, CodeConfig: jobs.CodeConfig(codeConfig(w)), Voucher: *req}).Encode()
	if err != nil {
		return nil, c.field(wire.KeyInvalidPayload, "", err.Error())
	}
	return &catalog.NewJob{Kind: wire.AsyncGenerate, Params: params, Total: count}, nil
}

// codesOf counts the codes that a campaign has.
func (e *Engine) codesOf(campaign *catalog.Campaign) (n int64) {
	if campaign == nil {
		return 0
	}
	for _, g := range e.shards {
		info, _ := g.law.Campaign(campaign.Ordinal)
		n += info.Codes
	}
	return n
}

// addGeneration puts the job that makes the codes next to the campaign.
func (e *Engine) addGeneration(c *Call, p *catalog.Project, req *wire.CampaignCreate, body *catalog.CreateCampaign) error {
	count := req.VouchersCount.Or(0)
	switch {
	case count < 0 || count > coupon.GenerateCountMax:
		return c.field(wire.KeyInvalidCampaignParams, "vouchers_count", fmt.Sprintf("must be from 0 to %d", coupon.GenerateCountMax))
	case count <= 1:
		return nil
	}
	template := &catalog.Campaign{Ordinal: math.MaxUint32, Voucher: body.Voucher}
	job, err := e.generation(c, p, template, count, &wire.GenerateRequest{})
	body.Job = job
	return err
}

// AsyncAction reads a job.
func (e *Engine) AsyncAction(_ context.Context, c Call, id string) (*wire.AsyncAction, error) {
	if err := e.admit(&c, RoleViewer); err != nil {
		return nil, err
	}
	v := e.catalog.View()
	if err := c.stillAllowed(v); err != nil {
		return nil, err
	}
	job, ok := v.JobByID(c.Caller.Project, id)
	if !ok {
		return nil, c.missing("async_action", id)
	}
	return e.renderJob(job), nil
}
