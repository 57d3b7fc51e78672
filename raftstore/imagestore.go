package raftstore

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/errors/oserror"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/hashicorp/raft"

	"github.com/scrip-engine/scrip/internal/durable"
)

// ImageInfo describes one durable image.
type ImageInfo struct {
	Group uint32
	Index uint64 // the last entry that it holds
	Term  uint64
	Stamp int64  // replicated time at the cut, unix ms
	Bytes int64  // of the file
	Path  string // on the host's FS
}

const (
	imageSuffix    = ".image"
	imageTmpSuffix = ".tmp"
	imageBadSuffix = ".corrupt"
)

// imageStore is the raft.SnapshotStore of one group: flat files, named
// <index>-<term>.image, the newest ones kept. What a sink's Close has returned
// for is durable: raft and R10 build on that.
type imageStore struct {
	fs    vfs.FS
	dir   string
	group uint32
	keep  int
	life  *lifeline
	floor *floorFile
	log   *logStore
	prog  *progress
	met   *groupMetrics
	now   func() time.Time

	closing atomic.Bool  // a sink that still writes gives up
	bytes   atomic.Int64 // of the newest image

	mu   sync.Mutex // guards kept
	kept []keptImage
}

type keptImage struct {
	ImageInfo
	header imageHeader
}

var _ raft.SnapshotStore = (*imageStore)(nil)

func imageName(index, term uint64) string {
	return fmt.Sprintf("%016x-%016x%s", index, term, imageSuffix)
}

// openImageStore lists and verifies the images, newest first. One that does not
// verify is put aside under another name, kept for the operator, and counted in
// corrupt; the caller decides whether the rest is enough.
func openImageStore(s *imageStore) (corrupt int, err error) {
	if err := durable.MakeDir(s.fs, s.dir); err != nil {
		return 0, fmt.Errorf("open images: %w", err)
	}
	names, err := s.fs.List(s.dir)
	if err != nil {
		return 0, fmt.Errorf("open images: %w", err)
	}
	slices.Sort(names)
	slices.Reverse(names)
	for _, name := range names {
		path := s.fs.PathJoin(s.dir, name)
		if strings.HasSuffix(name, imageTmpSuffix) { // a crash while it was written
			if err := s.fs.Remove(path); err != nil {
				return 0, fmt.Errorf("remove unfinished image: %w", err)
			}
			continue
		}
		if !strings.HasSuffix(name, imageSuffix) {
			continue
		}
		k, err := s.verify(path)
		if errors.Is(err, ErrCorrupt) {
			corrupt++
			s.life.log.Error("image does not verify and is put aside", "path", path, "error", err)
			if err := s.fs.Rename(path, path+imageBadSuffix); err != nil {
				return 0, fmt.Errorf("put corrupt image aside: %w", err)
			}
			continue
		}
		if err != nil {
			return 0, fmt.Errorf("open image %s: %w", path, err)
		}
		s.kept = append(s.kept, k)
	}
	s.publishLocked()
	return corrupt, nil
}

func (s *imageStore) verify(path string) (keptImage, error) {
	f, err := s.fs.Open(path)
	if err != nil {
		return keptImage{}, err
	}
	defer func() { _ = f.Close() }() // only read from
	h, err := verifyImage(f)
	if err != nil {
		return keptImage{}, err
	}
	if want := imageName(h.Index, h.Term); h.Group != s.group || s.fs.PathBase(path) != want {
		return keptImage{}, fmt.Errorf("%w: %s holds group %d, %s", ErrCorrupt, path, h.Group, want)
	}
	st, err := f.Stat()
	if err != nil {
		return keptImage{}, err
	}
	return s.describe(h, path, st.Size()), nil
}

func (s *imageStore) describe(h imageHeader, path string, size int64) keptImage {
	return keptImage{header: h, ImageInfo: ImageInfo{
		Group: h.Group, Index: h.Index, Term: h.Term, Stamp: h.Stamp, Bytes: size, Path: path,
	}}
}

// newest returns the newest image.
func (s *imageStore) newest() (keptImage, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.kept) == 0 {
		return keptImage{}, false
	}
	return s.kept[0], true
}

