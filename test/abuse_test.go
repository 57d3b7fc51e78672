package test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/scrip-engine/scrip/client"
	"github.com/scrip-engine/scrip/wire"
)

// abused is a server that must outlive whatever is sent to it.
type abused struct {
	*testing.T
	s    *server
	c    *client.Client
	host string
}

// Without this one client can end the service for all others: by bytes that are
// no request, by a request that never ends, or by one that is too much (P10).
func TestAbuse(t *testing.T) {
	s := start(t, t.TempDir())
	a := &abused{T: t, s: s, c: s.client(), host: strings.TrimPrefix(s.url, "http://")}
	if _, err := a.c.CreateVoucher(t.Context(), "ALIVE", giftOf(1_000_000)); err != nil {
		t.Fatal(err)
	}
	t.Run("bodies", func(t *testing.T) { a.in(t).bodies() })
	t.Run("bytes", func(t *testing.T) { a.in(t).bytes() })
	t.Run("slow and half closed", func(t *testing.T) { a.in(t).patience() })
	t.Run("overload", func(t *testing.T) { a.in(t).overload() })
	v, err := a.c.Voucher(t.Context(), "ALIVE")
	if err != nil || v.Gift.Balance.Or(0) != 1_000_000-v.Redemption.RedeemedAmount.Or(-1) {
		t.Errorf("afterwards: %+v, %v", v, err)
	}
	s.stop()
}

func (a *abused) in(t *testing.T) *abused {
	return &abused{T: t, s: a.s, c: a.c, host: a.host}
}

// alive requires that the server answers somebody else.
func (a *abused) alive(after string) {
	a.Helper()
	a.s.running()
	if _, err := a.c.Voucher(a.Context(), "ALIVE"); err != nil {
		a.Fatalf("after %s: %v", after, err)
	}
}

// connect opens a connection, writes raw bytes and leaves it open.
func (a *abused) connect(raw string) *net.TCPConn {
	a.Helper()
	conn, err := net.Dial("tcp", a.host)
	if err != nil {
		a.Fatal(err)
	}
	a.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(waitMax)); err != nil {
		a.Fatal(err)
	}
	if _, err := io.WriteString(conn, raw); err != nil {
		a.Fatal(err)
	}
	return conn.(*net.TCPConn)
}

// answer reads one answer; a connection that just ends gives 0.
func (a *abused) answer(conn net.Conn) (status int, body string) {
	a.Helper()
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return 0, ""
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		a.Errorf("the answer breaks off: %v", err)
	}
	return res.StatusCode, string(text)
}

const credentialsOnWire = "Host: x\r\nX-App-Id: " + appID + "\r\nX-App-Token: " + appToken + "\r\n"

func requestOnWire(path, body string) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\n%sContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", path, credentialsOnWire, len(body), body)
}

// bodies: each is refused with its key and the place of the mistake.
func (a *abused) bodies() {
	f := func(status int, key, field, body string) {
		a.Helper()
		got, answer := a.answer(a.connect(requestOnWire("/v1/redemptions", body)))
		wantKey, wantField := `"key":"`+key+`"`, `"field":"`+field+`"`
		if got != status || !strings.Contains(answer, wantKey) || (field != "" && !strings.Contains(answer, wantField)) {
			a.Errorf("%.80s: %d %s, want %d %s %s", body, got, answer, status, key, field)
		}
		a.alive(body[:min(len(body), 80)])
	}
	with := func(more string) string { return `{"redeemables":[{"object":"voucher","id":"ALIVE"}],` + more + `}` }
	f(400, wire.KeyInvalidPayload, "", `{`)
	f(400, wire.KeyInvalidPayload, "", `[]`)
	f(400, wire.KeyInvalidPayload, "redeemables", `{}`)
	f(400, wire.KeyInvalidPayload, "redeemables", `{"redeemables":7}`)
	f(400, wire.KeyInvalidPayload, "", strings.Repeat(`[`, 10_000)+strings.Repeat(`]`, 10_000))
	f(400, wire.KeyInvalidPayload, "", with(`"metadata":`+strings.Repeat(`{"a":`, 10_000)+`1`+strings.Repeat(`}`, 10_000)))
	f(400, wire.KeyInvalidPayload, "", with(`"order":{"amount":NaN}`))
	f(400, wire.KeyInvalidPayload, "", with("\"tracking_id\":\"\xff\xfe\""))
	f(400, wire.KeyInvalidAmount, "order.amount", with(`"order":{"amount":-1}`))
	f(400, wire.KeyInvalidPayload, "order.amount", with(`"order":{"amount":9007199254740992}`))
	f(400, wire.KeyInvalidPayload, "order.amount", with(`"order":{"amount":1e400}`))
	f(400, wire.KeyInvalidPayload, "order.amount", with(`"order":{"amount":0.5}`))
	f(400, wire.KeyInvalidPayload, "order.currency", with(`"order":{"amount":1,"currency":"EURO"}`))
	f(400, wire.KeyCurrencyMismatch, "", with(`"order":{"amount":1,"currency":"JPY"}`))
	f(400, wire.KeyInvalidPayload, "order.status", with(`"order":{"amount":1,"status":"PIAD"}`))
	f(400, wire.KeyNotSupported, "session", with(`"session":{"type":"LOCK"}`))
	f(413, wire.KeyPayloadTooLarge, "", with(`"metadata":{"a":"`+strings.Repeat("x", 4<<20)+`"}`))
	f(404, wire.KeyNotFound, "", `{"redeemables":[{"object":"voucher","id":"NO-SUCH-CODE"}]}`)
}

