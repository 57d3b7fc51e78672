package lint

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// tree is the repository as the rules see it: every Go file parsed, every text
// file read. Paths are relative to the root, with slashes.
type tree struct {
	module string
	fset   *token.FileSet
	files  []*goFile
	texts  map[string][]byte
}

// goFile is one file of the product's module.
type goFile struct {
	path      string // "shard/redeem.go"
	test      bool   // named _test.go
	external  bool   // a test in package x_test
	generated bool
	lines     int
	ast       *ast.File
}

func (f *goFile) dir() string  { return path.Dir(f.path) }
func (f *goFile) room() string { return roomOf(f.dir()) }

// roomOf names the part of the house that a folder belongs to: "shard" for
// shard and all below it, "internal/clock" for a folder below internal.
func roomOf(dir string) string {
	parts := strings.Split(dir, "/")
	if parts[0] == "internal" && len(parts) > 1 {
		return parts[0] + "/" + parts[1]
	}
	return parts[0]
}

// finding is one thing that is wrong, where, and what to do about it.
type finding struct {
	rule string // the name by which allow.txt excuses it; "" cannot be excused
	dir  string
	what string // the name that allow.txt excuses
	pos  string
	text string
}

func (f finding) String() string { return f.pos + ": " + f.text }

func (tr *tree) at(p token.Pos) string {
	pos := tr.fset.Position(p)
	return fmt.Sprintf("%s:%d", pos.Filename, pos.Line)
}

// report fails the test with each finding, in the order of the tree.
func report(t *testing.T, findings []finding) {
	t.Helper()
	for _, f := range findings {
		t.Error(f)
	}
}

const (
	root = "../.."
	// textBytesMax keeps data sets and built files out of the search for words.
	textBytesMax = 1 << 20
)

// foreign are folders whose content is built, fetched or recorded, not written.
var foreign = []string{".git", "node_modules", "bin", "data", "tmp", ".cache", "dist", "testdata"}

// repository reads the tree that this test is part of.
func repository(t *testing.T) *tree {
	t.Helper()
	sources := map[string][]byte{}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if slices.Contains(foreign, d.Name()) {
				return fs.SkipDir
			}
			return nil
		}
		info, err := d.Info()
		if err != nil || !info.Mode().IsRegular() || info.Size() > textBytesMax {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		sources[filepath.ToSlash(rel)], err = os.ReadFile(name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	tr, err := parseTree(sources)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// parseTree builds a tree from file contents by path. Go files of modules other
// than the root's are texts only.
func parseTree(sources map[string][]byte) (*tree, error) {
	tr := &tree{fset: token.NewFileSet(), texts: map[string][]byte{}}
	line, _, _ := strings.Cut(string(sources["go.mod"]), "\n")
	module, ok := strings.CutPrefix(line, "module ")
	if !ok {
		return nil, fmt.Errorf("go.mod does not begin with a module line: %q", line)
	}
	tr.module = strings.TrimSpace(module)

	var names, otherModules []string
	for name := range sources {
		names = append(names, name)
		if dir, base := path.Split(name); base == "go.mod" && dir != "" {
			otherModules = append(otherModules, dir)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		content := sources[name]
		if bytes.IndexByte(content, 0) >= 0 {
			continue
		}
		tr.texts[name] = content
		inOther := func(dir string) bool { return strings.HasPrefix(name, dir) }
		if path.Ext(name) != ".go" || slices.ContainsFunc(otherModules, inOther) {
			continue
		}
		parsed, err := parser.ParseFile(tr.fset, name, content, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		test := strings.HasSuffix(name, "_test.go")
		tr.files = append(tr.files, &goFile{
			path:      name,
			test:      test,
			external:  test && strings.HasSuffix(parsed.Name.Name, "_test"),
			generated: ast.IsGenerated(parsed),
			lines:     bytes.Count(content, []byte("\n")),
			ast:       parsed,
		})
	}
	return tr, nil
}

// imported resolves the package that an identifier of the file names, by the
// file's imports: "time" for `clock` after `import clock "time"`; "" if none.
func (f *goFile) imported(name string) string {
	for _, spec := range f.ast.Imports {
		p := importPath(spec)
		local := path.Base(p)
		if spec.Name != nil {
			local = spec.Name.Name
		}
		if local == name {
			return p
		}
	}
	return ""
}

func importPath(spec *ast.ImportSpec) string { return strings.Trim(spec.Path.Value, `"`) }

// selected returns package path and name of an expression like time.Now; ok is
// false for anything else.
func (f *goFile) selected(e ast.Expr) (pkg, name string, ok bool) {
	sel, isSel := e.(*ast.SelectorExpr)
	if !isSel {
		return "", "", false
	}
	x, isIdent := sel.X.(*ast.Ident)
	if !isIdent {
		return "", "", false
	}
	pkg = f.imported(x.Name)
	return pkg, sel.Sel.Name, pkg != ""
}
