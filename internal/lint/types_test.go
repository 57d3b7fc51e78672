package lint

import (
	"bufio"
	"bytes"
	"fmt"
	"go/ast"
	"go/build/constraint"
	"go/importer"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// checker gives types to the tree's packages. It forgives: a package that does
// not compile, or an import that cannot be had, leaves holes in the types and
// no error, so that a rule can still judge the rest.
type checker struct {
	tr      *tree
	foreign types.Importer
	done    map[string]*checked
}

// checked is one package, without its tests, as it is built here.
type checked struct {
	pkg   *types.Package
	info  *types.Info
	files []*goFile
}

// newChecker types the tree from source; packages from elsewhere come from the
// export data that exports names by import path, or stay unknown.
func newChecker(tr *tree, exports map[string]string) *checker {
	open := func(p string) (io.ReadCloser, error) {
		name, ok := exports[p]
		if !ok {
			return nil, fmt.Errorf("no export data for %s", p)
		}
		return os.Open(name)
	}
	return &checker{tr: tr, foreign: importer.ForCompiler(tr.fset, "gc", open), done: map[string]*checked{}}
}

// Import implements types.Importer.
func (c *checker) Import(p string) (*types.Package, error) {
	dir, ok := strings.CutPrefix(p, c.tr.module+"/")
	if !ok {
		return c.foreign.Import(p)
	}
	return c.check(dir).pkg, nil
}

// check types the package of a folder.
func (c *checker) check(dir string) *checked {
	if known, ok := c.done[dir]; ok {
		return known
	}
	result := &checked{info: &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{},
		Uses:  map[*ast.Ident]types.Object{},
		Defs:  map[*ast.Ident]types.Object{},
	}}
	c.done[dir] = result
	var parsed []*ast.File
	for _, f := range c.tr.files {
		if f.dir() == dir && !f.test && builtHere(f.ast) {
			result.files = append(result.files, f)
			parsed = append(parsed, f.ast)
		}
	}
	config := types.Config{Importer: c, Error: func(error) {}, FakeImportC: true}
	// The error is the first of those that Error has already forgiven.
	result.pkg, _ = config.Check(path.Join(c.tr.module, dir), c.tr.fset, parsed, result.info)
	return result
}

// builtHere evaluates a file's build constraint for this machine without tags,
// so that one of two files for two platforms is typed, not both.
func builtHere(f *ast.File) bool {
	for _, group := range f.Comments {
		if group.Pos() > f.Package {
			break
		}
		for _, c := range group.List {
			expr, err := constraint.Parse(c.Text)
			if err == nil && !expr.Eval(tagHere) {
				return false
			}
		}
	}
	return true
}

func tagHere(tag string) bool {
	return tag == runtime.GOOS || tag == runtime.GOARCH || tag == "unix" || tag == "gc" || strings.HasPrefix(tag, "go1.")
}

// exportData compiles, or finds in the build cache, what the rooms import from
// outside the tree, directly or through other rooms. The flags are those of
// `make build`, so that the two share the cache.
func exportData(t *testing.T, tr *tree, rooms []string) map[string]string {
	t.Helper()
	wanted := outsideImports(tr, rooms)
	if len(wanted) == 0 {
		return nil
	}
	args := []string{"list", "-e", "-trimpath", "-export", "-deps", "-f", "{{with .Export}}{{$.ImportPath}}\t{{.}}{{end}}", "--"}
	cmd := exec.Command("go", append(args, wanted...)...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, &stderr)
	}
	exports := map[string]string{}
	lines := bufio.NewScanner(bytes.NewReader(out))
	for lines.Scan() {
		if p, name, ok := strings.Cut(lines.Text(), "\t"); ok {
			exports[p] = name
		}
	}
	return exports
}

// outsideImports lists, in order, what the rooms and the rooms below them
// import from other modules and from the standard library.
func outsideImports(tr *tree, rooms []string) []string {
	seen := map[string]bool{}
	outside := map[string]bool{}
	pending := slices.Clone(rooms)
	for len(pending) > 0 {
		room := pending[0]
		pending = pending[1:]
		if seen[room] {
			continue
		}
		seen[room] = true
		for _, f := range tr.files {
			if f.test || f.room() != room {
				continue
			}
			for _, spec := range f.ast.Imports {
				p := importPath(spec)
				if dir, ok := strings.CutPrefix(p, tr.module+"/"); ok {
					pending = append(pending, roomOf(dir))
				} else if p != "unsafe" && p != "C" {
					outside[p] = true
				}
			}
		}
	}
	var list []string
	for p := range outside {
		list = append(list, p)
	}
	slices.Sort(list)
	return list
}
