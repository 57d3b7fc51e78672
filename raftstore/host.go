package raftstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/scrip-engine/scrip/internal/durable"
	"github.com/scrip-engine/scrip/internal/guardfs"
)

// Host owns what the groups of one process share: the directory and its lock, the
// Pebble of all logs, votes and terms, the watchdog, the floor writer, and the
// permission to write an image (one at a time, so that two do not fight for the
// disk).
type Host struct {
	cfg      Config
	identity identity
	life     *lifeline
	lock     io.Closer
	db       *pebble.DB
	met      *metrics
	guard    *guardfs.Guard
	disk     vfs.FS     // Config.FS as the caller gave it; Config.FS is watched
	slow     guardfs.Op // the watchdog's: what it has warned of

	imageSlot chan struct{} // holds one token while an image is written
	stop      chan struct{}
	loops     sync.WaitGroup

	mu     sync.Mutex // guards the fields below
	closed bool
	groups map[uint32]*member
}

// member is what the host knows of a group, whatever its Machine answers with.
type member struct {
	cfg    GroupConfig
	watch  *stallWatch
	floor  *floorFile
	status func() GroupStatus
	close  func() error
	// openImage makes a new image and opens its file.
	openImage func(context.Context) (io.ReadCloser, error)
}

// Sizes of the log Pebble. The log is read rarely (recent entries are in memory)
// and truncated before most of it is ever flushed, so it gets little.
const (
	logMemTableBytes = 16 << 20
	logMemTables     = 2
	logCacheBytes    = 8 << 20
	// Watched, not stalled: a write stall would be a stall of every group.
	logL0StopWrites = 1000
	// A short manifest opens fast.
	logManifestBytes = 16 << 20
	// Truncated ranges are dropped for good instead of waiting for a compaction.
	logDropDelay = 10 * time.Second
)

// Open takes the directory, or creates it.
func Open(cfg Config) (*Host, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	h := &Host{
		cfg:       cfg,
		life:      newLifeline(cfg.Logger, cfg.Exit),
		guard:     guardfs.New(cfg.now),
		disk:      cfg.FS,
		imageSlot: make(chan struct{}, 1),
		stop:      make(chan struct{}),
		groups:    make(map[uint32]*member),
	}
	h.cfg.FS = h.guard.Watch(cfg.FS)
	if h.met, err = newMetrics(cfg.Registerer); err != nil {
		return nil, fmt.Errorf("open host: register metrics: %w", err)
	}
	if err := h.openDir(); err != nil {
		return nil, errors.Join(fmt.Errorf("open host: %w", err), h.closeDir())
	}
	h.loops.Add(2)
	go h.writeFloors()
	go h.watchStalls()
	return h, nil
}

func (h *Host) openDir() error {
	fs := h.cfg.FS
	if err := durable.MakeDir(fs, h.cfg.Dir); err != nil {
		return err
	}
	var err error
	if h.lock, err = fs.Lock(fs.PathJoin(h.cfg.Dir, "LOCK")); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrLocked, h.cfg.Dir, err)
	}
	if err := refuseUnfinishedRestore(fs, h.cfg.Dir); err != nil {
		return err
	}
	if h.identity, err = openIdentity(fs, h.cfg); err != nil {
		return err
	}
	for _, dir := range []string{"log", "floor", "images"} {
		if err := durable.MakeDir(fs, fs.PathJoin(h.cfg.Dir, dir)); err != nil {
			return err
		}
	}
	h.db, err = pebble.Open(fs.PathJoin(h.cfg.Dir, "log"), h.pebbleOptions())
	if errors.Is(err, pebble.ErrCorruption) {
		return fmt.Errorf("%w: log: %w", ErrCorrupt, err)
	}
	if err != nil {
		return fmt.Errorf("open log: %w", err)
	}
	return nil
}

func (h *Host) pebbleOptions() *pebble.Options {
	o := &pebble.Options{
		FS:                          h.fatalFS(guardfs.Any),
		Logger:                      pebbleLog{h.life},
		FormatMajorVersion:          pebble.FormatNewest, // tells a torn WAL tail from corruption inside
		MemTableSize:                logMemTableBytes,
		MemTableStopWritesThreshold: logMemTables,
		CacheSize:                   logCacheBytes,
		L0CompactionThreshold:       4,
		L0StopWritesThreshold:       logL0StopWrites,
		MaxManifestFileSize:         logManifestBytes,
		FlushDelayDeleteRange:       logDropDelay,
		EventListener: &pebble.EventListener{
			BackgroundError: func(err error) { h.life.fail("pebble: background error: %v", err) },
			DataCorruption:  func(i pebble.DataCorruptionInfo) { h.life.fail("pebble: corruption in %s: %v", i.Path, i.Details) },
		},
	}
	o.ApplyCompressionSettings(func() pebble.DBCompressionSettings { return pebble.DBCompressionNone })
	return o
}

// Failed reports whether the host has failed and its exit returned, or has not yet.
// Nothing that this process remembers may be told to anybody any more.
func (h *Host) Failed() bool { return h.life.failed.Load() }

// Fail ends the process as a failed write of the log does, for whoever shares its
// disk and can trust it no longer.
func (h *Host) Fail(reason string) { h.life.fail("%s", reason) }

// NodeID is the stable id of this data directory.
func (h *Host) NodeID() string { return h.identity.NodeID }

// ClusterID is the cluster that the data directory belongs to.
func (h *Host) ClusterID() string { return h.identity.ClusterID }

// Close closes the groups that are still open, newest first, and releases the
// directory (R7).
func (h *Host) Close() error {
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		return nil
	}
	h.closed = true
	var ids []uint32
	for id := range h.groups {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	slices.Reverse(ids)
	var closers []func() error
	for _, id := range ids {
		if c := h.groups[id].close; c != nil {
			closers = append(closers, c)
		}
	}
	h.mu.Unlock()

	var errs []error
	for _, c := range closers {
		errs = append(errs, c())
	}
	close(h.stop)
	h.loops.Wait()
	errs = append(errs, h.closeDir())
	return errors.Join(errs...)
}

func (h *Host) closeDir() error {
	var errs []error
	if h.db != nil {
		errs = append(errs, h.db.Close())
	}
	if h.lock != nil {
		errs = append(errs, h.lock.Close())
	}
	return errors.Join(errs...)
}

// admit reserves a group's id.
func (h *Host) admit(m *member) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return ErrClosed
	}
	if _, taken := h.groups[m.cfg.ID]; taken {
		return fmt.Errorf("group %d is open already", m.cfg.ID)
	}
	h.groups[m.cfg.ID] = m
	return nil
}

// enrol replaces the reservation by the whole member.
func (h *Host) enrol(m *member) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.groups[m.cfg.ID] = m
}

func (h *Host) dismiss(id uint32) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.groups, id)
}

func (h *Host) members() []*member {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := make([]*member, 0, len(h.groups))
	for _, m := range h.groups {
		out = append(out, m)
	}
	slices.SortFunc(out, func(a, b *member) int { return int(a.cfg.ID) - int(b.cfg.ID) })
	return out
}

// writeFloors lets the floor files follow the logs.
func (h *Host) writeFloors() {
	defer h.loops.Done()
	tick := time.NewTicker(h.cfg.FloorInterval)
	defer tick.Stop()
	for {
		select {
		case <-h.stop:
			return
		case <-tick.C:
		}
		for _, m := range h.members() {
			if h.life.failed.Load() {
				return
			}
			if m.floor == nil {
				continue
			}
			if err := m.floor.flush(); err != nil {
				h.life.fail("group %d: %v", m.cfg.ID, err)
			}
		}
	}
}
