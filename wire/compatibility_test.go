package wire

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

var compatibilityRow = regexp.MustCompile("(?m)^\\| `([A-Z]+) (/[^`]+)` \\| (yes|partly|no) \\| (.*) \\|$")

// Without this the page could promise a path that is not served, or an
// integrator could not know of one that is.
func TestTheCompatibilityPageAgreesWithTheDescription(t *testing.T) {
	page, err := os.ReadFile("../docs/compatibility.md")
	if err != nil {
		t.Fatal(err)
	}
	served := make(map[string]bool)
	for path, item := range description(t).Paths.Map() {
		for method := range item.Operations() {
			served[method+" "+path] = true
		}
	}
	rows := compatibilityRow.FindAllStringSubmatch(string(page), -1)
	if len(rows) < 150 {
		t.Fatalf("only %d paths are listed", len(rows))
	}
	listed := make(map[string]bool)
	for _, row := range rows {
		at, state, restriction := row[1]+" "+row[2], row[3], strings.TrimSpace(row[4])
		if listed[at] {
			t.Errorf("%s is listed twice", at)
		}
		listed[at] = true
		if (state != "no") != served[at] {
			t.Errorf("%s is listed as %s; described: %v", at, state, served[at])
		}
		if (state == "partly") != (restriction != "") {
			t.Errorf("%s is %s with the restriction %q", at, state, restriction)
		}
	}
	_, additions, _ := strings.Cut(string(page), "\n## Additions\n")
	additions, _, _ = strings.Cut(additions, "\n## Paths\n")
	for at := range served {
		_, path, _ := strings.Cut(at, " ")
		path = strings.TrimSuffix(strings.TrimSuffix(path, "/{keyId}/rotate"), "/{keyId}")
		if !listed[at] && !strings.Contains(additions, path+"`") {
			t.Errorf("%s is described and neither listed nor an addition", at)
		}
	}
}

// Without this the page could hide a field that is refused.
func TestTheCompatibilityPageListsEveryRefusedField(t *testing.T) {
	page, err := os.ReadFile("../docs/compatibility.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "\n## Fields that are refused\n")
	table, _, _ = strings.Cut(table, "\n## CSV columns\n")
	for name, fields := range notBuilt {
		for _, field := range fields {
			if !strings.Contains(table, "`"+field+"`") {
				t.Errorf("%s of %s is not on the page", field, name)
			}
		}
	}
}
