package wire

import "strings"

// PrefersMinimal reports whether a Prefer header (RFC 7240) asks for
// return=minimal. Other preferences are ignored.
func PrefersMinimal(header string) bool {
	for preference := range strings.SplitSeq(header, ",") {
		name, _, _ := strings.Cut(preference, ";")
		name, value, _ := strings.Cut(name, "=")
		if strings.EqualFold(strings.TrimSpace(name), "return") {
			// Of several, the first counts.
			return strings.EqualFold(strings.Trim(strings.TrimSpace(value), `"`), "minimal")
		}
	}
	return false
}
