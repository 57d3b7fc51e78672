package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/scrip-engine/scrip/wire"
)

var rewrite = flag.Bool("rewrite", false, "write the golden files anew")

// asProgram makes a test binary be scrip: tests of signals and of two processes
// need real ones, and this one is built from the same tree, race detector and
// all.
const asProgram = "SCRIP_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) == "1" {
		main()
	}
	clearSettings()
	goleak.VerifyTestMain(m)
}

// clearSettings keeps the tests apart from the settings of who runs them.
func clearSettings() {
	for _, pair := range os.Environ() {
		if name, _, _ := strings.Cut(pair, "="); strings.HasPrefix(name, "SCRIP_") && name != "SCRIP_SEED" {
			if err := os.Unsetenv(name); err != nil {
				panic(err)
			}
		}
	}
}

// result is what one call of the program came to.
type result struct {
	code     int
	out, err string
}

// call runs the program within this process.
func call(t *testing.T, args ...string) result {
	t.Helper()
	return callUntil(t, t.Context(), args...)
}

func callUntil(t *testing.T, ctx context.Context, args ...string) result {
	t.Helper()
	return callOn(false, ctx, args...)
}

// callOn says whether stderr is to be taken for a terminal.
func callOn(terminal bool, ctx context.Context, args ...string) result {
	var out, err bytes.Buffer
	code := run(&app{ctx: ctx, out: &out, err: &err, terminal: terminal}, args)
	return result{code, out.String(), err.String()}
}

// fake is a server whose answers are written down.
type fake struct {
	url      string
	answers  map[string]reply // by "METHOD /path?query"
	requests []request
	seen     func(line string) // called before each answer, if set
}

type reply struct {
	status int
	body   string
}

type request struct{ line, key, appID, body string }

// newFake serves answers; a request that has none is an error of the test.
func newFake(t *testing.T, answers map[string]reply) *fake {
	t.Helper()
	f := &fake{answers: answers}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("read %s: %v", r.URL, err)
		}
		line := r.Method + " " + r.URL.RequestURI()
		f.requests = append(f.requests, request{line, r.Header.Get("Idempotency-Key"), r.Header.Get("X-App-Id"), string(body)})
		if f.seen != nil {
			f.seen(line)
		}
		answer, ok := f.answers[line]
		if !ok {
			t.Errorf("unexpected request %s", line)
			answer = refusal(wire.KeyNotFound)
		}
		w.Header().Set("Content-Type", "application/json")
		if answer.status >= 429 {
			// Longer than any --timeout of a test: the client says what it knows
			// instead of trying again into the deadline.
			w.Header().Set("Retry-After", "3600")
		}
		w.WriteHeader(answer.status)
		_, _ = io.WriteString(w, answer.body)
	}))
	t.Cleanup(s.Close)
	f.url = s.URL
	return f
}

func refusal(key string) reply {
	e := wire.NewError(key, "")
	return reply{e.Code, string(e.AppendJSON(nil))}
}

func done(body string) reply { return reply{200, body} }

// connected are the flags that reach the fake.
func (f *fake) connected(t *testing.T, args ...string) []string {
	t.Helper()
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return append(slices.Clone(args), "--server", f.url, "--app-id", "app", "--app-token=@"+token)
}

// golden compares with a file of testdata, or writes it with -rewrite.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *rewrite {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s\n(go test ./cmd/scrip -rewrite, and read the difference)", path, got, want)
	}
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func (r result) String() string { return fmt.Sprintf("exit %d\n%s\n%s", r.code, r.out, r.err) }
