package coupon

import "sort"

// nfdExpansionMax is the most code points that one decomposes to (U+1F82 and
// its kind); a test holds it against the table.
const nfdExpansionMax = 4

// codePointsTyped is how many code points a code may have before it is composed.
// Composing never makes one of more than four, so what is longer is too long also
// afterwards; checking it first bounds the work.
const codePointsTyped = CodePointsMax * nfdExpansionMax

// nfc is normalisation form C of Unicode Standard Annex #15: decompose, put
// combining marks into canonical order, compose. Unlike many implementations it
// does not insert joiners into long runs of marks (the stream-safe form): a code
// is short. The argument is not changed.
func nfc(points []rune) []rune {
	if len(points) == 0 {
		return points
	}
	decomposed := make([]rune, 0, len(points)+8)
	for _, point := range points {
		decomposed = appendDecomposed(decomposed, point)
	}
	orderMarks(decomposed)
	return compose(decomposed)
}

// Hangul syllables are composed by arithmetic (section 3.12 of the standard).
const (
	hangulS      rune = 0xAC00
	hangulL      rune = 0x1100
	hangulV      rune = 0x1161
	hangulT      rune = 0x11A7
	hangulLCount rune = 19
	hangulVCount rune = 21
	hangulTCount rune = 28
	hangulSCount      = hangulLCount * hangulVCount * hangulTCount
)

func appendDecomposed(dst []rune, point rune) []rune {
	syllable := point - hangulS
	if syllable < 0 || syllable >= hangulSCount {
		return unicodeDecomposition.appendMapped(dst, point)
	}
	dst = append(dst,
		hangulL+syllable/(hangulVCount*hangulTCount),
		hangulV+syllable%(hangulVCount*hangulTCount)/hangulTCount)
	if tail := syllable % hangulTCount; tail != 0 {
		dst = append(dst, hangulT+tail)
	}
	return dst
}

// orderMarks sorts each run of marks by combining class and leaves marks of one
// class in their order. It is an insertion sort, as runs are of one or two.
func orderMarks(points []rune) {
	for i := 1; i < len(points); i++ {
		class := combiningClass(points[i])
		if class == 0 {
			continue
		}
		for j := i; j > 0 && combiningClass(points[j-1]) > class; j-- {
			points[j-1], points[j] = points[j], points[j-1]
		}
	}
}

// compose joins each mark to the starter before it unless something between them
// blocks it: another starter, or a mark of the same or a higher class. It works
// in place and returns the shortened slice.
func compose(points []rune) []rune {
	composed := points[:0]
	starter, lastClass := -1, uint8(0)
	for _, point := range points {
		class := combiningClass(point)
		if starter >= 0 && (starter == len(composed)-1 || lastClass < class) {
			if joined, ok := composePair(composed[starter], point); ok {
				composed[starter] = joined
				continue
			}
		}
		if class == 0 {
			starter = len(composed)
		}
		lastClass = class
		composed = append(composed, point)
	}
	return composed
}

func composePair(first, second rune) (rune, bool) {
	if l, v := first-hangulL, second-hangulV; l >= 0 && l < hangulLCount && v >= 0 && v < hangulVCount {
		return hangulS + (l*hangulVCount+v)*hangulTCount, true
	}
	if s, t := first-hangulS, second-hangulT; s >= 0 && s < hangulSCount && s%hangulTCount == 0 && t > 0 && t < hangulTCount {
		return first + t, true
	}
	i := sort.Search(len(unicodeCompositions), func(i int) bool {
		c := &unicodeCompositions[i]
		return c.first > first || c.first == first && c.second >= second
	})
	if i < len(unicodeCompositions) && unicodeCompositions[i].first == first && unicodeCompositions[i].second == second {
		return unicodeCompositions[i].composed, true
	}
	return 0, false
}
