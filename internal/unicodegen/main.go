package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// frozenUnicode is the edition of normalisation 1 (U2).
const frozenUnicode = "15.0.0"

// errOtherUnicode means that this Go brings another edition of Unicode.
var errOtherUnicode = errors.New("the tables are frozen at Unicode " + frozenUnicode)

func main() {
	out := flag.String("out", ".", "directory of package coupon")
	check := flag.Bool("check", false, "write nothing, fail when a file is not current")
	flag.Parse()
	if err := run(*out, *check, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "unicodegen:", err)
		os.Exit(1)
	}
}

// run generates both files and writes or compares them.
func run(dir string, check bool, notes io.Writer) error {
	currencies, err := currencySource()
	if err != nil {
		return err
	}
	if err := place(filepath.Join(dir, "currency_table.go"), currencies, check); err != nil {
		return err
	}
	if err := checkEdition(unicode.Version, norm.Version, cases.UnicodeVersion); err != nil {
		if check && errors.Is(err, errOtherUnicode) {
			// Not an error: a test of package coupon holds the table's digest.
			fmt.Fprintln(notes, "unicodegen: not compared:", err)
			return nil
		}
		return err
	}
	tables, err := unicodeSource()
	if err != nil {
		return err
	}
	return place(filepath.Join(dir, "unicode_tables.go"), tables, check)
}

// checkEdition holds the editions of all sources against the frozen one (U2).
func checkEdition(editions ...string) error {
	for _, edition := range editions {
		if edition != frozenUnicode {
			return fmt.Errorf("%w, and this Go and its libraries have %v", errOtherUnicode, editions)
		}
	}
	return nil
}

// place writes the file, or compares it.
func place(path string, want []byte, check bool) error {
	if !check {
		return os.WriteFile(path, want, 0o644)
	}
	got, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if !bytes.Equal(got, want) {
		return fmt.Errorf("%s is not current: run go generate ./coupon", path)
	}
	return nil
}
