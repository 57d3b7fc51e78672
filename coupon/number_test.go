package coupon

import (
	"encoding/json"
	"errors"
	"math/big"
	"strconv"
	"strings"
	"testing"
)

func TestParseInt(t *testing.T) {
	f := func(text string, want int64, wantErr error) {
		t.Helper()
		got, err := ParseInt([]byte(text))
		if got != want || !errors.Is(err, wantErr) {
			t.Errorf("ParseInt(%.40q) = %d, %v, want %d, %v", text, got, err, want, wantErr)
		}
	}
	f("0", 0, nil)
	f("-0", 0, nil)
	f("0.000", 0, nil)
	f("0e999999999999999999999", 0, nil)
	f("10", 10, nil)
	f("10.0", 10, nil)
	f("1e1", 10, nil)
	f("1E+1", 10, nil)
	f("-1.5e1", -15, nil)
	f("100e-2", 1, nil)
	f("0.01e2", 1, nil)
	f("1002003.0040e4", 10020030040, nil)
	f("9007199254740991", IntMax, nil)
	f("-9007199254740991", -IntMax, nil)
	f("9007199254740991.000", IntMax, nil)
	f("0.000009007199254740991e21", IntMax, nil)
	f("9007199254740992", 0, ErrNumberRange)
	f("-9007199254740992", 0, ErrNumberRange)
	f("1e16", 0, ErrNumberRange)
	f("1e99999999999999999999", 0, ErrNumberRange)
	f("123456789012345678901234567890", 0, ErrNumberRange)
	f("1"+strings.Repeat("0", 1000)+"e-1000", 1, nil)
	f("0."+strings.Repeat("0", 999)+"1e1000", 1, nil)
	f("10.5", 0, ErrNumberInexact)
	f("1e-1", 0, ErrNumberInexact)
	f("1e-99999999999999999999", 0, ErrNumberInexact)
	f("9007199254740991.0000000000000001", 0, ErrNumberInexact)
	for _, text := range []string{"", "-", "+1", "01", "-01", "00", ".5", "1.", "1.e1", "1e", "1e+", "1e1.0", "1 ", " 1", "1x", "0x10", "1_0", "NaN", "Infinity", "null", "\"1\"", "--1", "1e--1", "٣"} {
		f(text, 0, ErrNumberSyntax)
	}
}

func TestParsePercent(t *testing.T) {
	f := func(text string, want Percent, wantErr error, wantText string) {
		t.Helper()
		got, err := ParsePercent([]byte(text))
		if got != want || !errors.Is(err, wantErr) {
			t.Errorf("ParsePercent(%q) = %d, %v, want %d, %v", text, got, err, want, wantErr)
		}
		if err == nil && got.String() != wantText {
			t.Errorf("Percent %d is written %s, want %s", got, got, wantText)
		}
	}
	f("0", 0, nil, "0")
	f("0.01", 1, nil, "0.01")
	f("0.1", 10, nil, "0.1")
	f("12.5", 1250, nil, "12.5")
	f("12.500", 1250, nil, "12.5")
	f("1.205e1", 1205, nil, "12.05")
	f("33.33", 3333, nil, "33.33")
	f("100", PercentMax, nil, "100")
	f("100.00", PercentMax, nil, "100")
	f("100.01", 0, ErrNumberRange, "")
	f("1e9", 0, ErrNumberRange, "")
	f("-1", 0, ErrNumberRange, "")
	f("33.333", 0, ErrNumberInexact, "")
	f("\"10\"", 0, ErrNumberSyntax, "")
}

// The oracle is exact: the text as a fraction of big integers.
func checkNumber(t *testing.T, text string) {
	t.Helper()
	got, err := ParseInt([]byte(text))
	if valid := json.Valid([]byte(text)) && strings.Trim(text, "-+.eE0123456789") == ""; valid == errors.Is(err, ErrNumberSyntax) {
		t.Fatalf("ParseInt(%q): %v, but a JSON number: %v", text, err, valid)
	}
	if errors.Is(err, ErrNumberSyntax) {
		return
	}
	if at := strings.IndexAny(text, "eE"); at >= 0 { // the oracle computes the power
		if exponent, bad := strconv.Atoi(text[at+1:]); bad != nil || exponent > 2000 || exponent < -2000 {
			return
		}
	}
	exact, _ := new(big.Rat).SetString(text)
	inRange := exact.IsInt() && new(big.Int).Abs(exact.Num()).Cmp(big.NewInt(IntMax)) <= 0
	if inRange != (err == nil) || err == nil && exact.Num().Int64() != got {
		t.Fatalf("ParseInt(%q) = %d, %v, exactly %s", text, got, err, exact.RatString())
	}
	if err != nil && errors.Is(err, ErrNumberInexact) == exact.IsInt() {
		t.Fatalf("ParseInt(%q): %v, exactly %s", text, err, exact.RatString())
	}
}

func TestParseIntAgainstOracle(t *testing.T) {
	random := seeded(t)
	for range 100_000 {
		b := make([]byte, 1+random.IntN(14))
		for i := range b {
			b[i] = "00012345679..eE-+"[random.IntN(17)]
		}
		checkNumber(t, string(b))
	}
}

func FuzzParseInt(f *testing.F) {
	for _, seed := range []string{"0", "-10.50e1", "9007199254740991", "1e400", "01", "1."} {
		f.Add(seed)
	}
	f.Fuzz(checkNumber)
}
