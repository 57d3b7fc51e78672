package views

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/sstable"
)

// formatVersion is the version of the key space. A directory of any other is
// deleted and built again (V6): no migration is worth its tests here.
const formatVersion = 2

// Sizes of the views' Pebble. Most keys of a batch are scattered over the whole
// key space, so every flush overlaps all that is on disk, and what a record costs
// is the number of times that it is merged down.
const (
	// memTableBytes and memTables: one takes writes while the other is flushed. In
	// one of 32 MB, which no core's cache holds, finding the place of a key costs a
	// third more. A memtable begins small and grows: an idle node does not pay.
	memTableBytes = 8 << 20
	memTables     = 2
	// mergeFlushes are merged down together, instead of each by itself; a question
	// asks that many more filters until then. stopFlushes is where writes wait.
	mergeFlushes = 16
	stopFlushes  = 64
	// cacheBytes bounds blocks, filters and, because Pebble charges them to its
	// cache, the memtables: what is left for blocks is 32 MB at the least.
	cacheBytes    = memTables*memTableBytes + 32<<20
	manifestBytes = 16 << 20
	// baseBytes and tableBytes: the first level below the flushes is as large as
	// what is merged into it, and a table's filter is loaded as a whole.
	baseBytes  = 128 << 20
	tableBytes = 8 << 20
	// filterBitsPerKey: most heads that a record asks for do not exist yet; at 10
	// bits one in a hundred of these questions reads a block in vain.
	filterBitsPerKey = 10
)

// errOther: the directory belongs to another format or another set of shards.
var errOther = errors.New("views: other format or other shards")

// openStore opens the Pebble under dir, or throws it away and starts an empty
// one when it cannot be used (V6).
func (v *Views) openStore() (db *pebble.DB, err error) {
	fs, dir := v.cfg.FS, v.storeDir()
	db, err = v.tryStore(dir)
	if err == nil {
		return db, nil
	}
	v.log.Warn("views: the directory cannot be used; it is deleted and built again", "dir", dir, "error", err)
	v.rebuilds.Add(1)
	v.generation++ // what the first attempt still has to say of its files is no news
	if err := fs.RemoveAll(dir); err != nil {
		return nil, fmt.Errorf("remove views: %w", err)
	}
	return v.tryStore(dir)
}

func (v *Views) tryStore(dir string) (*pebble.DB, error) {
	db, err := pebble.Open(dir, v.pebbleOptions())
	if err != nil {
		return nil, fmt.Errorf("open views: %w", err)
	}
	if err := v.checkMeta(db); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// checkMeta compares the directory's format with ours, or writes ours into a new
// directory.
func (v *Views) checkMeta(db *pebble.DB) error {
	want := binary.AppendUvarint(binary.AppendUvarint(nil, formatVersion), uint64(len(v.cfg.Sources)))
	got, closer, err := db.Get(metaKey())
	if errors.Is(err, pebble.ErrNotFound) {
		return db.Set(metaKey(), want, pebble.NoSync)
	}
	if err != nil {
		return fmt.Errorf("read format of views: %w", err)
	}
	same := string(got) == string(want)
	if err := closer.Close(); err != nil {
		return err
	}
	if !same {
		return errOther
	}
	return nil
}

func (v *Views) pebbleOptions() *pebble.Options {
	background := &backgroundErrors{v: v, generation: v.generation}
	o := &pebble.Options{
		FS:                          v.cfg.FS,
		Logger:                      pebbleLog{v},
		FormatMajorVersion:          pebble.FormatNewest,
		MemTableSize:                memTableBytes,
		MemTableStopWritesThreshold: memTables,
		CacheSize:                   cacheBytes,
		MaxManifestFileSize:         manifestBytes,
		LBaseMaxBytes:               baseBytes,
		L0CompactionThreshold:       mergeFlushes,
		L0StopWritesThreshold:       stopFlushes,
		// Without a log of its own: what a crash takes is read from the journal
		// again, and a flush takes whole batches, in their order (V2).
		DisableWAL:                 true,
		CompactionConcurrencyRange: func() (int, int) { return 1, 1 },
		EventListener: &pebble.EventListener{
			FlushEnd:        background.flushed,
			BackgroundError: background.failed,
			DataCorruption: func(i pebble.DataCorruptionInfo) {
				v.damaged(background.generation, fmt.Errorf("%s: %w", i.Path, pebble.ErrCorruption))
			},
		},
	}
	for i := range o.Levels {
		o.Levels[i].FilterPolicy = bloom.FilterPolicy(filterBitsPerKey)
		// Keys share their fronts within a block already. What more a compressor
		// finds is not worth its part of a node with two cores.
		o.Levels[i].Compression = func() *sstable.CompressionProfile { return sstable.NoCompression }
	}
	for i := range o.TargetFileSizes {
		o.TargetFileSizes[i] = tableBytes
	}
	return o
}

// backgroundErrors listens to what Pebble does by itself. It tries again at once
// and for ever, so somebody has to end it.
type backgroundErrors struct {
	v          *Views
	generation int
	flush      atomic.Pointer[error] // of the last flush
}

// flushed runs before failed, with the same error. Flushing an empty memtable is
// an error here, and none there.
func (b *backgroundErrors) flushed(i pebble.FlushInfo) { b.flush.Store(&i.Err) }

// failed ends the process when a flush could not write: the memtables have no log,
// and the follower soon waits for room in them. Of a compaction or a damaged table
// a new store is free (V6).
func (b *backgroundErrors) failed(err error) {
	if f := b.flush.Load(); f == nil || *f == nil || !errors.Is(err, *f) {
		b.v.damaged(b.generation, err)
		return
	}
	b.v.broken.Do(func() { close(b.v.storeBroken) })
	b.v.cfg.Exit(exitFailStop, fmt.Sprintf("views: flush: %v", err))
}

// closeStore writes what the memtables hold, so that the next start goes on from
// here, and closes the store.
func (v *Views) closeStore(db *pebble.DB) error {
	flushed, err := db.AsyncFlush()
	if err == nil {
		select {
		case <-flushed:
		case <-v.storeBroken:
		}
	}
	return errors.Join(err, db.Close())
}

// pebbleLog is Pebble's logger. After a failed write of its manifest Pebble calls
// Fatalf and goes on: nothing it says can be trusted then, so the process ends, as
// it does for the log of the groups.
type pebbleLog struct{ v *Views }

func (p pebbleLog) Infof(string, ...any) {}

func (p pebbleLog) Errorf(format string, args ...any) {
	p.v.log.Error("views: pebble: " + fmt.Sprintf(format, args...))
}

func (p pebbleLog) Fatalf(format string, args ...any) {
	p.v.cfg.Exit(exitFailStop, "views: pebble: "+fmt.Sprintf(format, args...))
}
