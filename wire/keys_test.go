package wire

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
)

// declaredKeys returns the values of all Key constants of keys.go.
func declaredKeys(t *testing.T) map[string]string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "keys.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	keys := make(map[string]string)
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok {
			v, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			keys[v] = spec.Names[0].Name
		}
		return true
	})
	return keys
}

// Without this a key could be answered that has no status, or documented while
// nothing answers it.
func TestEveryKeyHasARowAndAPage(t *testing.T) {
	keys := declaredKeys(t)
	if len(keys) != len(keyTable) {
		t.Errorf("%d constants, %d rows", len(keys), len(keyTable))
	}
	for key, name := range keys {
		info, ok := Lookup(key)
		if !ok {
			t.Errorf("%s has no row", name)
			continue
		}
		checkPage(t, info)
	}
	pages, err := filepath.Glob("../docs/errors/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages {
		key := strings.TrimSuffix(filepath.Base(page), ".md")
		if _, ok := Lookup(key); !ok && key != "README" {
			t.Errorf("%s documents no key", page)
		}
	}
}

// checkPage holds a page against its row: title, status, family and outcome.
func checkPage(t *testing.T, info KeyInfo) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../docs", info.Page()+".md"))
	if err != nil {
		t.Errorf("%s: %v", info.Key, err)
		return
	}
	for _, want := range []string{
		"# " + info.Key + "\n",
		"| HTTP status | " + strconv.Itoa(info.Status) + " |\n",
		"| family | " + info.Family.String() + " |\n",
		"| outcome | `" + info.Family.Outcome() + "` |\n",
		"> " + info.Message + "\n",
		"\n## When\n",
		"\n## What to do\n",
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the page of %s lacks %q", info.Key, want)
		}
	}
}

// Without this a status could contradict the family: a 4xx that says unknown,
// or a retry that says 400.
func TestStatusAndFamilyAgree(t *testing.T) {
	for _, info := range Keys() {
		retry := info.Status == 429 || info.Status == 503
		if retry != (info.Family == FamilyRetry) && info.Family != FamilyReserved {
			t.Errorf("%s: status %d in family %s", info.Key, info.Status, info.Family)
		}
		if unknown := info.Status == 500 || info.Status == 504; unknown != (info.Family == FamilyUnknown) {
			t.Errorf("%s: status %d in family %s", info.Key, info.Status, info.Family)
		}
		if info.Status == 422 || info.Message == "" {
			t.Errorf("%s: status %d, message %q", info.Key, info.Status, info.Message)
		}
	}
}

// Without this a key with a slip would tell the caller that nothing happened.
func TestAnUnknownKeyIsOurError(t *testing.T) {
	e := NewError("no_such_key", "d")
	if e.Key != KeyInternalError || e.Outcome != Unknown || e.Code != 500 {
		t.Errorf("got %+v", e)
	}
	e = NewError(KeyVoucherExpired, "since 2026")
	want := "voucher_expired: The voucher has expired. (since 2026)"
	if e.Outcome != NotDone || e.Error() != want {
		t.Errorf("got %q", e.Error())
	}
	body := (&FieldError{Field: "order.amount", Key: KeyInvalidAmount, Message: "must not be negative"}).Wire()
	var back Error
	if err := json.Unmarshal(body.AppendJSON(nil), &back); err != nil || !reflect.DeepEqual(back, body) {
		t.Errorf("read %+v, %v", back, err)
	}
	if back.Details != "order.amount must not be negative" || back.Field != "order.amount" {
		t.Errorf("got %+v", back)
	}
}
