package engine

import (
	"context"
	"fmt"

	"github.com/scrip-engine/scrip/catalog"
	"github.com/scrip-engine/scrip/coupon"
)

// change replicates one catalog command. With an outcome other than OK the
// reply says why; the error is the log's, or that of a command that cannot be.
func (e *Engine) change(ctx context.Context, h catalog.Header, b catalog.Body) (catalog.Reply, error) {
	cmd, err := catalog.Encode(h, b)
	if err != nil {
		return catalog.Reply{}, err
	}
	if err := e.gate.enter(ctx); err != nil {
		return catalog.Reply{}, err
	}
	defer e.gate.leave()
	r, _, err := e.catLog.Propose(ctx, cmd)
	if err != nil {
		return r, err
	}
	if r.Outcome != coupon.OK {
		return r, &refusal{r.Outcome}
	}
	return r, nil
}

// refusal is an outcome of a machine as an error, for callers inside the engine.
type refusal struct{ outcome coupon.Outcome }

func (r *refusal) Error() string { return fmt.Sprintf("refused: %s", r.outcome) }

// notAfter bounds the time in which a command made now may take effect (P5). It
// is ahead of both clocks: after a jump of one of them commands would otherwise
// all be too late.
func (e *Engine) notAfter() int64 { return e.notAfterOn(e.catLog.LastStamp()) }

func (e *Engine) notAfterOn(last int64) int64 {
	return max(e.clock.UnixMilli(), last) + coupon.CommandMillisMax
}