func (s *imageStore) infos() []ImageInfo {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]ImageInfo, len(s.kept))
	for i, k := range s.kept {
		out[i] = k.ImageInfo
	}
	return out
}

// publishLocked tells the log how far images reach.
func (s *imageStore) publishLocked() {
	var newest, oldest uint64
	if n := len(s.kept); n > 0 {
		newest = s.kept[0].Index
		s.bytes.Store(s.kept[0].Bytes)
		if n >= s.keep {
			oldest = s.kept[n-1].Index
		}
	}
	s.prog.image.Store(newest)
	s.prog.olderImage.Store(oldest)
}

// List returns the images, newest first.
func (s *imageStore) List() ([]*raft.SnapshotMeta, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]*raft.SnapshotMeta, len(s.kept))
	for i, k := range s.kept {
		out[i] = k.meta()
	}
	return out, nil
}

func (k keptImage) meta() *raft.SnapshotMeta {
	return &raft.SnapshotMeta{
		Version:            raft.SnapshotVersionMax,
		ID:                 imageName(k.Index, k.Term),
		Index:              k.Index,
		Term:               k.Term,
		Configuration:      raft.DecodeConfiguration(k.header.Config),
		ConfigurationIndex: k.header.ConfigIndex,
		Size:               k.Bytes,
	}
}

// Open returns the whole file: what an install sends is what the receiver stores.
func (s *imageStore) Open(id string) (*raft.SnapshotMeta, io.ReadCloser, error) {
	s.mu.Lock()
	i := slices.IndexFunc(s.kept, func(k keptImage) bool { return imageName(k.Index, k.Term) == id })
	if i < 0 {
		s.mu.Unlock()
		return nil, nil, fmt.Errorf("no image %s", id)
	}
	k := s.kept[i]
	s.mu.Unlock()
	f, err := s.fs.Open(k.Path)
	if err != nil {
		return nil, nil, err
	}
	return k.meta(), f, nil
}

// Create starts a new image. Called by raft's snapshot goroutine.
func (s *imageStore) Create(_ raft.SnapshotVersion, index, term uint64, cfg raft.Configuration, cfgIndex uint64, _ raft.Transport) (raft.SnapshotSink, error) {
	name := imageName(index, term)
	path := s.fs.PathJoin(s.dir, name)
	f, err := s.fs.Create(path+imageTmpSuffix, vfs.WriteCategoryUnspecified)
	if err != nil {
		return nil, fmt.Errorf("create image: %w", err)
	}
	// Without syncs along the way the one at the end would write hundreds of
	// megabytes at once, and the log's fsyncs would queue behind it.
	f = vfs.NewSyncingFile(f, vfs.SyncingFileOptions{BytesPerSync: 1 << 20})
	return &imageSink{
		store: s, file: f, path: path, start: s.now(),
		header: imageHeader{
			Group: s.group, Index: index, Term: term,
			ConfigIndex: cfgIndex, Config: raft.EncodeConfiguration(cfg),
		},
	}, nil
}

// add takes a durable image into the books: floor, the old ones removed, the log
// truncated to the older one that is kept. The order matters: a crash after any
// step leaves more than needed, never less.
func (s *imageStore) add(k keptImage) error {
	if err := s.floor.image(k.Index); err != nil {
		return err
	}
	s.mu.Lock()
	s.kept = slices.DeleteFunc(s.kept, func(o keptImage) bool { return o.Path == k.Path })
	s.kept = slices.Insert(s.kept, 0, k)
	var drop []keptImage
	if len(s.kept) > s.keep {
		drop = slices.Clone(s.kept[s.keep:])
		s.kept = s.kept[:s.keep]
	}
	s.publishLocked()
	older := s.prog.olderImage.Load()
	s.mu.Unlock()
	for _, o := range drop {
		if err := s.fs.Remove(o.Path); err != nil && !oserror.IsNotExist(err) {
			return fmt.Errorf("remove old image: %w", err)
		}
	}
	if older == 0 {
		return nil
	}
	return s.log.truncatePrefix(older)
}
