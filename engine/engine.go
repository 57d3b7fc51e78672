package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/scrip-engine/scrip/catalog"
	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/internal/clock"
	"github.com/scrip-engine/scrip/internal/durable"
	"github.com/scrip-engine/scrip/raftstore"
	"github.com/scrip-engine/scrip/refusals"
	"github.com/scrip-engine/scrip/shard"
	"github.com/scrip-engine/scrip/views"
)

// Engine is an open data directory. Its methods may be called from any number of
// goroutines.
type Engine struct {
	cfg    Config
	fs     vfs.FS
	log    *slog.Logger
	clock  clock.Clock
	secret *coupon.Secret

	host     *raftstore.Host
	catalog  *catalog.Catalog
	catLog   *raftstore.Group[catalog.Reply]
	shards   []*shardGroup
	views    *views.Views
	follow   atomic.Pointer[views.Views] // = views, for Apply, which runs before they are open
	applied  signal
	jobs     *jobRunner
	plans    planCache
	pool     sync.Pool // of *redemption
	metrics  *metrics
	refusals *refusals.Recorder
	collect  *collector // nil until everything is open
	disk     diskWatch
	stamper  *stamper

	gate     gate         // see gate.go
	recovery *BackupInfo  // set while a restored directory waits for its operator
	firstKey *Credentials // of a directory that was just made
	opened   time.Time
	draining atomic.Bool

	stop    context.CancelFunc
	running context.Context // ends when Close begins
	work    sync.WaitGroup
	kick    chan struct{} // wakes the fence driver

	eraseKick chan struct{} // wakes the eraser
	erasures  *erasureList
}

// Group ids, part of the data directory.
const (
	catalogGroup    = 1
	firstShardGroup = 16
	// SupportedVersion is the newest active version that this binary follows.
	supportedVersion = 1
	slotMapEpoch     = 1
	// readyWait bounds how long Open waits for the groups to lead.
	readyWait = 30 * time.Second
)

// Credentials are an app id and its token.
type Credentials struct{ AppID, AppToken string }

// Open opens the data directory, or makes it, and returns when it can serve. The
// order is that of the fields above: the log, the catalog, the shards that it
// names, the views over them, the jobs; Close goes the other way.
func Open(cfg Config) (_ *Engine, err error) {
	if err := cfg.withDefaults(); err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	e := &Engine{cfg: cfg, fs: cfg.FS, log: cfg.Logger, clock: cfg.Clock,
		stop: stop, running: ctx, kick: make(chan struct{}, 1), eraseKick: make(chan struct{}, 1), opened: cfg.Clock.Now()}
	defer func() {
		if err != nil {
			err = errors.Join(err, e.Close())
		}
	}()
	e.metrics = newMetrics(cfg.Registerer)
	if err := e.openHost(); err != nil {
		return nil, err
	}
	if err := e.openRefusals(); err != nil {
		return nil, err
	}
	if err := e.openCatalog(); err != nil {
		return nil, err
	}
	if err := e.openShards(); err != nil {
		return nil, err
	}
	if err := e.openViews(); err != nil {
		return nil, err
	}
	if err := e.openJobs(); err != nil {
		return nil, err
	}
	if e.recovery == nil { // a restored directory changes nothing by itself either
		e.goWork(e.driveFences)
		e.jobs.wake()
	}
	e.goWork(e.driveErasures)
	if e.recovery == nil {
		e.goWork(e.driveSeals)
	}
	e.goWork(e.disk.watch)
	e.goWork(e.keepFilters)
	e.collect = newCollector(e)
	if reg := e.cfg.Registerer; reg != nil {
		if err := reg.Register(e.collect); err != nil {
			return nil, fmt.Errorf("register metrics: %w", err)
		}
	}
	return e, nil
}

// goWork runs f until Close.
func (e *Engine) goWork(f func(ctx context.Context)) {
	e.work.Go(func() { f(e.running) })
}

func (e *Engine) openHost() error {
	if err := durable.MakeDir(e.fs, e.cfg.Dir); err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	if err := e.openRecovery(); err != nil {
		return fmt.Errorf("recovery: %w", err)
	}
	e.disk.init(e.fs, e.cfg.Dir, e.cfg.DiskLowBytes, e.log)
	e.stamper = newStamper(e.clock, e.log, e.metrics)
	h, err := raftstore.Open(raftstore.Config{
		FS: e.fs, Dir: e.fs.PathJoin(e.cfg.Dir, replicaDir),
		Clock: e.clock.UnixMilli, Stamp: e.stamper.stamp,
		Logger: e.log, Registerer: e.cfg.Registerer, Exit: e.exit(),
		HeartbeatTimeout: e.cfg.HeartbeatTimeout, ImageLogBytes: e.cfg.ImageLogBytes, StallLimit: e.cfg.StallLimit,
		SupportedVersion: supportedVersion,
	})
	if err != nil {
		return fmt.Errorf("open %s: %w", e.cfg.Dir, err)
	}
	e.host = h
	// What hangs on this disk from here on is the watchdog's; a backup goes to
	// another one and keeps to Config.FS.
	e.fs = h.FS()
	return nil
}

