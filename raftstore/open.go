package raftstore

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/hashicorp/raft"
)

// OpenGroup opens a group of the host: it bootstraps one with this node as its
// only voter where nothing exists, otherwise reconciles what is on disk, loads the
// newest image that verifies into m, and starts raft, which replays the rest of
// the log. m must be empty. On an error m must not be used.
func OpenGroup[R any](h *Host, cfg GroupConfig, m Machine[R]) (*Group[R], error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	watch := newStallWatch(h.cfg.now)
	if err := h.admit(&member{cfg: cfg, watch: watch}); err != nil {
		return nil, fmt.Errorf("open group %s: %w", cfg.Name, err)
	}
	g := &Group[R]{
		host: h, cfg: cfg, met: h.met.group(cfg.Name), prog: &progress{dead: h.life.dead},
		notify:   make(chan bool, notifyPlaces),
		imageDue: make(chan struct{}, 1),
		stop:     make(chan struct{}),
		ready:    readiness{ch: make(chan struct{})},
	}
	if err := g.openStorage(watch, m); err != nil {
		h.dismiss(cfg.ID)
		if g.floor != nil {
			err = errors.Join(err, g.floor.close())
		}
		return nil, fmt.Errorf("open group %s: %w", cfg.Name, err)
	}
	if err := g.start(m); err != nil {
		h.dismiss(cfg.ID)
		return nil, errors.Join(fmt.Errorf("open group %s: %w", cfg.Name, err), g.floor.close())
	}
	h.enrol(&member{cfg: cfg, watch: watch, floor: g.floor, status: g.Status, close: g.Close, openImage: g.openNewImage})
	return g, nil
}

// notifyPlaces lets raft go on while the leadership goroutine is busy.
const notifyPlaces = 16

// openStorage opens the group's files and brings them and the machine to one
// state.
func (g *Group[R]) openStorage(watch *stallWatch, m Machine[R]) error {
	h, fs, id := g.host, g.host.cfg.FS, g.cfg.ID
	base := fmt.Sprintf("%08x", id)
	floor, hasFloor, err := openFloor(fs, fs.PathJoin(h.cfg.Dir, "floor", base), id)
	if err != nil {
		return err
	}
	g.floor = floor
	g.log = &logStore{group: id, db: h.db, life: h.life, watch: watch, floor: floor, prog: g.prog, met: g.met}
	g.stable = &stableStore{group: id, db: h.db, life: h.life, watch: watch, floor: floor}
	g.images = &imageStore{
		fs: fs, dir: fs.PathJoin(h.cfg.Dir, "images", base), group: id, keep: h.cfg.ImagesKept,
		life: h.life, floor: floor, log: g.log, prog: g.prog, met: g.met, now: time.Now,
	}
	if err := openLogStore(g.log); err != nil {
		return err
	}
	if err := openStableStore(g.stable); err != nil {
		return err
	}
	corrupt, err := openImageStore(g.images)
	if err != nil {
		return err
	}
	if err := g.checkVersion(); err != nil {
		return err
	}
	d := disk{hasFloor: hasFloor, corruptImages: corrupt}
	if err := g.reconcile(d); err != nil {
		return err
	}
	return g.load(m)
}

// checkVersion refuses before anything is loaded.
func (g *Group[R]) checkVersion() error {
	v, err := getSummed(g.host.db, makeKey(g.cfg.ID, kindVersion, 0), 4)
	if err != nil {
		return fmt.Errorf("read active version: %w", err)
	}
	var active uint32
	if v != nil {
		active = binary.LittleEndian.Uint32(v)
	}
	if k, ok := g.images.newest(); ok {
		active = max(active, k.header.Version)
	}
	if active > g.host.cfg.SupportedVersion {
		return fmt.Errorf("%w: active version %d, this binary supports %d; start a binary that supports it", ErrBinaryTooOld, active, g.host.cfg.SupportedVersion)
	}
	return nil
}

// keepVersion makes a raised version durable.
func (g *Group[R]) keepVersion(v uint32) error {
	key := makeKey(g.cfg.ID, kindVersion, 0)
	if err := g.host.db.Set(key, encodeSummed(key, binary.LittleEndian.AppendUint32(nil, v), nil), pebble.Sync); err != nil {
		return err
	}
	return g.host.life.err() // a failed write that was handed to the lifeline
}

// load brings the machine to the newest image.
func (g *Group[R]) load(m Machine[R]) error {
	k, ok := g.images.newest()
	if !ok {
		return nil
	}
	f, err := g.host.cfg.FS.Open(k.Path)
	if err != nil {
		return fmt.Errorf("load image: %w", err)
	}
	header, err := loadImage(m, f)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("load image %s: %w", k.Path, err)
	}
	g.prog.adopt(header)
	return nil
}

// start starts raft and the group's goroutines.
func (g *Group[R]) start(m Machine[R]) error {
	h := g.host
	g.prop = newProposer[R](g.cfg, g.prog, g.met)
	g.prop.stamp = func(last int64) (int64, error) { return h.cfg.Stamp(g.cfg.Name, last) }
	g.prop.apply = func(b []byte) raft.ApplyFuture {
		return g.raft.ApplyLog(raft.Log{Data: b}, h.cfg.StallLimit)
	}
	f := &fsm[R]{
		group: g.cfg.ID, machine: m, prog: g.prog, prop: g.prop, life: h.life, met: g.met,
		supported: h.cfg.SupportedVersion, keepVersion: g.keepVersion,
		appliedTerm: g.ready.applied, imageDue: g.lookForImage,
	}
	r, err := raft.NewRaft(g.raftConfig(), f, g.log, g.stable, g.images, newLoneTransport(h.identity.NodeID))
	if err != nil {
		return err
	}
	g.raft = r
	g.prover.view = raftView{raft: r, id: raft.ServerID(h.identity.NodeID), prog: g.prog, stop: g.stop, life: h.life}
	g.prover.life, g.prover.end = context.WithCancel(context.Background())
	g.log.running.Store(true)
	h.life.onFail(g.cfg.ID, func() { g.prop.die(); g.prover.end() })
	g.loops.Add(2)
	go g.leadership()
	go g.makeImages()
	go g.prop.pump()
	return nil
}

// never is an interval that does not pass; raft adds as much again at random.
const never = math.MaxInt64 / 4 * time.Nanosecond

// raftConfig is raft's configuration for a group with one voter.
func (g *Group[R]) raftConfig() *raft.Config {
	c := raft.DefaultConfig()
	c.LocalID = raft.ServerID(g.host.identity.NodeID)
	c.HeartbeatTimeout = g.host.cfg.HeartbeatTimeout
	c.ElectionTimeout = g.host.cfg.HeartbeatTimeout
	c.LeaderLeaseTimeout = g.host.cfg.HeartbeatTimeout
	c.Logger = newRaftLogger(g.host.cfg.Logger.With("group", g.cfg.Name))
	c.NotifyCh = g.notify
	c.NoLegacyTelemetry = true
	// Images are made by log bytes and truncate the log themselves (R10).
	c.SnapshotInterval = never
	c.SnapshotThreshold = math.MaxUint64
	c.TrailingLogs = math.MaxUint64
	// The machine was loaded at the newest image before raft started.
	c.NoSnapshotRestoreOnStart = true
	c.RestoreCommittedLogs = false
	return c
}
