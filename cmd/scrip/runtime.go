package main

import (
	"os"
	"runtime"
	"runtime/debug"
)

// gcPercent lets the heap grow to four times what lives before it is collected.
// Codes live outside the heap, so that what lives is some ten megabytes, and the
// collector would otherwise run several times a second at full load.
const gcPercent = 300

// spareThreads more Ps than cores: a goroutine inside fsync keeps its P until the
// runtime notices, and on a few cores that is a good part of the machine. On two
// cores it gave a tenth more at 256 connections, and nothing at 64.
const (
	spareThreads = 2
	fewCores     = 4
)

// tuneRuntime sets what the operator has not set by GOGC and GOMAXPROCS.
func tuneRuntime() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if n := runtime.GOMAXPROCS(0); os.Getenv("GOMAXPROCS") == "" && n <= fewCores {
		runtime.GOMAXPROCS(n + spareThreads)
	}
}
