package httpapi

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/scrip-engine/scrip/wire"
)

// Without this a key of the table reaches the caller with another status, without
// its page, or without Retry-After where waiting is what helps.
func TestEveryKeyIsAnswered(t *testing.T) {
	n := start(t, Limits{})
	for _, info := range wire.Keys() {
		e := wire.NewError(info.Key, "because")
		e.ResourceID, e.Field = "r_1", "order.amount"
		n.engine.err = fmt.Errorf("wrapped: %w", &e)
		before := time.Now()
		a := n.as("user", "POST", "/v1/redemptions", redeemBody)
		holdRateLimit(t, info, a, before, time.Now())
		got := n.wantError(a, info.Status, info.Key)
		if got.Outcome != info.Family.Outcome() || got.Details != "because" || got.ResourceID != "r_1" || got.Field != "order.amount" {
			t.Errorf("%s: %+v", info.Key, got)
		}
		waits := info.Status == 429 || info.Status == 503 || info.Status == 504
		if waits != (a.header.Get("Retry-After") != "") {
			t.Errorf("%s: Retry-After %q", info.Key, a.header.Get("Retry-After"))
		}
		if _, err := os.Stat("../docs/" + info.Page() + ".md"); err != nil {
			t.Errorf("the link leads nowhere: %v", err)
		}
	}
}

// holdRateLimit holds the headers that clients of Voucherify read beside
// Retry-After: when to come back, as a second of the epoch, with each 429; and no
// limit or remainder, because there is no limiter to take one from.
func holdRateLimit(t *testing.T, info wire.KeyInfo, a answer, before, after time.Time) {
	t.Helper()
	if a.header.Get("X-Rate-Limit-Limit") != "" || a.header.Get("X-Rate-Limit-Remaining") != "" {
		t.Errorf("%s: a limit out of nowhere: %v", info.Key, a.header)
	}
	given := a.header.Get("X-Rate-Limit-Retry")
	if info.Status != http.StatusTooManyRequests {
		if given != "" {
			t.Errorf("%s: X-Rate-Limit-Retry %q", info.Key, given)
		}
		return
	}
	at, err := strconv.ParseInt(given, 10, 64)
	wait, err2 := time.ParseDuration(a.header.Get("Retry-After") + "s")
	if back := time.Unix(at, 0); err != nil || err2 != nil || back.Before(before.Add(wait)) || back.After(after.Add(wait+time.Second)) {
		t.Errorf("%s: X-Rate-Limit-Retry %q between %v and %v, Retry-After %v", info.Key, given, before, after, wait)
	}
}

// Without this an error's text, which may hold a code or a path, reaches callers,
// or an answer that went wrong looks like a success.
func TestErrorsThatNobodyExpects(t *testing.T) {
	n := start(t, Limits{})
	var none *wire.Error
	strange := wire.NewError(wire.KeyNotFound, "")
	strange.Code = 200
	f := func(err error, status int, key string) {
		t.Helper()
		n.engine.err = err
		a := n.as("user", "POST", "/v1/redemptions", redeemBody)
		if strings.Contains(a.body, "secret") || a.status != status || !strings.Contains(a.body, key) {
			t.Errorf("%v: %d %s", err, a.status, a.body)
		}
	}
	f(errors.New("open /secret"), 500, wire.KeyInternalError)
	f(none, 500, wire.KeyInternalError)
	f(&strange, 500, wire.KeyNotFound)
	f(&wire.FieldError{Field: "order", Key: wire.KeyInvalidOrder, Message: "is odd"}, 400, wire.KeyInvalidOrder)
	if !strings.Contains(n.log.String(), "open /secret") {
		t.Error("the cause is not in the log")
	}
}

// Without this the server and its logs do not know each other's requests, or a
// caller writes into the logs.
func TestRequestID(t *testing.T) {
	n := start(t, Limits{})
	f := func(given, want string) {
		t.Helper()
		a := n.as("user", "GET", "/v1/vouchers/X", "", "X-Request-Id", given)
		got := a.header.Get("X-Request-Id")
		if want == "" && (got == given || !strings.HasPrefix(got, "req_")) || want != "" && got != want {
			t.Errorf("%q: %q", given, got)
		}
		if n.engine.lastCall().RequestID != got {
			t.Errorf("the engine got %q, the caller %q", n.engine.lastCall().RequestID, got)
		}
	}
	f("trace-1.2:3", "trace-1.2:3")
	f(strings.Repeat("x", requestIDBytesMax), strings.Repeat("x", requestIDBytesMax))
	f(strings.Repeat("x", requestIDBytesMax+1), "")
	f("a b", "")
	f("ä", "")
	f("", "")
	if one, other := newRequestID(), newRequestID(); one == other {
		t.Errorf("two ids are equal: %s", one)
	}
}

// Without this one request that meets a mistake of ours takes all others along.
func TestPanicEndsOneRequest(t *testing.T) {
	n := start(t, Limits{})
	n.engine.onRedeem = nil
	a := n.as("user", "POST", "/v1/redemptions/batch", `{"redemptions":[{"redeemables":[{"object":"voucher","id":"A"}]}]}`)
	if a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	n.engine.onRedeem = panicking
	e := n.wantError(n.as("user", "POST", "/v1/redemptions", redeemBody), 500, wire.KeyInternalError)
	if e.Outcome != wire.Unknown {
		t.Errorf("after a panic nobody knows what happened, but: %s", e.Outcome)
	}
	if logged := n.log.String(); !strings.Contains(logged, "S5: used 4 > 3") || !strings.Contains(logged, e.RequestID) {
		t.Errorf("log: %s", logged)
	}
	n.engine.onRedeem = nil
	n.alive()
}

// Without this OAuth clients cannot read why they got no token.
func TestOAuthToken(t *testing.T) {
	n := start(t, Limits{})
	f := func(body, authorization string, status int, want string) {
		t.Helper()
		req, err := http.NewRequest("POST", "http://"+n.addr+"/v1/oauth/token", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
		if id, token, ok := strings.Cut(authorization, ":"); ok {
			req.SetBasicAuth(id, token)
		}
		a := n.do(req)
		if a.status != status || !strings.Contains(a.body, want) || a.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s with %q: %d %v %s", body, authorization, a.status, a.header, a.body)
		}
	}
	const grant = "grant_type=client_credentials"
	f(grant, "user:"+goodToken, 200, `"access_token":"bearer-of-the-test"`)
	f(grant+"&client_id=user&client_secret="+goodToken, "", 200, `"expires_in":900`)
	f(grant, "user:wrong", 401, `"error":"invalid_client"`)
	f(grant+"&client_id=user&client_secret=wrong", "", 401, `"key":"unauthorized"`)
	f(grant, "", 401, `"outcome":"not_done"`)
	f("grant_type=password", "user:"+goodToken, 400, `"error":"unsupported_grant_type"`)
	f("", "user:"+goodToken, 400, `"error":"unsupported_grant_type"`)
	f(strings.Repeat("x", formBytesMax+1), "user:"+goodToken, 413, `"key":"payload_too_large"`)
}
