package coupon

import (
	"sort"
	"unicode/utf8"
)

// The tables in unicode_tables.go are a copy of one edition of Unicode, kept
// here because a code's hash depends on them: with the tables of the Go that
// happens to build the program, an upgrade would send some codes to another slot
// and answer not_found for them. A later edition is a new CodeRules.Version.

// runeRange is an inclusive range of code points with one property value.
type runeRange struct {
	lo, hi rune
	value  uint8
}

// Values of unicodeRefused.
const (
	pointControl    = uint8(CodeControl)
	pointFormat     = uint8(CodeFormat)
	pointPrivate    = uint8(CodePrivate)
	pointUnassigned = uint8(CodeUnassigned)
)

// runeMapping maps code points to texts: keys is sorted, and the text of keys[i]
// is pool[ends[i-1]:ends[i]].
type runeMapping struct {
	keys []rune
	ends []uint16
	pool string
}

// composition is a pair of code points with the one that stands for both.
type composition struct{ first, second, composed rune }

// rangeValue is the property of r, zero outside of all ranges.
func rangeValue(table []runeRange, r rune) uint8 {
	i := sort.Search(len(table), func(i int) bool { return table[i].hi >= r })
	if i < len(table) && table[i].lo <= r {
		return table[i].value
	}
	return 0
}

// lookup is the text that stands for r, empty when r stands for itself.
func (m *runeMapping) lookup(r rune) string {
	i := sort.Search(len(m.keys), func(i int) bool { return m.keys[i] >= r })
	if i == len(m.keys) || m.keys[i] != r {
		return ""
	}
	start := uint16(0)
	if i > 0 {
		start = m.ends[i-1]
	}
	return m.pool[start:m.ends[i]]
}

// appendMapped appends what stands for r.
func (m *runeMapping) appendMapped(dst []rune, r rune) []rune {
	mapped := m.lookup(r)
	if mapped == "" {
		return append(dst, r)
	}
	for _, part := range mapped {
		dst = append(dst, part)
	}
	return dst
}

func isWhiteSpace(r rune) bool    { return rangeValue(unicodeWhiteSpace[:], r) != 0 }
func combiningClass(r rune) uint8 { return rangeValue(unicodeCombining[:], r) }

// parseUnicode is Parse with the tables. It is also right for ASCII, which the
// tests use as the oracle of the short way.
func (r CodeRules) parseUnicode(raw string) (Code, error) {
	if !utf8.ValidString(raw) {
		return Code{}, codeErrors[CodeNotUTF8]
	}
	raw = trimWhiteSpace(raw)
	if raw == "" {
		return Code{}, codeErrors[CodeEmpty]
	}
	if utf8.RuneCountInString(raw) > codePointsTyped {
		return Code{}, codeErrors[CodeTooLong]
	}
	points := []rune(raw)
	for _, point := range points {
		if reason := rangeValue(unicodeRefused[:], point); reason != 0 {
			return Code{}, codeErrors[reason]
		}
	}
	issued := nfc(points)
	folded := issued
	if r.Fold {
		folded = nfc(foldCase(issued))
	}
	code := Code{Issued: string(issued), Folded: string(folded)}
	if max(len(issued), len(folded)) > CodePointsMax || max(len(code.Issued), len(code.Folded)) > CodeBytesMax {
		return Code{}, codeErrors[CodeTooLong]
	}
	return code, nil
}

func trimWhiteSpace(text string) string {
	for text != "" {
		first, size := utf8.DecodeRuneInString(text)
		if !isWhiteSpace(first) {
			break
		}
		text = text[size:]
	}
	for text != "" {
		last, size := utf8.DecodeLastRuneInString(text)
		if !isWhiteSpace(last) {
			break
		}
		text = text[:len(text)-size]
	}
	return text
}

// foldCase is full default case folding (statuses C and F of CaseFolding.txt).
func foldCase(points []rune) []rune {
	folded := make([]rune, 0, len(points)+8)
	for _, point := range points {
		folded = unicodeFolding.appendMapped(folded, point)
	}
	return folded
}
