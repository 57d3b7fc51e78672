package views

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// formatVersion is the version of the key space. A directory of any other is
// deleted and built again (V6): no migration is worth its tests here.
const formatVersion = 1

// Sizes of the view's Pebble: what a node gives to questions that can wait.
const (
	memTableBytes = 8 << 20
	memTables     = 3
	cacheBytes    = 16 << 20
	manifestBytes = 16 << 20
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
	generation := v.generation
	o := &pebble.Options{
		FS:                          v.cfg.FS,
		Logger:                      pebbleLog{v},
		FormatMajorVersion:          pebble.FormatNewest,
		MemTableSize:                memTableBytes,
		MemTableStopWritesThreshold: memTables,
		CacheSize:                   cacheBytes,
		MaxManifestFileSize:         manifestBytes,
		EventListener: &pebble.EventListener{
			BackgroundError: func(err error) { v.log.Error("views: pebble", "error", err) },
			DataCorruption: func(i pebble.DataCorruptionInfo) {
				v.damaged(generation, fmt.Errorf("%s: %w", i.Path, pebble.ErrCorruption))
			},
		},
	}
	for i := range o.Levels {
		o.Levels[i].FilterPolicy = bloom.FilterPolicy(filterBitsPerKey)
	}
	return o
}

// pebbleLog is Pebble's logger. After a failed WAL write Pebble calls Fatalf and
// goes on to return nil for the commit: nothing it says can be trusted then, so
// the process ends, as it does for the log of the groups.
type pebbleLog struct{ v *Views }

func (p pebbleLog) Infof(string, ...any) {}

func (p pebbleLog) Errorf(format string, args ...any) {
	p.v.log.Error("views: pebble: " + fmt.Sprintf(format, args...))
}

func (p pebbleLog) Fatalf(format string, args ...any) {
	p.v.cfg.Exit(exitFailStop, "views: pebble: "+fmt.Sprintf(format, args...))
}

// makeDir makes the directory and sees to it that it is found after a crash.
func makeDir(fs vfs.FS, dir string) error {
	if err := fs.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make %s: %w", dir, err)
	}
	return nil
}
