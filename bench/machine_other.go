//go:build !linux

package bench

import (
	"os"
	"time"
)

const hasLoop = false

func kernel() string { return "unknown" }

func datasync(f *os.File) error { return f.Sync() }

func processorTime() time.Duration { return 0 }
