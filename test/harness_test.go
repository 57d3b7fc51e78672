package test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/scrip-engine/scrip/client"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	// appID and appToken are the first key of every data directory made here.
	appID    = "app-blackbox"
	appToken = "token-of-the-black-box-tests-0123456789"

	// waitMax ends a wait that hangs; no verdict depends on how long one takes.
	waitMax = 60 * time.Second
	// lookAgain is how often a condition outside of this process is looked at.
	lookAgain = 10 * time.Millisecond
	// logTailBytes of a server's log are shown when its test fails.
	logTailBytes = 16 << 10
)

// binary returns the absolute path of the program that `make build` made.
func binary(t testing.TB) string {
	t.Helper()
	path, err := filepath.Abs("../bin/scrip")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("these tests drive the built program: run 'make build' first (%v)", err)
	}
	return path
}

// command is the program with no setting but those of this test.
func command(t testing.TB, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(binary(t), args...)
	cmd.Env = environment()
	return cmd
}

// environment is that of this process without Scrip's settings, and with the
// tests' key.
func environment(more ...string) []string {
	var env []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "SCRIP_") {
			env = append(env, v)
		}
	}
	return append(append(env, "SCRIP_APP_ID="+appID, "SCRIP_APP_TOKEN="+appToken), more...)
}

// server is a data directory and the process that serves it, one after another.
// Its address survives restarts as far as dial goes; url does not.
type server struct {
	t     testing.TB
	dir   string
	flags []string
	log   tail
	addr  atomic.Value // string: host:port of the running or the last process

	url, opsURL string
	try         string // what a demo proposes
	cmd         *exec.Cmd
	exited      chan struct{} // closed once the process is gone
	exit        error         // set before exited is closed
}

// start serves dir until the test ends. flags come on top of the addresses.
func start(t testing.TB, dir string, flags ...string) *server {
	t.Helper()
	s := &server{t: t, dir: dir, flags: flags}
	t.Cleanup(func() {
		if s.cmd != nil {
			s.kill()
		}
		if t.Failed() {
			t.Logf("the end of the log of %s:\n%s", s.dir, s.log.String())
		}
	})
	s.begin()
	return s
}

// begin starts a process on the directory and returns when it is ready.
func (s *server) begin() {
	s.t.Helper()
	args := append([]string{"serve", "-o", "json", "--data", s.dir, "--http-addr", "127.0.0.1:0", "--ops-addr", "127.0.0.1:0"}, s.flags...)
	s.cmd = command(s.t, args...)
	s.cmd.Stderr = &s.log
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	told, exited := make(chan announcement, 1), make(chan struct{})
	s.exited = exited
	go func() {
		defer close(exited)
		defer close(told)
		var a announcement
		if json.NewDecoder(stdout).Decode(&a) == nil {
			told <- a
		}
		_, _ = io.Copy(io.Discard, stdout)
		s.exit = s.cmd.Wait()
	}()
	select {
	case a, ok := <-told:
		if !ok {
			<-exited
			s.t.Fatalf("the server ended before it served: %v", s.exit)
		}
		s.url, s.opsURL, s.try = a.URL, a.OpsURL, a.Try
		s.addr.Store(strings.TrimPrefix(a.URL, "http://"))
	case <-time.After(waitMax):
		s.t.Fatal("the server does not say where it is")
	}
	s.awaitReady()
}

// announcement is what serve prints with -o json.
type announcement struct {
	URL    string `json:"url"`
	OpsURL string `json:"ops_url"`
	Try    string `json:"try"`
}

func (s *server) awaitReady() {
	s.t.Helper()
	h := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: waitMax}
	eventually(s.t, "the server to be ready", func() bool {
		res, err := h.Get(s.opsURL + "/readyz")
		if err != nil {
			return false
		}
		_ = res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
}

// kill is kill -9: the process has no moment left to write anything.
func (s *server) kill() {
	s.t.Helper()
	s.signal(syscall.SIGKILL)
}

// stop is Ctrl-C: the process must end by itself, without an error.
func (s *server) stop() {
	s.t.Helper()
	s.signal(os.Interrupt)
	if s.exit != nil {
		s.t.Errorf("after Ctrl-C the server ended with %v", s.exit)
	}
}

func (s *server) signal(sig os.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		s.t.Errorf("signal %v: %v", sig, err)
	}
	select {
	case <-s.exited:
	case <-time.After(waitMax):
		_ = s.cmd.Process.Kill()
		<-s.exited
		s.t.Errorf("the server did not end after %v", sig)
	}
	s.cmd = nil
}

// running fails the test when the process is gone.
func (s *server) running() {
	s.t.Helper()
	select {
	case <-s.exited:
		s.t.Fatalf("the server is gone: %v", s.exit)
	default:
	}
}

// transport reaches whichever process serves the directory now, whatever the
// host of the URL.
func (s *server) transport() *http.Transport {
	var dialer net.Dialer
	tr := &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "tcp", s.addr.Load().(string))
		},
		MaxIdleConnsPerHost: 128,
	}
	s.t.Cleanup(tr.CloseIdleConnections)
	return tr
}

// oneAttempt sends each request once. net/http would send what carries an
// Idempotency-Key again by itself, and hide that there was no answer.
type oneAttempt struct{ next http.RoundTripper }

func (o oneAttempt) RoundTrip(r *http.Request) (*http.Response, error) {
	once := *r
	once.GetBody = nil
	return o.next.RoundTrip(&once)
}

// once is a Go client that tries nothing twice.
func (s *server) once() *client.Client {
	s.t.Helper()
	return clientOf(s.t, "http://scrip.invalid", oneAttempt{s.transport()}, client.Retry{Attempts: 1})
}

// client is a Go client that outlives restarts.
func (s *server) client() *client.Client {
	s.t.Helper()
	return clientOf(s.t, "http://scrip.invalid", s.transport(), client.Retry{Attempts: 20})
}

func clientOf(t testing.TB, url string, tr http.RoundTripper, retry client.Retry) *client.Client {
	t.Helper()
	c, err := client.New(client.Config{URL: url, AppID: appID, AppToken: appToken, Retry: retry, HTTP: &http.Client{Transport: tr}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// eventually looks until the condition holds.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	over := time.After(waitMax)
	for tick := time.NewTicker(lookAgain); ; {
		if holds() {
			tick.Stop()
			return
		}
		select {
		case <-tick.C:
		case <-over:
			tick.Stop()
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// tail keeps the end of what is written to it, from any goroutine.
type tail struct {
	mu  sync.Mutex
	buf []byte // guarded by mu
}

func (l *tail) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.buf = append(l.buf, p...)
	if over := len(l.buf) - logTailBytes; over > logTailBytes {
		l.buf = append(l.buf[:0], l.buf[over:]...)
	}
	return len(p), nil
}

func (l *tail) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.buf)
}
