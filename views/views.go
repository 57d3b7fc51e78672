package views

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/internal/durable"
	"github.com/scrip-engine/scrip/shard"
)

// Source is the journal of one shard, and the little of its state that never
// changes once it is there. *shard.Shard is one. Its methods are called from any
// goroutine, beside Apply, and take its locks for as short as a copy takes.
type Source interface {
	// LastSeq is the sequence of the newest record.
	LastSeq() uint64
	// Record reads the record with a sequence. Its tail may alias the journal.
	Record(seq uint64, rec *shard.Record) bool
	// Event reads the record with a public id.
	Event(id coupon.ID, rec *shard.Record) bool
	// Place is where the code with a shard-wide ordinal lives.
	Place(ordinal uint32) (slot uint16, inSlot uint32, ok bool)
	// Look is asked by place, for the record at which a code was born.
	Look(q *shard.Query, l *shard.Look)
}

var _ Source = (*shard.Shard)(nil)

// Config of Views. FS, Dir and Sources are required.
type Config struct {
	// FS carries every byte.
	FS  vfs.FS
	Dir string
	// Sources are the node's shards, in their order. They outlive the Views.
	Sources []Source

	Logger     *slog.Logger          // default: none
	Registerer prometheus.Registerer // may be nil
	// Exit ends the process when a write of Pebble's failed. Default: os.Exit.
	Exit func(code int, reason string)
}

// exitFailStop is the exit code of a process that could not trust its storage.
const exitFailStop = 70

// Errors of questions. All are "not done"; ask again later.
var (
	// ErrNotReady: a shard has not yet replayed what the view already covers, or
	// the view is being built from nothing and its directory just being replaced.
	ErrNotReady = errors.New("views: not ready")
	// ErrClosed: Close was called.
	ErrClosed = errors.New("views: closed")
)

// Views are the read models of a node. Questions may be asked from any number of
// goroutines.
type Views struct {
	cfg       Config
	log       *slog.Logger
	lock      io.Closer
	followers []*follower
	rebuilds  atomic.Int64
	damage    chan damage // to the keeper; room for one
	stop      context.CancelFunc
	running   context.Context
	work      sync.WaitGroup
	metrics   *collector

	broken      sync.Once
	storeBroken chan struct{} // closed when a store could not be written: do not wait for it

	// mu is held for reading by whoever uses db, for writing by who replaces it.
	mu         sync.RWMutex
	db         *pebble.DB // nil while there is none; guarded by mu
	generation int        // of db; guarded by mu
	closed     bool       // guarded by mu
}

// Open takes the directory, or creates it, and begins to follow the sources.
func Open(cfg Config) (*Views, error) {
	if cfg.FS == nil || cfg.Dir == "" || len(cfg.Sources) == 0 {
		return nil, errors.New("open views: FS, Dir and Sources are required")
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Exit == nil {
		cfg.Exit = func(code int, reason string) {
			cfg.Logger.Error(reason)
			os.Exit(code)
		}
	}
	v := &Views{cfg: cfg, log: cfg.Logger, damage: make(chan damage, 1), storeBroken: make(chan struct{})}
	v.running, v.stop = context.WithCancel(context.Background())
	for i, src := range cfg.Sources {
		v.followers = append(v.followers, newFollower(v, i, src))
	}
	if err := v.open(); err != nil {
		v.stop()
		return nil, errors.Join(fmt.Errorf("open views: %w", err), v.closeFiles())
	}
	for _, f := range v.followers {
		if _, err := f.ready(); err != nil {
			v.damaged(v.generation, err)
		}
	}
	v.work.Add(1 + len(v.followers))
	go v.keep()
	for _, f := range v.followers {
		go f.follow()
	}
	return v, nil
}

func (v *Views) open() (err error) {
	if err := durable.MakeDir(v.cfg.FS, v.cfg.Dir); err != nil {
		return err
	}
	if v.lock, err = v.cfg.FS.Lock(v.cfg.FS.PathJoin(v.cfg.Dir, "LOCK")); err != nil {
		return fmt.Errorf("%s is in use: %w", v.cfg.Dir, err)
	}
	if v.db, err = v.openStore(); err != nil {
		return err
	}
	v.metrics = newCollector(v)
	if v.cfg.Registerer != nil {
		if err := v.cfg.Registerer.Register(v.metrics); err != nil {
			return fmt.Errorf("register metrics: %w", err)
		}
	}
	return nil
}

func (v *Views) storeDir() string { return v.cfg.FS.PathJoin(v.cfg.Dir, "db") }

// Close stops the followers, waits for questions under way and releases the
// directory. It may be called more than once.
func (v *Views) Close() error {
	v.stop()
	v.work.Wait()
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed {
		return nil
	}
	v.closed = true
	if v.cfg.Registerer != nil {
		v.cfg.Registerer.Unregister(v.metrics)
	}
	for _, f := range v.followers {
		f.announce()
	}
	return v.closeFiles()
}

// closeFiles closes what open opened, in reverse.
func (v *Views) closeFiles() error {
	var errs []error
	if v.db != nil {
		errs = append(errs, v.closeStore(v.db))
		v.db = nil
	}
	if v.lock != nil {
		errs = append(errs, v.lock.Close())
	}
	return errors.Join(errs...)
}

// Notify says that a shard's journal may have grown. It never blocks and never
// allocates: Apply's goroutine may call it.
func (v *Views) Notify(shard int) {
	select {
	case v.followers[shard].bell <- struct{}{}:
	default: // it rings already
	}
}

// Watermark is how far a shard's journal is covered: the sequence of the newest
// record in the view and its replicated time, both 0 before the first.
func (v *Views) Watermark(shard int) (seq uint64, stamp int64) {
	f := v.followers[shard]
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.seen.seq, f.seen.stamp
}

// WaitFor returns when the view covers a shard's record, or with the context's
// error or ErrClosed.
func (v *Views) WaitFor(ctx context.Context, shard int, seq uint64) error {
	f := v.followers[shard]
	f.waiting.Add(1)
	defer f.waiting.Add(-1)
	select {
	case f.hurry <- struct{}{}:
	default: // it does
	}
	for {
		f.mu.Lock()
		done, changed := f.verified && f.seen.seq >= seq, f.changed
		f.mu.Unlock()
		if done {
			return nil
		}
		select {
		case <-changed:
		case <-v.running.Done():
			return ErrClosed
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
