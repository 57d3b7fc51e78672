package coupon

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// fixedChance is a reader over a seeded generator, in place of crypto/rand.
func fixedChance(seed byte) io.Reader { return rand.NewChaCha8([32]byte{seed}) }

func mustCompile(t testing.TB, c CodeConfig, rules CodeRules) *CodePattern {
	t.Helper()
	p, err := c.Compile(rules)
	if err != nil {
		t.Fatalf("Compile(%+v): %v", c, err)
	}
	return p
}

func TestPatternSpace(t *testing.T) {
	f := func(c CodeConfig, rules CodeRules, random int, space uint64, exact bool) {
		t.Helper()
		p := mustCompile(t, c, rules)
		got, fits := p.Space()
		if p.Random() != random || got != space || fits != exact {
			t.Errorf("%+v: %d random, space %d, %v, want %d, %d, %v", c, p.Random(), got, fits, random, space, exact)
		}
		if exact && math.Abs(p.Bits()-math.Log2(float64(space))) > 1e-9 {
			t.Errorf("%+v: %v bits, space %d", c, p.Bits(), space)
		}
	}
	f(CodeConfig{}, folding, PatternLengthDefault, 787662783788549761, true) // 31^12
	f(CodeConfig{Length: 4, Charset: "0123456789"}, folding, 4, 10_000, true)
	f(CodeConfig{Length: 4, Charset: "abcABC"}, sensitive, 4, 1296, true)
	f(CodeConfig{Length: 4, Charset: "abcABC"}, folding, 4, 81, true) // equal letters count once
	f(CodeConfig{Length: 4, Charset: "aaab"}, sensitive, 4, 16, true)
	f(CodeConfig{Pattern: "SUMMER-####-####", Length: 3}, folding, 8, 852891037441, true)
	f(CodeConfig{Prefix: "A-", Postfix: "-Z", Pattern: "#x#", Charset: "01"}, folding, 2, 4, true)
	f(CodeConfig{Length: 64, Charset: "01"}, folding, 64, math.MaxUint64, false)
	f(CodeConfig{Length: 63, Charset: "01"}, folding, 63, 1<<63, true)
	f(CodeConfig{Length: CodePointsMax}, folding, CodePointsMax, math.MaxUint64, false)
}

func TestPatternRefuses(t *testing.T) {
	f := func(c CodeConfig, field string) {
		t.Helper()
		_, err := c.Compile(folding)
		var patternError *PatternError
		if !errors.As(err, &patternError) || patternError.Field != field || patternError.Key() != "invalid_code_config" {
			t.Errorf("Compile(%+.60q): %v, want an error about %s", c.Pattern+c.Prefix+c.Charset, err, field)
		}
	}
	f(CodeConfig{Length: -1}, "length")
	f(CodeConfig{Length: CodePointsMax + 1}, "length")
	f(CodeConfig{Charset: "a"}, "charset")
	f(CodeConfig{Charset: "aA"}, "charset") // one letter in a case-insensitive project
	f(CodeConfig{Charset: "ab "}, "charset")
	f(CodeConfig{Charset: "abé"}, "charset")
	f(CodeConfig{Charset: "ab\x00"}, "charset")
	f(CodeConfig{Pattern: "SUMMER"}, "pattern")
	f(CodeConfig{Pattern: strings.Repeat("#", CodePointsMax+1)}, "pattern")
	f(CodeConfig{Pattern: strings.Repeat("#", CodeBytesMax+1)}, "pattern")
	f(CodeConfig{Prefix: strings.Repeat("x", CodePointsMax)}, "pattern")
	f(CodeConfig{Prefix: strings.Repeat("x", CodeBytesMax+1)}, "prefix")
	f(CodeConfig{Postfix: strings.Repeat("x", CodeBytesMax+1)}, "postfix")
	f(CodeConfig{Prefix: " A"}, "pattern")
	f(CodeConfig{Postfix: "A "}, "pattern")
	f(CodeConfig{Prefix: "a\x00"}, "pattern")
	f(CodeConfig{Prefix: "\xff"}, "pattern")
	f(CodeConfig{Prefix: "a\u200b"}, "pattern")
	f(CodeConfig{Postfix: "\u0301"}, "postfix")
	f(CodeConfig{Pattern: "#\u0301#"}, "pattern")
	if _, err := (CodeConfig{}).Compile(CodeRules{Version: 9}); err == nil {
		t.Error("rules of a later version are accepted")
	}
}

// Whatever compiles, draws codes that parse to themselves and differ as codes.
func TestDrawnCodes(t *testing.T) {
	f := func(c CodeConfig, rules CodeRules) {
		t.Helper()
		p, chance := mustCompile(t, c, rules), fixedChance(1)
		texts, codes := map[string]bool{}, map[string]bool{}
		for range 300 {
			drawn, err := p.Draw(chance, []byte("x"))
			if err != nil {
				t.Fatal(err)
			}
			text := string(drawn[1:])
			code, err := rules.Parse(text)
			if err != nil || code.Issued != text {
				t.Fatalf("%+v drew %+q, which parses to %+q, %v", c, text, code, err)
			}
			texts[text], codes[code.Folded] = true, true
		}
		if len(texts) != len(codes) || len(texts) < 2 {
			t.Errorf("%+v: %d texts are %d codes", c, len(texts), len(codes))
		}
	}
	for _, rules := range []CodeRules{folding, sensitive} {
		f(CodeConfig{}, rules)
		f(CodeConfig{Length: 3, Charset: "abcABC"}, rules)
		f(CodeConfig{Prefix: "E\u0301té ", Postfix: " ß", Length: 5}, rules) // composed when compiled
		f(CodeConfig{Pattern: "SUMMER-####-####"}, rules)
		f(CodeConfig{Prefix: "A", Pattern: "e#\u0041\u030a#", Postfix: "#"}, rules)
		f(CodeConfig{Pattern: strings.Repeat("#", CodePointsMax)}, rules)
	}
	p := mustCompile(t, CodeConfig{Prefix: "#", Pattern: "a#b#", Postfix: "\u00df#", Charset: "01"}, folding)
	drawn, err := p.Draw(bytes.NewReader([]byte{0, 1}), nil)
	if err != nil || string(drawn) != "#a0b1ß#" {
		t.Errorf("drew %q, %v: only marks of the pattern itself are random", drawn, err)
	}
}

