package test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/scrip-engine/scrip/wire"
)

// descriptionURL names the description inside the schema compiler; nothing is
// fetched from anywhere.
const descriptionURL = "mem:///openapi.json"

// contract holds messages against docs/openapi.yaml. Its methods may be called
// from any goroutine.
type contract struct {
	routes []route

	mu       sync.Mutex
	compiler *jsonschema.Compiler          // guarded by mu
	compiled map[string]*jsonschema.Schema // guarded by mu, by JSON pointer
	done     map[string]bool               // guarded by mu: operations that succeeded
}

// route is a described operation.
type route struct {
	method   string
	path     string // as the description writes it
	segments []string
	op       *openapi3.Operation
}

// exchange is one request with its answer, bodies whole. A nil body of the
// answer is one that was not read, as of a stream.
type exchange struct {
	method, path string // path as on the wire, escaped, without the query
	query        url.Values
	reqHeader    http.Header
	reqBody      []byte

	status    int
	resHeader http.Header
	resBody   []byte
}

func (x *exchange) String() string {
	return fmt.Sprintf("%s %s?%s\n  sent %s\n  got %d %s", x.method, x.path, x.query.Encode(), clip(x.reqBody), x.status, clip(x.resBody))
}

func clip(b []byte) string {
	if len(b) > 2000 {
		return string(b[:2000]) + "…"
	}
	return string(b)
}

func loadContract(t testing.TB) *contract {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromFile("../docs/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text, err := doc.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	resource, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := &contract{compiler: jsonschema.NewCompiler(), compiled: map[string]*jsonschema.Schema{}, done: map[string]bool{}}
	c.compiler.DefaultDraft(jsonschema.Draft2020)
	c.compiler.AssertFormat()
	if err := c.compiler.AddResource(descriptionURL, resource); err != nil {
		t.Fatal(err)
	}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			c.routes = append(c.routes, route{method, path, strings.Split(path, "/"), op})
		}
	}
	return c
}

// find returns the operation of a request; fixed segments win over parameters.
// The SDK ends the path of a voucher without a code in a slash.
func (c *contract) find(method, path string) (best *route) {
	segments, fixed := strings.Split(strings.TrimSuffix(path, "/"), "/"), -1
	for i := range c.routes {
		r := &c.routes[i]
		if n := r.fits(segments); r.method == method && n > fixed {
			best, fixed = r, n
		}
	}
	return best
}

// fits returns how many fixed segments agree, or -1.
func (r *route) fits(segments []string) (fixed int) {
	if len(segments) != len(r.segments) {
		return -1
	}
	for i, s := range r.segments {
		switch {
		case s == segments[i]:
			fixed++
		case !strings.HasPrefix(s, "{") || segments[i] == "":
			return -1
		}
	}
	return fixed
}

// undone lists the operations that never succeeded.
func (c *contract) undone() (names []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range c.routes {
		if !c.done[r.op.OperationID] {
			names = append(names, r.op.OperationID)
		}
	}
	slices.Sort(names)
	return names
}

// check returns what is wrong with an exchange, or nil.
func (c *contract) check(x *exchange) error {
	r := c.find(x.method, x.path)
	if r == nil {
		if x.status != http.StatusNotFound && x.status != http.StatusMethodNotAllowed {
			return fmt.Errorf("the path is not described, and answered %d", x.status)
		}
		return c.checkFailure(x)
	}
	if x.status < 300 {
		c.mu.Lock()
		c.done[r.op.OperationID] = true
		c.mu.Unlock()
	}
	if !misread(x) {
		if err := c.checkRequest(r, x); err != nil {
			return fmt.Errorf("the request: %w", err)
		}
	}
	if err := c.checkAnswer(r, x); err != nil {
		return err
	}
	return checkKeys(x)
}

// misread reports that the server refused the request as such, so that there is
// no point in holding it against its description.
func misread(x *exchange) bool {
	var e wire.Error
	if x.status < 400 || json.Unmarshal(x.resBody, &e) != nil {
		return false
	}
	info, known := wire.Lookup(e.Key)
	return known && info.Family == wire.FamilyRequest
}

func (c *contract) checkRequest(r *route, x *exchange) error {
	for _, ref := range r.op.Parameters {
		p := ref.Value
		if p.In != "query" || !x.query.Has(p.Name) {
			continue
		}
		if err := p.Schema.Value.VisitJSON(typed(p, x.query.Get(p.Name)), openapi3.EnableJSONSchema2020()); err != nil {
			return fmt.Errorf("parameter %s: %w", p.Name, err)
		}
	}
	if len(x.reqBody) == 0 {
		if r.op.RequestBody != nil && r.op.RequestBody.Value.Required {
			return fmt.Errorf("no body")
		}
		return nil
	}
	if r.op.RequestBody == nil {
		return nil // a body that nobody reads, as of a DELETE
	}
	media, params, err := mime.ParseMediaType(x.reqHeader.Get("Content-Type"))
	if err != nil {
		return fmt.Errorf("content type: %w", err)
	}
	if r.op.RequestBody.Value.Content[media] == nil {
		return fmt.Errorf("a body of type %s is not described", media)
	}
	at := pointer("paths", r.path, strings.ToLower(r.method), "requestBody", "content", media, "schema")
	switch media {
	case "application/json":
		// null means absent, except where a field lists null as a type.
		if c.checkJSON(at, x.reqBody, false) == nil {
			return nil
		}
		return c.checkJSON(at, x.reqBody, true)
	case "multipart/form-data":
		return checkUpload(x.reqBody, params["boundary"])
	}
	return nil
}

