package lint

import (
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Without this a word comes to mean two things, an unfinished corner is
// committed with a note that nobody reads, and a lock file ties everyone to one
// registry.
func TestWords(t *testing.T) {
	tr := repository(t)
	rules, err := parseWords(string(tr.texts["internal/lint/words.txt"]))
	if err != nil {
		t.Fatal(err)
	}
	if len(rules) == 0 {
		t.Fatal("words.txt holds no rule")
	}
	report(t, checkWords(tr, rules))
}

// wordRule is a line of words.txt.
type wordRule struct {
	pattern *regexp.Regexp
	remedy  string
}

func parseWords(text string) (rules []wordRule, err error) {
	for i, line := range strings.Split(text, "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		expr, remedy, ok := strings.Cut(line, " => ")
		if !ok {
			return nil, fmt.Errorf("words.txt:%d: want 'expression => remedy'", i+1)
		}
		pattern, err := regexp.Compile(expr)
		if err != nil {
			return nil, fmt.Errorf("words.txt:%d: %w", i+1, err)
		}
		rules = append(rules, wordRule{pattern, remedy})
	}
	return rules, nil
}

func checkWords(tr *tree, rules []wordRule) (found []finding) {
	for _, name := range slices.Sorted(maps.Keys(tr.texts)) {
		notOurs := slices.Contains([]string{"LICENSE", "go.sum"}, path.Base(name))
		if notOurs || path.Dir(name) == "internal/lint" {
			continue
		}
		locked := path.Base(name) == "package-lock.json"
		for i, line := range strings.Split(string(tr.texts[name]), "\n") {
			for _, rule := range rules {
				word := rule.pattern.FindString(line)
				// A lock file's names are its packages'; a registry in it is ours.
				if word == "" || locked && !strings.HasPrefix(word, "registry.") {
					continue
				}
				found = append(found, finding{pos: fmt.Sprintf("%s:%d", name, i+1), text: fmt.Sprintf("%q: %s", word, rule.remedy)})
			}
		}
	}
	return found
}
