package lint

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// The tests of this file break each rule on purpose: a rule that finds nothing
// looks exactly like a clean tree.

// sources builds a tree from "path: content" lines and longer texts.
func sources(t *testing.T, files map[string]string) *tree {
	t.Helper()
	content := map[string][]byte{"go.mod": []byte("module m\n\ngo 1.26.0\n")}
	for name, text := range files {
		content[name] = []byte(text)
	}
	tr, err := parseTree(content)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// expect compares findings with the wanted beginnings, in any order.
func expect(t *testing.T, found []finding, want ...string) {
	t.Helper()
	var texts []string
	for _, f := range found {
		texts = append(texts, f.String())
	}
	for _, w := range want {
		i := slices.IndexFunc(texts, func(text string) bool { return strings.HasPrefix(text, w) })
		if i < 0 {
			t.Errorf("no finding begins with %q; left: %q", w, texts)
			continue
		}
		texts = slices.Delete(texts, i, i+1)
	}
	for _, text := range texts {
		t.Errorf("unexpected finding: %s", text)
	}
}

func TestFloorRule(t *testing.T) {
	f := func(name, imports string, want ...string) {
		t.Helper()
		pkg := "p"
		if strings.HasPrefix(imports, "external ") {
			pkg, imports = "p_test", strings.TrimPrefix(imports, "external ")
		}
		text := fmt.Sprintf("package %s\nimport _ \"m/%s\"\n", pkg, imports)
		expect(t, checkFloors(sources(t, map[string]string{name: text})), want...)
	}
	f("engine/a.go", "shard")
	f("engine/sub/a.go", "engine/other")
	f("shard/a.go", "internal/clock")
	f("internal/arena/a.go", "internal/invariant")
	f("cmd/scrip/a.go", "web")
	f("shard/a.go", "engine", "shard/a.go:2: shard (floor 1) imports engine (floor 4)")
	f("shard/a_test.go", "engine", "shard/a_test.go:2: shard (floor 1) imports engine")
	f("shard/a.go", "catalog", "shard/a.go:2: shard and catalog share floor 1")
	f("wire/a.go", "coupon", "wire/a.go:2: wire and coupon share floor 0")
	f("client/a_test.go", "httpapi", "client/a_test.go:2: client and httpapi share floor 5")
	f("client/a_test.go", "external httpapi")
	f("engine/a_test.go", "external httpapi", "engine/a_test.go:2: engine (floor 4) imports httpapi")
	f("raftstore/a.go", "shard", "raftstore/a.go:2: raftstore must not know shard")
	f("raftstore/a.go", "coupon")
	f("internal/clock/a.go", "coupon", "internal/clock/a.go:2: internal/clock (floor -2) imports coupon")
	f("engine/a.go", "internal/sim", "engine/a.go:2: internal/sim is only for tests")
	f("engine/a_test.go", "internal/sim")
	f("internal/sim/a.go", "engine")
	f("internal/sim/a.go", "internal/linear")
	f("surprise/a.go", "coupon", "surprise/a.go: room surprise has no floor")
	f("engine/a.go", "surprise", "engine/a.go:2: imports surprise, which has no floor")
}

func TestDeterminismRule(t *testing.T) {
	f := func(name, text string, want ...string) {
		t.Helper()
		expect(t, checkDeterminism(sources(t, map[string]string{name: text})), want...)
	}
	f("shard/a.go", "package shard\nimport \"time\"\nconst day = 24 * time.Hour\n")
	f("shard/a.go", "package shard\nimport \"time\"\nfunc f() { time.Now() }\n", "shard/a.go:3: time.Now in shard")
	f("shard/a.go", "package shard\nimport x \"time\"\nvar g = x.Since\n", "shard/a.go:3: time.Since in shard")
	f("shard/a_test.go", "package shard\nimport \"time\"\nvar g = time.Now\n")
	f("engine/a.go", "package engine\nimport \"time\"\nvar g = time.Now\n")
	f("promo/a.go", "package promo\nimport _ \"math/rand/v2\"\n", "promo/a.go:2: promo imports math/rand/v2")
	f("catalog/a.go", "package catalog\nimport _ \"hash/maphash\"\n", "catalog/a.go:2: catalog imports hash/maphash")
	f("catalog/a.go", "package catalog\nimport _ \"m/internal/clock\"\n", "catalog/a.go:2: catalog imports internal/clock")
	f("shard/a.go", "package shard\nvar rate float64\n", "shard/a.go:2: float64 in shard")
	f("promo/a.go", "package promo\nvar rate float64\n")
}

func TestMapOrderRule(t *testing.T) {
	f := func(body string, want ...string) {
		t.Helper()
		tr := sources(t, map[string]string{
			"coupon/a.go": "package coupon\ntype Set map[string]bool\ntype List []string\n",
			"shard/a.go": "package shard\nimport (\"maps\"; \"slices\"; \"m/coupon\")\n" +
				"func f(m map[int]int, s coupon.Set, l coupon.List) {\n" + body + "\n}\n" +
				"var _ = slices.Sorted(maps.Keys(map[int]int{}))\n",
		})
		expect(t, checkMapOrder(tr, exportData(t, tr, deterministic)), want...)
	}
	f("for range l {}; for range 3 {}")
	f("for range m {}", "shard/a.go:4: a range over a map")
	f("for range s {}", "shard/a.go:4: a range over a map")
	f("for range m {} // order: a sum")
	f("// order: a sum\nfor range m {}")
	f("// order:\nfor range m {}", "shard/a.go:5: a range over a map")
	f("for range slices.Sorted(maps.Keys(m)) {}")
	f("for range maps.Keys(m) {}", "shard/a.go:4: maps.Keys without a sort")
	f("_ = slices.Collect(maps.Values(m))", "shard/a.go:4: maps.Values without a sort")
	f("for range missing() {}", "shard/a.go:4: a range over something of unknown type")
}

func TestTestRule(t *testing.T) {
	f := func(body string, want ...string) {
		t.Helper()
		text := "package p\nimport (\"testing\"; \"time\"; \"pgregory.net/rapid\")\nfunc TestA(t *testing.T) {\n" + body + "\n}\n"
		expect(t, checkTests(sources(t, map[string]string{"shard/a_test.go": text})), want...)
	}
	f("t.Run(\"\", func(t *testing.T) { t.Error() })")
	f("t.Skip()", "shard/a_test.go:4: a skipped test")
	f("t.Skipf(\"later\")", "shard/a_test.go:4: a skipped test")
	f("func() { t.SkipNow() }()", "shard/a_test.go:4: a skipped test")
	f("rapid.Check(t, func(t *rapid.T) { t.Skip() })")
	f("rapid.Check(t, func(rt *rapid.T) { t.Skip() })", "shard/a_test.go:4: a skipped test")
	f("rapid.Check(t, func(t *rapid.T) {}); t.Skip()", "shard/a_test.go:4: a skipped test")
	f("time.Sleep(1)", "shard/a_test.go:4: time.Sleep in a test")
	f("time.Sleep(1) // sleep: the time between two fsyncs is the subject")
	f("// sleep: the time between\n// two fsyncs is the subject\ntime.Sleep(1)")
}

func TestGlobalStateRule(t *testing.T) {
	f := func(text string, want ...string) {
		t.Helper()
		tr := sources(t, map[string]string{"engine/a.go": "package engine\n" + text + "\n"})
		expect(t, append(checkInit(tr), checkVariables(tr)...), want...)
	}
	f("import \"errors\"\nvar ErrClosed = errors.New(\"closed\")")
	f("var powers = [...]int{1, 10}\nfunc f(i int) int { return powers[i] }")
	f("var powers = [...]int{1, 10}\nfunc f(i int) *int { return &powers[i] }")
	f("var powers = [...]int{1, 10}\nfunc f(powers []int) { powers[0] = 2 }")
	f("var powers = [...]int{1, 10}\nfunc f() { powers[0] = 2 }", "engine/a.go:2: var powers: it is changed")
	f("var names = map[int]string{}\nfunc f() { delete(names, 1) }", "engine/a.go:2: var names: it is changed")
	f("var limits = struct{ a int }{1}\nfunc f() { limits.a++ }", "engine/a.go:2: var limits: it is changed")
	f("var count int", "engine/a.go:2: var count: package variables")
	f("var batchMax = 10", "engine/a.go:2: var batchMax: package variables")
	f("import \"sync\"\nvar pool = sync.Pool{}", "engine/a.go:3: var pool: package variables")
	f("var brace = []byte(\"{\")")
	f("import \"regexp\"\nvar pattern = regexp.MustCompile(\"a\")")
	f("import _ \"embed\"\n//go:embed a.csv\nvar file []byte")
	f("type I interface{}\nvar _ I = 1")
	f("var version string", "engine/a.go:2: var version: package variables")
	f("func init() {}", "engine/a.go:2: init runs before")
	f("type T struct{}\nfunc (T) init() {}")

	main := sources(t, map[string]string{"cmd/scrip/main.go": "package main\nvar version string\nvar other string\n"})
	expect(t, checkVariables(main), "cmd/scrip/main.go:3: var other: package variables")
}

func TestDocRule(t *testing.T) {
	f := func(files map[string]string, want ...string) {
		t.Helper()
		expect(t, checkDocs(sources(t, files)), want...)
	}
	f(map[string]string{"a/doc.go": "// Package a promises.\npackage a\n", "a/b.go": "package a\n"})
	f(map[string]string{"a/b_test.go": "package a\n"})
	f(map[string]string{"a/doc.go": "package a\n", "a/b.go": "package a\n"}, "a: no doc.go")
	f(map[string]string{"a/b.go": "// Package a promises.\npackage a\n"}, "a: no doc.go")
	f(map[string]string{"tools/go.mod": "module t\n", "tools/b.go": "package t\n"})
}

func TestRatchetRule(t *testing.T) {
	long := "package p\nfunc f() {\n" + strings.Repeat("\n", functionLinesMax-1) + "}\n"
	tr := sources(t, map[string]string{
		"shard/func.go":      long,
		"shard/file.go":      "package p\n" + strings.Repeat("//\n", fileLinesMax),
		"shard/limit.go":     "package p\n" + strings.Repeat("//\n", fileLinesMax-1),
		"shard/made.go":      "// Code generated by hand. DO NOT EDIT.\npackage p\n" + strings.Repeat("//\n", fileLinesMax),
		"shard/long_test.go": long,
	})
	f := func(ratchet string, want ...string) {
		t.Helper()
		limits, err := parseRatchet(ratchet)
		if err != nil {
			t.Fatal(err)
		}
		expect(t, checkRatchet(limits, measure(tr)), want...)
	}
	both := "file shard/file.go 301 # one story\nfunc shard/func.go f 71 # one switch\n"
	f("", "shard/file.go: file shard/file.go has 301 lines", "shard/func.go:2: func shard/func.go f has 71 lines")
	f(both)
	f(strings.Replace(both, "301", "300", 1), "shard/file.go: file shard/file.go grew from 300 to 301")
	f(strings.Replace(both, "301", "302", 1), ratchetFile+":1: file shard/file.go is smaller now or gone")
	f(both+"file shard/gone.go 400 # old\n", ratchetFile+":3: file shard/gone.go is smaller now or gone")
	f(both+"file shard/limit.go 300 # old\n", ratchetFile+":3: file shard/limit.go is smaller now or gone")

	limits, err := parseRatchet("# why\nfile shard/file.go 400 # one story\nfunc shard/func.go f 60 # grew\nfile shard/gone.go 400 # old\n")
	if err != nil {
		t.Fatal(err)
	}
	want := "# why\nfile shard/file.go 301 # one story\nfunc shard/func.go f 60 # grew\n"
	if got := lowered(limits, measure(tr)); got != want {
		t.Errorf("lowered:\n%swant:\n%s", got, want)
	}
	for _, bad := range []string{"file shard/file.go 400", "file 400 # short", "file shard/file.go many # not a number"} {
		if _, err := parseRatchet(bad); err == nil {
			t.Errorf("parseRatchet(%q): no error", bad)
		}
	}
}

func TestWordRule(t *testing.T) {
	rules, err := parseWords("# comment\n\\bcolour\\b => say hue\nregistry\\.example => name no registry\n")
	if err != nil {
		t.Fatal(err)
	}
	tr := sources(t, map[string]string{
		"README.md":              "a\nthe colour\n",
		"Makefile":               "colours\n",
		"test/package-lock.json": "colour\nregistry.example\n",
		"internal/lint/x.txt":    "colour\n",
		"LICENSE":                "colour\n",
	})
	expect(t, checkWords(tr, rules), `README.md:2: "colour": say hue`, `test/package-lock.json:2: "registry.example": name no`)
	for _, bad := range []string{"no remedy", "( => open"} {
		if _, err := parseWords(bad); err == nil {
			t.Errorf("parseWords(%q): no error", bad)
		}
	}
}

func TestAllowances(t *testing.T) {
	found := func() []finding {
		return []finding{{rule: "var", dir: "engine", what: "pool", pos: "p", text: "x"}, {rule: "var", dir: "shard", what: "pool", pos: "q", text: "y"}}
	}
	f := func(allowances string, want ...string) {
		t.Helper()
		kept, err := applyAllowances(allowances, found(), []string{"var"})
		if err != nil {
			t.Fatal(err)
		}
		expect(t, kept, want...)
	}
	f("", "p: x", "q: y")
	f("# comment\nvar engine pool # reason", "q: y")
	f("var engine pool # reason\nvar engine gone # reason", "q: y", allowFile+":2: this line excuses nothing")
	f("import engine pool # another rule's", "p: x", "q: y")
	for _, bad := range []string{"var engine pool", "var engine # two fields"} {
		if _, err := applyAllowances(bad, nil, []string{"var"}); err == nil {
			t.Errorf("applyAllowances(%q): no error", bad)
		}
	}
}
