package raftstore

import (
	"errors"
	"fmt"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/hashicorp/raft"

	"github.com/scrip-engine/scrip/internal/durable"
)

// imageSink receives the bytes of one image file and makes it durable.
//
// An error before the rename leaves nothing behind and costs nothing: the log is
// truncated only after Close. From the rename on, what is on disk is unknown after
// an error, so the process ends.
type imageSink struct {
	store   *imageStore
	file    vfs.File
	path    string
	start   time.Time
	header  imageHeader // Stamp and Version are filled in by the cut
	written int64
	closed  bool
	durable func() // called when Close has succeeded
}

var _ raft.SnapshotSink = (*imageSink)(nil)

var errClosing = errors.New("group is closing")

func (k *imageSink) ID() string { return k.store.fs.PathBase(k.path) }

func (k *imageSink) Write(p []byte) (int, error) {
	if k.store.closing.Load() {
		return 0, errClosing
	}
	n, err := k.file.Write(p)
	k.written += int64(n)
	return n, err
}

// Close returns when the image is durable under its name and in the books.
func (k *imageSink) Close() error {
	if k.closed {
		return nil
	}
	k.closed = true
	s := k.store
	tmp := k.path + imageTmpSuffix
	if err := errors.Join(k.file.Sync(), k.file.Close()); err != nil {
		k.discard(tmp)
		return fmt.Errorf("write image: %w", err)
	}
	if err := k.publish(tmp); err != nil {
		s.life.fail("group %d: image %s: %v", s.group, k.path, err)
		return err
	}
	if k.durable != nil {
		k.durable()
	}
	s.met.imageSeconds.Observe(s.now().Sub(k.start).Seconds())
	s.met.imageBytes.Set(float64(k.written))
	return nil
}

func (k *imageSink) publish(tmp string) error {
	s := k.store
	if s.life.failed.Load() {
		return ErrFailed
	}
	if err := s.fs.Rename(tmp, k.path); err != nil {
		return fmt.Errorf("rename image: %w", err)
	}
	if err := durable.SyncDir(s.fs, s.dir); err != nil {
		return err
	}
	return s.add(s.describe(k.header, k.path, k.written))
}

// Cancel removes what was written.
func (k *imageSink) Cancel() error {
	if k.closed {
		return nil
	}
	k.closed = true
	err := k.file.Close()
	k.discard(k.path + imageTmpSuffix)
	return err
}

// discard removes the temporary file. A leftover is removed at the next start.
func (k *imageSink) discard(tmp string) {
	k.store.met.imageFailures.Inc()
	if err := k.store.fs.Remove(tmp); err != nil {
		k.store.life.log.Warn("unfinished image stays until the next start", "path", tmp, "error", err)
	}
}
