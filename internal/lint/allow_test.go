package lint

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

const allowFile = "internal/lint/allow.txt"

// excuse drops the findings that allow.txt gives a reason for, and adds one for
// each line of these rules that excuses nothing any more.
func excuse(t *testing.T, tr *tree, found []finding, rules ...string) []finding {
	t.Helper()
	kept, err := applyAllowances(string(tr.texts[allowFile]), found, rules)
	if err != nil {
		t.Fatal(err)
	}
	return kept
}

// applyAllowances reads lines of the form "rule folder name # reason".
func applyAllowances(allowances string, found []finding, rules []string) ([]finding, error) {
	for i, line := range strings.Split(allowances, "\n") {
		entry, reason, _ := strings.Cut(line, "#")
		fields := strings.Fields(entry)
		if len(fields) == 0 {
			continue
		}
		pos := fmt.Sprintf("%s:%d", allowFile, i+1)
		if len(fields) != 3 || strings.TrimSpace(reason) == "" {
			return nil, fmt.Errorf("%s: want 'rule folder name # reason'", pos)
		}
		if !slices.Contains(rules, fields[0]) {
			continue
		}
		before := len(found)
		found = slices.DeleteFunc(found, func(f finding) bool {
			return f.rule == fields[0] && f.dir == fields[1] && f.what == fields[2]
		})
		if len(found) == before {
			found = append(found, finding{pos: pos, text: "this line excuses nothing any more: remove it"})
		}
	}
	return found, nil
}
