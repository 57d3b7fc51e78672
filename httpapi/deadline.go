package httpapi

import (
	"context"
	"sync/atomic"
	"time"
)

// deadlines hands out contexts that end after a timeout. A context of its own
// costs a request five allocations and a timer; here the requests of one
// deadlineStep share one, whose deadline is that of the last of them. At most
// timeout/deadlineStep+1 live at once.
type deadlines struct {
	base    context.Context
	timeout time.Duration
	current atomic.Pointer[sharedContext]
}

type sharedContext struct {
	ctx context.Context
	// until is the end of the step in which the context is handed out.
	until time.Time
}

// at returns a context that ends between timeout and timeout+deadlineStep after
// now, or with base.
func (d *deadlines) at(now time.Time) context.Context {
	shared := d.current.Load()
	if shared != nil && now.Before(shared.until) {
		return shared.ctx
	}
	until := now.Add(deadlineStep)
	ctx, cancel := context.WithDeadline(d.base, until.Add(d.timeout))
	next := &sharedContext{ctx: ctx, until: until}
	if !d.current.CompareAndSwap(shared, next) {
		// Another request made the step's context; the loser's must not leave a
		// timer behind.
		cancel()
		return d.at(now)
	}
	// The timer of the deadline releases the context; base, which every context
	// hangs on, ends with the server.
	context.AfterFunc(ctx, cancel)
	return ctx
}
