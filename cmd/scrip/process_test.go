package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/scrip-engine/scrip/wire"
)

// processWait bounds a test that waits for a process: it is for a machine under
// load, not a promise.
const processWait = time.Minute

// process is scrip as a process of its own.
type process struct {
	cmd   *exec.Cmd
	lines *bufio.Scanner // of stdout
	err   bytes.Buffer
	said  []string
}

// start runs the program as a process.
func start(t *testing.T, env []string, args ...string) *process {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), processWait)
	t.Cleanup(cancel)
	p := &process{cmd: exec.CommandContext(ctx, os.Args[0], args...)}
	p.cmd.Env = append(os.Environ(), append(env, asProgram+"=1")...)
	p.cmd.Stderr = &p.err
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.lines = bufio.NewScanner(out)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if p.cmd.ProcessState == nil {
			_ = p.cmd.Process.Kill()
			_ = p.cmd.Wait() // the test has failed already
		}
	})
	return p
}

// until reads stdout up to the line that begins so, and returns it.
func (p *process) until(t *testing.T, prefix string) string {
	t.Helper()
	for p.lines.Scan() {
		p.said = append(p.said, p.lines.Text())
		if strings.HasPrefix(p.lines.Text(), prefix) {
			return p.lines.Text()
		}
	}
	t.Fatalf("no line begins with %q: %q\n%s", prefix, p.said, p.err.String())
	return ""
}

// end reads the rest and returns the exit code.
func (p *process) end(t *testing.T) int {
	t.Helper()
	for p.lines.Scan() {
		p.said = append(p.said, p.lines.Text())
	}
	err := p.cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return p.cmd.ProcessState.ExitCode()
}

func (p *process) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// serveDemo starts a server with the example campaign on ports of the system's
// choice, and returns it with its curl line.
func serveDemo(t *testing.T, dir string, args ...string) (*process, string) {
	t.Helper()
	p := start(t, nil, append([]string{"serve", "--demo", "--data", dir, "--http-addr", "127.0.0.1:0", "--ops-addr", "127.0.0.1:0"}, args...)...)
	return p, p.until(t, "curl ")
}

