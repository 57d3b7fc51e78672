package httpapi

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"testing"

	"github.com/valyala/fasthttp"
	"github.com/valyala/fasthttp/fasthttputil"
)

// benchLoop sends one request again and again over one connection in memory, so
// that what is measured is this package and fasthttp.
func benchLoop(b *testing.B, request string) {
	server, err := New(Config{Engine: newFake(), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	ln := fasthttputil.NewInmemoryListener()
	served := make(chan error, 1)
	go func() { served <- server.Serve(ln) }()
	conn, err := ln.Dial()
	if err != nil {
		b.Fatal(err)
	}
	in := bufio.NewReader(conn)
	var res fasthttp.Response
	b.ReportAllocs()
	for b.Loop() {
		if _, err := io.WriteString(conn, request); err != nil {
			b.Fatal(err)
		}
		if err := res.Read(in); err != nil || res.StatusCode() != 200 {
			b.Fatal(res.StatusCode(), err)
		}
	}
	closeAll(b, conn, server, served)
}

func closeAll(b *testing.B, conn net.Conn, server *Server, served chan error) {
	b.Helper()
	if err := conn.Close(); err != nil {
		b.Fatal(err)
	}
	if err := server.Shutdown(b.Context()); err != nil {
		b.Fatal(err)
	}
	if err := <-served; err != nil {
		b.Fatal(err)
	}
}

func BenchmarkRedeem(b *testing.B) {
	const body = `{"redeemables":[{"object":"voucher","id":"SPRING-1234"}],"customer":{"source_id":"ann"},"order":{"amount":12000}}`
	benchLoop(b, "POST /v1/redemptions HTTP/1.1\r\n"+authHeaders+"Content-Type: application/json\r\nIdempotency-Key: k-1\r\n"+
		fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body))
}

func BenchmarkValidateMinimal(b *testing.B) {
	benchLoop(b, "POST /v1/validations HTTP/1.1\r\n"+authHeaders+"Content-Type: application/json\r\nPrefer: return=minimal\r\n"+
		fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(redeemBody), redeemBody))
}
