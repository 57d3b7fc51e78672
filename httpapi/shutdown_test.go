package httpapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/scrip-engine/scrip/wire"
)

// Without this Ctrl-C waits for clients who keep a connection open and say
// nothing, or never send the rest of a request. No timer can end these
// connections, and fasthttp's own shutdown, which closes some of them after
// seconds, is not called.
func TestStopEndsWhatWaitsForARequest(t *testing.T) {
	n := start(t, Limits{ReadTimeout: time.Hour, IdleTimeout: time.Hour})
	entered, leave := make(chan struct{}), make(chan struct{})
	n.engine.onRedeem = func(context.Context, *wire.RedeemRequest, *wire.RedeemResponse) error {
		close(entered)
		<-leave
		return nil
	}
	post := "POST /v1/redemptions HTTP/1.1\r\n" + authHeaders + "Content-Type: application/json\r\n"
	served := readerOf(n.send(post + fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(redeemBody), redeemBody)))
	<-entered
	silent := n.dial()
	idle := n.send("GET /v1/vouchers/ALIVE HTTP/1.1\r\n" + authHeaders + "\r\n")
	idleIn := readerOf(idle)
	if a := n.readAnswer(idleIn); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	halves := map[string]net.Conn{
		"half a header": n.send(post),
		"half a body":   n.send(post + "Content-Length: 100\r\n\r\n{"),
		// More than fasthttp reads ahead, so that the handler waits for the rest.
		"half a large body": n.send(post + "Content-Length: 50000\r\n\r\n" + strings.Repeat(" ", 10_000)),
	}
	n.server.conns.stop()
	for name, in := range map[string]io.Reader{"silent": silent, "idle": idleIn} {
		if rest, err := io.ReadAll(in); err != nil || len(rest) > 0 {
			t.Fatalf("%s: %q, %v", name, rest, err)
		}
	}
	for name, conn := range halves {
		in := readerOf(conn)
		e := n.wantError(n.readAnswer(in), 503, wire.KeyDraining)
		if rest, err := io.ReadAll(in); e.Outcome != "not_done" || err != nil || len(rest) > 0 {
			t.Errorf("%s: outcome %q, then %q, %v", name, e.Outcome, rest, err)
		}
	}
	if rest, err := io.ReadAll(n.dial()); err != nil || len(rest) > 0 {
		t.Errorf("a connection that came later: %q, %v", rest, err)
	}
	close(leave)
	if a := n.readAnswer(served); a.status != 200 {
		t.Errorf("the request under way: %d %s", a.status, a.body)
	}
	if rest, err := io.ReadAll(served); err != nil || len(rest) > 0 {
		t.Errorf("after it: %q, %v", rest, err)
	}
}

// Without this answers to requests that were sent one behind the other are lost
// when the server stops: fasthttp holds them back until all are answered.
func TestStopKeepsAnswersHeldBack(t *testing.T) {
	n := start(t, Limits{ReadTimeout: time.Hour, IdleTimeout: time.Hour})
	second := make(chan struct{})
	n.engine.onRedeem = func(context.Context, *wire.RedeemRequest, *wire.RedeemResponse) error {
		n.server.conns.stop()
		close(second)
		return nil
	}
	one := "GET /v1/vouchers/ALIVE HTTP/1.1\r\n" + authHeaders + "\r\n"
	two := "POST /v1/redemptions HTTP/1.1\r\n" + authHeaders + "Content-Type: application/json\r\n" +
		fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(redeemBody), redeemBody)
	in := readerOf(n.send(one + two))
	<-second
	for range 2 {
		if a := n.readAnswer(in); a.status != 200 {
			t.Errorf("%d %s", a.status, a.body)
		}
	}
}

// Without this a scraper's open connection holds up the end of the process.
func TestOperationsStopEndsWhatWaits(t *testing.T) {
	n, _, ops := startOps(t)
	idle := n.send("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
	in := readerOf(idle)
	if a := n.readAnswer(in); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	silent := n.dial()
	ops.conns.stop()
	for name, in := range map[string]io.Reader{"silent": silent, "idle": in} {
		if rest, err := io.ReadAll(in); err != nil || len(rest) > 0 {
			t.Errorf("%s: %q, %v", name, rest, err)
		}
	}
}

// Without this a shutdown waits for consumers who never leave.
func TestShutdownEndsStreamsAndFinishesRequests(t *testing.T) {
	n := start(t, Limits{})
	entered, leave := make(chan struct{}), make(chan struct{})
	n.engine.onRedeem = func(ctx context.Context, _ *wire.RedeemRequest, _ *wire.RedeemResponse) error {
		close(entered)
		<-leave
		return ctx.Err() // nil: a drain does not cancel what is under way
	}
	stream := n.open("/v1/events/stream")
	answered := make(chan answer, 1)
	go func() { answered <- n.as("user", "POST", "/v1/redemptions", redeemBody) }()
	<-entered
	down := make(chan error, 1)
	go func() { down <- n.server.Shutdown(context.Background()) }()
	if _, err := io.Copy(io.Discard, stream.Body); err != nil {
		t.Errorf("the stream broke: %v", err)
	}
	close(leave)
	if a := <-answered; a.status != 200 {
		t.Errorf("the request under way: %d %s", a.status, a.body)
	}
	if err := <-down; err != nil {
		t.Error(err)
	}
}

// Without this a request that hangs keeps the process from ending.
func TestShutdownGivesUp(t *testing.T) {
	n := start(t, Limits{})
	entered := make(chan struct{})
	n.engine.onRedeem = func(ctx context.Context, _ *wire.RedeemRequest, _ *wire.RedeemResponse) error {
		close(entered)
		<-ctx.Done()
		return refuse(wire.KeyOutcomeUnknown, "")
	}
	conn := n.send("POST /v1/redemptions HTTP/1.1\r\n" + authHeaders + "Content-Type: application/json\r\n" +
		fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(redeemBody), redeemBody))
	<-entered
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := n.server.Shutdown(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	// Cut or answered, but not left waiting.
	_, _ = io.Copy(io.Discard, conn)
}

// Without this a process that is told to stop while it starts serves on.
func TestShutdownBeforeServe(t *testing.T) {
	server, err := New(Config{Engine: newFake()})
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	if err := server.Serve(ln); err != nil {
		t.Error(err)
	}
	// Not by dialling: another program may have the port by now.
	if err := ln.(*net.TCPListener).SetDeadline(time.Now()); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the listener is open: %v", err)
	}
}
