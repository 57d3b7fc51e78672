package bench

import (
	"os"

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

func datasync(f *os.File) error { return unix.Fdatasync(int(f.Fd())) }
