//go:build !linux

package bench

import "os"

const hasLoop = false

func kernel() string { return "unknown" }

func datasync(f *os.File) error { return f.Sync() }
