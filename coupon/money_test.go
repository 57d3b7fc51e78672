package coupon

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/bojanz/currency"
)

// edges are where 64-bit arithmetic goes wrong.
var edges = []int64{
	math.MinInt64, math.MinInt64 + 1, -AmountMax, -2, -1, 0, 1, 2, 3, 99, 100, 10_000,
	1<<31 - 1, 1 << 31, 1 << 32, AmountMax - 1, AmountMax, AmountMax + 1, math.MaxInt64 - 1, math.MaxInt64,
}

// Without this an overflow would become a small or negative amount.
func TestExactArithmetic(t *testing.T) {
	random := seeded(t)
	operands := append([]int64(nil), edges...)
	for range 60 {
		operands = append(operands, int64(random.Uint64()>>random.Uint64N(64)))
	}
	f := func(name string, a, b, got int64, ok bool, exact *big.Int, inRange func(*big.Int) bool) {
		t.Helper()
		if want := inRange(exact); ok != want || ok && got != exact.Int64() {
			t.Errorf("%s(%d, %d) = %d, %v, exactly %s", name, a, b, got, ok, exact)
		}
	}
	for _, a := range operands {
		for _, b := range operands {
			bigA, bigB := big.NewInt(a), big.NewInt(b)
			amounts := func(exact *big.Int) bool {
				return a >= 0 && b >= 0 && exact.IsInt64() && exact.Int64() <= AmountMax
			}
			sum, ok := AddExact(a, b)
			f("AddExact", a, b, sum, ok, new(big.Int).Add(bigA, bigB), (*big.Int).IsInt64)
			difference, ok := SubExact(a, b)
			f("SubExact", a, b, difference, ok, new(big.Int).Sub(bigA, bigB), (*big.Int).IsInt64)
			product, ok := MulExact(a, b)
			f("MulExact", a, b, product, ok, new(big.Int).Mul(bigA, bigB), (*big.Int).IsInt64)
			sum, ok = AddAmounts(a, b)
			f("AddAmounts", a, b, sum, ok, new(big.Int).Add(bigA, bigB), amounts)
			product, ok = MulAmount(a, b)
			f("MulAmount", a, b, product, ok, new(big.Int).Mul(bigA, bigB), amounts)
		}
	}
}

func TestMulDiv(t *testing.T) {
	random := seeded(t)
	pick := func() int64 {
		if random.IntN(2) == 0 {
			return edges[random.IntN(len(edges))]
		}
		return int64(random.Uint64() >> random.Uint64N(64))
	}
	for range 100_000 {
		a, b, c := pick(), pick(), pick()
		q, r, ok := MulDiv(a, b, c)
		half, okHalf := MulDivHalfUp(a, b, c)
		if a < 0 || b < 0 || c <= 0 {
			if ok || okHalf {
				t.Fatalf("MulDiv(%d, %d, %d) is answered", a, b, c)
			}
			continue
		}
		product := new(big.Int).Mul(big.NewInt(a), big.NewInt(b))
		wantQ, wantR := new(big.Int).QuoRem(product, big.NewInt(c), new(big.Int))
		if ok != wantQ.IsInt64() || ok && (q != wantQ.Int64() || r != wantR.Int64()) {
			t.Fatalf("MulDiv(%d, %d, %d) = %d, %d, %v, exactly %s, %s", a, b, c, q, r, ok, wantQ, wantR)
		}
		if new(big.Int).Lsh(wantR, 1).Cmp(big.NewInt(c)) >= 0 {
			wantQ.Add(wantQ, big.NewInt(1))
		}
		if okHalf != wantQ.IsInt64() || okHalf && half != wantQ.Int64() {
			t.Fatalf("MulDivHalfUp(%d, %d, %d) = %d, %v, exactly %s", a, b, c, half, okHalf, wantQ)
		}
	}
}

