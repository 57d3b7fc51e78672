package main

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"strconv"

	"github.com/scrip-engine/scrip/wire"
)

// writeRejects writes the rows that were not imported: the row of the file, the
// code and the reason, which is an error key. The file is replaced whole.
func writeRejects(path string, failed []wire.AsyncFailure) error {
	var text bytes.Buffer
	w := csv.NewWriter(&text)
	_ = w.Write([]string{"row", "code", "reason"}) // Error tells
	for _, f := range failed {
		row := ""
		if f.Row > 0 {
			row = strconv.FormatInt(f.Row, 10)
		}
		_ = w.Write([]string{row, f.Code, f.Reason})
	}
	w.Flush()
	if err := w.Error(); err != nil {
		return fmt.Errorf("write the rejects: %w", err)
	}
	if err := placeFile(path, text.Bytes(), os.Rename); err != nil {
		return fmt.Errorf("write the rejects: %w", err)
	}
	return nil
}
