package client

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	mathrand "math/rand/v2"
	"time"

	"github.com/scrip-engine/scrip/wire"
)

// Retry bounds how a call is tried again. Zero fields mean those of
// DefaultRetry.
type Retry struct {
	// Attempts is how often a request is sent at most; 1 never tries again.
	Attempts int
	// Total bounds a call with all its attempts and waits. Uploads and downloads
	// of any length are bounded by progress instead.
	Total time.Duration
	// Each bounds one attempt.
	Each time.Duration
	// WaitMin is the wait before the second attempt on average; it doubles from
	// one to the next up to WaitMax. The wait is drawn between nothing and twice
	// that, so that clients who failed together do not come back together, and is
	// never shorter than Retry-After.
	WaitMin, WaitMax time.Duration
}

// DefaultRetry outlives a restart of the server (seconds) and an unknown outcome,
// which the server settles within ten seconds.
func DefaultRetry() Retry {
	return Retry{
		Attempts: 6, Total: 30 * time.Second, Each: 12 * time.Second,
		WaitMin: 50 * time.Millisecond, WaitMax: 2 * time.Second,
	}
}

func (r Retry) withDefaults() Retry {
	d := DefaultRetry()
	r.Attempts = cmp.Or(max(r.Attempts, 0), d.Attempts)
	r.Total = cmp.Or(max(r.Total, 0), d.Total)
	r.Each = cmp.Or(max(r.Each, 0), d.Each)
	r.WaitMin = cmp.Or(max(r.WaitMin, 0), d.WaitMin)
	r.WaitMax = max(cmp.Or(max(r.WaitMax, 0), d.WaitMax), r.WaitMin)
	return r
}

// do sends a call until it has an answer that another attempt would not change.
// into takes the answer; nil drops it.
func (c *Client) do(ctx context.Context, q *call, into any) error {
	if err := q.prepare(); err != nil {
		return err
	}
	if !q.transfer {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.retry.Total)
		defer cancel()
	}
	unsettled := false
	var last *Error
	for attempt := 1; ; attempt++ {
		failed := c.try(ctx, q, into)
		if failed == nil || (unsettled && q.satisfiedBy(failed)) {
			return nil
		}
		if failed.unsent && last != nil {
			// The time was up before this attempt left: what the server said
			// before is what the caller should read.
			last.cause = errors.Join(last.cause, failed.cause)
			return last
		}
		failed.IdempotencyKey, failed.Attempts, failed.Unsettled = q.key, attempt, unsettled
		unsettled = unsettled || failed.Answer.Outcome == wire.Unknown
		if !c.worthRetrying(q, failed) || attempt == c.retry.Attempts {
			return failed
		}
		if err := c.pause(ctx, attempt, failed.RetryAfter); err != nil {
			failed.cause = errors.Join(failed.cause, err)
			return failed
		}
		last = failed
	}
}

// try is one attempt with its deadline.
func (c *Client) try(ctx context.Context, q *call, into any) *Error {
	if err := ctx.Err(); err != nil {
		return notSent(err)
	}
	if !q.transfer {
		each, cancel := context.WithTimeout(ctx, c.retry.Each)
		defer cancel()
		return c.attempt(each, q, into)
	}
	return c.attempt(ctx, q, into)
}

// worthRetrying: not done may be done next time, and unknown becomes known by
// asking with the same key. Everything else is an answer.
func (c *Client) worthRetrying(q *call, e *Error) bool {
	f := family(e)
	return (f == wire.FamilyRetry || f == wire.FamilyUnknown) && q.repeatable()
}

// pause waits for the next attempt, and gives up at once when the call would be
// over before the wait is.
func (c *Client) pause(ctx context.Context, attempt int, atLeast time.Duration) error {
	wait := max(c.backoff(attempt), atLeast)
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= wait {
		return context.DeadlineExceeded
	}
	return sleep(ctx, wait)
}

// backoff is the wait after an attempt: full jitter around an exponential, as in
// "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
func (c *Client) backoff(attempt int) time.Duration {
	mean := c.retry.WaitMax
	if doublings := attempt - 1; doublings < 32 {
		mean = min(mean, c.retry.WaitMin<<doublings)
	}
	return time.Duration(c.chance(int64(2*mean) + 1))
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// chance spreads clients; it protects nothing.
func chance(n int64) int64 { return mathrand.Int64N(n) }

// NewKey draws an idempotency key: 128 random bits or more as text.
func NewKey() string { return rand.Text() }
