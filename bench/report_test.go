package bench

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "write the golden files anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *rewrite {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s\n(go test ./bench -rewrite, and read the difference)", path, got, want)
	}
}

// Without this a column slips, a chart vanishes, or a failed run looks like any
// other.
func TestReports(t *testing.T) {
	r := sample()
	r.Failures = []string{"run 2 of redeem: the audit found: P2: A & B"}
	var table, page strings.Builder
	if err := errors.Join(WriteTable(&table, r), WriteHTML(&page, r)); err != nil {
		t.Fatal(err)
	}
	golden(t, "report.txt", table.String())
	golden(t, "report.html", page.String())
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "report.json", string(text)+"\n")
}

// Without this the page needs a network, runs what a server's words say, or has a
// chart that no browser draws.
func TestPageStandsAlone(t *testing.T) {
	r := sample()
	r.Failures = []string{`<script>alert(1)</script>`}
	var page strings.Builder
	if err := WriteHTML(&page, r); err != nil {
		t.Fatal(err)
	}
	if bad := regexp.MustCompile(`(?i)<script|<link|<img|url\(|@import|https?://`).FindString(page.String()); bad != "" {
		t.Errorf("the page has %s", bad)
	}
	charts := regexp.MustCompile(`(?s)<svg.*?</svg>`).FindAllString(page.String(), -1)
	if len(charts) != 2 {
		t.Fatalf("%d charts", len(charts))
	}
	for _, chart := range charts {
		for d := xml.NewDecoder(strings.NewReader(chart)); ; {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%v in %s", err, chart)
			}
		}
		if n := strings.Count(chart, "<path"); n != 3 || strings.Contains(chart, "NaN") || strings.Contains(chart, "Inf") {
			t.Errorf("%d curves in %s", n, chart)
		}
	}
}

// Without this the median of an even number of runs is one that nobody measured.
func TestSpread(t *testing.T) {
	f := func(want Spread, values ...float64) {
		t.Helper()
		if got := spreadOf(values); got != want {
			t.Errorf("%v: %+v", values, got)
		}
	}
	f(Spread{})
	f(Spread{3, 3, 3}, 3)
	f(Spread{1, 1, 2}, 2, 1)
	f(Spread{1, 5, 9}, 9, 1, 5)
}
