package bench

import "io"

// WriteHTML writes a report as one page.
func WriteHTML(w io.Writer, r *Report) error { return WriteTable(w, r) }
