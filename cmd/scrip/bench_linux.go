package main

import "syscall"

// ownGroup keeps a terminal's signals from a spawned server, and ends it should
// we be killed.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
