package httpapi

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/scrip-engine/scrip/wire"
)

// Without this a body that no client would send takes the server down, or is
// taken for something else: each is refused with its key, nothing reaches the
// engine, and the server answers the next one.
func TestBodiesThatAreWrong(t *testing.T) {
	n := start(t, Limits{})
	f := func(path, body string, status int, key string) {
		t.Helper()
		n.wantError(n.as("user", "POST", path, body), status, key)
		if seen := n.engine.took(); seen != "" {
			t.Errorf("%.60s: the engine saw %s", body, seen)
		}
		n.alive()
		n.engine.took()
	}
	withOrder := func(order string) string {
		return `{"redeemables":[{"object":"voucher","id":"A"}],"order":` + order + `}`
	}
	const redeem, invalid = "/v1/redemptions", wire.KeyInvalidPayload
	f(redeem, strings.Repeat("[", 10_000)+strings.Repeat("]", 10_000), 400, invalid)
	f(redeem, strings.Repeat(`{"a":`, 10_000)+"1"+strings.Repeat("}", 10_000), 400, invalid)
	f(redeem, strings.Repeat(`{"order":`, 10_000), 400, invalid)
	f(redeem, `{"metadata":`+strings.Repeat(`{"a":`, 10_000)+"1"+strings.Repeat("}", 10_000)+"}", 400, invalid)
	f("/v1/vouchers", strings.Repeat("[", 10_000), 400, invalid)
	f("/v1/redemptions/batch", `{"redemptions":`+strings.Repeat("[", 10_000), 400, invalid)
	f(redeem, "{", 400, invalid)
	f(redeem, "null", 400, invalid)
	f(redeem, `"text"`, 400, invalid)
	f(redeem, "[]", 400, invalid)
	f(redeem, redeemBody+"x", 400, invalid)
	f(redeem, "\x00", 400, invalid)
	f(redeem, "{}", 400, invalid)
	f(redeem, `{"redeemables":[{"object":"voucher","id":"`+"\xff\xfe"+`"}]}`, 400, invalid)
	f(redeem, `{"redeemables":"A"}`, 400, invalid)
	f(redeem, `{"redeemables":[{"object":"voucher","id":7}]}`, 400, invalid)
	f(redeem, `{"redeemables":[],"redeemables":[]}`, 400, invalid)
	f(redeem, withOrder(`{"amount":NaN}`), 400, invalid)
	f(redeem, withOrder(`{"amount":Infinity}`), 400, invalid)
	f(redeem, withOrder(`{"amount":"100"}`), 400, invalid)
	f("/v1/vouchers/A/balance", `{"amount":"5"}`, 400, invalid)
	for _, amount := range []string{"-1", "1.5", "9007199254740992", "1e400", "-9223372036854775809"} {
		a := n.as("user", "POST", redeem, withOrder(`{"amount":`+amount+`}`))
		if a.status != 400 || !strings.Contains(a.body, `"field":"order.amount"`) || n.engine.took() != "" {
			t.Errorf("amount %s: %d %s", amount, a.status, a.body)
		}
	}
}

