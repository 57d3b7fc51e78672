package jobs

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// Rejects hands out the rows of a job that failed, in the order in which that was
// found out, until each returns false. For a job that runs these are some of
// them. A job without such rows, or so old that its list was given up, has none.
func (r *Runner) Rejects(job uint32, each func(Reject) bool) error {
	errEnough := errors.New("enough")
	headed := false
	err := r.readRejects(rejectsName(job), func(text []byte) error {
		if !headed {
			headed = true
			return nil
		}
		var reject Reject
		if err := json.Unmarshal(text, &reject); err != nil {
			return err
		}
		if !each(reject) {
			return errEnough
		}
		return nil
	})
	if err == nil || errors.Is(err, errEnough) || errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return fmt.Errorf("jobs: read the list of failed rows: %w", err)
}

// readRejects hands out the JSON of the lines, up to the first that is not whole.
// text is valid until each returns.
func (r *Runner) readRejects(name string, each func(text []byte) error) (err error) {
	f, err := r.cfg.FS.Open(r.path(name), vfs.SequentialReadsOption)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	lines := bufio.NewReaderSize(f, rejectLineBytesMax)
	for {
		whole, err := lines.ReadSlice('\n')
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, bufio.ErrBufferFull):
			return nil // half a line: a crash left it
		case err != nil:
			return err
		}
		text, ok := checkLine(whole)
		if !ok {
			return nil
		}
		if err := each(text); err != nil {
			return err
		}
	}
}

// pruneRejects gives up the lists of the oldest jobs. Those of jobs that are not
// over stay, whatever their age.
func (r *Runner) pruneRejects() {
	names, err := r.cfg.FS.List(r.cfg.Dir)
	if err != nil {
		r.cfg.Logger.Warn("jobs: the spool cannot be listed", "error", err)
		return
	}
	var over []uint32
	for _, name := range names {
		ordinal, ok := rejectsOrdinal(name)
		if !ok {
			continue
		}
		if job := r.cfg.Host.Job(ordinal); job == nil || job.Status.Finished() {
			over = append(over, ordinal)
		}
	}
	slices.Sort(over)
	for _, ordinal := range over[:max(0, len(over)-rejectFilesMax)] {
		r.remove(rejectsName(ordinal))
	}
}

// castagnoli is the polynomial that processors have an instruction for.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// checksumBytes is the checksum and the space in front of a line's JSON.
const checksumBytes = 9

func appendLine(dst, text []byte) []byte {
	dst = fmt.Appendf(dst, "%08x ", crc32.Checksum(text, castagnoli))
	return append(append(dst, text...), '\n')
}

// checkLine returns the JSON of a line, without its end.
func checkLine(whole []byte) ([]byte, bool) {
	if len(whole) <= checksumBytes {
		return nil, false
	}
	text := whole[checksumBytes : len(whole)-1]
	sum, err := strconv.ParseUint(string(whole[:checksumBytes-1]), 16, 32)
	return text, err == nil && uint32(sum) == crc32.Checksum(text, castagnoli)
}

// encodeLine cannot fail: it is for structs of numbers and strings.
func encodeLine(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("J3: %T cannot be written: %v", v, err))
	}
	return text
}

// cutText makes s valid UTF-8 of at most so many bytes.
func cutText(s string, most int) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most]
}
