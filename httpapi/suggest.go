package httpapi

import "strings"

// nearest returns the value that given was probably meant to be: the one with
// the fewest edits, if those are at most half of its length; otherwise "".
func nearest(given string, values []string) string {
	const longest = 64 // the distance takes quadratic time; no value is longer
	if len(given) > longest {
		return ""
	}
	best, bestEdits := "", longest
	for _, v := range values {
		if n := edits(strings.ToLower(given), strings.ToLower(v)); n < bestEdits && n <= len(v)/2 {
			best, bestEdits = v, n
		}
	}
	return best
}

// edits counts insertions, deletions and replacements of bytes (Levenshtein),
// row by row.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
