package jobs

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/internal/clock"
)

// Config is what a Runner is made of.
type Config struct {
	Host Host
	FS   vfs.FS
	// Dir is the spool's folder. It is made if need be and belongs to the runner.
	Dir string
	// Rand is where codes come from; nil for crypto/rand, which it must be
	// wherever codes are worth money.
	Rand       io.Reader
	Clock      clock.Clock           // nil for the system's
	Logger     *slog.Logger          // nil for none
	Registerer prometheus.Registerer // nil for none
	// AtOnce is how many jobs run at a time, from 2 to 32; 0 for AtOnceDefault.
	AtOnce int
}

// Runner runs jobs. Its methods may be called from any number of goroutines.
type Runner struct {
	cfg    Config
	random *lockedReader
	met    *metrics

	// inherited are the files that stood in the spool when the process started.
	// No upload of this process is among them.
	inherited []string

	wake chan struct{} // holds one
	stop context.CancelFunc
	done chan struct{} // closed when the last goroutine of the runner is over

	mu      sync.Mutex
	closed  bool // guarded by mu
	uploads int  // guarded by mu: files on their way into the spool

	// turns has a channel for each shard, which holds one: whoever has put
	// something in has its chunk on the way (J5). Set by the first Wake.
	turns []chan struct{}

	// cut is how new imports and generated codes are cut into chunks.
	cut cut
	// retryFirst is the constant of that name; tests cannot wait so long.
	retryFirst time.Duration
}

// ErrClosed means that the runner was closed: nothing was done.
var ErrClosed = errors.New("jobs: the runner is closed")

// New opens the spool. Nothing runs, and no file is removed, before the first
// Wake.
func New(cfg Config) (*Runner, error) {
	if cfg.Rand == nil {
		cfg.Rand = rand.Reader
	}
	if cfg.Clock == nil {
		cfg.Clock = clock.System{}
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.AtOnce == 0 {
		cfg.AtOnce = AtOnceDefault
	}
	if cfg.AtOnce < atOnceMin || cfg.AtOnce > atOnceMax {
		return nil, fmt.Errorf("jobs: %d jobs at once are not between %d and %d", cfg.AtOnce, atOnceMin, atOnceMax)
	}
	met, err := newMetrics(cfg.Registerer)
	if err != nil {
		return nil, fmt.Errorf("jobs: %w", err)
	}
	r := &Runner{
		cfg: cfg, met: met, random: &lockedReader{in: cfg.Rand},
		wake: make(chan struct{}, 1), done: make(chan struct{}),
		cut:        cut{Version: cutVersion, Codes: coupon.ImportChunkCodesMax, Bytes: chunkBytesMax},
		retryFirst: retryFirst,
	}
	if r.inherited, err = openSpool(cfg.FS, cfg.Dir); err != nil {
		return nil, fmt.Errorf("jobs: open spool: %w", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	r.stop = stop
	go r.loop(ctx)
	return r, nil
}

// Wake makes the runner look for jobs. The first call says that the host is
// ready: that its catalog and shards show everything that was ever acknowledged.
// Until then a job's file looks like one that nobody wants. Call it again after
// each job that is put into the catalog. It never waits.
func (r *Runner) Wake() {
	select {
	case r.wake <- struct{}{}:
	default: // it will look anyway
	}
}

// Close stops the jobs where they are, and returns when no goroutine of theirs
// runs. They stay in the catalog, and the next runner goes on with them.
func (r *Runner) Close() {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.stop()
	<-r.done
}

// lockedReader lets jobs share one source of chance.
type lockedReader struct {
	mu sync.Mutex
	in io.Reader // guarded by mu
}

func (l *lockedReader) Read(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.in.Read(b)
}
