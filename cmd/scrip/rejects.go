package main

import (
	"bytes"
	"fmt"
	"os"

	"github.com/scrip-engine/scrip/client"
)

// writeRejects writes the rows that a job did not carry out: the row of the file,
// the code, the reason, which is an error key, and a sentence. The file is replaced
// whole.
func writeRejects(a *app, cl *client.Client, job, path string) error {
	var text bytes.Buffer
	if err := cl.RejectsCSV(a.ctx, job, &text); err != nil {
		return fmt.Errorf("read the rejects: %w", err)
	}
	if err := placeFile(path, text.Bytes(), os.Rename); err != nil {
		return fmt.Errorf("write the rejects: %w", err)
	}
	return nil
}
