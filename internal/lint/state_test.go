package lint

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"path"
	"slices"
	"strings"
	"testing"
)

// Without this two engines in one process share state, a test changes another
// test's world, and what happens at start depends on who was linked in.
func TestNoGlobalState(t *testing.T) {
	tr := repository(t)
	report(t, excuse(t, tr, append(checkInit(tr), checkVariables(tr)...), "init", "var"))
}

func checkInit(tr *tree) (found []finding) {
	for _, f := range tr.files {
		for _, decl := range f.ast.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				found = append(found, finding{rule: "init", dir: f.dir(), what: path.Base(f.path), pos: tr.at(fn.Pos()),
					text: "init runs before anyone can choose: do it in New or Open, or write the result as a constant table"})
			}
		}
	}
	return found
}

// immutable are calls whose result nobody can change afterwards.
var immutable = []string{
	"errors.New", "fmt.Errorf", "regexp.MustCompile", "strings.NewReplacer",
	"hash/crc32.MakeTable", "hash/crc64.MakeTable", "encoding/base32.NewEncoding", "encoding/base64.NewEncoding",
	"github.com/prometheus/client_golang/prometheus.ExponentialBuckets",
	"github.com/prometheus/client_golang/prometheus.LinearBuckets",
}

const variableRemedy = "package variables are errors and constant tables only: make it a const, or pass it through New or Config"

func checkVariables(tr *tree) (found []finding) {
	c := newChecker(tr, nil)
	done := map[string]bool{}
	for _, f := range tr.files {
		if f.test || done[f.dir()] {
			continue
		}
		done[f.dir()] = true
		pkg := c.check(f.dir())
		written := writtenVariables(pkg)
		for _, f := range pkg.files {
			if !f.generated {
				found = append(found, variablesIn(tr, f, pkg.info, written)...)
			}
		}
	}
	return found
}

func variablesIn(tr *tree, f *goFile, info *types.Info, written map[types.Object]bool) (found []finding) {
	for _, decl := range f.ast.Decls {
		gen, ok := decl.(*ast.GenDecl)
		if !ok || gen.Tok != token.VAR || embeds(gen.Doc) {
			continue
		}
		for _, spec := range gen.Specs {
			spec := spec.(*ast.ValueSpec)
			for i, name := range spec.Names {
				var value ast.Expr
				if i < len(spec.Values) {
					value = spec.Values[i]
				}
				linked := f.ast.Name.Name == "main" && name.Name == "version" // set by the linker, see the Makefile
				if name.Name == "_" || linked || embeds(spec.Doc) {
					continue
				}
				text := variableRemedy
				if written[info.Defs[name]] {
					text = "it is changed after its declaration; " + text
				} else if constantLike(f, value) {
					continue
				}
				found = append(found, finding{rule: "var", dir: f.dir(), what: name.Name, pos: tr.at(name.Pos()),
					text: fmt.Sprintf("var %s: %s", name.Name, text)})
			}
		}
	}
	return found
}

func embeds(doc *ast.CommentGroup) bool {
	return doc != nil && slices.ContainsFunc(doc.List, func(c *ast.Comment) bool {
		return strings.HasPrefix(c.Text, "//go:embed ")
	})
}

// constantLike reports whether a value can serve as a constant as long as
// nobody writes to it: a literal, a table of them, or a call of immutable.
func constantLike(f *goFile, value ast.Expr) bool {
	switch v := value.(type) {
	case *ast.CompositeLit:
		pkg, _, _ := f.selected(v.Type)
		return pkg != "sync" && pkg != "sync/atomic"
	case *ast.CallExpr:
		if _, ok := v.Fun.(*ast.ArrayType); ok && len(v.Args) == 1 { // []byte("...")
			_, ok := v.Args[0].(*ast.BasicLit)
			return ok
		}
		if sel, ok := v.Fun.(*ast.SelectorExpr); ok {
			if inner, ok := sel.X.(*ast.CallExpr); ok { // NewEncoding(...).WithPadding(...)
				return constantLike(f, inner)
			}
		}
		pkg, name, _ := f.selected(v.Fun)
		return slices.Contains(immutable, pkg+"."+name)
	}
	return false
}

// writtenVariables returns the package's variables that it assigns to, whole or
// in part, takes the address of, or changes through delete, clear or copy. The
// address of an element is not counted: it is how a table of large rows is read.
func writtenVariables(pkg *checked) map[types.Object]bool {
	written := map[types.Object]bool{}
	mark := func(e ast.Expr) {
		if obj, ok := pkg.info.Uses[base(e)].(*types.Var); ok && pkg.pkg != nil && obj.Parent() == pkg.pkg.Scope() {
			written[obj] = true
		}
	}
	for _, f := range pkg.files {
		ast.Inspect(f.ast, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.AssignStmt:
				for _, e := range n.Lhs {
					mark(e)
				}
			case *ast.IncDecStmt:
				mark(n.X)
			case *ast.UnaryExpr:
				if whole, ok := n.X.(*ast.Ident); ok && n.Op == token.AND {
					mark(whole)
				}
			case *ast.RangeStmt:
				mark(n.Key)
				mark(n.Value)
			case *ast.CallExpr:
				if fn, ok := n.Fun.(*ast.Ident); ok && len(n.Args) > 0 && slices.Contains([]string{"delete", "clear", "copy"}, fn.Name) {
					mark(n.Args[0])
				}
			}
			return true
		})
	}
	return written
}

// base returns the identifier that an expression like a.b[i][1:] starts from.
func base(e ast.Expr) *ast.Ident {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			return x
		case *ast.SelectorExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.IndexListExpr:
			e = x.X
		case *ast.SliceExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		default:
			return nil
		}
	}
}

// Without this a reader has to guess what a package promises from its code, and
// nobody notices when the promise breaks.
func TestEveryPackageHasADoc(t *testing.T) {
	report(t, checkDocs(repository(t)))
}

func checkDocs(tr *tree) (found []finding) {
	documented := map[string]bool{}
	for _, f := range tr.files {
		if path.Base(f.path) == "doc.go" && f.ast.Doc != nil {
			documented[f.dir()] = true
		}
	}
	for _, f := range tr.files {
		if dir := f.dir(); !f.test && !documented[dir] {
			documented[dir] = true // say it once
			found = append(found, finding{pos: dir, text: "no doc.go with a package comment: write what the package " +
				"promises, its numbered invariants, and what it refuses to do"})
		}
	}
	return found
}