// bytes that are no request, or one that lies about its length.
func (a *abused) bytes() {
	f := func(raw string, statuses ...int) {
		a.Helper()
		conn := a.connect(raw)
		_ = conn.CloseWrite() // fails where the server has had enough already
		got, _ := a.answer(conn)
		for _, status := range statuses {
			if got == status {
				a.alive(raw[:min(len(raw), 40)])
				return
			}
		}
		a.Errorf("%.40q: %d, want one of %v", raw, got, statuses)
	}
	const nothing = 0
	f("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", nothing, 400)
	f("GET\r\n\r\n", nothing, 400)
	f(strings.Repeat("A", 100_000), nothing, 400, 431)
	f("GET /v1/vouchers HTTP/1.1\r\n"+strings.Repeat("X-Long: "+strings.Repeat("y", 1000)+"\r\n", 100)+"\r\n", 431, 400)
	f("POST /v1/redemptions HTTP/1.1\r\n"+credentialsOnWire+"Content-Length: -5\r\n\r\n", nothing, 400)
	f("POST /v1/redemptions HTTP/1.1\r\n"+credentialsOnWire+"Content-Type: application/json\r\nContent-Length: 500\r\n\r\n{", nothing, 400)
	f("POST /v1/redemptions HTTP/1.1\r\n"+credentialsOnWire+"Content-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n", 413, 400)
	f("POST /v1/redemptions HTTP/1.1\r\n"+credentialsOnWire+"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n", nothing, 400)
	f("GET /v1/vouchers/%zz HTTP/1.1\r\n"+credentialsOnWire+"\r\n", 400)
	f("GET /v1/vouchers/%00%ff HTTP/1.1\r\n"+credentialsOnWire+"\r\n", 400, 404)
	f("GET /v1/vouchers/ALIVE HTTP/1.1\r\nHost: x\r\n\r\n", 401)
}

// patience: clients that begin and do not go on hold up nobody, and one that has
// said all it will say still gets its answer.
func (a *abused) patience() {
	whole := requestOnWire("/v1/redemptions", `{"redeemables":[{"object":"voucher","id":"ALIVE"}],"order":{"amount":1}}`)
	for i := range 200 {
		a.connect(whole[:1+i%(len(whole)-1)])
	}
	a.alive("200 requests that never end")
	conn := a.connect(whole)
	if err := conn.CloseWrite(); err != nil {
		a.Fatal(err)
	}
	if status, body := a.answer(conn); status != 200 {
		a.Errorf("half closed: %d %s", status, body)
	}
	for range 50 { // gone before the answer: the redemption may or may not be done
		if err := a.connect(whole).SetLinger(0); err != nil {
			a.Fatal(err)
		}
	}
	a.alive("50 clients that went away")
}

// overload: more at once than is served. Each answer is a success or says
// honestly that nothing was done.
func (a *abused) overload() {
	const (
		crowd = 400
		each  = 10
	)
	once := a.s.once()
	var over sync.WaitGroup
	for i := range crowd {
		over.Go(func() {
			for n := range each {
				_, err := once.RedeemCode(a.Context(), "ALIVE", fmt.Sprintf("c-%d-%d", i, n), &wire.Order{Amount: wire.Some[int64](1)})
				if err != nil && !client.IsUnavailable(err) {
					a.Errorf("under load: %v", err)
				}
			}
		})
	}
	over.Wait()
	a.alive("a crowd")
}
