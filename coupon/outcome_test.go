package coupon

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"strconv"
	"testing"
)

// declaredOutcomes reads the constants of outcome.go, so that a new one cannot
// be forgotten here.
func declaredOutcomes(t *testing.T) map[string]Outcome {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "outcome.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]Outcome{}
	ast.Inspect(file, func(node ast.Node) bool {
		spec, ok := node.(*ast.ValueSpec)
		if !ok {
			return true
		}
		for i, name := range spec.Names {
			literal, ok := spec.Values[i].(*ast.BasicLit)
			if !ok {
				t.Fatalf("%s is not a plain number", name.Name)
			}
			number, err := strconv.ParseUint(literal.Value, 0, 16)
			if err != nil {
				t.Fatal(err)
			}
			found[name.Name] = Outcome(number)
		}
		return true
	})
	if len(found) < 25 || found["LookAgain"] != LookAgain {
		t.Fatalf("read only %d outcomes from outcome.go", len(found))
	}
	return found
}

// Without this an outcome could reach a caller without key, status or text.
func TestEveryOutcomeIsDescribed(t *testing.T) {
	wellFormed := regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)
	names, numbers := map[string]string{}, map[Outcome]string{}
	for constant, o := range declaredOutcomes(t) {
		if other, twice := numbers[o]; twice {
			t.Errorf("%s and %s have one number", constant, other)
		}
		if other, twice := names[o.String()]; twice {
			t.Errorf("%s and %s have one name", constant, other)
		}
		numbers[o], names[o.String()] = constant, constant
		if !wellFormed.MatchString(o.String()) {
			t.Errorf("%s: String %q is no metric label", constant, o)
		}
		if o.Message() == "" {
			t.Errorf("%s has no message", constant)
		}
		if hasKey := o.Key() != ""; hasKey != o.Refused() {
			t.Errorf("%s: key %q, refused %v", constant, o.Key(), o.Refused())
		}
		if o.Final() == o.Internal() {
			t.Errorf("%s is both final and internal, or neither", constant)
		}
	}
}

// P6: without this a refusal could be in no order, or in two.
func TestPrecedenceHasEveryRefusalOnce(t *testing.T) {
	rank := map[Outcome]int{}
	for i, o := range Precedence() {
		if _, twice := rank[o]; twice {
			t.Errorf("%s is in the order twice", o)
		}
		rank[o] = i
	}
	for constant, o := range declaredOutcomes(t) {
		if _, ordered := rank[o]; ordered != o.Refused() {
			t.Errorf("%s: in the order %v, refused %v", constant, ordered, o.Refused())
		}
		for other, otherRank := range rank {
			mine, ordered := rank[o]
			if want := ordered && mine < otherRank; o.Before(other) != want {
				t.Errorf("%s.Before(%s) = %v, want %v", o, other, !want, want)
			}
		}
	}
	if OK.Before(NotFound) || Stale.Before(NotFound) {
		t.Error("what is no refusal is before a refusal")
	}
}

// Without this a status or a key that callers rely on could change unseen.
func TestGoldenOutcomes(t *testing.T) {
	var b bytes.Buffer
	fmt.Fprintln(&b, "# number, name, key, HTTP status, message; refusals in order of precedence")
	row := func(o Outcome) {
		fmt.Fprintf(&b, "%d %s %q %d %s\n", uint16(o), o, o.Key(), o.HTTPStatus(), o.Message())
	}
	row(OK)
	for _, o := range Precedence() {
		row(o)
	}
	for o := TooLate; o <= LookAgain; o++ {
		row(o)
	}
	golden(t, "outcomes.txt", b.Bytes())
}

// A number of a later version must read as a mistake, never as a success.
func TestUnknownOutcome(t *testing.T) {
	for _, o := range []Outcome{63, 500, 65535} {
		if o.Final() || o.Refused() || o.Key() != "" || o.HTTPStatus() != 500 || o.String() != fmt.Sprintf("outcome_%d", uint16(o)) {
			t.Errorf("outcome %d: %s, final %v, status %d", uint16(o), o, o.Final(), o.HTTPStatus())
		}
	}
}
