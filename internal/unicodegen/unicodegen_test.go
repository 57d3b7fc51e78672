package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
)

const coupon = "../../coupon"

// U1, and that what is checked in is what the generator writes.
func TestCheckedInTablesAreCurrent(t *testing.T) {
	var notes bytes.Buffer
	if err := run(coupon, true, &notes); err != nil {
		t.Error(err)
	}
	if skipped := notes.Len() > 0; skipped != (unicode.Version != frozenUnicode) {
		t.Errorf("Unicode %s: notes %q", unicode.Version, &notes)
	}
}

// Without this -check could pass whatever is in the files.
func TestCheckSeesADifference(t *testing.T) {
	path := filepath.Join(t.TempDir(), "currency_table.go")
	rows, err := currencySource()
	if err != nil {
		t.Fatal(err)
	}
	if err := place(path, rows, true); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	if err := place(path, rows, false); err != nil {
		t.Fatal(err)
	}
	if err := place(path, rows, true); err != nil {
		t.Errorf("just written: %v", err)
	}
	if err := place(path, append(rows, '\n'), true); err == nil || !strings.Contains(err.Error(), "currency_table.go") {
		t.Errorf("one byte more: %v", err)
	}
}

// U2: a newer Go must not bring its Unicode along.
func TestOtherEditionIsRefused(t *testing.T) {
	if err := checkEdition(frozenUnicode, "17.0.0", frozenUnicode); !errors.Is(err, errOtherUnicode) {
		t.Errorf("an edition that is not the frozen one: %v", err)
	}
	if err := checkEdition(frozenUnicode, frozenUnicode); err != nil {
		t.Error(err)
	}
}

// Without this neighbours with one value could be told apart, or joined across
// the surrogates, which are no code points of UTF-8.
func TestRanges(t *testing.T) {
	got := ranges(func(point rune) string {
		switch {
		case point == 1, point == 2, point == surrogateFirst-1, point == surrogateLast+1:
			return "a"
		case point == 3:
			return "b"
		}
		return ""
	})
	want := []textRange{{1, 2, "a"}, {3, 3, "b"}, {surrogateFirst - 1, surrogateFirst - 1, "a"}, {surrogateLast + 1, surrogateLast + 1, "a"}}
	if len(got) != len(want) {
		t.Fatalf("ranges = %v, want %v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("range %d = %v, want %v", i, got[i], want[i])
		}
	}
}
