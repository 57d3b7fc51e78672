package jobs

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/scrip-engine/scrip/catalog"
	"github.com/scrip-engine/scrip/internal/durable"
)

// A backup needs of the spool what the jobs of its catalog go on with: the upload,
// which never changes, and the list of failed rows as it stood at the cut. A longer
// list would name rows as refused by chunks that the backup's shards have yet to
// apply; then the same rows would be created and told as failed (J1). By J3 the
// list that is on disk at the cut holds all that the chunks applied by then need.

// SpoolFile is one file of the spool in a backup.
type SpoolFile struct {
	Name   string            `json:"name"`
	Bytes  int64             `json:"bytes"`
	Digest catalog.Digest256 `json:"sha256"`
}

// Held are the files of the jobs under way, as long as they were at the cut. They
// can be read until Close, also those that a job has removed since.
type Held struct {
	files []heldFile
}

type heldFile struct {
	name string
	size int64
	file vfs.File
}

// Hold opens the files of all unfinished jobs. The caller sees to it that no chunk
// is on the way and no job ends until Hold returns. It costs a few system calls a
// job, at most catalog.JobsActiveMax times. Close what it returns.
func (r *Runner) Hold() (*Held, error) {
	h := &Held{}
	for _, job := range r.cfg.Host.ActiveJobs() {
		if !spoolName(job.Spool) {
			continue
		}
		for _, name := range []string{job.Spool, rejectsName(job.Ordinal)} {
			if err := h.open(r, name); err != nil {
				return nil, errors.Join(fmt.Errorf("jobs: hold %s: %w", name, err), h.Close())
			}
		}
	}
	return h, nil
}

// open adds a file, if it is there: a job that has not begun has no list, and one
// whose upload is lost fails here as it will in the backup.
func (h *Held) open(r *Runner, name string) error {
	f, err := r.cfg.FS.Open(r.path(name), vfs.SequentialReadsOption)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return errors.Join(err, f.Close())
	}
	h.files = append(h.files, heldFile{name, info.Size(), f})
	return nil
}

// Close lets the files go.
func (h *Held) Close() (err error) {
	for _, f := range h.files {
		err = errors.Join(err, f.file.Close())
	}
	h.files = nil
	return err
}

// CopyTo writes the files into a new directory of dst and returns what they are.
// They are on disk with their names on return. The directory above is there.
// Without files none is made.
func (h *Held) CopyTo(dst vfs.FS, dir string) ([]SpoolFile, error) {
	if len(h.files) == 0 {
		return nil, nil
	}
	if err := dst.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("jobs: copy the spool: %w", err)
	}
	var out []SpoolFile
	for _, f := range h.files {
		digest, n, err := copyFile(dst, dst.PathJoin(dir, f.name), io.LimitReader(f.file, f.size))
		if err == nil && n != f.size {
			err = fmt.Errorf("%d bytes of %d", n, f.size)
		}
		if err != nil {
			return nil, fmt.Errorf("jobs: copy %s: %w", f.name, err)
		}
		out = append(out, SpoolFile{Name: f.name, Bytes: n, Digest: digest})
	}
	return out, errors.Join(durable.SyncDir(dst, dir), durable.SyncDir(dst, dst.PathDir(dir)))
}

// RestoreSpool makes the folder of a spool from a backup's files, which are
// verified on the way. Names that no spool has are refused.
func RestoreSpool(fs vfs.FS, from, dir string, files []SpoolFile) error {
	if len(files) == 0 {
		return nil
	}
	if err := fs.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("jobs: restore the spool: %w", err)
	}
	for _, f := range files {
		if err := restoreFile(fs, from, dir, f); err != nil {
			return fmt.Errorf("jobs: restore %q: %w", f.Name, err)
		}
	}
	return errors.Join(durable.SyncDir(fs, dir), durable.SyncDir(fs, fs.PathDir(dir)))
}

func restoreFile(fs vfs.FS, from, dir string, f SpoolFile) (err error) {
	if ordinal, isRejects := rejectsOrdinal(f.Name); !spoolName(f.Name) && !(isRejects && rejectsName(ordinal) == f.Name) {
		return errors.New("no name of a spooled file")
	}
	src, err := fs.Open(fs.PathJoin(from, f.Name), vfs.SequentialReadsOption)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, src.Close()) }()
	digest, n, err := copyFile(fs, fs.PathJoin(dir, f.Name), src)
	if err != nil {
		return err
	}
	if n != f.Bytes || digest != f.Digest {
		return errors.New("the file is not the one that was backed up")
	}
	return nil
}

// copyFile writes a file and syncs its bytes.
func copyFile(dst vfs.FS, path string, src io.Reader) (digest catalog.Digest256, n int64, err error) {
	plain, err := dst.Create(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return digest, 0, err
	}
	f := vfs.NewSyncingFile(plain, vfs.SyncingFileOptions{BytesPerSync: syncBytes, NoSyncOnClose: true})
	defer func() { err = errors.Join(err, f.Close()) }()
	hash := sha256.New()
	if n, err = io.CopyBuffer(io.MultiWriter(hash, f), src, make([]byte, copyBytes)); err != nil {
		return digest, n, err
	}
	hash.Sum(digest[:0])
	return digest, n, f.Sync()
}
