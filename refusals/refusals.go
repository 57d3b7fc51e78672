package refusals

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/scrip-engine/scrip/internal/clock"
)

// Config of a Recorder. FS and Dir are required.
type Config struct {
	// FS carries every byte. Dir is the package's own; one process at a time.
	FS  vfs.FS
	Dir string
	// Clock dates refusals, flushes and what is too old; nil is the machine's.
	Clock  clock.Clock
	Logger *slog.Logger
	// Registerer gets the metrics; nil keeps none of them reachable.
	Registerer prometheus.Registerer
	// Records is the size of the ring; 0 is DefaultRecords.
	Records int
}

// Recorder notes refusals. Its methods may be called from any number of
// goroutines.
type Recorder struct {
	clock    clock.Clock
	log      *slog.Logger
	names    *names
	counters *counters
	ring     *ring
	store    *store
	opened   int64

	stop    context.CancelFunc
	work    sync.WaitGroup
	failing atomic.Bool // the last flush failed; said in the log once
	closing sync.Once
	err     error // of Close
}

// Open reads the counters in Dir, or begins there, and starts to flush.
func Open(cfg Config) (*Recorder, error) {
	r, err := newRecorder(cfg)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	r.stop = stop
	r.work.Go(func() { r.flushEvery(ctx, FlushInterval) })
	return r, nil
}

// newRecorder is Open without the goroutine that flushes.
func newRecorder(cfg Config) (*Recorder, error) {
	if cfg.Clock == nil {
		cfg.Clock = clock.System{}
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	if cfg.Records == 0 {
		cfg.Records = DefaultRecords
	}
	if cfg.FS == nil || cfg.Dir == "" || cfg.Records < 1 || cfg.Records > recordsMax {
		return nil, fmt.Errorf("refusals: a file system, a directory and 1 to %d records are required", recordsMax)
	}
	r := &Recorder{clock: cfg.Clock, log: cfg.Logger, names: newNames(), counters: newCounters(),
		ring: newRing(cfg.Records), opened: cfg.Clock.UnixMilli(), stop: func() {}}
	m := newMetrics(r)
	r.store = &store{fs: cfg.FS, dir: cfg.Dir, log: cfg.Logger, names: r.names, metrics: m, counters: r.counters,
		current: cells{}, unsaved: cells{}}
	if err := m.register(cfg.Registerer); err != nil {
		return nil, fmt.Errorf("refusals: %w", err)
	}
	if err := r.store.open(r.opened); err != nil {
		return nil, err
	}
	return r, nil
}

// Note counts a refusal and, for a redemption, keeps it in the ring. It never
// waits for a file and never fails.
func (r *Recorder) Note(n Refusal) {
	if n.Time == 0 {
		n.Time = r.clock.UnixMilli()
	}
	key := r.names.number(n.Key)
	r.counters.add(newCell(minuteOf(n.Time), n.Project, n.Campaign, key, n.Operation))
	if n.Operation == Redemption {
		r.ring.put(&n, key)
	}
}

// Opened is since when the ring is filled, in unix ms. Tickets of another run
// mean nothing in this one.
func (r *Recorder) Opened() int64 { return r.opened }

func (r *Recorder) flushEvery(ctx context.Context, every time.Duration) {
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			r.flush()
		}
	}
}

// flush writes what was noted. A failure is tried again at the next tick, as long
// as it takes.
func (r *Recorder) flush() {
	began := time.Now()
	err := r.store.flush(r.clock.UnixMilli())
	r.store.metrics.flushed(time.Since(began), err)
	switch {
	case err != nil && !r.failing.Swap(true):
		r.log.Warn("refusals are not written; they are kept in memory meanwhile", "error", err)
	case err == nil && r.failing.Swap(false):
		r.log.Info("refusals are written again")
	}
}

// Close flushes for the last time. What is noted afterwards is lost.
func (r *Recorder) Close() error {
	r.closing.Do(func() {
		r.stop()
		r.work.Wait()
		r.err = r.store.close(r.clock.UnixMilli())
	})
	return r.err
}
