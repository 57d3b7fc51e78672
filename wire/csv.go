package wire

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// CSVReader reads rows of RFC 4180: cells parted by commas, a cell in quotes
// may hold commas, line breaks and doubled quotes, rows end in CRLF or LF. A
// byte order mark at the start is skipped, empty lines are too. It streams, and
// holds one row of at most CSVLineBytesMax at a time.
//
// encoding/csv is not used: it has no bound on a row, and after a bad row it
// cannot tell where the next one begins.
type CSVReader struct {
	in   *bufio.Reader
	line int // of the row that was read last, the first being 1
	next int
	row  []byte   // cells of one row, unquoted, one after the other
	ends []int    // their ends in row
	out  []string // reused
}

// CSVError is a row that cannot be read. The reader has moved past it, so that
// the rows after it are read all the same.
type CSVError struct {
	Line    int
	Message string
}

// Error gives the line and what is wrong with it.
func (e *CSVError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Message) }

// NewCSVReader reads from in, which it buffers.
func NewCSVReader(in io.Reader) *CSVReader {
	r := &CSVReader{in: bufio.NewReaderSize(in, 64<<10), next: 1}
	if mark, err := r.in.Peek(3); err == nil && string(mark) == "\xef\xbb\xbf" {
		_, _ = r.in.Discard(3) // cannot fail: the bytes are buffered
	}
	return r
}

// Line returns the line on which the row that was read last begins.
func (r *CSVReader) Line() int { return r.line }

// Read returns the cells of the next row, valid until the next call. At the end
// the error is io.EOF; a *CSVError concerns this row alone; any other error is
// the input's.
func (r *CSVReader) Read() ([]string, error) {
	for {
		r.line = r.next
		r.row, r.ends = r.row[:0], r.ends[:0]
		bad, err := r.readRow()
		if err != nil {
			return nil, err
		}
		if bad != "" {
			return nil, &CSVError{Line: r.line, Message: bad}
		}
		if len(r.ends) == 1 && len(r.row) == 0 {
			continue
		}
		return r.cells(), nil
	}
}

// cells cuts the row into strings. They are copies, in one allocation.
func (r *CSVReader) cells() []string {
	whole, begin := string(r.row), 0
	r.out = r.out[:0]
	for _, end := range r.ends {
		r.out = append(r.out, whole[begin:end])
		begin = end
	}
	return r.out
}

// States of readRow.
const (
	cellStart = iota
	cellPlain
	cellQuoted
	cellQuoteSeen // a quote inside a quoted cell: its end, or half of a pair
)

// readRow reads one row into row and ends. A row that is bad is read to its
// end; the reason is returned.
func (r *CSVReader) readRow() (bad string, err error) {
	state, size := cellStart, 0
	for {
		c, err := r.in.ReadByte()
		if errors.Is(err, io.EOF) && size > 0 {
			if state == cellQuoted {
				bad = "a quoted cell does not end"
			}
			return r.endRow(state, bad), nil
		}
		if err != nil {
			return "", err
		}
		if size++; size > CSVLineBytesMax && bad == "" {
			bad = fmt.Sprintf("longer than %d bytes", CSVLineBytesMax)
			if state == cellQuoted {
				state = cellPlain // a forgotten quote must not swallow the file
			}
		}
		if c == '\n' {
			r.next++
			if state != cellQuoted {
				return r.endRow(state, bad), nil
			}
		}
		state, bad = r.step(state, c, bad)
	}
}

// step takes one byte of a row.
func (r *CSVReader) step(state int, c byte, bad string) (int, string) {
	switch state {
	case cellQuoted:
		if c == '"' {
			return cellQuoteSeen, bad
		}
	case cellQuoteSeen:
		switch c {
		case '"':
			state = cellQuoted
		case ',':
			return r.endCell(bad), bad
		case '\r':
			return cellQuoteSeen, bad
		default:
			return cellPlain, either(bad, "a quote inside a quoted cell is not doubled")
		}
	default:
		switch c {
		case ',':
			return r.endCell(bad), bad
		case '"':
			if state == cellStart {
				return cellQuoted, bad
			}
			return cellPlain, either(bad, "a quote in a cell that does not begin with one")
		}
		state = cellPlain
	}
	if bad == "" {
		r.row = append(r.row, c)
	}
	return state, bad
}

// endCell remembers where a cell ends. Of a bad row nothing more is kept, so
// that its length costs no memory.
func (r *CSVReader) endCell(bad string) int {
	if bad == "" {
		r.ends = append(r.ends, len(r.row))
	}
	return cellStart
}

func either(first, second string) string {
	if first != "" {
		return first
	}
	return second
}

// endRow closes the last cell, without the CR of the line's end.
func (r *CSVReader) endRow(state int, bad string) string {
	if n := len(r.row); state == cellPlain && n > 0 && r.row[n-1] == '\r' {
		r.row = r.row[:n-1]
	}
	r.ends = append(r.ends, len(r.row))
	switch {
	case bad != "":
		return bad
	case len(r.ends) > CSVColumnsMax:
		return fmt.Sprintf("more than %d columns", CSVColumnsMax)
	case !utf8.Valid(r.row):
		return "not valid UTF-8"
	}
	return ""
}

// columnName folds a header for matching: without case, '_', '-' and spaces.
func columnName(s string) string {
	return strings.NewReplacer("_", "", " ", "", "-", "").Replace(strings.ToLower(strings.TrimSpace(s)))
}
