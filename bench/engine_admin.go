package bench

import (
	"context"
	"io"
	"time"

	"github.com/scrip-engine/scrip/client"
	"github.com/scrip-engine/scrip/engine"
	"github.com/scrip-engine/scrip/wire"
)

// engineAdmin is the API of an engine in this process.
type engineAdmin struct{ e *engine.Engine }

// NewEngineAdmin returns the API of an engine.
func NewEngineAdmin(e *engine.Engine) Admin { return &engineAdmin{e} }

func (a *engineAdmin) CreateCampaign(ctx context.Context, req *wire.CampaignCreate) error {
	_, err := a.e.CreateCampaign(ctx, a.e.Default(), req)
	return err
}

func (a *engineAdmin) Import(ctx context.Context, campaign string, csv io.Reader) (*wire.AsyncResult, error) {
	job, err := a.e.Import(ctx, a.e.Default(), campaign, engine.FormatCSV, csv)
	return a.wait(ctx, job, err)
}

func (a *engineAdmin) Generate(ctx context.Context, campaign string, count int64) (*wire.AsyncResult, error) {
	job, err := a.e.Generate(ctx, a.e.Default(), campaign, count, new(wire.GenerateRequest))
	return a.wait(ctx, job, err)
}

func (a *engineAdmin) wait(ctx context.Context, job *wire.Accepted, err error) (*wire.AsyncResult, error) {
	if err != nil {
		return nil, err
	}
	return awaitJob(ctx, func() (*wire.AsyncAction, error) { return a.e.AsyncAction(ctx, a.e.Default(), job.AsyncActionID) })
}

// jobLooks is how often a job is looked at: a hundredth of the shortest that is
// measured.
const jobLooks = 5 * time.Millisecond

// awaitJob returns what a job did when it is over.
func awaitJob(ctx context.Context, look func() (*wire.AsyncAction, error)) (*wire.AsyncResult, error) {
	looks := time.NewTicker(jobLooks)
	defer looks.Stop()
	for {
		action, err := look()
		switch {
		case err != nil:
			return nil, err
		case action.Status == wire.AsyncDone:
			return action.Result, nil
		case action.Status == wire.AsyncFailed:
			return nil, &client.JobFailedError{Action: action}
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-looks.C:
		}
	}
}

func (a *engineAdmin) codes(ctx context.Context, campaign string) (*wire.List[wire.Voucher], error) {
	return a.e.Vouchers(ctx, a.e.Default(), engine.VoucherQuery{Page: engine.Page{Limit: 1, Number: 1}, Campaign: campaign})
}

func (a *engineAdmin) CountCodes(ctx context.Context, campaign string) (int64, error) {
	list, err := a.codes(ctx, campaign)
	if err != nil {
		return 0, err
	}
	return list.Total, nil
}

func (a *engineAdmin) SomeCode(ctx context.Context, campaign string) (code string, err error) {
	return code, awaitCount(ctx, 1, func() (int64, error) {
		list, err := a.codes(ctx, campaign)
		if err != nil || len(list.Data) == 0 {
			return 0, err
		}
		code = list.Data[0].Code
		return 1, nil
	})
}

func (a *engineAdmin) Voucher(ctx context.Context, code string) (*wire.Voucher, error) {
	return a.e.Voucher(ctx, a.e.Default(), code)
}

func (a *engineAdmin) page(ctx context.Context, campaign, cursor string, limit int) (*wire.List[wire.RedemptionEntry], error) {
	p := engine.Page{Limit: limit, Cursor: cursor}
	if cursor == "" {
		p.Number = 1
	}
	return a.e.Redemptions(ctx, a.e.Default(), engine.RedemptionQuery{Page: p, Campaign: campaign})
}

func (a *engineAdmin) Count(ctx context.Context, campaign string) (int64, error) {
	list, err := a.page(ctx, campaign, "", 1)
	if err != nil {
		return 0, err
	}
	return list.Total, nil
}

func (a *engineAdmin) Uses(ctx context.Context, campaign, cursor string, each func(Listed)) (string, error) {
	list, err := a.page(ctx, campaign, cursor, listPage)
	if err != nil {
		return "", err
	}
	for _, entry := range list.Data {
		each(listed(&entry))
	}
	return list.NextCursor, nil
}

func listed(entry *wire.RedemptionEntry) Listed {
	if b := entry.Rollback; b != nil {
		return Listed{ID: b.ID, Rollback: true, Of: b.Redemption, Status: b.Status, Amount: b.Amount.Value}
	}
	r := entry.Redemption
	l := Listed{ID: r.ID, Status: r.Status, Amount: r.Amount.Value}
	if r.Voucher != nil {
		l.Code = r.Voucher.Code
	}
	return l
}

func (a *engineAdmin) Redeem(ctx context.Context, key string, req *wire.RedeemRequest) (*wire.Redemption, error) {
	call := a.e.Default()
	call.Key = key
	var out wire.RedeemResponse
	if err := a.e.Redeem(ctx, call, req, &out); err != nil {
		return nil, err
	}
	return &out.Redemptions[0], nil
}

func (a *engineAdmin) Rollback(ctx context.Context, key, id string) error {
	call := a.e.Default()
	call.Key = key
	_, err := a.e.Rollback(ctx, call, id, new(wire.RollbackRequest))
	return err
}
