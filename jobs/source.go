package jobs

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/scrip-engine/scrip/catalog"
	"github.com/scrip-engine/scrip/wire"
)

// source is the file of an import.
type source struct {
	ctx    context.Context
	fs     vfs.FS
	path   string
	format string
	body   []byte // of a JSON file, whole
}

// record is one row of a file: an item, or what is wrong with it.
type record struct {
	row  int64
	item *wire.VoucherImport // the receiver's
	bad  *wire.FieldError
}

// openSource reads the file through once: its digest must be the one that was
// acknowledged (J2), and the number of rows is what the job is asked for.
func openSource(ctx context.Context, fs vfs.FS, path, format string, want catalog.Digest256) (s *source, rows int64, err error) {
	s = &source{ctx: ctx, fs: fs, path: path, format: format}
	hash := sha256.New()
	err = s.open(func(f io.Reader) error {
		in := io.TeeReader(f, hash)
		var countErr error
		switch format {
		case FormatCSV:
			rows, countErr = countCSV(in)
		case FormatJSON:
			s.body, countErr = readBounded(in)
		default:
			return failf(wire.KeyInternalError, "files of format %q cannot be imported", format)
		}
		// The digest first: of a damaged file nothing else is worth telling.
		if _, err := io.Copy(io.Discard, in); err != nil {
			return fmt.Errorf("read the spooled file: %w", err)
		}
		if catalog.Digest256(hash.Sum(nil)) != want {
			return failf(wire.KeyInternalError, "the spooled file is not the one that was uploaded: its digest differs")
		}
		return countErr
	})
	if err == nil && format == FormatJSON {
		rows, err = s.countJSON()
	}
	if err == nil && rows > RowsMax {
		err = failf(wire.KeyPayloadTooLarge, "the file has %d rows, above %d", rows, RowsMax)
	}
	return s, rows, err
}

func (s *source) open(read func(io.Reader) error) error {
	f, err := s.fs.Open(s.path, vfs.SequentialReadsOption)
	if errors.Is(err, os.ErrNotExist) {
		return failf(wire.KeyInternalError, "the spooled file is missing: upload it again")
	}
	if err != nil {
		return fmt.Errorf("open the spooled file: %w", err)
	}
	err = read(&untilDone{s.ctx, f})
	return errors.Join(err, f.Close())
}

// untilDone ends a long read when the runner is closed.
type untilDone struct {
	ctx context.Context
	in  io.Reader
}

func (u *untilDone) Read(b []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.in.Read(b)
}

func countCSV(in io.Reader) (rows int64, err error) {
	lines := wire.NewCSVReader(in)
	if _, err := wire.NewVoucherCSV(lines); err != nil {
		return 0, headerError(err)
	}
	for {
		_, err := lines.Read()
		var bad *wire.CSVError
		switch {
		case errors.Is(err, io.EOF):
			return rows, nil
		case err != nil && !errors.As(err, &bad):
			return rows, fmt.Errorf("read the spooled file: %w", err)
		}
		rows++
	}
}

func headerError(err error) error {
	var bad *wire.CSVError
	switch {
	case errors.As(err, &bad):
		return failf(wire.KeyInvalidPayload, "%v", err)
	case errors.Is(err, io.EOF):
		return failf(wire.KeyInvalidPayload, "the file is empty: its first row must name the columns")
	}
	return fmt.Errorf("read the spooled file: %w", err)
}

func readBounded(in io.Reader) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(in, JSONBytesMax+1))
	if err != nil {
		return nil, fmt.Errorf("read the spooled file: %w", err)
	}
	if len(body) > JSONBytesMax {
		return nil, failf(wire.KeyPayloadTooLarge, "a JSON file has at most %d bytes; CSV may be larger", JSONBytesMax)
	}
	return body, nil
}

func (s *source) countJSON() (rows int64, err error) {
	err = s.each(func(record) error { rows++; return nil })
	return rows, err
}

// each hands out the rows in the order of the file, the same each time. An error
// of yield ends the walk and is returned.
func (s *source) each(yield func(record) error) error {
	if s.format == FormatJSON {
		return s.eachJSON(yield)
	}
	return s.open(func(f io.Reader) error { return eachCSV(f, yield) })
}

func eachCSV(in io.Reader, yield func(record) error) error {
	lines, err := wire.NewVoucherCSV(wire.NewCSVReader(in))
	if err != nil {
		return headerError(err)
	}
	for row := int64(1); ; row++ {
		item, err := lines.Read()
		var bad *wire.CSVError
		rec := record{row: row, item: item}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.As(err, &bad):
			rec.bad = &wire.FieldError{Key: wire.KeyInvalidPayload, Message: bad.Error()}
		case err != nil:
			return fmt.Errorf("read the spooled file: %w", err)
		}
		if err := yield(rec); err != nil {
			return err
		}
	}
}

func (s *source) eachJSON(yield func(record) error) error {
	var stopped error
	err := wire.DecodeEach(s.body, func(i int, item *wire.VoucherImport, bad *wire.FieldError) bool {
		rec := record{row: int64(i) + 1, bad: bad}
		if bad == nil {
			rec.item = keep(item)
		}
		if stopped = s.ctx.Err(); stopped == nil {
			stopped = yield(rec)
		}
		return stopped == nil
	})
	var list *wire.FieldError
	if errors.As(err, &list) {
		return failf(list.Key, "%s", list.Error())
	}
	return errors.Join(err, stopped)
}

// keep copies what the decoder lends until the next item. Strings lie in the
// body, which stays.
func keep(item *wire.VoucherImport) *wire.VoucherImport {
	own := *item
	own.Metadata = slices.Clone(item.Metadata)
	if item.Discount != nil {
		d := *item.Discount
		d.Product.Metadata, d.SKU.Metadata = slices.Clone(d.Product.Metadata), slices.Clone(d.SKU.Metadata)
		own.Discount = &d
	}
	if item.Gift != nil {
		g := *item.Gift
		own.Gift = &g
	}
	if item.CodeConfig != nil {
		c := *item.CodeConfig
		own.CodeConfig = &c
	}
	return &own
}
