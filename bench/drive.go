package bench

import (
	"context"
	"fmt"
	"net"
	"time"
)

// Job is a load together with what is asked and in which language.
type Job struct {
	Load Load
	// Label names the run in the live view.
	Label string
	// Address of the target, host:port.
	Address string
	// Script and Protocol make what a lane works with. They are called once for
	// each lane, before the run.
	Script   func(lane int) Script
	Protocol func() Protocol
	// Live may be nil.
	Live *Live
	// Portable takes the driver of a goroutine a connection, where the loop is
	// there too.
	Portable bool
}

// Drive carries a load to a server and returns what was counted. An error means
// that the run could not begin; what happens in it is counted.
func Drive(ctx context.Context, j *Job) (*Tally, error) {
	if err := j.Load.Check(); err != nil {
		return nil, err
	}
	addr, err := net.ResolveTCPAddr("tcp", j.Address)
	if err != nil {
		return nil, fmt.Errorf("target: %w", err)
	}
	j.Live.start(j.Label, j.Load.WarmUp+j.Load.Duration)
	if j.Portable {
		return drivePortable(ctx, j, addr)
	}
	return driveLoops(ctx, j, addr)
}

// lanes makes the lanes of a run.
func (j *Job) lanes(n int) []*lane {
	if j.Load.Requests > 0 {
		n = min(n, int(min(j.Load.Requests, int64(n))))
	}
	out := make([]*lane, n)
	for i := range out {
		part := j.Load.share(i, n)
		var protocol Protocol
		if j.Protocol != nil {
			protocol = j.Protocol()
		}
		out[i] = newLane(&part, n, j.Script(i), protocol, j.Live)
	}
	return out
}

// together runs f for every lane and joins what they counted.
func together(lanes []*lane, f func(i int, begun time.Time)) *Tally {
	begun := time.Now()
	done := make(chan struct{}, len(lanes))
	for i := range lanes {
		go func() { f(i, begun); done <- struct{}{} }()
	}
	for range lanes {
		<-done
	}
	for _, a := range lanes[1:] {
		lanes[0].tally.merge(a.tally)
	}
	return lanes[0].tally
}
