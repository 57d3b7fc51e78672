package bench

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// hasLoop says that the epoll loop is built in.
const hasLoop = true

func kernel() string {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return "unknown"
	}
	return unix.ByteSliceToString(u.Sysname[:]) + " " + unix.ByteSliceToString(u.Release[:])
}

// processorTime is what this process took so far.
func processorTime() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func datasync(f *os.File) error { return unix.Fdatasync(int(f.Fd())) }
