package httpapi

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/scrip-engine/scrip/wire"
)

// waitMax ends a test that hangs; no test's verdict depends on it.
const waitMax = 30 * time.Second

// node is a served Server with its fake engine.
type node struct {
	t       *testing.T
	engine  *fake
	server  *Server
	addr    string
	client  *http.Client
	metrics *prometheus.Registry
	log     *logBuffer
}

// start serves on a port of the loopback until the test ends.
func start(t *testing.T, limits Limits) *node {
	t.Helper()
	n := &node{
		t: t, engine: newFake(), metrics: prometheus.NewRegistry(), log: new(logBuffer),
		client: &http.Client{Transport: &http.Transport{}, Timeout: waitMax},
	}
	logger := slog.New(slog.NewJSONHandler(n.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	server, err := New(Config{Engine: n.engine, Logger: logger, Registerer: n.metrics, Limits: limits})
	if err != nil {
		t.Fatal(err)
	}
	n.server = server
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n.addr = ln.Addr().String()
	served := make(chan error, 1)
	go func() { served <- server.Serve(ln) }()
	t.Cleanup(func() {
		n.client.CloseIdleConnections()
		ctx, cancel := context.WithTimeout(context.Background(), waitMax)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return n
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

// as sends a request with the key of a role; headers come in pairs.
func (n *node) as(role, method, path, body string, headers ...string) answer {
	n.t.Helper()
	var in io.Reader
	if body != "" {
		in = strings.NewReader(body)
	}
	req, err := http.NewRequest(method, "http://"+n.addr+path, in)
	if err != nil {
		n.t.Fatal(err)
	}
	if role != "" {
		req.Header.Set("X-App-Id", role)
		req.Header.Set("X-App-Token", goodToken)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	return n.do(req)
}

func (n *node) do(req *http.Request) answer {
	n.t.Helper()
	res, err := n.client.Do(req)
	if err != nil {
		n.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		n.t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, string(body)}
}

// wantError checks the status and the key, and what every failure must have.
func (n *node) wantError(a answer, status int, key string) wire.Error {
	n.t.Helper()
	var e wire.Error
	if err := json.Unmarshal([]byte(a.body), &e); err != nil {
		n.t.Fatalf("status %d, body %q: %v", a.status, a.body, err)
	}
	if a.status != status || e.Code != status || e.Key != key {
		n.t.Fatalf("got %d %s, want %d %s: %s", a.status, e.Key, status, key, a.body)
	}
	if e.Outcome == "" || e.RequestID == "" || e.RequestID != a.header.Get("X-Request-Id") {
		n.t.Fatalf("an incomplete failure: %v %s", a.header, a.body)
	}
	if a.header.Get("Cache-Control") != "no-store" || !strings.Contains(a.header.Get("Link"), "/errors/"+key) {
		n.t.Fatalf("headers of a failure: %v", a.header)
	}
	return e
}

// alive checks that the server still serves, on a new connection.
func (n *node) alive() {
	n.t.Helper()
	n.client.CloseIdleConnections()
	if a := n.as("user", "GET", "/v1/vouchers/ALIVE", ""); a.status != 200 {
		n.t.Fatalf("the server no longer answers: %d %s", a.status, a.body)
	}
}

// dial opens a connection for bytes that no client would send.
func (n *node) dial() net.Conn {
	n.t.Helper()
	conn, err := net.Dial("tcp", n.addr)
	if err != nil {
		n.t.Fatal(err)
	}
	if err := conn.SetDeadline(time.Now().Add(waitMax)); err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// send writes raw bytes on a new connection.
func (n *node) send(raw string) net.Conn {
	n.t.Helper()
	conn := n.dial()
	if _, err := io.WriteString(conn, raw); err != nil {
		n.t.Fatal(err)
	}
	return conn
}

// readAnswer reads one answer of a raw connection.
func (n *node) readAnswer(in *bufio.Reader) answer {
	n.t.Helper()
	res, err := http.ReadResponse(in, nil)
	if err != nil {
		n.t.Fatalf("no answer: %v", err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		n.t.Fatalf("answer cut off: %v", err)
	}
	return answer{res.StatusCode, res.Header, string(body)}
}

// authHeaders are the lines of a raw request that is allowed to change things.
const authHeaders = "Host: x\r\nX-App-Id: user\r\nX-App-Token: " + goodToken + "\r\n"

// logBuffer takes log lines from any goroutine.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer // guarded by mu
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func readerOf(conn net.Conn) *bufio.Reader { return bufio.NewReader(conn) }
