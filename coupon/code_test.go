package coupon

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

var (
	folding   = CodeRules{Version: CodeRulesVersion, Fold: true}
	sensitive = CodeRules{Version: CodeRulesVersion}
)

// reasonOf is the reason of a *CodeError, zero for no error.
func reasonOf(t *testing.T, err error) CodeReason {
	t.Helper()
	if err == nil {
		return 0
	}
	var codeError *CodeError
	if !errors.As(err, &codeError) || codeError.Key() != "invalid_code" || codeError.Error() == "the code is invalid" {
		t.Fatalf("error %#v is not a documented *CodeError", err)
	}
	return codeError.Reason
}

func TestParseCode(t *testing.T) {
	f := func(raw, issued, folded string) {
		t.Helper()
		code, err := folding.Parse(raw)
		if err != nil || code.Issued != issued || code.Folded != folded {
			t.Errorf("Parse(%+q) = %+q, %v, want %+q and %+q", raw, code, err, issued, folded)
		}
		code, err = sensitive.Parse(raw)
		if err != nil || code.Issued != issued || code.Folded != issued {
			t.Errorf("case-sensitive Parse(%+q) = %+q, %v, want %+q twice", raw, code, err, issued)
		}
	}
	f("SUMMER-26", "SUMMER-26", "summer-26")
	f(" \t summer 26\r\n", "summer 26", "summer 26") // separators are kept
	f("\u00a0\u2003\u3000Ab\u2028\u0085", "Ab", "ab")
	f("ABC_def/1%2F#?", "ABC_def/1%2F#?", "abc_def/1%2f#?")
	f("CAFE\u0301", "CAFÉ", "café")
	f("STRASSE", "STRASSE", "strasse")
	f("Straße", "Straße", "strasse")
	f("STRA\u1e9eE", "STRA\u1e9eE", "strasse")
	f("ISTANBUL", "ISTANBUL", "istanbul") // not Turkic
	f("\u0130stanbul", "\u0130stanbul", "i\u0307stanbul")
	f("\u0131", "\u0131", "\u0131") // dotless i stays
	f("ΣΊΣΥΦΟΣ", "ΣΊΣΥΦΟΣ", "σίσυφοσ")
	f("σίσυφος", "σίσυφος", "σίσυφοσ")
	f("\u212aelvin", "Kelvin", "kelvin") // Kelvin sign
	f("\u1fb3", "\u1fb3", "αι")          // iota below
	f("\u1100\u1161\u11a8", "각", "각")
	f("ПРИВЕТ", "ПРИВЕТ", "привет")
	f("夏のセール", "夏のセール", "夏のセール")
	f("🎉5", "🎉5", "🎉5")
	f("ＡＢＣ", "ＡＢＣ", "ａｂｃ") // wide letters are letters of their own
}

func TestParseCodeRefuses(t *testing.T) {
	f := func(raw string, want CodeReason) {
		t.Helper()
		for _, rules := range []CodeRules{folding, sensitive} {
			_, err := rules.Parse(raw)
			if got := reasonOf(t, err); got != want {
				t.Errorf("%+v.Parse(%+q): reason %d, want %d", rules, raw, got, want)
			}
			dst, err := rules.AppendFolded([]byte("kept"), []byte(raw))
			if got := reasonOf(t, err); got != want || string(dst) != "kept" {
				t.Errorf("%+v.AppendFolded(%+q): %q, reason %d, want %d", rules, raw, dst, got, want)
			}
		}
	}
	f("", CodeEmpty)
	f(" \t\r\n\v\f", CodeEmpty)
	f("\u00a0\u3000 ", CodeEmpty)
	f("a\x00b", CodeControl)
	f("a\tb", CodeControl)
	f("a\nb", CodeControl)
	f("a\x7f", CodeControl)
	f("é\u0085é", CodeControl)
	f("a\u2028b", CodeControl)
	f("a\xff", CodeNotUTF8)
	f("\xc0\x80", CodeNotUTF8)
	f("\xed\xa0\x80", CodeNotUTF8) // a surrogate
	f("é\xe2\x82", CodeNotUTF8)
	f("a\u200bb", CodeFormat) // zero width space, invisible to whoever retypes it
	f("\ufeffa", CodeFormat)
	f("a\u00adb", CodeFormat)
	f("a\u202eb", CodeFormat)
	f("a\ue000", CodePrivate)
	f("\U00100000", CodePrivate)
	f("a\u0378", CodeUnassigned)
	f("a\uffff", CodeUnassigned)
	f("\U0010ffff", CodeUnassigned) // plane 16 ends in two noncharacters
	f("\U0001fae9", CodeUnassigned) // assigned in Unicode 16, after these rules
}

