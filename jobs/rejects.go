package jobs

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/scrip-engine/scrip/catalog"
	"github.com/scrip-engine/scrip/wire"
)

// Reject is a row that failed.
type Reject struct {
	// Row counts from 1; a CSV file's header does not count.
	Row    int64  `json:"row"`
	Code   string `json:"code,omitempty"` // empty when the row could not be read
	Reason string `json:"reason"`         // an error key
	// Details is a sentence for people.
	Details string `json:"details,omitempty"`
	// Sent says that the row was part of a chunk and the shard refused it; the
	// others were refused before, and are in no chunk.
	Sent bool `json:"sent,omitempty"`
}

// rejects is the list of a job's rows that failed, one file in the spool. Each
// line is the CRC-32C of its JSON in eight hex digits, a space and the JSON; the
// first has the cut, each other one a Reject. A row stands in it once: what is
// found out again after a crash is known already.
//
// A crash leaves a prefix of whole lines that holds everything up to the last
// sync. What follows it is cut off when the file is opened, into a new file under
// the same name, since a half line in the middle would hide what comes after it.
type rejects struct {
	cut cut

	mu     sync.Mutex
	file   vfs.File
	buf    []byte            // guarded by mu: lines that are not written
	dirty  bool              // guarded by mu: something is not synced
	broken error             // guarded by mu: the first error of the file; it stays
	seen   rowSet            // guarded by mu
	before rowSet            // guarded by mu: rows that were not sent
	count  int64             // guarded by mu
	first  []catalog.Failure // guarded by mu: those with the lowest rows, ascending
}

// bufferBytes is how much is gathered for one write.
const bufferBytes = 32 << 10

// openRejects opens the list of a job. fresh allows it to be missing.
func (r *Runner) openRejects(job uint32, c cut, fresh bool) (*rejects, error) {
	name := rejectsName(job)
	part := r.path(name + partSuffix)
	f, err := r.cfg.FS.Create(part, vfs.WriteCategoryUnspecified)
	if err != nil {
		return nil, fmt.Errorf("begin the list of failed rows: %w", err)
	}
	x := &rejects{cut: c, file: f}
	if err = x.recall(r, name, fresh); err == nil {
		err = x.sync()
	}
	if err == nil {
		err = r.cfg.FS.Rename(part, r.path(name))
	}
	if err == nil {
		err = r.syncDir()
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return x, nil
}

// recall copies what is whole of an earlier start's list, and takes it in.
func (x *rejects) recall(r *Runner, name string, fresh bool) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.dirty = true
	headed := false
	err := r.readRejects(name, func(text []byte) error {
		var reject Reject
		if !headed {
			headed = true
			if err := json.Unmarshal(text, &x.cut); err != nil {
				return err
			}
		} else if err := json.Unmarshal(text, &reject); err != nil {
			return err
		} else if reject.Row < 1 || reject.Row > RowsMax {
			return fmt.Errorf("row %d is not between 1 and %d", reject.Row, RowsMax)
		} else {
			x.note(&reject)
		}
		x.buf = appendLine(x.buf, text)
		x.writeLocked(bufferBytes)
		return x.broken
	})
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("read the list of failed rows: %w", err)
	}
	if !headed && !fresh {
		return failf(wire.KeyInternalError, "the list of failed rows is missing: import the file again")
	}
	if !headed {
		x.buf = appendLine(x.buf, encodeLine(x.cut))
	}
	return nil
}

// note remembers a row; false when it was there.
func (x *rejects) note(r *Reject) bool {
	if !x.seen.add(r.Row) {
		return false
	}
	if !r.Sent {
		x.before.add(r.Row)
	}
	x.count++
	at, _ := slices.BinarySearchFunc(x.first, r.Row, func(f catalog.Failure, row int64) int { return int(f.Row - row) })
	if at < catalog.FailuresMax {
		x.first = slices.Insert(x.first, at, catalog.NewFailure(r.Row, r.Code, r.Reason))
		x.first = x.first[:min(len(x.first), catalog.FailuresMax)]
	}
	return true
}

// add lists a row; it is on disk after the next sync. fresh is false for a row
// that is listed already.
func (x *rejects) add(r Reject) (fresh bool, err error) {
	r.Details = cutText(r.Details, detailsBytesMax)
	r.Code = cutText(r.Code, catalog.FailureCodeBytesMax)
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.broken != nil || !x.note(&r) {
		return false, x.broken
	}
	x.buf = appendLine(x.buf, encodeLine(&r))
	x.dirty = true
	x.writeLocked(bufferBytes)
	return true, x.broken
}

// writeLocked writes the buffer out once it holds that many bytes.
func (x *rejects) writeLocked(from int) {
	if len(x.buf) < from || x.broken != nil {
		return
	}
	_, x.broken = x.file.Write(x.buf)
	x.buf = x.buf[:0]
}

// sync returns when everything listed is on disk. After an error nothing more is
// promised of the file, so the error stays.
func (x *rejects) sync() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.dirty || x.broken != nil {
		return x.broken
	}
	x.writeLocked(1)
	if x.broken == nil {
		x.broken = x.file.Sync()
	}
	x.dirty = false
	if x.broken != nil {
		x.broken = fmt.Errorf("write the list of failed rows: %w", x.broken)
	}
	return x.broken
}

func (x *rejects) close() error { return errors.Join(x.sync(), x.file.Close()) }

// unsent reports a row that failed before it was part of a chunk.
func (x *rejects) unsent(row int64) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.before.has(row)
}

func (x *rejects) total() int64 {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.count
}

func (x *rejects) sample() []catalog.Failure {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.Clone(x.first)
}

// rowSet is a set of row numbers, a bit each; RowsMax of them are 2.5 MB.
type rowSet struct{ words []uint64 }

func (s *rowSet) has(row int64) bool {
	at := int(row / 64)
	return at < len(s.words) && s.words[at]&(1<<(row%64)) != 0
}

// add reports whether the row is new.
func (s *rowSet) add(row int64) bool {
	if s.has(row) {
		return false
	}
	for int(row/64) >= len(s.words) {
		s.words = append(s.words, 0)
	}
	s.words[row/64] |= 1 << (row % 64)
	return true
}
