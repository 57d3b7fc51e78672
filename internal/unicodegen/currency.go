package main

import (
	"bytes"
	"fmt"
	"go/format"
	"slices"
	"strconv"

	"github.com/bojanz/currency"
)

type currencyRow struct {
	code    string
	numeric int
	digits  int
}

// retiredCurrencies are rows that were released in a table and that the library
// does not have any more (U4). So far there are none.
var retiredCurrencies = []currencyRow{}

// currencySource is currency_table.go.
func currencySource() ([]byte, error) {
	rows, err := currencyRows()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.WriteString(header("github.com/bojanz/currency, CLDR " + currency.CLDRVersion))
	b.WriteString("// currencyTable is every currency in order of its code.\n")
	fmt.Fprintf(&b, "var currencyTable = [...]currencyRow{\n")
	for _, row := range rows {
		fmt.Fprintf(&b, "\t{%q, %d, %d},\n", row.code, row.numeric, row.digits)
	}
	b.WriteString("}\n")
	return format.Source(b.Bytes())
}

// currencyRows reads the library, sorted by code.
func currencyRows() ([]currencyRow, error) {
	rows := slices.Clone(retiredCurrencies)
	for _, code := range currency.GetCurrencyCodes() {
		numericText, known := currency.GetNumericCode(code)
		digits, knownDigits := currency.GetDigits(code)
		numeric, err := strconv.Atoi(numericText)
		if !known || !knownDigits || err != nil || len(code) != 3 || numeric <= 0 || numeric > 999 || digits > 4 {
			return nil, fmt.Errorf("currency %q: number %q, %d digits: not as ISO 4217 has it", code, numericText, digits)
		}
		rows = append(rows, currencyRow{code, numeric, int(digits)})
	}
	slices.SortFunc(rows, func(a, b currencyRow) int { return bytes.Compare([]byte(a.code), []byte(b.code)) })
	seen := map[int]string{}
	for i, row := range rows {
		if other, twice := seen[row.numeric]; twice || i > 0 && rows[i-1].code == row.code {
			return nil, fmt.Errorf("currencies %s and %s have one number or one code", other, row.code)
		}
		seen[row.numeric] = row.code
	}
	return rows, nil
}
