package engine

import (
	"context"
	"encoding/csv"
	"io"
	"strconv"

	"github.com/scrip-engine/scrip/jobs"
	"github.com/scrip-engine/scrip/wire"
)

// rejectsHeader are the columns of a list of rejects.
var rejectsHeader = []string{"row", "code", "reason", "details"}

// RejectsCSV streams every row that a job did not carry out, with its reason, an
// error key: the whole list, where the job's own answer shows the first hundred. It
// is kept for the newest jobs on the node that ran them.
func (e *Engine) RejectsCSV(ctx context.Context, c Call, id string, w io.Writer) error {
	if err := e.admit(&c, RoleViewer); err != nil {
		return err
	}
	v := e.catalog.View()
	if err := c.stillAllowed(v); err != nil {
		return err
	}
	job, ok := v.JobByID(c.Caller.Project, id)
	if !ok {
		return c.missing("async_action", id)
	}
	out := csv.NewWriter(w)
	if err := out.Write(rejectsHeader); err != nil {
		return c.asWire(err)
	}
	err := e.jobs.runner.Rejects(job.Ordinal, func(r jobs.Reject) bool {
		if ctx.Err() != nil {
			return false
		}
		// csv.Writer keeps the first error; Flush below reports it.
		_ = out.Write([]string{strconv.FormatInt(r.Row, 10), r.Code, r.Reason, r.Details})
		return true
	})
	out.Flush()
	switch {
	case err != nil:
		return c.fail(wire.KeyInternalError, err.Error())
	case ctx.Err() != nil:
		return c.fail(wire.KeyUnavailable, ctx.Err().Error())
	case out.Error() != nil:
		return c.asWire(out.Error())
	}
	return nil
}
