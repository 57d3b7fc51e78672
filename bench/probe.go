package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"
)

// Device is what the disk of the data directory took to sync, before and after
// the runs (B6). Nil where the directory is not known.
type Device struct {
	Before *Fdatasync `json:"fdatasync_before,omitempty"`
	After  *Fdatasync `json:"fdatasync_after,omitempty"`
}

// Fdatasync are the times of fdatasync after 4 KiB were appended, in
// milliseconds.
type Fdatasync struct {
	P50   float64 `json:"p50_ms"`
	P99   float64 `json:"p99_ms"`
	Count int     `json:"count"`
}

const (
	// probeWrites give a p99 of five samples beyond it, in some tenths of a second
	// on a disk of servers.
	probeWrites = 500
	// probeTime bounds them on a slow disk.
	probeTime = 5 * time.Second
	// probeBytes is a page, as a log appends.
	probeBytes = 4 << 10
)

// probe measures the device of a directory; nil without one.
func probe(ctx context.Context, dir string) (_ *Fdatasync, err error) {
	if dir == "" {
		return nil, nil
	}
	f, err := os.CreateTemp(dir, "bench-fdatasync-*")
	if err != nil {
		return nil, fmt.Errorf("measure fdatasync: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	page := make([]byte, probeBytes)
	var took []time.Duration
	for began := time.Now(); len(took) < probeWrites && time.Since(began) < probeTime && ctx.Err() == nil; {
		if _, err := f.Write(page); err != nil {
			return nil, fmt.Errorf("measure fdatasync: %w", err)
		}
		at := time.Now()
		if err := datasync(f); err != nil {
			return nil, fmt.Errorf("measure fdatasync: %w", err)
		}
		took = append(took, time.Since(at))
	}
	if len(took) == 0 {
		return nil, context.Cause(ctx)
	}
	slices.Sort(took)
	at := func(share float64) float64 { return millis(int64(took[int(share*float64(len(took)-1))])) }
	return &Fdatasync{P50: at(0.5), P99: at(0.99), Count: len(took)}, nil
}