// paste gives a line to a shell, as somebody would who copies it, with a curl
// that prints its arguments; then it sends what they say. So the quoting is
// tested where there is no curl.
func paste(t *testing.T, line string) (status int, body string) {
	t.Helper()
	words, err := exec.Command("sh", "-c", `curl() { printf '%s\0' "$@"; }; `+line).Output()
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	r, err := http.NewRequest(http.MethodPost, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	args := strings.Split(strings.TrimSuffix(string(words), "\x00"), "\x00")
	for i := 0; i < len(args); i++ {
		switch {
		case args[i] == "-H":
			i++
			name, value, _ := strings.Cut(args[i], ": ")
			r.Header.Set(name, value)
		case args[i] == "-d":
			i++
			r.Body = io.NopCloser(strings.NewReader(args[i]))
		case strings.HasPrefix(args[i], "http"):
			if r.URL, err = r.URL.Parse(args[i]); err != nil {
				t.Fatal(err)
			}
		case args[i] != "-sS":
			t.Fatalf("curl gets %q", args[i])
		}
	}
	transport := &http.Transport{DisableKeepAlives: true}
	resp, err := transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// Without this what the README promises a newcomer does not hold: the first
// start, the line to copy, the other verbs, the stop, and the next start, which
// continues.
func TestFromTheFirstStartToTheSecond(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	server, line := serveDemo(t, dir)
	if info, err := os.Stat(filepath.Join(dir, credentialsFile)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("credentials: %v, %v", info, err)
	}
	if status, body := paste(t, line); status != 200 || !strings.Contains(body, `"result":"SUCCESS"`) {
		t.Errorf("the line to copy: %d %s", status, body)
	}
	if status, body := paste(t, line); status != 400 || !strings.Contains(body, wire.KeyQuantityExceeded) {
		t.Errorf("a second time: %d %s", status, body)
	}
	verbs(t, dir)

	second := start(t, nil, "serve", "--data", dir, "--http-addr", "127.0.0.1:0", "--ops-addr", "127.0.0.1:0")
	if code := second.end(t); code != codeNotDone || second.err.String() != "scrip: another process is using the data directory "+dir+"\n" || len(second.said) != 0 {
		t.Errorf("a second process: exit %d, %q, %q", code, second.said, second.err.String())
	}

	server.signal(t, syscall.SIGINT)
	_ = server.cmd.Process.Signal(syscall.SIGINT) // the echo of a supervisor; too late is fine
	if code := server.end(t); code != codeDone || !strings.Contains(server.err.String(), `"msg":"stopped"`) {
		t.Fatalf("after Ctrl-C: exit %d\n%s", code, server.err.String())
	}
	if r := call(t, "redeem", "SUMMER15", "--data", dir, "--timeout", "50ms"); r.code != codeUnavailable {
		t.Errorf("with the server down: %v", r)
	}

	server, again := serveDemo(t, dir)
	if r := call(t, "redeem", "summer15", "--customer", "ann", "--data", dir); r.code != codeRefused || !strings.Contains(r.err, wire.KeyQuantityExceeded) {
		t.Errorf("what was redeemed before the stop: %v", r)
	}
	if code := codeIn(line); strings.Contains(again, code) {
		t.Errorf("after the start the used code %s is suggested again", code)
	}
	if status, body := paste(t, again); status != 200 {
		t.Errorf("the line of the second start: %d %s", status, body)
	}
	server.signal(t, syscall.SIGTERM)
	if code := server.end(t); code != codeDone {
		t.Errorf("after SIGTERM: exit %d\n%s", code, server.err.String())
	}
}

func codeIn(line string) string {
	_, rest, _ := strings.Cut(line, `"id":"`)
	code, _, _ := strings.Cut(rest, `"`)
	return code
}

// verbs goes through the command line against a real server.
func verbs(t *testing.T, dir string) {
	t.Helper()
	f := func(want int, text string, args ...string) {
		t.Helper()
		if r := call(t, append(args, "--data", dir)...); r.code != want || !strings.Contains(r.out+r.err, text) {
			t.Errorf("%v: %v, want exit %d and %q", args, r, want, text)
		}
	}
	f(codeDone, "redeemed", "redeem", "summer15", "--customer", "ann", "--amount", "100000", "--key", "k-1")
	f(codeDone, "redeemed before, with the same key", "redeem", "summer15", "--customer", "ann", "--amount", "100000", "--key", "k-1")
	f(codeRefused, wire.KeyIdempotencyKeyConflict, "redeem", "summer15", "--customer", "ann", "--amount", "1", "--key", "k-1")
	f(codeRefused, wire.KeyVoucherExpired, "redeem", "EARLYBIRD-2025")
	f(codeNotFound, wire.KeyNotFound, "redeem", "no-such-code")
	f(codeDone, "voucher_expired", "explain", "EARLYBIRD-2025")
	f(codeDone, "1 of 10000 uses", "voucher", "SUMMER15")
	f(codeDone, "redemption.succeeded", "events", "--limit", "0")
	f(codeDone, "shard-0", "status")
	f(codeDone, "App token", "keys", "create", "--name", "till")
	f(codeDone, "till", "keys", "ls")

	file := write(t, "codes.csv", "Code\nNEW-1\nNEW-2\nNEW-2\n")
	f(codeNotDone, "Created     2", "import", file, "--campaign", "summer-sale")
	f(codeNotDone, "Created     2", "import", file, "--campaign", "summer-sale") // the same job, not another one
	if rejects, err := os.ReadFile(file + ".rejects.csv"); err != nil || !strings.Contains(string(rejects), "NEW-2,"+wire.KeyDuplicateFound) {
		t.Errorf("rejects: %q, %v", rejects, err)
	}
	codes := filepath.Join(t.TempDir(), "codes.csv")
	f(codeDone, "Created   300", "generate", "--campaign", "summer-sale", "--count", "300", "--pattern", "GEN-####-####", "--csv", codes)
	if text, err := os.ReadFile(codes); err != nil || strings.Count(string(text), "\nGEN-") != 300 || !strings.Contains(string(text), "\nNEW-1,") {
		t.Errorf("%d bytes of codes, %v", len(text), err)
	}
}

// Without this a backup cannot be made from the command line, or a restored
// directory serves changes before anybody has looked at it (P2).
func TestBackupAndRestore(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	server, line := serveDemo(t, dir)
	if status, body := paste(t, line); status != 200 {
		t.Fatalf("%d %s", status, body)
	}
	backup, restored := filepath.Join(t.TempDir(), "backup"), filepath.Join(t.TempDir(), "restored")
	if r := call(t, "backup", "--to", backup, "--data", dir); r.code != 0 {
		t.Fatal(r)
	}
	if r := call(t, "backup", "--to", backup, "--data", dir); r.code == 0 {
		t.Error("a backup was written over another one")
	}
	server.signal(t, syscall.SIGINT)
	if code := server.end(t); code != 0 {
		t.Fatal(code, server.err.String())
	}
	if r := call(t, "restore", "--from", backup, "--data", restored); r.code != 0 || !strings.Contains(r.out, "Stands at") {
		t.Fatal(r)
	}
	if r := call(t, "restore", "--from", backup, "--data", restored); r.code == 0 {
		t.Error("a data directory was restored over")
	}
	kept, _, err := readCredentials(dir)
	if err != nil {
		t.Fatal(err)
	}
	redeemAt := func(code string, args ...string) result {
		t.Helper()
		args = append([]string{"serve", "--data", restored, "--http-addr", "127.0.0.1:0", "--ops-addr", "127.0.0.1:0", "-o", "json"}, args...)
		server := start(t, nil, args...)
		var say announcement
		if err := json.Unmarshal([]byte(server.until(t, "{")), &say); err != nil {
			t.Fatal(err)
		}
		r := call(t, "redeem", code, "--server", say.URL, "--app-id", kept.AppID, "--app-token", "@"+write(t, "token", kept.AppToken), "--timeout", "1s")
		server.signal(t, syscall.SIGINT)
		if exit := server.end(t); exit != 0 {
			t.Fatal(exit, server.err.String())
		}
		return r
	}
	if r := redeemAt("NO-MATTER"); r.code == 0 {
		t.Errorf("in recovery: %v", r)
	}
	if r := redeemAt(codeIn(line), "--end-recovery"); r.code != codeRefused || !strings.Contains(r.err, wire.KeyQuantityExceeded) {
		t.Errorf("what was redeemed before the backup: %v", r)
	}
}

// Without this a follower misses events, or Ctrl-C looks like a failure to a
// supervisor.
func TestFollowUntilCtrlC(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	server, line := serveDemo(t, dir)
	follower := start(t, nil, "events", "--follow", "--data", dir, "-o", "json", "--cursor", firstCursor(t, dir))
	if status, body := paste(t, line); status != 200 {
		t.Fatalf("%d %s", status, body)
	}
	for {
		var e wire.Event
		if err := json.Unmarshal([]byte(follower.until(t, "{")), &e); err != nil {
			t.Fatal(err)
		}
		if e.Type == wire.EventRedemptionSucceeded && e.Data.Code == codeIn(line) {
			break
		}
	}
	whole := start(t, nil, "events", "--follow", "--from-beginning", "--data", dir, "-o", "json")
	var oldest wire.Event
	if err := json.Unmarshal([]byte(whole.until(t, "{")), &oldest); err != nil || oldest.Cursor != firstCursor(t, dir) {
		t.Errorf("the journal begins with %+v, %v", oldest, err)
	}
	for name, p := range map[string]*process{"follower": follower, "from the beginning": whole} {
		p.signal(t, syscall.SIGINT)
		if code := p.end(t); code != 0 {
			t.Errorf("%s: exit %d, %s", name, code, p.err.String())
		}
	}
	server.signal(t, syscall.SIGINT)
	if code := server.end(t); code != 0 {
		t.Errorf("server: exit %d, %s", code, server.err.String())
	}
}

func firstCursor(t *testing.T, dir string) string {
	t.Helper()
	r := call(t, "events", "--limit", "1", "--data", dir, "-o", "json")
	var e wire.Event
	if err := json.Unmarshal([]byte(r.out), &e); err != nil || e.Cursor == "" {
		t.Fatalf("%v: %v", err, r)
	}
	return e.Cursor
}

// Without this automation cannot fix the first key, or a directory can be made
// twice.
func TestInitWithAGivenKey(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	env := []string{"SCRIP_APP_ID=mine", "SCRIP_APP_TOKEN=my-own-token-of-some-length", "SCRIP_DATA=" + dir, "SCRIP_SHARDS=3"}
	p := start(t, env, "init")
	if code := p.end(t); code != 0 || !strings.Contains(strings.Join(p.said, "\n"), "mine") {
		t.Fatalf("exit %d, %q, %s", code, p.said, p.err.String())
	}
	if c, ok, err := readCredentials(dir); err != nil || !ok || c.AppID != "mine" || c.AppToken != "my-own-token-of-some-length" {
		t.Errorf("%+v, %v", c, err)
	}
	again := start(t, env, "init")
	if code := again.end(t); code != codeNotDone || !strings.Contains(again.err.String(), "exists already") {
		t.Errorf("exit %d, %s", code, again.err.String())
	}
	littered := t.TempDir()
	if err := os.Mkdir(filepath.Join(littered, "lost+found"), 0o700); err != nil {
		t.Fatal(err)
	}
	mounted := start(t, nil, "init", "--data", littered)
	if code := mounted.end(t); code != 0 {
		t.Errorf("on a fresh mount: exit %d, %s", code, mounted.err.String())
	}
	if c, ok, err := readCredentials(littered); err != nil || !ok || c.AppToken == "" {
		t.Errorf("on a fresh mount the key is lost: %+v, %v", c, err)
	}
	other := start(t, []string{"SCRIP_DATA=" + dir}, "serve", "--shards", "4")
	if code := other.end(t); code != codeNotDone || !strings.Contains(other.err.String(), "3 shards") {
		t.Errorf("another number of shards: exit %d, %s", code, other.err.String())
	}
}

// Without this a taken port, found after the data directory was opened, leaves a
// process that serves half, or a trace instead of a line.
func TestAddressThatIsTaken(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	server, _ := serveDemo(t, dir)
	taken, _, err := readCredentials(dir)
	if err != nil {
		t.Fatal(err)
	}
	other := start(t, nil, "serve", "--data", filepath.Join(t.TempDir(), "other"), "--ops-addr", "127.0.0.1:0",
		"--http-addr", strings.TrimPrefix(taken.URL, "http://"))
	if code := other.end(t); code != codeNotDone || !strings.Contains(other.err.String(), "address already in use") {
		t.Errorf("exit %d, %s", code, other.err.String())
	}
	server.signal(t, syscall.SIGINT)
	if code := server.end(t); code != 0 {
		t.Errorf("exit %d", code)
	}
}
