package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// mutant is one entry of the list.
type mutant struct {
	name   string
	breaks string   // the promise, then what a user would see
	file   string   // relative to the root, with slashes
	test   []string // arguments of go test: packages and -run
	old    string   // whole lines, each with its newline
	new    string
	line   int // where the entry begins in the list
}

// promise is the first word of what the mutant breaks: "P4".
func (m mutant) promise() string {
	return strings.TrimSuffix(strings.Fields(m.breaks)[0], ":")
}

var breaksForm = regexp.MustCompile(`^[A-Z]\d+: .`)

// parse reads the list: entries divided by empty lines, comments begin with #.
// mutants.txt shows the form of an entry.
func parse(text string) ([]mutant, error) {
	var list []mutant
	var entry *mutant
	for i, line := range strings.Split(text, "\n") {
		switch {
		case line == "":
			entry = nil
			continue
		case strings.HasPrefix(line, "#"):
			continue
		case entry == nil:
			list = append(list, mutant{line: i + 1})
			entry = &list[len(list)-1]
		}
		if err := entry.take(line); err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
	}
	names := map[string]bool{}
	for _, m := range list {
		if err := m.validate(); err != nil {
			return nil, fmt.Errorf("line %d: mutant %q: %w", m.line, m.name, err)
		}
		if names[m.name] {
			return nil, fmt.Errorf("line %d: a second mutant %q", m.line, m.name)
		}
		names[m.name] = true
	}
	return list, nil
}

// take adds one line to the entry: a field, or a line of the change with a
// minus, a plus or a space before it, as in a diff.
func (m *mutant) take(line string) error {
	switch code := line[1:] + "\n"; line[0] {
	case '-':
		m.old += code
		return nil
	case '+':
		m.new += code
		return nil
	case ' ':
		m.old += code
		m.new += code
		return nil
	}
	field, value, _ := strings.Cut(line, ":")
	value = strings.TrimSpace(value)
	switch field {
	case "mutant":
		m.name = value
	case "breaks":
		m.breaks = value
	case "file":
		m.file = value
	case "test":
		m.test = strings.Fields(value)
	default:
		return fmt.Errorf("unknown field %q: want mutant, breaks, file, test, or a line of the change", field)
	}
	return nil
}

func (m mutant) validate() error {
	switch {
	case m.name == "" || strings.ContainsAny(m.name, " \t"):
		return fmt.Errorf("want a name without spaces")
	case !breaksForm.MatchString(m.breaks):
		return fmt.Errorf("want 'breaks: P4: what a user would see'")
	case m.file == "":
		return fmt.Errorf("want a file")
	case !slices.Contains(m.test, "-run"):
		return fmt.Errorf("want 'test: ./package -run ^TestName$', so that one test stands for the promise")
	case m.old == m.new:
		return fmt.Errorf("changes nothing: want lines with - and +")
	case m.old == "":
		return fmt.Errorf("matches nothing: want at least one line with - or a space before it")
	}
	return nil
}

// apply returns the content with the mutant's change, or an error if the old
// lines are not in it exactly once.
func (m mutant) apply(content string) (string, error) {
	// A newline before and after makes the first line like every other.
	content = "\n" + content
	old := "\n" + m.old
	found := 0
	for rest := content; ; found++ {
		i := strings.Index(rest, old)
		if i < 0 {
			break
		}
		rest = rest[i+1:]
	}
	if found != 1 {
		return "", fmt.Errorf("stale: its old lines are %d times in %s, want once", found, m.file)
	}
	return strings.Replace(content, old, "\n"+m.new, 1)[1:], nil
}
