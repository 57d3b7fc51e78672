package engine

import (
	"context"

	"github.com/scrip-engine/scrip/catalog"
	"github.com/scrip-engine/scrip/wire"
)

// DeleteCampaign ends a campaign and its codes. Redemptions stay. What is left to
// do after the fences is the job's, which the answer names.
func (e *Engine) DeleteCampaign(ctx context.Context, c Call, ref string) (*wire.Accepted, error) {
	campaign, err := e.findToSwitch(ctx, &c, ref)
	if err != nil {
		return nil, err
	}
	body := &catalog.DeleteCampaign{Project: campaign.Project, Campaign: campaign.Ordinal,
		Job: &catalog.NewJob{Kind: wire.AsyncCampaignDelete}}
	reply, err := e.changeCatalog(ctx, &c, opDelete, struct{ Delete string }{ref}, body)
	if isKey(err, wire.KeyResourceNotFound) {
		return nil, c.missing("campaign", ref)
	}
	if err != nil {
		return nil, err
	}
	if err := e.raise(ctx, &c, reply.Fence); err != nil {
		return nil, err
	}
	if err := e.endCampaign(ctx, &c, reply.Job); err != nil {
		e.kickFences() // it is deleted; the job is taken up again
	}
	return &wire.Accepted{AsyncActionID: reply.JobID}, nil
}

// endCampaign tells every shard that a campaign is over and finishes the job
// that stands for it. A start after a crash does it again.
func (e *Engine) endCampaign(ctx context.Context, c *Call, ordinal uint32) error {
	job := e.catalog.View().Job(ordinal)
	if job == nil || job.Status.Finished() {
		return nil
	}
	campaign := e.catalog.View().Campaign(job.Campaign)
	var codes int64
	for _, g := range e.shards {
		if err := e.introduce(ctx, c, g, campaign); err != nil {
			return err
		}
		info, _ := g.law.Campaign(campaign.Ordinal)
		codes += info.Codes
	}
	_, err := e.change(ctx, catalog.Header{NotAfter: e.notAfter()},
		&catalog.JobFinish{Project: job.Project, Job: ordinal, Status: catalog.JobDone, Total: codes, Created: codes})
	if err != nil {
		return c.catalogError(err)
	}
	return nil
}
