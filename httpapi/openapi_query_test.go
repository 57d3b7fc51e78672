package httpapi

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// describedAndIgnored are parameters that clients of Voucherify send and that
// change nothing; the description says so.
var describedAndIgnored = map[string]bool{"force": true}

// readers are the methods of query that read the parameter of their first
// argument.
var readers = map[string]bool{"text": true, "number": true, "oneOf": true, "instant": true, "Has": true}

// holdQuery holds the parameters that a handler reads against those described, in
// both directions. What is refused as not built is neither read nor described.
func holdQuery(t *testing.T, r *route, op *openapi3.Operation, sources map[string]*ast.FuncDecl) {
	t.Helper()
	read := map[string]bool{}
	name := runtime.FuncForPC(reflect.ValueOf(r.handle).Pointer()).Name()
	_, name, _ = strings.Cut(filepath.Base(name), ".")
	name, _, _ = strings.Cut(name, ".") // of a closure, the function it is in
	queryReads(sources, name, map[string]bool{}, read)
	for _, p := range op.Parameters {
		name := p.Value.Name
		if p.Value.In == "query" && !read[name] && !describedAndIgnored[name] {
			t.Errorf("%s: the parameter %s is described and not read", r.name, name)
		}
	}
	for name := range read {
		if op.Parameters.GetByInAndName("query", name) == nil {
			t.Errorf("%s: the parameter %s is read and not described", r.name, name)
		}
	}
}

// parseSources returns the functions and methods of the package by name.
func parseSources(t *testing.T) map[string]*ast.FuncDecl {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	sources := map[string]*ast.FuncDecl{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Body != nil {
				sources[f.Name.Name] = f
			}
		}
	}
	return sources
}

// queryReads collects the parameters that a function reads, itself or through
// the package's functions that it calls.
func queryReads(sources map[string]*ast.FuncDecl, name string, seen, read map[string]bool) {
	f := sources[name]
	if f == nil || seen[name] {
		return
	}
	seen[name] = true
	ast.Inspect(f.Body, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		switch called := call.Fun.(type) {
		case *ast.Ident:
			queryReads(sources, called.Name, seen, read)
		case *ast.SelectorExpr:
			if readers[called.Sel.Name] || called.Sel.Name == "Peek" && isQueryArgs(called.X) {
				if literal, ok := call.Args[0].(*ast.BasicLit); ok {
					if parameter, err := strconv.Unquote(literal.Value); err == nil {
						read[parameter] = true
					}
				}
			}
			queryReads(sources, called.Sel.Name, seen, read)
		}
		return true
	})
}

func isQueryArgs(e ast.Expr) bool {
	call, ok := e.(*ast.CallExpr)
	if !ok {
		return false
	}
	s, ok := call.Fun.(*ast.SelectorExpr)
	return ok && s.Sel.Name == "QueryArgs"
}
