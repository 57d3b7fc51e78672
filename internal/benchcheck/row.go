package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// row is one benchmark: what was recorded or measured of it per operation.
type row struct {
	pkg, name    string
	iterations   int
	allocs       float64
	bytes        float64
	instructions float64 // 0: not counted
}

// Tolerances. Allocations of pools that the collector empties in between make a
// small noise; a new allocation on every operation is a whole one.
const (
	allocsSlack       = 0.25
	bytesSlack        = 0.10
	bytesFloor        = 64
	instructionsSlack = 0.10
)

// compare says what is worse in got; nothing if it is all right.
func (r *row) compare(got *row) string {
	switch {
	case got.allocs > r.allocs+allocsSlack:
		return fmt.Sprintf("WORSE: %.2f allocations were recorded", r.allocs)
	case got.bytes > r.bytes*(1+bytesSlack)+bytesFloor:
		return fmt.Sprintf("WORSE: %.0f bytes were recorded", r.bytes)
	case r.instructions > 0 && got.instructions > r.instructions*(1+instructionsSlack):
		return fmt.Sprintf("WORSE: %.0f instructions, %.0f were recorded", got.instructions, r.instructions)
	}
	return ""
}

func (r *row) write(w io.Writer) {
	instructions := "-"
	if r.instructions > 0 {
		instructions = strconv.FormatFloat(r.instructions, 'f', 0, 64)
	}
	fmt.Fprintf(w, "%s\t%s\t%d\t%.2f\t%.0f\t%s\n", r.pkg, r.name, r.iterations, r.allocs, r.bytes, instructions)
}

func parseRecorded(text []byte) ([]row, error) {
	var rows []row
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		if len(f) == 0 {
			continue
		}
		if len(f) != 6 {
			return nil, fmt.Errorf("%d fields in %q, want 6", len(f), lines.Text())
		}
		r := row{pkg: f[0], name: f[1]}
		var errs [4]error
		r.iterations, errs[0] = strconv.Atoi(f[2])
		r.allocs, errs[1] = strconv.ParseFloat(f[3], 64)
		r.bytes, errs[2] = strconv.ParseFloat(f[4], 64)
		if f[5] != "-" {
			r.instructions, errs[3] = strconv.ParseFloat(f[5], 64)
		}
		for _, err := range errs {
			if err != nil {
				return nil, fmt.Errorf("%q: %w", lines.Text(), err)
			}
		}
		rows = append(rows, r)
	}
	return rows, lines.Err()
}
