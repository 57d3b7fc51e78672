//go:build !linux

package bench

import (
	"context"
	"net"
)

// driveLoops is the portable driver where there is no epoll.
func driveLoops(ctx context.Context, j *Job, addr *net.TCPAddr) (*Tally, error) {
	return drivePortable(ctx, j, addr)
}
