package wire

import "strings"

// unknownValue refuses a value outside a set and names the nearest member, when
// one is near enough to be a slip of the fingers.
func unknownValue(got string, values []string) *FieldError {
	shown := got
	if len(shown) > 40 {
		shown = strings.ToValidUTF8(shown[:40], "") + "…"
	}
	if near := Nearest(got, values); near != "" {
		return fieldErr(KeyInvalidPayload, "", "has the unknown value %q; did you mean %q?", shown, near)
	}
	return fieldErr(KeyInvalidPayload, "", "has the unknown value %q; known are %s", shown, strings.Join(values, ", "))
}

// Nearest returns the value that got was probably meant to be: the one with the
// smallest edit distance, if that is at most half of its length; otherwise "". Case and the difference of '-', '_' and ' ' are free.
func Nearest(got string, values []string) string {
	const longest = 64 // the distance takes quadratic time; no value is longer
	if len(got) > longest {
		return ""
	}
	best, bestDistance := "", longest
	for _, v := range values {
		if d := editDistance(fold(got), fold(v)); d < bestDistance && d <= len(v)/2 {
			best, bestDistance = v, d
		}
	}
	return best
}

func fold(s string) string {
	return strings.NewReplacer("-", "_", " ", "_").Replace(strings.ToUpper(s))
}

// editDistance counts insertions, deletions and replacements of bytes between a
// and b (Levenshtein), row by row.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := diagonal
			if a[i-1] != b[j-1] {
				cost++
			}
			diagonal = row[j]
			row[j] = min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}
