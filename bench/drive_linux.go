package bench

import (
	"context"
	"net"
	"time"
)

// driveLoops runs one loop a thread.
func driveLoops(ctx context.Context, j *Job, addr *net.TCPAddr) (*Tally, error) {
	lanes := j.lanes(j.Load.Threads)
	loops := make([]*loop, len(lanes))
	for i, a := range lanes {
		l, err := newLoop(ctx, a, addr)
		if err != nil {
			for _, open := range loops[:i] {
				open.shut()
			}
			return nil, err
		}
		loops[i] = l
	}
	return together(lanes, func(i int, begun time.Time) { loops[i].run(ctx, begun) }), nil
}
