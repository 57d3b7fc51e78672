package lint

import (
	"flag"
	"fmt"
	"go/ast"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// rewrite lowers the sizes in ratchet.txt to the present ones: what has shrunk
// stays small.
var rewrite = flag.Bool("rewrite", false, "lower the sizes in ratchet.txt to what they are now")

const (
	// fileLinesMax and functionLinesMax: past them look for the second story.
	fileLinesMax     = 300
	functionLinesMax = 70
	ratchetFile      = "internal/lint/ratchet.txt"
)

// Without this files grow by a few lines a change, and nobody's change is the
// one that made it unreadable.
func TestRatchet(t *testing.T) {
	tr := repository(t)
	sizes := measure(tr)
	limits, err := parseRatchet(string(tr.texts[ratchetFile]))
	if err != nil {
		t.Fatal(err)
	}
	if *rewrite {
		if err := os.WriteFile("ratchet.txt", []byte(lowered(limits, sizes)), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	report(t, checkRatchet(limits, sizes))
}

// size is the number of lines of a file or of a function, by its name in
// ratchet.txt: "file shard/redeem.go" or "func shard/redeem.go (Shard).redeem".
type size struct {
	name  string
	lines int
	max   int
	pos   string
}

// measure returns the sizes of all that is written by hand, tests apart: a long
// table of cases is no long story.
func measure(tr *tree) (sizes []size) {
	for _, f := range tr.files {
		if f.test || f.generated {
			continue
		}
		sizes = append(sizes, size{"file " + f.path, f.lines, fileLinesMax, f.path})
		for _, decl := range f.ast.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			lines := tr.fset.Position(fn.End()).Line - tr.fset.Position(fn.Pos()).Line + 1
			sizes = append(sizes, size{"func " + f.path + " " + functionName(fn), lines, functionLinesMax, tr.at(fn.Pos())})
		}
	}
	return sizes
}

func functionName(fn *ast.FuncDecl) string {
	if fn.Recv == nil {
		return fn.Name.Name
	}
	receiver := fn.Recv.List[0].Type
	if star, ok := receiver.(*ast.StarExpr); ok {
		receiver = star.X
	}
	return fmt.Sprintf("(%s).%s", base(receiver), fn.Name.Name)
}

// limit is a line of ratchet.txt: an exception, or a comment to keep.
type limit struct {
	name   string
	lines  int
	reason string
	text   string // of a comment or an empty line
	pos    string
}

// parseRatchet reads lines of the form "file path lines # reason" and
// "func path name lines # reason".
func parseRatchet(content string) (limits []limit, err error) {
	for i, line := range strings.Split(strings.TrimSuffix(content, "\n"), "\n") {
		entry, reason, _ := strings.Cut(line, "#")
		fields := strings.Fields(entry)
		if len(fields) == 0 {
			limits = append(limits, limit{text: line})
			continue
		}
		pos := fmt.Sprintf("%s:%d", ratchetFile, i+1)
		last := len(fields) - 1
		lines, err := strconv.Atoi(fields[last])
		reason = strings.TrimSpace(reason)
		if err != nil || last < 2 || reason == "" {
			return nil, fmt.Errorf("%s: want 'file path lines # reason' or 'func path name lines # reason'", pos)
		}
		limits = append(limits, limit{strings.Join(fields[:last], " "), lines, reason, "", pos})
	}
	return limits, nil
}

func checkRatchet(limits []limit, sizes []size) (found []finding) {
	for _, l := range limits {
		if l.name == "" {
			continue
		}
		i := slices.IndexFunc(sizes, func(s size) bool { return s.name == l.name })
		if i < 0 || sizes[i].lines <= sizes[i].max || sizes[i].lines < l.lines {
			found = append(found, finding{pos: l.pos, text: l.name +
				" is smaller now or gone, well done: 'go test ./internal/lint -rewrite' lowers the ratchet"})
		}
	}
	for _, s := range sizes {
		i := slices.IndexFunc(limits, func(l limit) bool { return l.name == s.name })
		switch {
		case s.lines <= s.max:
		case i < 0:
			found = append(found, finding{pos: s.pos, text: fmt.Sprintf("%s has %d lines, the limit is %d: cut out the second story; "+
				"if it is truly one, enter it with its reason in %s", s.name, s.lines, s.max, ratchetFile)})
		case s.lines > limits[i].lines:
			found = append(found, finding{pos: s.pos, text: fmt.Sprintf("%s grew from %d to %d lines, and the ratchet only shrinks: "+
				"put the new part into a file or function of its own", s.name, limits[i].lines, s.lines)})
		}
	}
	return found
}

// lowered returns the content of ratchet.txt with every size lowered to the
// present one, without what is within the limits or gone. It raises nothing.
func lowered(limits []limit, sizes []size) string {
	var out strings.Builder
	for _, l := range limits {
		if l.name == "" {
			fmt.Fprintln(&out, l.text)
			continue
		}
		i := slices.IndexFunc(sizes, func(s size) bool { return s.name == l.name })
		if i < 0 || sizes[i].lines <= sizes[i].max {
			continue
		}
		fmt.Fprintf(&out, "%s %d # %s\n", l.name, min(l.lines, sizes[i].lines), l.reason)
	}
	return out.String()
}
