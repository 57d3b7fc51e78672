package test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// How README.md says which of its snippets are run: an HTML comment on the line
// before the fence names the snippet,
//
//	<!-- test: curl -->
//	```sh
//
// and they run in the order of the page, on one server, in one folder that looks
// like the repository: bin/scrip is there, and data/ is the server's. sh runs
// under `set -eu -o pipefail`; js and go must print what the comments behind
// their printing calls say, `fmt.Println(x) // 3600`. A snippet without the
// comment may only be what starts Scrip or sets the environment.

// snippet is a fenced block.
type snippet struct {
	name, language, text string
}

var (
	fence   = regexp.MustCompile("(?ms)^(?:<!-- test: ([a-z-]+) -->\n)?```([a-z]*)\n(.*?)^```$")
	printed = regexp.MustCompile(`(?m)(?:console\.log|fmt\.Println)\(.*// (.+)$`)
)

// snippetMax ends a snippet that hangs. The longest compiles the engine.
const snippetMax = 5 * time.Minute

func snippets(page string) (out []snippet) {
	for _, m := range fence.FindAllStringSubmatch(page, -1) {
		out = append(out, snippet{m[1], m[2], m[3]})
	}
	return out
}

// Without this the first thing that a newcomer tries is what nobody tried.
func TestReadme(t *testing.T) {
	page, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	w := newWorkshop(t)
	ran := map[string]bool{}
	for _, s := range snippets(string(page)) {
		switch {
		case s.name != "":
			ran[s.language] = true
			t.Run(s.name, func(t *testing.T) { w.run(t, s) })
		case strings.HasPrefix(s.text, "export "):
			w.environment(t, s)
		case !strings.HasPrefix(s.text, "make "):
			t.Errorf("a snippet that no test runs: put <!-- test: name --> before it\n%s", s.text)
		}
	}
	for _, language := range []string{"sh", "js", "go"} {
		if !ran[language] {
			t.Errorf("no snippet in %s was run", language)
		}
	}
}

// workshop is the folder in which snippets run.
type workshop struct {
	dir, root string
	server    *server
	exports   string // of the page, with this server's address
}

func newWorkshop(t *testing.T) *workshop {
	t.Helper()
	w := &workshop{dir: t.TempDir()}
	var err error
	if w.root, err = filepath.Abs(".."); err != nil {
		t.Fatal(err)
	}
	w.server = start(t, filepath.Join(w.dir, "data"))
	if err := os.Symlink(filepath.Join(w.root, "bin"), filepath.Join(w.dir, "bin")); err != nil {
		t.Fatal(err)
	}
	return w
}

// environment takes over what the page exports, and requires that it finds this
// server's credentials.
func (w *workshop) environment(t *testing.T, s snippet) {
	t.Helper()
	w.exports = strings.ReplaceAll(s.text, "http://127.0.0.1:8080", w.server.url)
	out := w.command(t, "bash", "-c", w.exports+`echo "$SCRIP_SERVER $SCRIP_APP_ID $SCRIP_APP_TOKEN"`)
	if want := w.server.url + " " + appID + " " + appToken; strings.TrimSpace(out) != want {
		t.Errorf("the exports give %q, want %q", out, want)
	}
}

func (w *workshop) run(t *testing.T, s snippet) {
	var out string
	switch s.language {
	case "sh":
		w.command(t, "bash", "-c", "set -eu -o pipefail\n"+w.exports+s.text)
		return
	case "js":
		w.write(t, s.name+".cjs", s.text)
		out = w.command(t, "node", s.name+".cjs")
	case "go":
		out = w.command(t, w.compile(t, s))
	default:
		t.Fatalf("nobody knows how to run %q", s.language)
	}
	var want []string
	for _, m := range printed.FindAllStringSubmatch(s.text, -1) {
		want = append(want, m[1])
	}
	if got := strings.Fields(out); len(want) == 0 || !slices.Equal(got, want) {
		t.Errorf("printed %q, the comments say %q", got, want)
	}
}

// compile builds a program in a module of its own that uses this one. It needs
// exactly the versions that this module needs, so nothing is fetched.
func (w *workshop) compile(t *testing.T, s snippet) string {
	t.Helper()
	mod, err := os.ReadFile(filepath.Join(w.root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	sum, err := os.ReadFile(filepath.Join(w.root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	const module = "github.com/scrip-engine/scrip"
	text := strings.Replace(string(mod), "module "+module, "module snippet", 1)
	text += "\nrequire " + module + " v0.0.0\n\nreplace " + module + " => " + w.root + "\n"
	w.write(t, s.name+"/go.mod", text)
	w.write(t, s.name+"/go.sum", string(sum))
	w.write(t, s.name+"/main.go", s.text)
	w.command(t, "env", "CGO_ENABLED=0", "GOFLAGS=-mod=mod", "GOPROXY=off",
		"go", "build", "-C", s.name, "-trimpath", "-buildvcs=false", "-o", "program", ".")
	return "./" + s.name + "/program"
}

func (w *workshop) write(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join(w.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// command runs a program in the workshop and returns what it printed.
func (w *workshop) command(t *testing.T, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), snippetMax)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = w.dir
	cmd.Env = environment("SCRIP_SERVER="+w.server.url, "NODE_PATH="+filepath.Join(w.root, "test/sdk/node_modules"))
	var out, failures bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &failures
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s%s", strings.Join(append([]string{name}, args...), " "), err, out.String(), failures.String())
	}
	return out.String()
}

// Without this the runner finds nothing in the page, and is satisfied.
func TestSnippetsAreFound(t *testing.T) {
	const page = "text\n```sh\nmake run\n```\n\n<!-- test: curl -->\n```sh\ncurl -sf x\n```\n<!-- test: a-b -->\n```js\nconsole.log(a) // 7\n```\n"
	want := []snippet{{"", "sh", "make run\n"}, {"curl", "sh", "curl -sf x\n"}, {"a-b", "js", "console.log(a) // 7\n"}}
	if got := snippets(page); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
