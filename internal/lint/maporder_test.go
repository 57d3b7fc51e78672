package lint

import (
	"fmt"
	"go/ast"
	"go/types"
	"slices"
	"testing"
)

// Without this a reply, an image or a digest comes out in the order of a Go map,
// which differs between two replicas and between two runs of one.
func TestNoMapOrderInDeterministicRooms(t *testing.T) {
	tr := repository(t)
	report(t, checkMapOrder(tr, exportData(t, tr, deterministic)))
}

const mapOrderRemedy = "iterate something ordered (slices.Sorted(maps.Keys(m)), or keep a slice beside the map); " +
	"if the order cannot show, say why in a '// order: ...' comment"

func checkMapOrder(tr *tree, exports map[string]string) (found []finding) {
	c := newChecker(tr, exports)
	done := map[string]bool{}
	for _, f := range tr.files {
		if f.test || done[f.dir()] || !slices.Contains(deterministic, f.room()) {
			continue
		}
		done[f.dir()] = true
		pkg := c.check(f.dir())
		for _, f := range pkg.files {
			found = append(found, mapOrderIn(tr, f, pkg.info)...)
		}
	}
	return found
}

func mapOrderIn(tr *tree, f *goFile, info *types.Info) (found []finding) {
	excused := commentLines(tr, f, "order:")
	sorted := map[ast.Expr]bool{}
	add := func(n ast.Node, text string) {
		if !excused[tr.fset.Position(n.Pos()).Line] {
			found = append(found, finding{pos: tr.at(n.Pos()), text: text + ": " + mapOrderRemedy})
		}
	}
	ast.Inspect(f.ast, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.RangeStmt:
			typ := info.TypeOf(n.X)
			if typ == nil || typ == types.Typ[types.Invalid] {
				add(n, "a range over something of unknown type, which may be a map; let the package compile first")
			} else if isMap(typ) {
				add(n, "a range over a map in "+f.room())
			}
		case *ast.CallExpr:
			pkg, name, _ := f.selected(n.Fun)
			if pkg == "slices" && slices.Contains([]string{"Sorted", "SortedFunc", "SortedStableFunc"}, name) && len(n.Args) > 0 {
				sorted[n.Args[0]] = true
			}
			if pkg == "maps" && slices.Contains([]string{"Keys", "Values", "All"}, name) && !sorted[n] {
				add(n, fmt.Sprintf("maps.%s without a sort around it", name))
			}
		}
		return true
	})
	return found
}

// isMap also knows a type parameter that can only be a map.
func isMap(typ types.Type) bool {
	if param, ok := typ.(*types.TypeParam); ok {
		union, ok := param.Constraint().Underlying().(*types.Interface)
		if !ok || union.NumEmbeddeds() != 1 {
			return false
		}
		if u, ok := union.EmbeddedType(0).(*types.Union); ok && u.Len() == 1 {
			return isMap(u.Term(0).Type())
		}
		return isMap(union.EmbeddedType(0))
	}
	_, ok := typ.Underlying().(*types.Map)
	return ok
}