// Without this bytes that are no request hang the server, crash it, or are
// answered with a page of fasthttp's.
func TestRequestsThatAreNone(t *testing.T) {
	n := start(t, Limits{})
	f := func(name, raw string, status int, key string) {
		t.Helper()
		n.wantError(n.readAnswer(readerOf(n.send(raw))), status, key)
		n.alive()
		if seen := n.engine.took(); seen != "Voucher ALIVE" {
			t.Errorf("%s: the engine saw %s", name, seen)
		}
	}
	const post = "POST /v1/redemptions HTTP/1.1\r\n" + authHeaders + "Content-Type: application/json\r\n"
	f("noise", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400, wire.KeyInvalidPayload)
	f("no version", "GET /v1/vouchers/A\r\n\r\n", 400, wire.KeyInvalidPayload)
	f("broken header", "GET /v1/vouchers/A HTTP/1.1\r\nno colon here\r\n\r\n", 400, wire.KeyInvalidPayload)
	f("space before colon", "GET /v1/vouchers/A HTTP/1.1\r\n"+authHeaders+"X-A : b\r\n\r\n", 400, wire.KeyInvalidPayload)
	f("header too large", "GET /v1/vouchers/A HTTP/1.1\r\n"+authHeaders+"X-Long: "+strings.Repeat("x", headerBytesMax)+"\r\n\r\n", 431, wire.KeyPayloadTooLarge)
	f("path too long", "GET /v1/vouchers/"+strings.Repeat("x", headerBytesMax)+" HTTP/1.1\r\n"+authHeaders+"\r\n", 431, wire.KeyPayloadTooLarge)
	// Two lengths, or a length and chunks: whoever stands in front may see two
	// requests where we see one.
	f("two lengths", post+fmt.Sprintf("Content-Length: 2\r\nContent-Length: %d\r\n\r\n%s", len(redeemBody), redeemBody), 400, wire.KeyInvalidPayload)
	f("negative length", post+"Content-Length: -1\r\n\r\n", 400, wire.KeyInvalidPayload)
	f("odd length", post+"Content-Length: 0x10\r\n\r\n", 400, wire.KeyInvalidPayload)
	f("huge length", post+"Content-Length: 99999999999999999999\r\n\r\n", 400, wire.KeyInvalidPayload)
	f("length and chunks", post+"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, wire.KeyInvalidPayload)
	f("unknown coding", post+"Transfer-Encoding: gzip\r\n\r\n", 400, wire.KeyInvalidPayload)
	f("broken chunk", post+"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n", 400, wire.KeyInvalidPayload)
	f("chunk without end", post+"Transfer-Encoding: chunked\r\n\r\n2\r\n{}xx0\r\n\r\n", 400, wire.KeyInvalidPayload)
	f("endless chunk", post+"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n{}", 400, wire.KeyInvalidPayload)
}

// Without this whoever sends slowly, or not at all, holds connections for ever.
func TestSlowClients(t *testing.T) {
	n := start(t, Limits{ReadTimeout: 50 * time.Millisecond, IdleTimeout: 50 * time.Millisecond})
	f := func(name, raw string, status int) {
		t.Helper()
		conn := n.send(raw)
		in := readerOf(conn)
		if status != 0 {
			n.wantError(n.readAnswer(in), status, wire.KeyInvalidPayload)
		}
		if rest, err := io.ReadAll(in); err != nil || len(rest) != 0 {
			t.Errorf("%s: not closed: %q %v", name, rest, err)
		}
		n.alive()
		n.engine.took()
	}
	const post = "POST /v1/redemptions HTTP/1.1\r\n" + authHeaders + "Content-Type: application/json\r\n"
	f("half a header", "GET /v1/vouchers/A HTTP/1.1\r\nHost:", 408)
	f("half a small body", post+"Content-Length: 100\r\n\r\n{", 408)
	f("half a large body", post+"Content-Length: 100000\r\n\r\n{"+strings.Repeat(" ", 50_000), 408)
	f("half a chunk", post+"Transfer-Encoding: chunked\r\n\r\n10\r\n{", 408)
	conn := n.send("GET /v1/vouchers/A HTTP/1.1\r\n" + authHeaders + "\r\n")
	in := readerOf(conn)
	if a := n.readAnswer(in); a.status != 200 {
		t.Fatalf("%d", a.status)
	}
	if rest, err := io.ReadAll(in); err != nil || len(rest) != 0 {
		t.Errorf("an idle connection: %q %v", rest, err)
	}
}

// Without this a client that half-closes its connection after its request, as
// shell pipelines do, gets no answer.
func TestHalfClosedConnections(t *testing.T) {
	n := start(t, Limits{})
	f := func(raw string, status int) {
		t.Helper()
		conn := n.send(raw)
		if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		all, err := io.ReadAll(conn)
		if err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprint("HTTP/1.1 ", status); status != 0 && !strings.HasPrefix(string(all), want) {
			t.Errorf("%.40q: %q", raw, all)
		}
		n.alive()
	}
	post := "POST /v1/redemptions HTTP/1.1\r\n" + authHeaders + "Content-Type: application/json\r\n"
	f("GET /v1/vouchers/A HTTP/1.1\r\n"+authHeaders+"\r\n", 200)
	f(post+fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(redeemBody), redeemBody), 200)
	f(post+"Content-Length: 100\r\n\r\n{", 400)
	f("GET /v1/vouchers/A HTTP/1.1\r\nHo", 0)
	f("", 0)
}

// Without this requests that follow each other without waiting are mixed up.
func TestPipelining(t *testing.T) {
	n := start(t, Limits{})
	var raw strings.Builder
	const requests = 50
	for i := range requests {
		body := fmt.Sprintf(`{"redeemables":[{"object":"voucher","id":"CODE-%d"}]}`, i)
		fmt.Fprintf(&raw, "POST /v1/redemptions HTTP/1.1\r\n%sContent-Type: application/json\r\nX-Request-Id: id-%d\r\n", authHeaders, i)
		if i%2 == 0 {
			fmt.Fprintf(&raw, "Content-Length: %d\r\n\r\n%s", len(body), body)
		} else {
			fmt.Fprintf(&raw, "Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n", 10, body[:10], len(body)-10, body[10:])
		}
	}
	in := readerOf(n.send(raw.String()))
	for i := range requests {
		a := n.readAnswer(in)
		if a.status != 200 || !strings.Contains(a.body, fmt.Sprintf(`"CODE-%d"`, i)) || a.header.Get("X-Request-Id") != fmt.Sprint("id-", i) {
			t.Fatalf("answer %d: %d %v %s", i, a.status, a.header, a.body)
		}
	}
}

