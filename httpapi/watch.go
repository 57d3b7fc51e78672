package httpapi

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// fasthttp sets three deadlines a request: idle, reading, writing. Each moves a
// timer of the runtime, which on the hot path costs as much as evaluating a
// discount. Here a deadline is a number, and one goroutine looks at the numbers of
// all connections from time to time. A connection may so live a sweep longer than
// it should: no promise depends on that.

const (
	// sweepsPerTimeout keeps the error of the shortest timeout under a tenth.
	sweepsPerTimeout = 10
	sweepMin         = 5 * time.Millisecond
	sweepMax         = time.Second
)

// sweepEvery is how often deadlines are looked at.
func (l *Limits) sweepEvery() time.Duration {
	shortest := min(l.ReadTimeout, l.WriteTimeout, l.IdleTimeout, l.StallTimeout)
	return min(max(shortest/sweepsPerTimeout, sweepMin), sweepMax)
}

// deadline is one of a connection's two.
type deadline struct {
	at atomic.Int64 // unix ns; 0 for none, fired once it was enforced
	mu sync.Mutex   // held while the connection's own deadline is changed
}

const fired = -1

// longAgo ends what waits on a connection.
func longAgo() time.Time { return time.Unix(1, 0) }

// set moves the deadline. enforce is the connection's own setter, which is called
// only to take back what a sweep has done.
func (d *deadline) set(t time.Time, enforce func(time.Time) error) error {
	at := int64(0)
	if !t.IsZero() {
		at = t.UnixNano()
	}
	if d.at.Swap(at) != fired {
		return nil
	}
	// The sweep that fired is over, or holds the lock until it is.
	d.mu.Lock()
	defer d.mu.Unlock()
	return enforce(time.Time{})
}

// sweep enforces the deadline if it has passed and nobody moves it meanwhile.
func (d *deadline) sweep(now int64, enforce func(time.Time) error) {
	at := d.at.Load()
	if at <= 0 || at > now {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.at.CompareAndSwap(at, fired) {
		_ = enforce(longAgo()) // fails if the connection is closed already
	}
}

// watched is a tracked connection whose deadlines are swept.
type watched struct {
	tracked
	reading, writing deadline
}

// SetReadDeadline satisfies net.Conn, to the precision of a sweep.
func (w *watched) SetReadDeadline(t time.Time) error {
	return w.reading.set(t, w.TCPConn.SetReadDeadline)
}

// SetWriteDeadline satisfies net.Conn, to the precision of a sweep.
func (w *watched) SetWriteDeadline(t time.Time) error {
	return w.writing.set(t, w.TCPConn.SetWriteDeadline)
}

func (w *watched) sweep(now int64) {
	w.reading.sweep(now, w.TCPConn.SetReadDeadline)
	w.writing.sweep(now, w.TCPConn.SetWriteDeadline)
}

// watch sweeps until ctx ends.
func (c *conns) watch(ctx context.Context, every time.Duration) {
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-t.C:
			c.sweep(now.UnixNano())
		}
	}
}

func (c *conns) sweep(now int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for conn := range c.open {
		if w, ok := conn.(*watched); ok {
			w.sweep(now)
		}
	}
}

// ours is the connection if it came from listener.
func ours(c net.Conn) *tracked {
	switch c := c.(type) {
	case *tracked:
		return c
	case *watched:
		return &c.tracked
	}
	return nil
}
