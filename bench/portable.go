package bench

import (
	"context"
	"net"
	"sync"
	"time"
)

// drivePortable carries a load with a goroutine a connection. It counts as the
// loop does and costs several times as much, so it is for systems without epoll.
func drivePortable(ctx context.Context, j *Job, addr *net.TCPAddr) (*Tally, error) {
	return driveCallers(ctx, j, func() (caller, error) {
		c := &netCaller{addr: addr.String(), timeout: j.Load.Timeout, protocol: j.Protocol()}
		return c, c.dial()
	})
}

// caller carries one request at a time.
type caller interface {
	// call returns the verdict; v was reset.
	call(ctx context.Context, op *Op, v *Verdict)
	close()
}

// shared is a lane that several goroutines use.
type shared struct {
	mu sync.Mutex
	*lane
	wake chan struct{} // an arrival is due
	busy int
}

// callerLanes is how many lanes callers share: so few that their histograms stay
// in the cache, so many that nobody waits for a lock.
const callerLanes = 4

// driveCallers runs a goroutine for each connection of the load.
func driveCallers(ctx context.Context, j *Job, open func() (caller, error)) (*Tally, error) {
	callers := make([]caller, j.Load.Connections)
	for i := range callers {
		c, err := open()
		if err != nil {
			for _, opened := range callers[:i] {
				opened.close()
			}
			return nil, err
		}
		callers[i] = c
	}
	lanes := j.lanes(min(callerLanes, j.Load.Connections))
	next := 0
	own := make([][]caller, len(lanes))
	for i, a := range lanes {
		own[i] = callers[next : next+a.load.Connections]
		next += a.load.Connections
	}
	return together(lanes, func(i int, begun time.Time) {
		s := &shared{lane: lanes[i], wake: make(chan struct{}, len(own[i]))}
		s.run(ctx, begun, own[i])
	}), nil
}

// run serves a lane with its callers until its end.
func (s *shared) run(ctx context.Context, begun time.Time, callers []caller) {
	ctx, cancel := context.WithDeadline(ctx, begun.Add(s.load.WarmUp+s.load.Duration+s.load.Grace))
	defer cancel()
	stopped := make(chan struct{})
	go s.pace(ctx, begun, stopped)
	var all sync.WaitGroup
	for _, c := range callers {
		all.Go(func() { s.serve(ctx, begun, c) })
	}
	all.Wait()
	cancel()
	<-stopped
	s.close(int64(time.Since(begun)))
}

// pace lets arrivals in when they are due, and shows the counters.
func (s *shared) pace(ctx context.Context, begun time.Time, stopped chan struct{}) {
	defer close(stopped)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			close(s.wake)
			return
		case <-timer.C:
		}
		s.mu.Lock()
		now := int64(time.Since(begun))
		wait := int64(sweepEvery)
		if s.pacer != nil {
			s.arrive(now)
			if !s.pacer.over() {
				wait = min(wait, max(0, s.pacer.next()-now))
			}
		}
		for range min(s.waiting.count, cap(s.wake)) {
			select {
			case s.wake <- struct{}{}:
			default:
			}
		}
		s.publish(now, s.busy)
		over := s.over(now)
		s.mu.Unlock()
		if over {
			close(s.wake)
			return
		}
		timer.Reset(time.Duration(wait))
	}
}

// serve is one connection: it asks until nothing is left.
func (s *shared) serve(ctx context.Context, begun time.Time, c caller) {
	defer c.close()
	var op Op
	var v Verdict
	for ctx.Err() == nil {
		s.mu.Lock()
		now := int64(time.Since(begun))
		due, ok := s.begin(&op, now)
		over := s.over(now)
		if ok {
			s.busy++
		}
		s.mu.Unlock()
		switch {
		case !ok && over:
			return
		case !ok:
			if _, more := <-s.wake; !more && s.pacer == nil {
				return
			}
			continue
		}
		for again := true; again; due = int64(time.Since(begun)) {
			v.reset()
			c.call(ctx, &op, &v)
			s.mu.Lock()
			s.verdict, v = v, s.verdict
			again = s.settle(&op, due, int64(time.Since(begun)))
			s.verdict, v = v, s.verdict
			s.mu.Unlock()
		}
		s.mu.Lock()
		s.busy--
		s.mu.Unlock()
	}
}

// netCaller is a caller with a connection.
type netCaller struct {
	addr     string
	timeout  time.Duration
	protocol Protocol
	conn     net.Conn
	out, in  []byte
}

func (c *netCaller) dial() (err error) {
	c.conn, err = net.DialTimeout("tcp", c.addr, connectTimeout)
	return err
}

func (c *netCaller) close() {
	if c.conn != nil {
		_ = c.conn.Close() // what was on it is judged already
		c.conn = nil
	}
}

func (c *netCaller) call(_ context.Context, op *Op, v *Verdict) {
	if c.conn == nil {
		if err := c.dial(); err != nil {
			v.Class, v.Name = Failed, []byte("connect")
			return
		}
	}
	var r Reply
	if why := c.exchange(op, &r); why != "" {
		c.close()
		v.lost(op.Kind, why)
		return
	}
	c.protocol.Judge(op, &r, v)
	if r.Close {
		c.close()
	}
}

// exchange sends a request and reads its answer, or says why there is none.
func (c *netCaller) exchange(op *Op, r *Reply) string {
	if err := c.conn.SetDeadline(time.Now().Add(c.timeout)); err != nil {
		return "deadline"
	}
	c.out = c.protocol.AppendRequest(c.out[:0], op)
	if _, err := c.conn.Write(c.out); err != nil {
		return "write"
	}
	c.in = c.in[:0]
	for {
		if cap(c.in)-len(c.in) < readBytesMin {
			c.in = append(c.in, make([]byte, max(len(c.in), 8*readBytesMin))...)[:len(c.in)]
		}
		n, err := c.conn.Read(c.in[len(c.in):cap(c.in)])
		if c.in = c.in[:len(c.in)+n]; n > 0 {
			used, bad := c.protocol.ParseReply(c.in, r)
			switch {
			case bad != nil || used > 0 && used < len(c.in):
				return string(nameOfOdd)
			case used > 0:
				return ""
			}
		}
		if ne, ok := err.(net.Error); ok && ne.Timeout() {
			return "timeout"
		}
		if err != nil {
			return "closed"
		}
	}
}

// readBytesMin is the least room that a read is given.
const readBytesMin = 1 << 10