// Without this an old client waits for the end of an answer that never shows.
func TestHTTP10(t *testing.T) {
	n := start(t, Limits{})
	all, err := io.ReadAll(n.send("GET /v1/vouchers/A HTTP/1.0\r\nX-App-Id: user\r\nX-App-Token: " + goodToken + "\r\n\r\n"))
	if err != nil || !strings.Contains(string(all), "Connection: close\r\n") || !strings.HasSuffix(string(all), "}") {
		t.Errorf("%q %v", all, err)
	}
	in := readerOf(n.send(strings.Repeat("GET /v1/vouchers/A HTTP/1.0\r\nConnection: keep-alive\r\n"+authHeaders+"\r\n", 2)))
	for range 2 {
		if a := n.readAnswer(in); a.status != 200 || a.header.Get("Content-Length") == "" {
			t.Errorf("%d %v", a.status, a.header)
		}
	}
}

// Without this a client that asks before it sends a large body never sends it.
func TestExpectContinue(t *testing.T) {
	n := start(t, Limits{})
	conn := n.send("POST /v1/redemptions HTTP/1.1\r\n" + authHeaders + "Content-Type: application/json\r\nExpect: 100-continue\r\n" +
		fmt.Sprintf("Content-Length: %d\r\n\r\n", len(redeemBody)))
	in := readerOf(conn)
	line, err := in.ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "HTTP/1.1 100") {
		t.Fatalf("%q %v", line, err)
	}
	if _, err := in.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, redeemBody); err != nil {
		t.Fatal(err)
	}
	if a := n.readAnswer(in); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// Without this the body of a request that takes none is read as the next
// request: a smuggled one.
func TestUnreadBodiesAreNotRequests(t *testing.T) {
	n := start(t, Limits{})
	smuggled := "DELETE /v1/vouchers/VICTIM HTTP/1.1\r\n" + authHeaders + "\r\n"
	f := func(head string, body string) {
		t.Helper()
		n.engine.took()
		in := readerOf(n.send(head + fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body) +
			"GET /v1/vouchers/NEXT HTTP/1.1\r\nConnection: close\r\n" + authHeaders + "\r\n"))
		if _, err := io.ReadAll(in); err != nil {
			t.Fatal(err)
		}
		if seen := n.engine.took(); strings.Contains(seen, "VICTIM") {
			t.Errorf("%q: the engine saw %s", head, seen)
		}
	}
	f("POST /v1/vouchers/A/enable HTTP/1.1\r\n"+authHeaders, smuggled)
	f("GET /v1/vouchers/A HTTP/1.1\r\n"+authHeaders, smuggled)
	f("DELETE /v1/vouchers/A HTTP/1.1\r\n"+authHeaders, smuggled)
	f("POST /v1/publications HTTP/1.1\r\n"+authHeaders, smuggled)
	f("POST /v1/redemptions HTTP/1.1\r\nHost: x\r\n", smuggled)
	f("POST /v1/redemptions HTTP/1.1\r\n"+authHeaders+"Content-Type: text/plain\r\n", smuggled)
	f("POST /v1/vouchers/A/enable HTTP/1.1\r\n"+authHeaders, strings.Repeat(" ", 2*drainedByServer)+smuggled)
}

// Without this one client takes all connections.
func TestConnectionsOfOneClientAreBounded(t *testing.T) {
	n := start(t, Limits{ConnectionsPerIP: 2})
	get := "GET /v1/vouchers/A HTTP/1.1\r\n" + authHeaders + "\r\n"
	first, second := readerOf(n.send(get)), n.send(get)
	n.readAnswer(first)
	n.readAnswer(readerOf(second))
	if _, err := bufio.NewReader(n.dial()).ReadByte(); err == nil {
		t.Error("a third connection is served")
	}
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
	// The server learns of it a moment later.
	for {
		conn := n.dial()
		if _, err := io.WriteString(conn, get); err != nil {
			continue
		}
		if _, err := bufio.NewReader(conn).ReadByte(); err == nil {
			break
		}
	}
}

// Without it a flood would wait in line until everybody's time is up (P10).
func TestOneRequestTooMany(t *testing.T) {
	n := start(t, Limits{Requests: 1})
	entered, leave := make(chan struct{}), make(chan struct{})
	n.engine.onRedeem = func(context.Context, *wire.RedeemRequest, *wire.RedeemResponse) error {
		close(entered)
		<-leave
		return nil
	}
	post := "POST /v1/redemptions HTTP/1.1\r\n" + authHeaders + "Content-Type: application/json\r\n" +
		fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(redeemBody), redeemBody)
	served := readerOf(n.send(post))
	<-entered
	refused := n.send(post)
	in := readerOf(refused)
	if e := n.wantError(n.readAnswer(in), 429, wire.KeyTooManyRequests); e.Outcome != "not_done" {
		t.Errorf("outcome %q", e.Outcome)
	}
	close(leave)
	if a := n.readAnswer(served); a.status != 200 {
		t.Errorf("the first: %d %s", a.status, a.body)
	}
	n.engine.onRedeem = nil
	if _, err := io.WriteString(refused, post); err != nil {
		t.Fatal(err)
	}
	if a := n.readAnswer(in); a.status != 200 {
		t.Errorf("after the flood, on the same connection: %d %s", a.status, a.body)
	}
}
