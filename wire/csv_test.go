package wire

import (
	"encoding/csv"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
)

// readAll returns rows joined by "|", and bad rows as their error.
func readAll(t *testing.T, in string) []string {
	t.Helper()
	r := NewCSVReader(strings.NewReader(in))
	var out []string
	for {
		cells, err := r.Read()
		var bad *CSVError
		switch {
		case err == io.EOF:
			return out
		case errors.As(err, &bad):
			out = append(out, bad.Error())
		case err != nil:
			t.Fatal(err)
		default:
			out = append(out, strings.Join(cells, "|"))
		}
	}
}

// Without this a quote, a line break in a cell or a mark at the start would
// shift every cell after it.
func TestCSVRows(t *testing.T) {
	is := func(in string, want ...string) {
		t.Helper()
		if got := readAll(t, in); !reflect.DeepEqual(got, want) {
			t.Errorf("%q:\n got %q\nwant %q", short(in), got, want)
		}
	}
	is("")
	is("\n\r\n")
	is("a,b\r\nc,d", "a|b", "c|d")
	is("\xef\xbb\xbfa,b\n", "a|b")
	is("a,,\n,,b\n", "a||", "||b")
	is(`"a,1","b""q","c`+"\n"+`d"`+"\r\nx", `a,1|b"q|c`+"\nd", "x")
	is("\"a\r\"\n", "a\r")
	is("a\rb\n", "a\rb")
	is("a\"b\nc\n", "line 1: a quote in a cell that does not begin with one", "c")
	is("\"a\"b\nc\n", "line 1: a quote inside a quoted cell is not doubled", "c")
	is("a\n\"b\n\nc", "a", "line 2: a quoted cell does not end")
	is("a\n\xff\nb", "a", "line 2: not valid UTF-8", "b")
	is("ok\n"+strings.Repeat("x", CSVLineBytesMax+1)+"\nb", "ok", "line 2: longer than 1048576 bytes", "b")
	is("ok\n\""+strings.Repeat("x\n", CSVLineBytesMax)+"b\n", append([]string{"ok", "line 2: longer than 1048576 bytes"},
		readAll(t, strings.Repeat("x\n", CSVLineBytesMax/2)+"b\n")...)...)
	is(strings.Repeat(",", CSVColumnsMax), "line 1: more than 256 columns")
	is(strings.Repeat(",", 3*CSVLineBytesMax)+"\nb", "line 1: longer than 1048576 bytes", "b")
}

// FuzzCSV holds the reader against encoding/csv where that one reads a file.
func FuzzCSV(f *testing.F) {
	for _, s := range []string{"a,b\r\n\"c\"\"\",d\n", "\"a\nb\",c", "a,\"\"\n\n,\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		oracle := csv.NewReader(strings.NewReader(in))
		oracle.FieldsPerRecord = -1
		want, err := oracle.ReadAll()
		got := readAll(t, in)
		if err != nil || strings.ContainsAny(in, "\r\ufeff") || strings.Contains(in, "\"\"\n") {
			return // it trims CRs inside quotes and knows no mark; rows of "" it keeps
		}
		var rows []string
		for _, cells := range want {
			rows = append(rows, strings.Join(cells, "|"))
		}
		for _, row := range got {
			if strings.HasPrefix(row, "line ") {
				return // bounds and UTF-8 are ours
			}
		}
		if strings.Join(got, "\n") != strings.Join(rows, "\n") && !strings.HasSuffix(in, `""`) {
			t.Fatalf("%q:\n got %q\nwant %q", in, got, rows)
		}
	})
}

// Without this a column could be taken for another, or a whole import fail for
// one row.
func TestVoucherCSV(t *testing.T) {
	in := "Code,Voucher Type,DISCOUNT_TYPE,value,start-date,Redemption Quantity,Active,Shop,metadata,created_at\r\n" +
		"A1,DISCOUNT_VOUCHER,PERCENT,12.5,2026-01-01,null,TRUE,Berlin,\"{\"\"vip\"\":true}\",2020-01-01\r\n" +
		"G1,gift,,5000,,,,,,\r\n" +
		",,,,,,,,,\r\n" +
		"A2,discount,AMUNT,5,,,,,,\r\n" +
		"A3,,AMOUNT,1.5,,,,,,\r\n" +
		"A4,,,,soon,,,,,\r\n" +
		"A5,,,,,-1,,,,\r\n" +
		"A6,,,,,,,,[],\r\n" +
		"A7\r\n" +
		"A8,1,2,3,4,5,6,7,8,9,10\r\n"
	v, err := NewVoucherCSV(NewCSVReader(strings.NewReader(in)))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for {
		row, err := v.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			got = append(got, err.Error())
			continue
		}
		got = append(got, string(plain(t, row)))
	}
	want := []string{
		`{"code":"A1","type":"DISCOUNT_VOUCHER","discount":{"type":"PERCENT","percent_off":12.5},` +
			`"redemption":{"quantity":null},"start_date":"2026-01-01T00:00:00.000Z","active":true,` +
			`"metadata":{"Shop":"Berlin","vip":true}}`,
		`{"code":"G1","type":"GIFT_VOUCHER","gift":{"amount":5000}}`,
		"line 4: has no code",
		`line 5: DISCOUNT_TYPE has the unknown value "AMUNT"; did you mean "AMOUNT"?`,
		"line 6: value must be an integer",
		"line 7: start-date must be a time like 2026-11-23T10:00:00.000Z",
		"line 8: Redemption Quantity must not be negative",
		"line 9: metadata must be a JSON object",
		`{"code":"A7"}`,
		"line 11: has more cells than the header row",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Without this a file without codes would import nothing and say nothing.
func TestVoucherCSVHeaders(t *testing.T) {
	bad := func(header, about string) {
		t.Helper()
		_, err := NewVoucherCSV(NewCSVReader(strings.NewReader(header)))
		if err == nil || !strings.Contains(err.Error(), about) {
			t.Errorf("%q: %v", header, err)
		}
	}
	bad("", "the file is empty")
	bad("name,value\n", "no column named code")
	bad("code,Start Date,start_date\n", "occurs twice")
	v, err := NewVoucherCSV(NewCSVReader(strings.NewReader("code,Validity-Timeframe Duration\nA,P1D\nB,\n")))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Read(); err == nil || !strings.Contains(err.Error(), "cannot be ignored") {
		t.Errorf("a restriction was ignored: %v", err)
	}
	if row, err := v.Read(); err != nil || row.Code != "B" {
		t.Errorf("an empty restriction: %v, %v", row, err)
	}
}