// exit is the caller's way to end the process. A caller whose way returns has a
// dead engine: nobody in it waits any longer for what cannot come.
func (e *Engine) exit() func(code int, reason string) {
	if e.cfg.Exit == nil {
		return nil
	}
	return func(code int, reason string) {
		e.cfg.Exit(code, reason)
		e.stop()
	}
}

// openCatalog opens the catalog and waits until it holds everything that was
// committed, since it says which shards there are.
func (e *Engine) openCatalog() error {
	e.catalog = catalog.New()
	g, err := raftstore.OpenGroup(e.host,
		raftstore.GroupConfig{ID: catalogGroup, Name: "catalog", MaxBatchCommands: 1},
		raftstore.Machine[catalog.Reply](&catalogMachine{c: e.catalog, notify: e.kickFences}))
	if err != nil {
		return fmt.Errorf("open the catalog: %w", err)
	}
	e.catLog = g
	ctx, cancel := context.WithTimeout(e.running, readyWait)
	defer cancel()
	if err := g.WaitReady(ctx); err != nil {
		return fmt.Errorf("wait for the catalog: %w", err)
	}
	return e.bootstrap(ctx)
}

func (e *Engine) openShards() error {
	n := int(e.catalog.View().Cluster().Shards)
	for i := range n {
		f, err := newCodeFilter()
		if err != nil {
			return err
		}
		g := &shardGroup{index: i, filter: f}
		e.shards = append(e.shards, g)
		if err := e.openHistory(g); err != nil {
			return err
		}
		g.law = shard.New(shard.Config{
			First: firstSlot(i, n), Last: firstSlot(i+1, n) - 1, Epoch: slotMapEpoch,
			Filter:  g.filter, // the budget comes through the log: see tuneShards
			History: g.history,
		})
		log, err := raftstore.OpenGroup(e.host,
			raftstore.GroupConfig{ID: firstShardGroup + uint32(i), Name: g.name()},
			raftstore.Machine[shard.Reply](&lawMachine{s: g.law, notify: func() { e.notifyViews(i) }}))
		if err != nil {
			return fmt.Errorf("open shard %d: %w", i, err)
		}
		g.log = log
	}
	ctx, cancel := context.WithTimeout(e.running, readyWait) // begins when the histories are open
	defer cancel()
	for _, g := range e.shards {
		if err := g.log.WaitReady(ctx); err != nil {
			return fmt.Errorf("wait for shard %d: %w", g.index, err)
		}
		if err := g.checkHistory(); err != nil {
			return err
		}
	}
	waits := e.recovery != nil && !e.cfg.EndRecovery
	if !waits {
		if err := e.tuneShards(ctx, e.recovery != nil); err != nil {
			return err
		}
	}
	if err := e.openErasures(e.running); err != nil || waits {
		return err
	}
	return e.endRecovery()
}

// firstSlot is the first slot of shard i of n: ranges that differ by one slot at
// the most.
func firstSlot(i, n int) uint16 { return uint16((i*coupon.Slots + n - 1) / n) }

func (e *Engine) shardOf(slot uint16) *shardGroup {
	return e.shards[int(slot)*len(e.shards)/coupon.Slots]
}

// Close stops what Open started, in reverse order. Requests under way get an
// answer: done, not done, or unknown.
func (e *Engine) Close() error {
	e.draining.Store(true)
	e.stop()
	var errs []error
	if e.collect != nil {
		e.collect.close()
	}
	if e.jobs != nil {
		e.jobs.close()
	}
	e.work.Wait()
	if e.views != nil {
		errs = append(errs, e.views.Close())
	}
	if e.erasures != nil {
		errs = append(errs, e.erasures.close())
	}
	if e.host != nil {
		errs = append(errs, e.host.Close())
	}
	if e.refusals != nil {
		errs = append(errs, e.refusals.Close())
	}
	for _, g := range e.shards {
		errs = append(errs, g.release())
	}
	return errors.Join(errs...)
}

// Drain refuses new changes from now on; what is under way ends. For a clean
// stop behind a load balancer.
func (e *Engine) Drain() { e.draining.Store(true) }
