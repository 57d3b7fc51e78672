package httpapi

import (
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// Without this a route is served and not described, or described and not served.
func TestRoutesAreThoseOfTheDescription(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromFile("../docs/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	sources := parseSources(t)
	described := map[string]*openapi3.Operation{}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			described[method+" "+path] = op
		}
	}
	for _, r := range routes() {
		op := described[r.method+" "+r.path]
		if op == nil {
			t.Errorf("%s %s is served, but docs/openapi.yaml does not describe it", r.method, r.path)
			continue
		}
		delete(described, r.method+" "+r.path)
		holdParameters(t, &r, op)
		holdQuery(t, &r, op, sources)
		holdBody(t, &r, op)
	}
	for name := range described {
		t.Errorf("%s is described in docs/openapi.yaml, but not served", name)
	}
}

func holdParameters(t *testing.T, r *route, op *openapi3.Operation) {
	t.Helper()
	if has := op.Parameters.GetByInAndName("header", "Prefer") != nil; has != r.minimal {
		t.Errorf("%s: Prefer described %v, served %v", r.name, has, r.minimal)
	}
	if op.Parameters.GetByInAndName("header", "Idempotency-Key") != nil && !r.keyed() {
		t.Errorf("%s: an Idempotency-Key is described and not read", r.name)
	}
	for segment := range strings.SplitSeq(r.path, "/") {
		name := strings.Trim(segment, "{}")
		if name != segment && op.Parameters.GetByInAndName("path", name) == nil {
			t.Errorf("%s: the parameter %s of the path is not described", r.name, name)
		}
	}
}

func holdBody(t *testing.T, r *route, op *openapi3.Operation) {
	t.Helper()
	if op.RequestBody == nil {
		if r.body != bodyNone && r.body != bodyJSON {
			t.Errorf("%s: takes a body that is not described", r.name)
		}
		return
	}
	for media := range op.RequestBody.Value.Content {
		if r.body != bodyNone && !slices.Contains(contentTypes[r.body], media) {
			t.Errorf("%s: %s is described and refused", r.name, media)
		}
	}
}
