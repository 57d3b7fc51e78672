package main

import (
	"strings"
	"testing"
)

const entry = `# a comment
mutant: half-sum
breaks: P2: sums are short
file: sum.go
test: . -run ^TestSum$
 for i := range 3 {
-	sum += i
+	sum++
 }
`

// A list that is read wrongly would run another mutant than the one written
// down, and call it caught.
func TestParse(t *testing.T) {
	list, err := parse(entry + "\n\n" + strings.Replace(entry, "half-sum", "other", 1))
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 2 || list[0].name != "half-sum" || list[1].name != "other" || list[1].line != 13 {
		t.Fatalf("parsed %+v", list)
	}
	m := list[0]
	if want := "for i := range 3 {\n\tsum += i\n}\n"; m.old != want {
		t.Errorf("old %q, want %q", m.old, want)
	}
	if want := "for i := range 3 {\n\tsum++\n}\n"; m.new != want {
		t.Errorf("new %q, want %q", m.new, want)
	}
	if m.promise() != "P2" || m.file != "sum.go" || strings.Join(m.test, " ") != ". -run ^TestSum$" {
		t.Errorf("parsed %+v", m)
	}
}

// An entry that says too little would be skipped or always caught.
func TestParseRefuses(t *testing.T) {
	f := func(old, new, want string) {
		t.Helper()
		text := strings.Replace(entry, old, new, 1)
		if text == entry {
			t.Fatalf("%q is not in the entry", old)
		}
		if _, err := parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q for %q: error %v, want %q", new, old, err, want)
		}
	}
	f("half-sum", "half sum", "line 2: mutant \"half sum\": want a name")
	f("mutant: half-sum\n", "", "want a name")
	f("P2: sums are short", "sums are short", "want 'breaks:")
	f("P2: sums are short", "P2:", "want 'breaks:")
	f("file: sum.go\n", "", "want a file")
	f(" -run ^TestSum$", "", "want 'test:")
	f("-\tsum += i\n+\tsum++\n", "", "changes nothing")
	f(" for i := range 3 {\n-\tsum += i\n+\tsum++\n }\n", "+\tsum++\n", "matches nothing")
	f("-\tsum += i", "\tsum += i", "line 7: unknown field")
	f("file:", "files:", "unknown field \"files\"")
	f(entry, entry+"\n"+entry, "a second mutant")
}

// A change in the wrong place breaks something else than what the entry says.
func TestApply(t *testing.T) {
	m := mutant{file: "f", old: "b\n", new: "x\n"}
	f := func(content, want string) {
		t.Helper()
		got, err := m.apply(content)
		if want == "" {
			if err == nil {
				t.Errorf("apply(%q) = %q, want an error", content, got)
			}
			return
		}
		if got != want || err != nil {
			t.Errorf("apply(%q) = %q, %v, want %q", content, got, err, want)
		}
	}
	f("a\nb\nc\n", "a\nx\nc\n")
	f("b\nc\n", "x\nc\n")
	f("a\nb\n", "a\nx\n")
	f("a\nbb\nab\nb\n", "a\nbb\nab\nx\n")
	f("a\n", "")
	f("b\nb\n", "")
	f("a\nb", "") // gofmt ends every file with a newline
	f("", "")
}
