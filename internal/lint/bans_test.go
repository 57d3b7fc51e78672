package lint

import (
	"fmt"
	"go/ast"
	"slices"
	"strings"
	"testing"
)

// deterministic are the rooms whose every replica must come to the same result
// from the same commands.
var deterministic = []string{"shard", "catalog", "promo"}

// integersOnly are the rooms whose results are compared bit by bit between
// processors; promo meets decimals at its edge (JSON, CEL) and turns them into
// integers there.
var integersOnly = []string{"shard", "catalog"}

// bannedImports of the deterministic rooms, each with its remedy.
var bannedImports = map[string]string{
	"math/rand":      "chance arrives inside the command",
	"math/rand/v2":   "chance arrives inside the command",
	"crypto/rand":    "chance arrives inside the command",
	"hash/maphash":   "its seed differs by process: use xxhash, or SipHash with the cluster's secret",
	"os":             "Apply does no I/O: take bytes or an io.Reader from the caller",
	"os/exec":        "Apply does no I/O",
	"net":            "Apply does no I/O",
	"net/http":       "Apply does no I/O",
	"internal/clock": "time arrives inside the command, stamped by the leader",
}

// clockNames are the functions of package time that read or wait for the clock.
var clockNames = []string{"Now", "Since", "Until", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker", "Sleep"}

// Without this two replicas that saw the same log can answer differently, and
// nothing notices until one of them leads.
func TestDeterministicRoomsSeeOnlyTheirCommands(t *testing.T) {
	tr := repository(t)
	report(t, excuse(t, tr, checkDeterminism(tr), "import", "clock", "float"))
}

func checkDeterminism(tr *tree) (found []finding) {
	for _, f := range tr.files {
		if f.test || !slices.Contains(deterministic, f.room()) {
			continue
		}
		add := func(rule, what string, n ast.Node, text string) {
			found = append(found, finding{rule: rule, dir: f.dir(), what: what, pos: tr.at(n.Pos()), text: text})
		}
		for _, spec := range f.ast.Imports {
			p := strings.TrimPrefix(importPath(spec), tr.module+"/")
			if remedy, banned := bannedImports[p]; banned {
				add("import", p, spec, fmt.Sprintf("%s imports %s: %s", f.room(), p, remedy))
			}
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				if pkg, name, _ := f.selected(n); pkg == "time" && slices.Contains(clockNames, name) {
					add("clock", "time."+name, n, fmt.Sprintf(
						"time.%s in %s: time arrives inside the command, stamped by the leader (P9)", name, f.room()))
				}
			case *ast.Ident:
				isFloat := n.Name == "float64" || n.Name == "float32"
				if isFloat && slices.Contains(integersOnly, f.room()) {
					add("float", n.Name, n, fmt.Sprintf(
						"%s in %s: count in integers of a smaller unit (minor units, hundredths of a percent)", n.Name, f.room()))
				}
			}
			return true
		})
	}
	return found
}

// Without this a test that is red on Fridays becomes a test that is never run,
// and a sleep that is long enough here is too short on a loaded machine.
func TestTestsNeitherSkipNorSleep(t *testing.T) {
	report(t, checkTests(repository(t)))
}

func checkTests(tr *tree) (found []finding) {
	for _, f := range tr.files {
		if !f.test {
			continue
		}
		reasons := commentLines(tr, f, "sleep:")
		inspectCalls(f.ast, func(call *ast.CallExpr, scopes []ast.Node) {
			line := tr.fset.Position(call.Pos()).Line
			sel, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return
			}
			pkg, name, _ := f.selected(sel)
			switch {
			case pkg == "time" && name == "Sleep" && !reasons[line]:
				found = append(found, finding{pos: tr.at(call.Pos()), text: "time.Sleep in a test: wait for the condition " +
					"(a channel, testing/synctest, a fake clock); if passing time is the subject, say why in a '// sleep: ...' comment"})
			case skips(sel) && !ofRapid(f, sel, scopes):
				found = append(found, finding{pos: tr.at(call.Pos()), text: "a skipped test proves nothing: make what it needs " +
					"part of 'make test', or move it behind a build tag with a make target of its own"})
			}
		})
	}
	return found
}

func skips(sel *ast.SelectorExpr) bool {
	return slices.Contains([]string{"Skip", "Skipf", "SkipNow"}, sel.Sel.Name)
}

// ofRapid reports whether the receiver is a *rapid.T of an enclosing function:
// there Skip discards one drawn action, not the test.
func ofRapid(f *goFile, sel *ast.SelectorExpr, scopes []ast.Node) bool {
	receiver, ok := sel.X.(*ast.Ident)
	if !ok {
		return false
	}
	for _, scope := range slices.Backward(scopes) {
		var params *ast.FieldList
		switch fn := scope.(type) {
		case *ast.FuncDecl:
			params = fn.Type.Params
		case *ast.FuncLit:
			params = fn.Type.Params
		}
		for _, field := range params.List {
			for _, name := range field.Names {
				if name.Name != receiver.Name {
					continue
				}
				star, ok := field.Type.(*ast.StarExpr)
				if !ok {
					return false
				}
				pkg, typ, _ := f.selected(star.X)
				return pkg == "pgregory.net/rapid" && typ == "T"
			}
		}
	}
	return false
}

// inspectCalls visits each call with the functions that enclose it, outermost
// first.
func inspectCalls(root *ast.File, visit func(call *ast.CallExpr, scopes []ast.Node)) {
	var open, scopes []ast.Node
	ast.Inspect(root, func(n ast.Node) bool {
		if n == nil {
			last := open[len(open)-1]
			open = open[:len(open)-1]
			if len(scopes) > 0 && scopes[len(scopes)-1] == last {
				scopes = scopes[:len(scopes)-1]
			}
			return true
		}
		open = append(open, n)
		switch n := n.(type) {
		case *ast.FuncDecl, *ast.FuncLit:
			scopes = append(scopes, n)
		case *ast.CallExpr:
			visit(n, scopes)
		}
		return true
	})
}

// commentLines returns the lines that a comment beginning with the marker
// speaks about: its own and the one below it.
func commentLines(tr *tree, f *goFile, marker string) map[int]bool {
	lines := map[int]bool{}
	for _, group := range f.ast.Comments {
		for _, c := range group.List {
			text, ok := strings.CutPrefix(strings.TrimSpace(strings.TrimPrefix(c.Text, "//")), marker)
			if ok && strings.TrimSpace(text) != "" {
				lines[tr.fset.Position(c.Pos()).Line] = true
				lines[tr.fset.Position(group.End()).Line+1] = true
			}
		}
	}
	return lines
}
