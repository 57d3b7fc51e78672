package wire

import (
	"math/big"
	"strings"
	"testing"
)

// Without this an amount could be rounded on its way in: the one mistake with
// money that nobody finds again.
func TestIntegersAreExact(t *testing.T) {
	is := func(lit string, want int64) {
		t.Helper()
		if got, err := parseInt([]byte(lit), 0); err != nil || got != want {
			t.Errorf("%s: got %d, %v, want %d", short(lit), got, err, want)
		}
	}
	not := func(lit string, want error) {
		t.Helper()
		if got, err := parseInt([]byte(lit), 0); err != want {
			t.Errorf("%s: got %d, %v, want %v", short(lit), got, err, want)
		}
	}
	is("0", 0)
	is("-0", 0)
	is("-0.000e5", 0)
	is("0e999999999999", 0)
	is("10", 10)
	is("10.0", 10)
	is("1e1", 10)
	is("1E+1", 10)
	is("100e-1", 10)
	is("1.5e1", 15)
	is("-123.0", -123)
	is("9007199254740991", IntMax)
	is("-9007199254740991", -IntMax)
	is("9007199254740991.000", IntMax)
	is("90071992547409910e-1", IntMax)
	is("1"+strings.Repeat("0", 1000)+"e-1000", 1)
	not("10.5", errNotInteger)
	not("1e-1", errNotInteger)
	not("0.0000000000000000000000000001", errNotInteger)
	not("1e-999999999999", errNotInteger)
	not("9007199254740992", errTooLarge)
	not("9007199254740991.5", errNotInteger)
	not("1e16", errTooLarge)
	not("1e999999999999", errTooLarge)
	not(strings.Repeat("9", 100_000), errTooLarge)
}

// Without this a percentage could lose a hundredth.
func TestPercentsAreHundredths(t *testing.T) {
	is := func(lit string, want Percent) {
		t.Helper()
		var got Percent
		if err := got.UnmarshalJSON([]byte(lit)); err != nil || got != want {
			t.Errorf("%s: got %d, %v, want %d", lit, got, err, want)
		}
	}
	is("12.5", 1250)
	is("0.01", 1)
	is("100", 10000)
	is("1e1", 1000)
	is("33.330", 3333)
	for _, lit := range []string{"0.001", "12.345", "1e-3", `"x"`, "1e300"} {
		var p Percent
		if err := p.UnmarshalJSON([]byte(lit)); err == nil {
			t.Errorf("%s was read as %d", lit, p)
		}
	}
	for p := Percent(-20000); p <= 20000; p++ {
		var back Percent
		if err := back.UnmarshalJSON(AppendPercent(nil, p)); err != nil || back != p {
			t.Fatalf("%d became %s became %d, %v", p, AppendPercent(nil, p), back, err)
		}
	}
}

// FuzzInt holds parseInt against arbitrary precision.
func FuzzInt(f *testing.F) {
	for _, s := range []string{"0", "10.0", "1e1", "-9007199254740992", "123e-2", "1.00e2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, lit string) {
		var r reader
		r.d.ResetBytes([]byte(lit))
		var got int64
		bad := r.finish(r.number(&got, 0))
		_, exponent := splitExponent([]byte(lit))
		if exponent > 10_000 || exponent < -10_000 {
			return // the oracle would take too long; the table above has such numbers
		}
		want, ok := new(big.Rat).SetString(strings.TrimSpace(lit))
		inside := ok && want.IsInt() && want.Num().CmpAbs(big.NewInt(IntMax)) <= 0
		if bad == nil && (!inside || want.Num().Int64() != got) {
			t.Fatalf("%q was read as %d", lit, got)
		}
		if bad != nil && !bad.syntax && inside && bad.Message == errTooLarge.Error() {
			t.Fatalf("%q was refused: %v", lit, bad)
		}
	})
}
