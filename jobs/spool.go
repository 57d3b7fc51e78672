package jobs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/scrip-engine/scrip/catalog"
	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/internal/durable"
)

// The spool's names. A file gets its name when it is whole and on disk, so one
// with partSuffix is what a crash left of an upload.
//
//	upload-<32 hex digits>         the input of a job
//	rejects-<ordinal of the job>   which rows failed, see rejects.go
const (
	uploadPrefix = "upload-"
	rejectPrefix = "rejects-"
	partSuffix   = ".part"
)

// Errors of Spool. All mean that nothing was done: there is no file.
var (
	ErrUploadTooLarge = errors.New("jobs: the upload is larger than allowed")
	ErrTooManyUploads = errors.New("jobs: too many uploads at once")
)

const (
	copyBytes = 64 << 10
	// syncBytes is how much of an upload may wait for the disk, so that its last
	// fsync does not hold up those of the log for seconds.
	syncBytes = 1 << 20
)

// Spool writes an upload to a file of the spool. On return the file and its name
// are on disk (J2). The caller puts a job with the name and the digest into the
// catalog, or calls Discard when it knows that there is no such job; what is
// neither is removed at the next start. limit is in bytes, at most
// coupon.UploadBytesMax, which 0 stands for. An error other than those above is
// the body's, the disk's, ErrClosed or ctx's.
func (r *Runner) Spool(ctx context.Context, body io.Reader, limit int64) (name string, digest catalog.Digest256, size int64, err error) {
	if err := r.beginUpload(); err != nil {
		return "", digest, 0, err
	}
	defer r.endUpload()
	if limit <= 0 || limit > coupon.UploadBytesMax {
		limit = coupon.UploadBytesMax
	}
	var raw [16]byte
	if _, err := io.ReadFull(r.random, raw[:]); err != nil {
		return "", digest, 0, fmt.Errorf("jobs: name an upload: %w", err)
	}
	name = uploadPrefix + hex.EncodeToString(raw[:])
	part := r.path(name + partSuffix)
	digest, size, err = r.writeUpload(ctx, part, body, limit)
	if err == nil {
		err = r.cfg.FS.Rename(part, r.path(name))
	}
	if err == nil {
		err = r.syncDir()
	}
	if err != nil {
		r.remove(name + partSuffix)
		r.remove(name)
		return "", catalog.Digest256{}, 0, fmt.Errorf("jobs: spool an upload: %w", err)
	}
	return name, digest, size, nil
}

// Discard removes an upload that became no job.
func (r *Runner) Discard(name string) {
	if spoolName(name) {
		r.remove(name)
	}
}

func (r *Runner) beginUpload() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.closed:
		return ErrClosed
	case r.uploads >= UploadsMax:
		return ErrTooManyUploads
	}
	r.uploads++
	return nil
}

func (r *Runner) endUpload() {
	r.mu.Lock()
	r.uploads--
	r.mu.Unlock()
}

func (r *Runner) writeUpload(ctx context.Context, path string, body io.Reader, limit int64) (digest catalog.Digest256, size int64, err error) {
	plain, err := r.cfg.FS.Create(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return digest, 0, err
	}
	f := vfs.NewSyncingFile(plain, vfs.SyncingFileOptions{BytesPerSync: syncBytes, NoSyncOnClose: true})
	defer func() { err = errors.Join(err, f.Close()) }()
	hash := sha256.New()
	buf := make([]byte, copyBytes)
	for {
		if err := ctx.Err(); err != nil {
			return digest, 0, err
		}
		n, readErr := body.Read(buf)
		if size += int64(n); size > limit {
			return digest, 0, ErrUploadTooLarge
		}
		if n > 0 {
			hash.Write(buf[:n])
			if _, err := f.Write(buf[:n]); err != nil {
				return digest, 0, err
			}
		}
		if errors.Is(readErr, io.EOF) {
			break
		}
		if readErr != nil {
			return digest, 0, readErr
		}
	}
	hash.Sum(digest[:0])
	return digest, size, f.Sync()
}

// openSpool makes the folder and lists what an earlier process left in it.
func openSpool(fs vfs.FS, dir string) ([]string, error) {
	if err := fs.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if err := durable.SyncDir(fs, fs.PathDir(dir)); err != nil {
		return nil, err
	}
	return fs.List(dir)
}

// tidy removes what an earlier process left and nobody wants: parts, uploads that
// became no job or whose job is over, rejects of jobs that are forgotten. Uploads
// of this process are not in the list.
func (r *Runner) tidy() {
	wanted := map[string]bool{}
	for _, job := range r.cfg.Host.ActiveJobs() {
		wanted[job.Spool] = true
	}
	for _, name := range r.inherited {
		whole := strings.TrimSuffix(name, partSuffix)
		ordinal, isRejects := rejectsOrdinal(whole)
		switch {
		case !spoolName(whole) && !isRejects:
			r.cfg.Logger.Warn("jobs: a file that is not ours stands in the spool", "file", name)
		case whole != name,
			spoolName(name) && !wanted[name],
			isRejects && r.cfg.Host.Job(ordinal) == nil:
			r.remove(name)
		}
	}
	r.inherited = nil
}

// spoolName reports names that Spool gives; nothing else is opened for a job.
func spoolName(name string) bool {
	digits, ok := strings.CutPrefix(name, uploadPrefix)
	if !ok || len(digits) != 32 {
		return false
	}
	_, err := hex.DecodeString(digits)
	return err == nil
}

func rejectsName(ordinal uint32) string {
	return rejectPrefix + strconv.FormatUint(uint64(ordinal), 10)
}

func rejectsOrdinal(name string) (uint32, bool) {
	digits, ok := strings.CutPrefix(name, rejectPrefix)
	if !ok {
		return 0, false
	}
	v, err := strconv.ParseUint(digits, 10, 32)
	return uint32(v), err == nil
}

func (r *Runner) path(name string) string { return r.cfg.FS.PathJoin(r.cfg.Dir, name) }

// remove gives a file back. One that stays is removed at the next start, so it
// is worth a line in the log and no more.
func (r *Runner) remove(name string) {
	if err := r.cfg.FS.Remove(r.path(name)); err != nil && !errors.Is(err, os.ErrNotExist) {
		r.cfg.Logger.Warn("jobs: a file could not be removed", "file", name, "error", err)
	}
}

func (r *Runner) syncDir() error { return durable.SyncDir(r.cfg.FS, r.cfg.Dir) }
