package wire

import (
	"errors"
	"io"
	"strings"
)

// VoucherCSV reads codes from a CSV file. Its first row names the columns as
// Voucherify's export does, whatever the case and with '_', '-' or a space or
// nothing between the words; a column with another name becomes a metadata key.
type VoucherCSV struct {
	rows    *CSVReader
	columns []csvColumn
}

type csvColumn struct {
	header string
	set    func(*csvRow, string) *FieldError // nil: metadata
}

// csvRow is a row while its cells come in: the discount and the gift are put
// together once all are known.
type csvRow struct {
	out          VoucherImport
	value        string
	discountType string
	amountLimit  Opt[int64]
	unitType     string
	effect       string
	giftAmount   Opt[int64]
	currency     string
	metadata     []csvMember
}

type csvMember struct{ key, value string }

// NewVoucherCSV reads the header. The error is a *CSVError, or the input's.
func NewVoucherCSV(rows *CSVReader) (*VoucherCSV, error) {
	header, err := rows.Read()
	if errors.Is(err, io.EOF) {
		return nil, &CSVError{Line: rows.Line(), Message: "the file is empty"}
	}
	if err != nil {
		return nil, err
	}
	v := &VoucherCSV{rows: rows}
	seen := make(map[string]bool)
	for _, name := range header {
		folded := columnName(name)
		if seen[folded] {
			return nil, &CSVError{Line: rows.Line(), Message: "the column " + name + " occurs twice"}
		}
		seen[folded] = true
		v.columns = append(v.columns, csvColumn{header: strings.TrimSpace(name), set: csvSetters(folded)})
	}
	if !seen["code"] {
		return nil, &CSVError{Line: rows.Line(), Message: "the header row has no column named code"}
	}
	return v, nil
}

// Line returns the line on which the row that was read last begins.
func (v *VoucherCSV) Line() int { return v.rows.Line() }

// Read returns the next row. At the end the error is io.EOF; a *CSVError
// concerns this row alone, and reading goes on after it.
func (v *VoucherCSV) Read() (*VoucherImport, error) {
	cells, err := v.rows.Read()
	if err != nil {
		return nil, err
	}
	if len(cells) > len(v.columns) {
		return nil, v.bad("has more cells than the header row")
	}
	var row csvRow
	for i, cell := range cells {
		if cell == "" {
			continue // an empty cell is absent, as null is in JSON
		}
		column := v.columns[i]
		if column.set == nil {
			row.metadata = append(row.metadata, csvMember{column.header, cell})
			continue
		}
		if bad := column.set(&row, cell); bad != nil {
			return nil, v.bad(under(column.header, bad).Error())
		}
	}
	if row.out.Code == "" {
		return nil, v.bad("has no code")
	}
	if bad := row.finish(); bad != nil {
		return nil, v.bad(bad.Error())
	}
	return &row.out, nil
}

func (v *VoucherCSV) bad(message string) error {
	return &CSVError{Line: v.rows.Line(), Message: message}
}

// finish builds what several columns say together.
func (row *csvRow) finish() *FieldError {
	if bad := row.finishMetadata(); bad != nil {
		return bad
	}
	gift := row.out.Type == VoucherGift || row.giftAmount.Set
	if gift {
		return row.finishGift()
	}
	if row.discountType == "" && row.value == "" {
		return nil
	}
	return row.finishDiscount()
}

func (row *csvRow) finishGift() *FieldError {
	amount := row.giftAmount
	if !amount.Set && row.value != "" {
		v, err := csvInt(row.value, 0)
		if err != nil {
			return under("value", err)
		}
		amount = Some(v)
	}
	if amount.Set {
		row.out.Gift = &Gift{Amount: amount, Currency: row.currency}
	}
	return nil
}

func (row *csvRow) finishDiscount() *FieldError {
	d := &Discount{
		Type: row.discountType, Effect: row.effect, AmountLimit: row.amountLimit,
		UnitType: row.unitType,
	}
	scale := 0
	if d.Type == DiscountPercent {
		scale = 2
	}
	v, err := csvInt(row.value, scale)
	switch {
	case row.currency != "":
		return notSupported("currency", "is for gift cards; a discount is in the project's currency")
	case d.Type == "":
		return fieldErr(KeyInvalidPayload, "discount_type", "is missing")
	case err != nil:
		return under("value", err)
	}
	switch d.Type {
	case DiscountAmount:
		d.AmountOff = Some(v)
	case DiscountPercent:
		d.PercentOff = Some(Percent(v))
	case DiscountFixed:
		d.FixedAmount = Some(v)
	case DiscountUnit:
		d.UnitOff = Some(v)
	}
	row.out.Discount = d
	return nil
}

// finishMetadata puts the metadata columns, whose values are strings, beside
// the members of a column named metadata, which holds a JSON object.
func (row *csvRow) finishMetadata() *FieldError {
	if len(row.metadata) == 0 {
		return nil
	}
	w := writer{}
	w.open()
	for _, m := range row.metadata {
		w.comma()
		w.buf = append(appendString(w.buf, m.key), ':')
		w.buf = appendString(w.buf, m.value)
	}
	if whole := row.out.Metadata; len(whole) > 0 {
		w.comma()
		w.buf = append(w.buf, whole[1:len(whole)-1]...)
	}
	w.close()
	out, bad := canonical(nil, w.buf)
	if bad != nil {
		return under("metadata", bad)
	}
	row.out.Metadata = out
	return nil
}