// typed reads a parameter's text as its schema's type says.
func typed(p *openapi3.Parameter, text string) any {
	if n, err := strconv.ParseFloat(text, 64); err == nil && p.Schema.Value.Type.Is("integer") {
		return n
	}
	if b, err := strconv.ParseBool(text); err == nil && p.Schema.Value.Type.Is("boolean") {
		return b
	}
	return text
}

func checkUpload(body []byte, boundary string) error {
	parts := multipart.NewReader(bytes.NewReader(body), boundary)
	for {
		part, err := parts.NextPart()
		if err == io.EOF {
			return fmt.Errorf("no part named file")
		}
		if err != nil || part.FormName() == "file" {
			return err
		}
	}
}

func (c *contract) checkAnswer(r *route, x *exchange) error {
	status := strconv.Itoa(x.status)
	described := r.op.Responses.Value(status)
	if described == nil {
		if x.status < 400 {
			return fmt.Errorf("the status is not described")
		}
		return c.checkFailure(x)
	}
	if x.resHeader.Get("X-Request-Id") == "" {
		return fmt.Errorf("no X-Request-Id")
	}
	if len(described.Value.Content) == 0 {
		if len(x.resBody) > 0 {
			return fmt.Errorf("a body where none is described")
		}
		return nil
	}
	media, _, err := mime.ParseMediaType(x.resHeader.Get("Content-Type"))
	if err != nil || described.Value.Content[media] == nil {
		return fmt.Errorf("the content type %q is not described", x.resHeader.Get("Content-Type"))
	}
	if media != "application/json" {
		return nil
	}
	return c.checkJSON(c.responsePointer(r, status, media), x.resBody, false)
}

func (c *contract) responsePointer(r *route, status, media string) string {
	return pointer("paths", r.path, strings.ToLower(r.method), "responses", status, "content", media, "schema")
}

// checkFailure holds a failure against what all of them promise (P5).
func (c *contract) checkFailure(x *exchange) error {
	if err := c.checkJSON(pointer("components", "schemas", "Error"), x.resBody, false); err != nil {
		return err
	}
	var e wire.Error
	if err := json.Unmarshal(x.resBody, &e); err != nil {
		return err
	}
	h := x.resHeader
	_, known := wire.Lookup(e.Key)
	switch {
	case !known:
		return fmt.Errorf("the key %q is not one of ours", e.Key)
	case e.Code != x.status:
		return fmt.Errorf("code %d with status %d", e.Code, x.status)
	case e.RequestID == "" || e.RequestID != h.Get("X-Request-Id"):
		return fmt.Errorf("request id %q, in the header %q", e.RequestID, h.Get("X-Request-Id"))
	case !strings.Contains(h.Get("Link"), e.Key):
		return fmt.Errorf("no link to the page of %s: %q", e.Key, h.Get("Link"))
	case slices.Contains([]int{429, 503, 504}, x.status) && h.Get("Retry-After") == "":
		return fmt.Errorf("no Retry-After")
	case x.status >= 500 && x.status != http.StatusServiceUnavailable:
		return fmt.Errorf("an internal failure")
	}
	return nil
}

// checkJSON holds a document against the schema at a pointer.
func (c *contract) checkJSON(at string, body []byte, withoutNulls bool) error {
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("no JSON: %w", err)
	}
	if withoutNulls {
		dropNulls(v)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	schema := c.compiled[at]
	if schema == nil {
		if schema, err = c.compiler.Compile(descriptionURL + "#" + at); err != nil {
			return fmt.Errorf("%s: %w", at, err)
		}
		c.compiled[at] = schema
	}
	return schema.Validate(v)
}

func dropNulls(v any) {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			if member == nil {
				delete(v, name)
			}
			dropNulls(member)
		}
	case []any:
		for _, element := range v {
			dropNulls(element)
		}
	}
}

// pointer builds an RFC 6901 pointer in a URL fragment.
func pointer(names ...string) string {
	var b strings.Builder
	for _, name := range names {
		b.WriteString("/" + url.PathEscape(strings.NewReplacer("~", "~0", "/", "~1").Replace(name)))
	}
	return b.String()
}
