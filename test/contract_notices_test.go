package test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// Without this a checker that lets everything pass looks like a server that keeps
// every promise.
func TestContractNotices(t *testing.T) {
	c := loadContract(t)
	good := func() *exchange {
		return &exchange{
			method: "POST", path: "/v1/vouchers/A%2FB/disable", query: url.Values{},
			reqHeader: http.Header{"Content-Type": {"application/json"}}, reqBody: []byte(`{}`), status: 404,
			resHeader: http.Header{"Content-Type": {"application/json"}, "X-Request-Id": {"r"}, "Link": {"</errors/not_found>; rel=help"}},
			resBody:   []byte(`{"code":404,"key":"not_found","message":"m","request_id":"r","outcome":"not_done"}`),
		}
	}
	if err := c.check(good()); err != nil {
		t.Fatalf("a good exchange: %v", err)
	}
	f := func(want string, spoil func(*exchange)) {
		t.Helper()
		x := good()
		spoil(x)
		if err := c.check(x); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	body := func(text string) func(*exchange) { return func(x *exchange) { x.resBody = []byte(text) } }
	f("outcome", body(`{"code":404,"key":"not_found","message":"m","request_id":"r"}`))
	f("not one of ours", body(`{"code":404,"key":"new_key","message":"m","request_id":"r","outcome":"not_done"}`))
	f("code 400", body(`{"code":400,"key":"not_found","message":"m","request_id":"r","outcome":"not_done"}`))
	f("request id", body(`{"code":404,"key":"not_found","message":"m","outcome":"not_done"}`))
	f("no JSON", body(`<html>`))
	f("no link", func(x *exchange) { x.resHeader.Del("Link") })
	f("Retry-After", func(x *exchange) {
		x.status, x.resBody = 503, []byte(strings.ReplaceAll(string(x.resBody), "404", "503"))
	})
	f("internal failure", func(x *exchange) {
		x.status, x.resBody = 500, []byte(strings.ReplaceAll(string(x.resBody), "404", "500"))
	})
	f("is not described", func(x *exchange) { x.status = 201 })
	f("is not described", func(x *exchange) { x.path, x.status = "/v1/elsewhere", 200 })
	f("object", func(x *exchange) { x.reqBody = []byte(`[]`) })
	f("of type text/plain", func(x *exchange) { x.reqHeader.Set("Content-Type", "text/plain") })
	f("missing propert", func(x *exchange) { x.status, x.resBody = 200, []byte(`{"id":"v_1"}`) })
	f("content type", func(x *exchange) { x.status = 200; x.resHeader.Set("Content-Type", "text/html") })
	f("parameter limit", func(x *exchange) {
		x.method, x.path, x.query, x.reqBody = "GET", "/v1/vouchers", url.Values{"limit": {"1000"}}, nil
	})
	f("no body", func(x *exchange) { x.path, x.reqBody = "/v1/redemptions", nil })
	shows := func(method, path, sent, shown string) func(*exchange) {
		return func(x *exchange) {
			x.method, x.path, x.status = method, path, 200
			x.reqHeader.Set("Idempotency-Key", sent)
			x.resBody = []byte(`{"redemptions":[{"idempotency_key":"` + shown + `"}]}`)
		}
	}
	for _, spoil := range []func(*exchange){
		shows("GET", "/v1/redemptions/r_1", "", "k"), shows("POST", "/v1/redemptions", "k", "j"), shows("POST", "/v1/redemptions", "", "k"),
	} {
		x := good()
		if spoil(x); checkKeys(x) == nil {
			t.Errorf("a key where none belongs: %v", x)
		}
	}
	if names := c.undone(); len(names) < 40 {
		t.Errorf("only %d operations without a success", len(names))
	}
}