func TestPercentOf(t *testing.T) {
	f := func(p Percent, amount, want int64) {
		t.Helper()
		if got := p.Of(amount); got != want {
			t.Errorf("%s %% of %d = %d, want %d", p, amount, got, want)
		}
	}
	f(1250, 1000, 125)
	f(3333, 100, 33)
	f(1000, 5, 1) // 0.5 rounds up
	f(1000, 4, 0) // 0.4 rounds down
	f(1, 4999, 0)
	f(1, 5000, 1)
	f(0, AmountMax, 0)
	f(PercentMax, AmountMax, AmountMax)
	f(9999, AmountMax, 9006298534815517) // 9006298534815516.9009
	defer func() {
		if recover() == nil {
			t.Error("a percentage of a negative amount did not panic")
		}
	}()
	Percent(1).Of(-1)
}

func TestCheckAmount(t *testing.T) {
	for _, amount := range []int64{-1, math.MinInt64, AmountMax + 1} {
		if err := CheckAmount(amount); !errors.Is(err, ErrAmountRange) {
			t.Errorf("CheckAmount(%d) = %v", amount, err)
		}
	}
	for _, amount := range []int64{0, 1, AmountMax} {
		if err := CheckAmount(amount); err != nil {
			t.Errorf("CheckAmount(%d) = %v", amount, err)
		}
	}
}

func TestParseCurrency(t *testing.T) {
	f := func(text, code string, numeric uint16, exponent int) {
		t.Helper()
		c, err := ParseCurrency(text)
		if err != nil || c.String() != code || c.Numeric() != numeric || c.Exponent() != exponent {
			t.Errorf("ParseCurrency(%q) = %s %d %d, %v", text, c, c.Numeric(), c.Exponent(), err)
		}
		if back, ok := CurrencyFromNumeric(numeric); !ok || back != c {
			t.Errorf("CurrencyFromNumeric(%d) = %v, %v", numeric, back, ok)
		}
	}
	f("USD", "USD", 840, 2)
	f("eur", "EUR", 978, 2)
	f("JPY", "JPY", 392, 0)
	f("KWD", "KWD", 414, 3)
	f("CLF", "CLF", 990, 4)
	for _, text := range []string{"", "US", "USDT", "XXX", "AAA", "ZZZ", "€", "us\x00", "\xff\xff\xff"} {
		if c, err := ParseCurrency(text); !errors.Is(err, ErrCurrency) || c != NoCurrency {
			t.Errorf("ParseCurrency(%q) = %v, %v", text, c, err)
		}
	}
	if c, ok := CurrencyFromNumeric(0); !ok || c != NoCurrency || c.String() != "" || c.Exponent() != 0 {
		t.Error("zero is not the absence of a currency")
	}
	if _, ok := CurrencyFromNumeric(1); ok {
		t.Error("a number that is no currency is accepted")
	}
}

// C1: a currency that was released keeps its number and exponent for ever: they
// are in logs and balances. Rows may only be added to the golden file.
func TestGoldenCurrencies(t *testing.T) {
	var b strings.Builder
	fmt.Fprintln(&b, "# code, number, digits; rows may be added, never changed or removed")
	for i, row := range currencyTable {
		fmt.Fprintf(&b, "%s %03d %d\n", row.code, row.numeric, row.digits)
		if i > 0 && currencyTable[i-1].code >= row.code {
			t.Errorf("%s is out of order", row.code)
		}
	}
	golden(t, "currencies.txt", []byte(b.String()))
}

// Without this a change of the maintained table would go unnoticed here.
func TestCurrenciesMatchTheirSource(t *testing.T) {
	for _, code := range currency.GetCurrencyCodes() {
		c, err := ParseCurrency(code)
		numeric, _ := currency.GetNumericCode(code)
		digits, _ := currency.GetDigits(code)
		if err != nil || fmt.Sprintf("%03d", c.Numeric()) != numeric || c.Exponent() != int(digits) {
			t.Errorf("%s: %d and %d digits, the source has %s and %d: %v", code, c.Numeric(), c.Exponent(), numeric, digits, err)
		}
	}
}
