package main

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// served is a server on a data directory, with the credentials of another.
type served struct {
	*process
	url        string
	app, token string
}

func serveOn(t *testing.T, dir, credentialsIn string, args ...string) *served {
	t.Helper()
	p := start(t, nil, append([]string{"serve", "--data", dir, "--http-addr", "127.0.0.1:0", "--ops-addr", "127.0.0.1:0", "-o", "json"}, args...)...)
	var say announcement
	if err := json.Unmarshal([]byte(p.until(t, "{")), &say); err != nil {
		t.Fatal(err)
	}
	kept, _, err := readCredentials(credentialsIn)
	if err != nil {
		t.Fatal(err)
	}
	return &served{p, say.URL, kept.AppID, kept.AppToken}
}

// wants asks and compares the status.
func (s *served) wants(t *testing.T, status int, method, path, body string) {
	t.Helper()
	r, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Close = true
	r.Header.Set("X-App-Id", s.app)
	r.Header.Set("X-App-Token", s.token)
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }() // only read from
	if answer.StatusCode != status {
		t.Fatalf("%s %s: %s, want %d", method, path, answer.Status, status)
	}
}

func (s *served) stop(t *testing.T) {
	t.Helper()
	s.signal(t, syscall.SIGINT)
	if code := s.end(t); code != codeDone {
		t.Fatal(code, s.err.String())
	}
}

// Without this a backup brings back, for everybody to read, a customer who was
// forgotten after it was made, and the operator has no way to prevent it.
func TestRestoreForgetsAgain(t *testing.T) {
	t.Parallel()
	tmp := t.TempDir()
	in := func(name string) string { return filepath.Join(tmp, name) }
	s := serveOn(t, in("data"), in("data"))
	for _, who := range []string{"ann", "bob"} {
		s.wants(t, 200, "POST", "/v1/customers", `{"source_id":"`+who+`","name":"N"}`)
	}
	backup := func(to string) {
		t.Helper()
		if r := call(t, "backup", "--to", in(to), "--data", in("data")); r.code != codeDone {
			t.Fatal(r)
		}
	}
	backup("old")
	s.wants(t, 204, "DELETE", "/v1/customers/ann", "")
	backup("newer")
	s.stop(t)
	if r := call(t, "restore", "--from", in("old"), "--data", in("wrong"), "--erasures", in("old")); r.code == codeDone || !strings.Contains(r.err, "erasures") {
		t.Errorf("a list that is not there: %v", r)
	}
	for name, list := range map[string]string{"file": in("data/erasures"), "backup": in("newer"), "directory": in("data")} {
		if r := call(t, "restore", "--from", in("old"), "--data", in(name), "--erasures", in("newer"), "--erasures", list); r.code != codeDone || !strings.Contains(r.out, "1 on the list") {
			t.Fatal(r)
		}
	}
	for _, args := range [][]string{nil, {"--end-recovery"}, nil} {
		s := serveOn(t, in("file"), in("data"), args...)
		s.wants(t, 404, "GET", "/v1/customers/ann", "")
		s.wants(t, 200, "GET", "/v1/customers/bob", "")
		s.stop(t)
	}
}