// The limit, and the limit plus one, for each way to reach it.
func TestCodeLimits(t *testing.T) {
	f := func(raw string, want CodeReason) {
		t.Helper()
		_, err := folding.Parse(raw)
		if got := reasonOf(t, err); got != want {
			t.Errorf("Parse of %d bytes: reason %d, want %d", len(raw), got, want)
		}
		_, err = folding.AppendFolded(nil, []byte(raw))
		if got := reasonOf(t, err); got != want {
			t.Errorf("AppendFolded of %d bytes: reason %d, want %d", len(raw), got, want)
		}
	}
	f(strings.Repeat("a", CodePointsMax), 0)
	f(strings.Repeat("a", CodePointsMax+1), CodeTooLong)
	f(strings.Repeat(" ", 10_000)+strings.Repeat("a", CodePointsMax)+"\n", 0)
	f(strings.Repeat("é", CodePointsMax), 0)
	f(strings.Repeat("é", CodePointsMax+1), CodeTooLong)
	f(strings.Repeat("😀", CodePointsMax), 0) // 512 bytes
	f(strings.Repeat("😀", CodePointsMax+1), CodeTooLong)
	f(strings.Repeat("e\u0301", CodePointsMax), 0) // composes
	f(strings.Repeat("e\u0301", CodePointsMax+1), CodeTooLong)
	f(strings.Repeat("\u03b1\u0313\u0300\u0345", CodePointsMax/3), 0) // four to one, then three in folding
	f(strings.Repeat("ß", CodePointsMax/2), 0)                        // doubles in folding
	f(strings.Repeat("ß", CodePointsMax/2+1), CodeTooLong)
	f(strings.Repeat("a\u0301", 1<<20), CodeTooLong)
	f("a"+strings.Repeat("\u0301\u0323", 60), 0)
	if _, err := sensitive.Parse(strings.Repeat("\u03b1\u0313\u0300\u0345", CodePointsMax)); err != nil {
		t.Error("512 code points that compose to 128 are refused:", err)
	}
}

func TestReservedWords(t *testing.T) {
	f := func(rules CodeRules, raw string, want CodeReason) {
		t.Helper()
		_, err := rules.ParseNew(raw)
		if got := reasonOf(t, err); got != want {
			t.Errorf("%+v.ParseNew(%q): reason %d, want %d", rules, raw, got, want)
		}
		if _, err := rules.Parse(raw); err != nil {
			t.Errorf("%+v.Parse(%q): %v, but looking for it must be possible", rules, raw, err)
		}
	}
	for _, word := range []string{"import", "importCSV", "bulk", "metadata", "qualification", ".", ".."} {
		f(folding, word, CodeReserved)
		f(sensitive, word, CodeReserved)
		f(folding, " "+strings.ToUpper(word), CodeReserved)
	}
	f(sensitive, "IMPORT", 0)
	f(sensitive, "importcsv", 0)
	f(folding, "importCSV2", 0)
	f(folding, "...", 0)
}

// Rules of a later version must stop a program, not be read as version 1.
func TestUnknownCodeRules(t *testing.T) {
	for _, version := range []uint8{0, 2, 255} {
		rules := CodeRules{Version: version, Fold: true}
		_, err := rules.Parse("abc")
		_, errNew := rules.ParseNew("abc")
		_, errAppend := rules.AppendFolded(nil, []byte("abc"))
		for _, err := range []error{err, errNew, errAppend} {
			if reasonOf(t, err) != CodeRulesUnknown {
				t.Errorf("version %d: %v", version, err)
			}
		}
	}
	if DefaultCodeRules() != folding {
		t.Error("the default is not case-insensitive version 1")
	}
}