// Without the rejection the first characters of the set come up more often: for
// 31 characters by an eighth, which the statistic here sees from afar.
func TestDrawIsEven(t *testing.T) {
	p := mustCompile(t, CodeConfig{Length: CodePointsMax}, folding)
	count, total := map[byte]int{}, 0
	chance := fixedChance(2)
	for range 1000 {
		drawn, err := p.Draw(chance, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range drawn {
			count[c]++
			total++
		}
	}
	mean, squares := float64(total)/float64(len(p.Charset())), 0.0
	for i := range len(p.Charset()) {
		d := float64(count[p.Charset()[i]]) - mean
		squares += d * d / mean
	}
	if len(count) != len(p.Charset()) || squares > 80 { // chi-squared, 30 degrees: a chance of 10^-6
		t.Errorf("chi-squared is %.1f over %d characters, want about 30", squares, len(count))
	}
}

func TestDrawFromBrokenSource(t *testing.T) {
	p := mustCompile(t, CodeConfig{Length: 4}, folding)
	f := func(name string, source io.Reader, want error) {
		t.Helper()
		dst, err := p.Draw(source, []byte("kept"))
		if !errors.Is(err, ErrRandomSource) || want != nil && !errors.Is(err, want) || string(dst) != "kept" {
			t.Errorf("%s: %q, %v", name, dst, err)
		}
	}
	f("ends", bytes.NewReader([]byte{1, 2, 3}), io.ErrUnexpectedEOF)
	f("always rejected", endless(255), nil)
}

// endless is a reader of one byte.
type endless byte

func (e endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = byte(e)
	}
	return len(b), nil
}

// Without this a job could fill a space so far that guessing pays.
func TestSafeCount(t *testing.T) {
	f := func(c CodeConfig, safe uint64) {
		t.Helper()
		p := mustCompile(t, c, folding)
		if got := p.SafeCount(); got != safe {
			t.Errorf("%+v: SafeCount = %d, want %d", c, got, safe)
		}
		if err := p.CheckCount(safe); err != nil {
			t.Errorf("%+v: the safe number itself: %v", c, err)
		}
		if safe == math.MaxUint64/SafeShare {
			return
		}
		var patternError *PatternError
		if err := p.CheckCount(safe + 1); !errors.As(err, &patternError) || patternError.Field != "vouchers_count" {
			t.Errorf("%+v: one above the safe number: %v", c, err)
		}
	}
	f(CodeConfig{Length: 2, Charset: "0123456789"}, 0) // any guess would do
	f(CodeConfig{Length: 3, Charset: "0123456789"}, 1)
	f(CodeConfig{Length: 6, Charset: "0123456789"}, 1000)
	f(CodeConfig{Length: 4}, 923)
	f(CodeConfig{}, 787662783788549)
	f(CodeConfig{Length: 100}, math.MaxUint64/SafeShare)
	if p := mustCompile(t, CodeConfig{}, folding); p.CheckCount(GenerateCountMax) != nil {
		t.Error("the default pattern is too small for the largest job")
	}
}

// The drawing rule is no format, but a change of it should be meant.
func TestGoldenPatterns(t *testing.T) {
	var b bytes.Buffer
	fmt.Fprintln(&b, "# configuration: bits, safe count, three codes from a fixed source")
	for _, c := range []CodeConfig{
		{}, {Length: 8}, {Length: 6, Charset: "0123456789"}, {Pattern: "SUMMER-####-####"},
		{Prefix: "E\u0301té-", Postfix: "-26", Length: 10, Charset: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"},
	} {
		p, chance := mustCompile(t, c, folding), fixedChance(3)
		fmt.Fprintf(&b, "%+q: %.2f %d", fmt.Sprint(c), p.Bits(), p.SafeCount())
		for range 3 {
			drawn, err := p.Draw(chance, nil)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&b, " %+q", drawn)
		}
		fmt.Fprintln(&b)
	}
	golden(t, "patterns.txt", b.Bytes())
}

func FuzzCompilePattern(f *testing.F) {
	f.Add(8, "", "A-", "-Z", "")
	f.Add(0, "0123456789", "", "\u0301", "##-é##")
	f.Add(3, "abAB", " ", "\xff", "#")
	f.Fuzz(func(t *testing.T, length int, charset, prefix, postfix, pattern string) {
		c := CodeConfig{Length: length, Charset: charset, Prefix: prefix, Postfix: postfix, Pattern: pattern}
		p, err := c.Compile(folding)
		if err != nil {
			return
		}
		chance := fixedChance(4)
		for range 4 {
			drawn, err := p.Draw(chance, nil)
			if err != nil {
				t.Fatal(err)
			}
			if code, err := folding.Parse(string(drawn)); err != nil || code.Issued != string(drawn) {
				t.Fatalf("%+v drew %+q: %+q, %v", c, drawn, code, err)
			}
		}
	})
}

func BenchmarkDraw(b *testing.B) {
	p := mustCompile(b, CodeConfig{}, folding)
	chance, dst := fixedChance(5), make([]byte, 0, 64)
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if dst, err = p.Draw(chance, dst[:0]); err != nil {
			b.Fatal(err)
		}
	}
}
