package httpapi

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/scrip-engine/scrip/wire"
)

// Without this a path that the compatibility page promises is not there, or one
// that is not built is taken for another: a code named "qualification", a method
// that is not allowed.
func TestCompatibilityPageIsTrue(t *testing.T) {
	page, err := os.ReadFile("../docs/compatibility.md")
	if err != nil {
		t.Fatal(err)
	}
	served := map[string]bool{}
	for _, r := range Endpoints() {
		served[r.Method+" "+r.Path] = true
	}
	n := start(t, Limits{})
	rows := regexp.MustCompile("(?m)^\\| `([A-Z]+) (/[^`]*)` \\| (yes|partly|no) \\|").FindAllStringSubmatch(string(page), -1)
	if len(rows) < 100 {
		t.Fatalf("only %d rows: has the page another form?", len(rows))
	}
	params := regexp.MustCompile(`\{[a-zA-Z]+\}`)
	for _, row := range rows {
		method, path, verdict := row[1], row[2], row[3]
		if served[method+" "+path] != (verdict != "no") {
			t.Errorf("%s %s: the page says %s", method, path, verdict)
		}
		if verdict != "no" {
			continue
		}
		a := n.as("user", method, params.ReplaceAllString(path, "x"), "")
		if a.status != 404 || !strings.Contains(a.body, wire.KeyNotSupported) {
			t.Errorf("%s %s: %d %s", method, path, a.status, a.body)
		}
	}
	if seen := n.engine.took(); seen != "" {
		t.Errorf("the engine was asked: %s", seen)
	}
}
