package test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
)

// recorder stands between a client and the server and holds every exchange
// against the contract.
type recorder struct {
	t        testing.TB
	contract *contract
	proxy    *httptest.Server
}

// requestKey carries the request's body from before the proxy to after it.
type requestKey struct{}

// record starts a recorder in front of s until the test ends.
func record(s *server) *recorder {
	s.t.Helper()
	r := &recorder{t: s.t, contract: loadContract(s.t)}
	target, err := url.Parse(s.url)
	if err != nil {
		s.t.Fatal(err)
	}
	forward := &httputil.ReverseProxy{
		Rewrite:        func(p *httputil.ProxyRequest) { p.SetURL(target) },
		Transport:      s.transport(),
		FlushInterval:  -1,
		ModifyResponse: r.look,
	}
	r.proxy = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			r.t.Errorf("%s %s: the request broke off: %v", req.Method, req.URL, err)
			return
		}
		req.Body = io.NopCloser(bytes.NewReader(body))
		forward.ServeHTTP(w, req.WithContext(context.WithValue(req.Context(), requestKey{}, body)))
	}))
	s.t.Cleanup(r.proxy.Close)
	return r
}

// look reads the answer, checks the exchange and puts the body back. A stream
// passes through.
func (r *recorder) look(res *http.Response) error {
	req := res.Request
	x := &exchange{
		method: req.Method, path: req.URL.EscapedPath(), query: req.URL.Query(), reqHeader: req.Header,
		status: res.StatusCode, resHeader: res.Header,
	}
	x.reqBody, _ = req.Context().Value(requestKey{}).([]byte)
	if !strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream") {
		body, err := io.ReadAll(res.Body)
		if err != nil {
			return err
		}
		if err := res.Body.Close(); err != nil {
			return err
		}
		x.resBody, res.Body = body, io.NopCloser(bytes.NewReader(body))
	}
	if err := r.contract.check(x); err != nil {
		r.t.Errorf("%v\n  %v", err, x)
	}
	return nil
}