// checkNormalised holds what must be true of every code (C2): normalising is
// stable, both ways agree, and no form breaks a limit or keeps a refused point.
func checkNormalised(t *testing.T, raw string) {
	t.Helper()
	for _, rules := range []CodeRules{folding, sensitive} {
		code, err := rules.Parse(raw)
		appended, errAppend := rules.AppendFolded(nil, []byte(raw))
		slow, errSlow := rules.parseUnicode(raw)
		if reasonOf(t, err) != reasonOf(t, errAppend) || reasonOf(t, err) != reasonOf(t, errSlow) {
			t.Fatalf("Parse(%+q): %v, AppendFolded: %v, by tables: %v", raw, err, errAppend, errSlow)
		}
		if code != slow || string(appended) != code.Folded {
			t.Fatalf("Parse(%+q) = %+q, AppendFolded: %+q, by tables: %+q", raw, code, appended, slow)
		}
		if err != nil {
			continue
		}
		for _, form := range []string{code.Issued, code.Folded} {
			again, err := rules.Parse(form)
			if err != nil || again.Issued != form || again.Folded != code.Folded {
				t.Fatalf("Parse(%+q) = %+q, and again: %+q, %v", raw, code, again, err)
			}
			if !utf8.ValidString(form) || len(form) > CodeBytesMax || utf8.RuneCountInString(form) > CodePointsMax {
				t.Fatalf("Parse(%+q) keeps %+q, which is above a limit", raw, form)
			}
			if strings.TrimFunc(form, isWhiteSpace) != form {
				t.Fatalf("Parse(%+q) keeps white space: %+q", raw, form)
			}
		}
		if sourcesAreSame() && !norm.NFC.IsNormalString(code.Issued) && !strings.Contains(norm.NFC.String(code.Issued), "\u034f") {
			t.Fatalf("Parse(%+q) = %+q, which is not NFC", raw, code.Issued)
		}
	}
}

func TestNormalisingIsStable(t *testing.T) {
	random := seeded(t)
	for range 5_000 {
		checkNormalised(t, randomText(random))
		checkNormalised(t, randomASCII(random))
	}
	for _, mapping := range []runeMapping{unicodeFolding, unicodeDecomposition} {
		for _, point := range mapping.keys { // all others stand for themselves
			checkNormalised(t, string(point))
		}
	}
}

func randomASCII(random *rand.Rand) string {
	b := make([]byte, random.IntN(20))
	for i := range b {
		if b[i] = byte(' ' + random.IntN(95)); random.IntN(8) == 0 {
			b[i] = byte(random.IntN(128))
		}
	}
	return string(b)
}

// Without this letters in different case could be different codes.
func TestFoldingIgnoresCase(t *testing.T) {
	for point := rune(0); point <= unicode.MaxRune; point++ {
		other := unicode.SimpleFold(point)
		if other == point || !sourcesAreSame() {
			continue
		}
		a, errA := folding.Parse(string(point))
		b, errB := folding.Parse(string(other))
		if errA != nil || errB != nil || a.Folded != b.Folded {
			t.Errorf("U+%04X folds to %+q, U+%04X to %+q: %v, %v", point, a.Folded, other, b.Folded, errA, errB)
		}
	}
}

// C1: the same lines for every Go.
func TestGoldenNormalisation(t *testing.T) {
	var b bytes.Buffer
	fmt.Fprintln(&b, "# raw: issued, folded; or the reason of the refusal")
	fixed := rand.New(rand.NewPCG(1, 1))
	texts := []string{" Summer-26 ", "CAFE\u0301", "Straße", "\u0130I\u0131i", "ΣΊΣΥΦΟΣ", "각", "ﬁn", "\u212a\u212b\u2126", "\uab70\u13a0", "a\u200bb", "\U0001fae9", "\u1fb3\u0301", "q\u0323\u0307", "q\u0307\u0323"}
	for range 200 {
		texts = append(texts, randomText(fixed))
	}
	for _, text := range texts {
		code, err := folding.Parse(text)
		if err != nil {
			fmt.Fprintf(&b, "%+q: %v\n", text, err)
			continue
		}
		fmt.Fprintf(&b, "%+q: %+q %+q\n", text, code.Issued, code.Folded)
	}
	golden(t, "normalisation-1.txt", b.Bytes())
}

func FuzzParseCode(f *testing.F) {
	for _, seed := range []string{"", "Summer-26", " é\u0301 ", "\xff", "\u1100\u1161\u11a8", "ß\u0345\u0301", "a\u200b"} {
		f.Add(seed)
	}
	f.Fuzz(checkNormalised)
}

// The hot path lends its buffer and must need nothing else.
func TestASCIICodesDoNotAllocate(t *testing.T) {
	dst, raw, refused := make([]byte, 0, 64), []byte(" SUMMER-26 "), []byte("a\x00")
	if n := testing.AllocsPerRun(100, func() {
		dst, _ = folding.AppendFolded(dst[:0], raw)
		_, _ = folding.AppendFolded(dst[:0], refused)
	}); n != 0 {
		t.Errorf("AppendFolded allocates %v times", n)
	}
}

func BenchmarkAppendFolded(b *testing.B) {
	for _, raw := range []string{"SUMMER-7K2M-QX4P", "Été-2026"} {
		b.Run(raw, func(b *testing.B) {
			dst, input := make([]byte, 0, 64), []byte(raw)
			b.ReportAllocs()
			for b.Loop() {
				dst, _ = folding.AppendFolded(dst[:0], input)
			}
		})
	}
}
