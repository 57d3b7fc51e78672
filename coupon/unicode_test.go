package coupon

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// sourcesAreSame reports whether this Go and its libraries have the edition that
// the tables were made from. With a later Go they do not; the digest below holds
// the tables then.
func sourcesAreSame() bool {
	return unicode.Version == UnicodeVersion && norm.Version == UnicodeVersion && cases.UnicodeVersion == UnicodeVersion
}

// C1: without this a new Go, or a slip of the generator, could change what codes
// hash to. A new edition of Unicode is a new version of the rules beside this.
func TestTablesAreFrozen(t *testing.T) {
	const want = "70dd53de2391af32a5ff44aacec58b34374527f9a1551c18615af63639a10c5f"
	h := sha256.New()
	fmt.Fprintln(h, UnicodeVersion, unicodeRefused, unicodeWhiteSpace, unicodeCombining, unicodeCompositions)
	fmt.Fprintln(h, unicodeDecomposition, unicodeFolding)
	if got := hex.EncodeToString(h.Sum(nil)); got != want {
		t.Errorf("the digest of the tables of normalisation 1 is %s, want %s", got, want)
	}
}

// Without this the copy could differ from its source in a single code point.
func TestTablesMatchTheirSources(t *testing.T) {
	if !sourcesAreSame() {
		t.Logf("this Go has Unicode %s; the tables of %s are held by their digest", unicode.Version, UnicodeVersion)
		return
	}
	fold := cases.Fold()
	for point := rune(0); point <= unicode.MaxRune; point++ {
		if !utf8.ValidRune(point) {
			continue
		}
		if got, want := isWhiteSpace(point), unicode.Is(unicode.White_Space, point); got != want {
			t.Errorf("isWhiteSpace(U+%04X) = %v", point, got)
		}
		if got, want := refusalOf(point), refusalBySource(point); got != want {
			t.Errorf("refusal of U+%04X = %d, want %d", point, got, want)
		} else if got != 0 {
			continue // never normalised
		}
		one := []rune{point}
		if got, want := string(nfc(one)), norm.NFC.String(string(point)); got != want {
			t.Errorf("nfc(U+%04X) = %+q, want %+q", point, got, want)
		}
		decomposed := appendDecomposed(nil, point)
		if got, want := string(decomposed), norm.NFD.String(string(point)); got != want {
			t.Errorf("decomposition of U+%04X = %+q, want %+q", point, got, want)
		}
		if len(decomposed) > nfdExpansionMax {
			t.Errorf("U+%04X decomposes to %d code points, above nfdExpansionMax", point, len(decomposed))
		}
		if got, want := string(nfc(decomposed)), norm.NFC.String(norm.NFD.String(string(point))); got != want {
			t.Errorf("composing U+%04X again = %+q, want %+q", point, got, want)
		}
		if point >= 0x13A0 && point <= 0x13F5 {
			continue // see TestFoldingOfCherokee
		}
		if got, want := string(foldCase(one)), fold.String(string(point)); got != want {
			t.Errorf("foldCase(U+%04X) = %+q, want %+q", point, got, want)
		}
	}
}

func refusalOf(point rune) CodeReason { return CodeReason(rangeValue(unicodeRefused[:], point)) }

// refusalBySource asks by the categories themselves, not by their complement as
// the generator does.
func refusalBySource(point rune) CodeReason {
	switch {
	case unicode.In(point, unicode.Cc, unicode.Zl, unicode.Zp):
		return CodeControl
	case unicode.Is(unicode.Cf, point):
		return CodeFormat
	case unicode.Is(unicode.Co, point):
		return CodePrivate
	case unicode.IsGraphic(point):
		return 0
	}
	return CodeUnassigned
}

// golang/go#46101: the library swaps the two cases of Cherokee. Folding goes to
// the capitals, which are older, and leaves them alone.
func TestFoldingOfCherokee(t *testing.T) {
	f := func(point, want rune) {
		t.Helper()
		if got := foldCase([]rune{point}); len(got) != 1 || got[0] != want {
			t.Errorf("foldCase(U+%04X) = %U, want U+%04X", point, got, want)
		}
	}
	for offset := rune(0); offset < 80; offset++ {
		f(0x13A0+offset, 0x13A0+offset)
		f(0xAB70+offset, 0x13A0+offset)
	}
	for offset := rune(0); offset < 6; offset++ {
		f(0x13F0+offset, 0x13F0+offset)
		f(0x13F8+offset, 0x13F0+offset)
	}
}

// troublesome are code points that interact: letters with marks above and below
// in every class, Hangul parts, marks that start compositions, exclusions, and
// letters that fold to several.
var troublesome = []rune("aAeEoOsSiIkK\u0131\u0130\u017f\u212a\u212bß\u1e9eﬁŉǰΐΰᾳᾼ\u0345\u0308\u0301\u0300\u0323\u0331\u0327\u0328\u0315\u031b\u0338\u0344" +
	"\u1100\u1161\u11a7\u11a8\u11c2\uac00\uac01\ud7a3\u0958\u0915\u093c\u09c7\u09be\u0b47\u0b56\u0dd9\u0dca\u0dcf\u1025\u102e\u2adc\u2add\u0338\u3099か\u304b" +
	"\U0001109a\U000110ba\U0001d15e\U0001d157\U0001d165\U000105c0Ω\u2126αωΑΩςΣ Ꭰꭰ")

// randomText draws up to 24 code points, half of them troublesome. Runs of marks
// stay below 30, where the oracle begins to insert joiners.
func randomText(random *rand.Rand) string {
	points := make([]rune, 1+random.IntN(24))
	for i := range points {
		points[i] = troublesome[random.IntN(len(troublesome))]
		if random.IntN(2) == 0 {
			points[i] = unicodeCompositions[random.IntN(len(unicodeCompositions))].first
		}
		if random.IntN(16) == 0 {
			points[i] = unicodeFolding.keys[random.IntN(len(unicodeFolding.keys))]
		}
	}
	return string(points)
}

// Without this single code points could be right and sequences wrong.
func TestNFCOfSequences(t *testing.T) {
	random := seeded(t)
	if !sourcesAreSame() {
		return // the golden file holds sequences for every Go
	}
	for range 20_000 {
		text := randomText(random)
		if got, want := string(nfc([]rune(text))), norm.NFC.String(text); got != want {
			t.Fatalf("nfc(%+q) = %+q, want %+q", text, got, want)
		}
	}
}
