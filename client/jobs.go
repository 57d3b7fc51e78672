package client

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/scrip-engine/scrip/wire"
)

// JobFailedError is a job that ended without doing its work. What it did before
// stands; Action.Result counts it.
type JobFailedError struct{ Action *wire.AsyncAction }

// Error gives the job's own message.
func (e *JobFailedError) Error() string {
	message := "no reason given"
	if r := e.Action.Result; r != nil && r.Message != "" {
		message = r.Message
	}
	return fmt.Sprintf("job %s failed: %s", e.Action.ID, message)
}

// AsyncAction reads a job.
func (c *Client) AsyncAction(ctx context.Context, id string) (*wire.AsyncAction, error) {
	return get[wire.AsyncAction](ctx, c, reading("async-actions", id))
}

// AsyncActions lists jobs.
func (c *Client) AsyncActions(ctx context.Context, p Page) (*wire.List[wire.AsyncAction], error) {
	return get[wire.List[wire.AsyncAction]](ctx, c, reading("async-actions").ask(p.values()))
}

// Wait returns a job when it is over, and calls seen, which may be nil, with each
// state that it looks at. A job that failed is a *JobFailedError beside the
// action. Rows that could not be done are in Result and are no error. It waits as
// long as ctx allows, through restarts of the server: the job goes on by itself.
func (c *Client) Wait(ctx context.Context, id string, seen func(*wire.AsyncAction)) (*wire.AsyncAction, error) {
	for pause := jobPollMin; ; pause = min(pause*2, jobPollMax) {
		action, err := c.AsyncAction(ctx, id)
		if err != nil && (!IsUnavailable(err) || ctx.Err() != nil) {
			return nil, err
		}
		if err == nil {
			if seen != nil {
				seen(action)
			}
			switch action.Status {
			case wire.AsyncDone:
				return action, nil
			case wire.AsyncFailed:
				return action, &JobFailedError{action}
			}
		}
		if err := sleep(ctx, pause); err != nil {
			return nil, fmt.Errorf("wait for job %s: %w", id, err)
		}
	}
}

// ImportCSV uploads a CSV file of codes and returns the job that creates them,
// once the file is on the server's disk. An empty campaign creates standalone
// vouchers. The file is streamed. When it is an io.Seeker it is tried again after
// a failure, from where it stood; otherwise the call has one attempt. The same
// Key for the same file and campaign continues the same job. Options: Key.
func (c *Client) ImportCSV(ctx context.Context, campaign string, file io.Reader, opts ...Option) (*wire.Accepted, error) {
	q := changing(http.MethodPost, opts, importPath(campaign, "importCSV")...)
	q.upload, q.transfer = newUpload("codes.csv", file), true
	return get[wire.Accepted](ctx, c, q)
}

// ImportVouchers creates vouchers from a list in memory, by a job. An empty
// campaign creates standalone vouchers. Options: Key.
func (c *Client) ImportVouchers(ctx context.Context, campaign string, vouchers []wire.VoucherImport, opts ...Option) (*wire.Accepted, error) {
	q := changing(http.MethodPost, opts, importPath(campaign, "import")...)
	return send[wire.Accepted](ctx, c, q, vouchers)
}

func importPath(campaign, form string) []string {
	if campaign == "" {
		return []string{"vouchers", form}
	}
	return []string{"campaigns", campaign, form}
}

// ExportCSV writes all codes of a campaign to w as they come, in the columns that
// ImportCSV reads. It has one attempt, because w may have been written to. A nil
// error means that w has the whole list.
func (c *Client) ExportCSV(ctx context.Context, campaign string, w io.Writer) error {
	return c.download(ctx, w, "campaigns", campaign, "codes.csv")
}

// RejectsCSV writes every row that a job did not carry out to w as they come: row,
// code, reason (an error key) and details. It has one attempt, like ExportCSV.
func (c *Client) RejectsCSV(ctx context.Context, job string, w io.Writer) error {
	return c.download(ctx, w, "async-actions", job, "rejects.csv")
}

func (c *Client) download(ctx context.Context, w io.Writer, path ...string) error {
	q := reading(path...)
	q.transfer = true
	if failed := c.try(ctx, q, w); failed != nil {
		failed.Attempts = 1
		return failed
	}
	return nil
}
