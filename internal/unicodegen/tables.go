package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// The constants of package coupon for the reasons to refuse a code point.
const (
	refusedControl    = "pointControl"
	refusedFormat     = "pointFormat"
	refusedPrivate    = "pointPrivate"
	refusedUnassigned = "pointUnassigned"
)

// textRange is an inclusive range of code points that share a property, as the
// Go expression that stands for it.
type textRange struct {
	lo, hi rune
	value  string
}

// textMapping is one code point and what stands for it.
type textMapping struct {
	point rune
	text  string
}

type pair struct{ first, second, composed rune }

// tables is what is written.
type tables struct {
	refused, whiteSpace, combining []textRange
	decompositions, foldings       []textMapping
	compositions                   []pair
}

const (
	surrogateFirst, surrogateLast = 0xD800, 0xDFFF
	hangulFirst, hangulLast       = 0xAC00, 0xD7A3
)

// collect reads every code point from the sources.
func collect() (*tables, error) {
	t := &tables{
		refused:    ranges(refusal),
		whiteSpace: ranges(whiteSpace),
		combining:  ranges(combiningClass),
	}
	for point := range everyPoint {
		if folded := foldCase(string(point)); folded != string(point) {
			if folded != foldCase(folded) {
				return nil, fmt.Errorf("U+%04X: folding twice is not folding once", point)
			}
			t.foldings = append(t.foldings, textMapping{point, folded})
		}
		if point >= hangulFirst && point <= hangulLast {
			continue // by arithmetic
		}
		decomposed := norm.NFD.String(string(point))
		if decomposed == string(point) {
			continue
		}
		t.decompositions = append(t.decompositions, textMapping{point, decomposed})
		composed, ok, err := compositionOf(point, decomposed)
		if err != nil {
			return nil, err
		}
		if ok {
			t.compositions = append(t.compositions, composed)
		}
	}
	slices.SortFunc(t.compositions, func(a, b pair) int {
		return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(a.second, b.second))
	})
	return t, nil
}

// Capital letters of Cherokee are older than its small ones; the small ones fold
// to them, and they to themselves.
const cherokeeCapitalFirst, cherokeeCapitalLast = 0x13A0, 0x13F5

// foldCase is full default case folding of one text. golang.org/x/text swaps the
// capital and small letters of Cherokee, so that neither form is stable
// (golang/go#46101); TestFoldingOfCherokee of package coupon holds the right one.
func foldCase(text string) string {
	var folded strings.Builder
	fold := cases.Fold()
	for _, point := range text {
		if point >= cherokeeCapitalFirst && point <= cherokeeCapitalLast {
			folded.WriteRune(point)
			continue
		}
		folded.WriteString(fold.String(string(point)))
	}
	return folded.String()
}

// compositionOf finds the pair that composes to point, if point is composed to.
// The pair is the last code point of the full decomposition, and what all before
// it compose to.
func compositionOf(point rune, decomposed string) (pair, bool, error) {
	if norm.NFC.String(decomposed) != string(point) {
		return pair{}, false, nil // excluded from composition
	}
	parts := []rune(decomposed)
	last := parts[len(parts)-1]
	first := []rune(norm.NFC.String(string(parts[:len(parts)-1])))
	if len(first) != 1 || norm.NFC.String(string([]rune{first[0], last})) != string(point) {
		return pair{}, false, fmt.Errorf("U+%04X: its decomposition is not one pair", point)
	}
	return pair{first[0], last, point}, true, nil
}

// everyPoint yields every code point that valid UTF-8 can carry.
func everyPoint(yield func(rune) bool) {
	for point := rune(0); point <= unicode.MaxRune; point++ {
		if point == surrogateFirst {
			point = surrogateLast + 1
		}
		if !yield(point) {
			return
		}
	}
}

// ranges gathers neighbours with one value; an empty value is in no range.
func ranges(value func(rune) string) []textRange {
	var all []textRange
	for point := range everyPoint {
		v := value(point)
		if v == "" {
			continue
		}
		if last := len(all) - 1; last >= 0 && all[last].hi == point-1 && all[last].value == v {
			all[last].hi = point
			continue
		}
		all = append(all, textRange{point, point, v})
	}
	return all
}

// refusal is why a code may not have the code point. Line and paragraph
// separators count as control characters: they break lines of files.
func refusal(point rune) string {
	switch {
	case unicode.In(point, unicode.Cc, unicode.Zl, unicode.Zp):
		return refusedControl
	case unicode.Is(unicode.Cf, point):
		return refusedFormat
	case unicode.Is(unicode.Co, point):
		return refusedPrivate
	case !unicode.In(point, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Z):
		return refusedUnassigned
	}
	return ""
}

func whiteSpace(point rune) string {
	if unicode.Is(unicode.White_Space, point) {
		return "1"
	}
	return ""
}

func combiningClass(point rune) string {
	if class := norm.NFC.PropertiesString(string(point)).CCC(); class != 0 {
		return fmt.Sprint(class)
	}
	return ""
}
