package coupon

import (
	"errors"
	"sort"
)

// Currency is a currency of ISO 4217 as its numeric code, which is also its form
// in the log; zero means none. The table of currencies is a copy kept here (see
// currency_table.go): a replica that knew another exponent would decide another
// amount, so an entry, once released, never changes and never goes.
type Currency uint16

// NoCurrency is the absence of a currency.
const NoCurrency Currency = 0

// ErrCurrency means that a text is no currency code of ISO 4217.
var ErrCurrency = errors.New("not a currency code of ISO 4217")

// currencyRow is one currency of the table, which is in order of its code.
type currencyRow struct {
	code    string // three letters
	numeric uint16
	digits  uint8 // minor units are 10^-digits
}

// ParseCurrency reads three letters, in either case as people write them.
func ParseCurrency(text string) (Currency, error) {
	if len(text) != 3 {
		return NoCurrency, ErrCurrency
	}
	code := [3]byte{upperASCII(text[0]), upperASCII(text[1]), upperASCII(text[2])}
	i := sort.Search(len(currencyTable), func(i int) bool { return currencyTable[i].code >= string(code[:]) })
	if i == len(currencyTable) || currencyTable[i].code != string(code[:]) {
		return NoCurrency, ErrCurrency
	}
	return Currency(currencyTable[i].numeric), nil
}

// CurrencyFromNumeric accepts a stored numeric code, zero included.
func CurrencyFromNumeric(numeric uint16) (Currency, bool) {
	_, known := currencyByNumeric(numeric)
	return Currency(numeric), known || numeric == 0
}

// Numeric is the code of ISO 4217 as a number; zero for none.
func (c Currency) Numeric() uint16 { return uint16(c) }

// String is the three-letter code; empty for none.
func (c Currency) String() string {
	row, _ := currencyByNumeric(uint16(c))
	return row.code
}

// Exponent is how many decimal digits the minor unit has: 2 for EUR, 0 for JPY.
// It is 0 for none.
func (c Currency) Exponent() int {
	row, _ := currencyByNumeric(uint16(c))
	return int(row.digits)
}

// currencyByNumeric walks the table: it is short, and only texts for people and
// the check of a restored record come this way.
func currencyByNumeric(numeric uint16) (currencyRow, bool) {
	for i := range currencyTable {
		if currencyTable[i].numeric == numeric {
			return currencyTable[i], true
		}
	}
	return currencyRow{}, false
}

func upperASCII(c byte) byte {
	if c >= 'a' && c <= 'z' {
		return c - 'a' + 'A'
	}
	return c
}
