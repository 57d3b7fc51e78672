package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/wire"
)

// Without this a code with a slash or a percent sign in it is another code, and
// decoding twice opens a door past filters in front of us.
func TestCodesInPathsAreDecodedOnce(t *testing.T) {
	n := start(t, Limits{})
	f := func(raw, want string) {
		t.Helper()
		n.engine.took()
		conn := n.send("GET /v1/vouchers/" + raw + " HTTP/1.1\r\nConnection: close\r\n" + authHeaders + "\r\n")
		a := n.readAnswer(readerOf(conn))
		if got := n.engine.took(); got != strings.TrimSpace("Voucher "+want) || a.status != 200 {
			t.Errorf("%s: %d, engine saw %q", raw, a.status, got)
		}
	}
	f("A", "A")
	f("A%2FB", "A/B")
	f("A%252FB", "A%2FB")
	f("A+B", "A+B")
	f("A%20B", "A B")
	f("%C3%A4", "ä")
	f("%e4%bd%a0", "你")
	f("..", "..")
	f("%2E%2E%2Fkeys", "../keys")
	f("A%3Fb%3D1", "A?b=1")
	f("A;b", "A;b")
	f("import", "import")
	n.wantError(n.readAnswer(readerOf(n.send("GET /v1/vouchers/A%ZZ HTTP/1.1\r\n"+authHeaders+"\r\n"))), 400, wire.KeyInvalidCode)
	n.wantError(n.readAnswer(readerOf(n.send("GET /v1/redemptions/r% HTTP/1.1\r\n"+authHeaders+"\r\n"))), 404, wire.KeyNotFound)
}

// Without this a mistyped filter shows what was to be filtered out.
func TestQueriesAreStrict(t *testing.T) {
	n := start(t, Limits{})
	bad := func(query, key, field string) {
		t.Helper()
		e := n.wantError(n.as("user", "GET", "/v1/redemptions?"+query, ""), 400, key)
		if e.Field != field {
			t.Errorf("%s: field %q: %s", query, e.Field, e.Details)
		}
	}
	bad("limit=0", wire.KeyInvalidQueryParams, "limit")
	bad("limit=101", wire.KeyInvalidQueryParams, "limit")
	bad("limit=ten", wire.KeyInvalidQueryParams, "limit")
	bad("limit=1e1", wire.KeyInvalidQueryParams, "limit")
	bad("page=0", wire.KeyInvalidQueryParams, "page")
	bad("page=-1", wire.KeyInvalidQueryParams, "page")
	bad("page=99999999999999999999", wire.KeyInvalidQueryParams, "page")
	bad("page=2&cursor=x", wire.KeyInvalidQueryParams, "page")
	bad("limit=1&limit=2", wire.KeyInvalidQueryParams, "limit")
	bad("result=SUCESS", wire.KeyInvalidQueryParams, "result")
	bad("order=created", wire.KeyInvalidQueryParams, "order")
	bad("order=-voucher_code", wire.KeyNotSupported, "order")
	bad("created_at[after]=yesterday", wire.KeyInvalidQueryParams, "created_at[after]")
	bad("created_at%5Bbefore%5D=1", wire.KeyInvalidQueryParams, "created_at[before]")
	bad("filters[campaign][conditions][$is][0]=x", wire.KeyNotSupported, "filters")
	bad("filters%5Bjunction%5D=and", wire.KeyNotSupported, "filters")
	bad("updated_at[after]=2026-01-01", wire.KeyNotSupported, "updated_at")
	bad("campaign=%FF", wire.KeyInvalidQueryParams, "")
	bad("campaign="+strings.Repeat("x", queryValueBytesMax+1), wire.KeyQueryTooLarge, "")
	bad(strings.Repeat("a=&", queryParamsMax)+"b=", wire.KeyQueryTooLarge, "")

	e := n.wantError(n.as("user", "GET", "/v1/redemptions?result=success", ""), 400, wire.KeyInvalidQueryParams)
	if !strings.Contains(e.Details, `did you mean "SUCCESS"?`) {
		t.Error(e.Details)
	}
	if seen := n.engine.took(); seen != "" {
		t.Errorf("the engine was asked: %s", seen)
	}
}

// Without this a parameter is read and goes nowhere.
func TestQueriesReachTheEngine(t *testing.T) {
	n := start(t, Limits{})
	f := func(path, want string) {
		t.Helper()
		n.engine.took()
		if a := n.as("viewer", "GET", path, ""); a.status != 200 {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
		if got := n.engine.took(); got != want {
			t.Errorf("%s:\n got %s\nwant %s", path, got, want)
		}
	}
	const jan, feb = "2026-01-01T00:00:00.000Z", "2026-02-01T00:00:00.000Z"
	f("/v1/redemptions?limit=100&page=10000&result=SUCCESS&status=ROLLED_BACK&campaign=c&customer=u&voucher=v&order_id=o&order=-created_at&unknown=1"+
		"&created_at[after]=2026-01-01T02:00:00+02:00&created_at%5Bbefore%5D=2026-02-01",
		"Redemptions {Page:{Limit:100 Number:10000 Cursor: StartingAfter: Order:-created_at} Result:SUCCESS Status:ROLLED_BACK Campaign:c Customer:u Voucher:v Order:o After:"+jan+" Before:"+feb+"}")
	f("/v1/vouchers?cursor=abc&campaign_id=c&holder_id=h&category=k&code=A%2FB",
		"Vouchers {Page:{Limit:10 Number:0 Cursor:abc StartingAfter: Order:} Campaign:c Customer:h Category:k Code:A/B After: Before:}")
	f("/v1/campaigns?campaign_type=GIFT_VOUCHERS",
		"Campaigns {Page:{Limit:10 Number:1 Cursor: StartingAfter: Order:} CampaignType:GIFT_VOUCHERS}")
	f("/v1/customers?starting_after="+jan+"&name=Ann%20B",
		"Customers {Page:{Limit:10 Number:1 Cursor: StartingAfter:"+jan+" Order:} Email: Name:Ann B After: Before:}")
}

// Without this a form that curl sends by default is read as JSON, or a small
// compressed body becomes a large one.
func TestContentTypes(t *testing.T) {
	n := start(t, Limits{})
	f := func(contentType string, status int) {
		t.Helper()
		if a := n.as("user", "POST", "/v1/redemptions", redeemBody, "Content-Type", contentType); a.status != status {
			t.Errorf("%q: %d %s", contentType, a.status, a.body)
		}
	}
	f("application/json", 200)
	f("Application/JSON ; charset=utf-8", 200)
	f("application/x-www-form-urlencoded", 415)
	f("text/plain", 415)
	f("application/jsonx", 415)
	f("multipart/form-data; boundary=x", 415)
	n.wantError(n.as("user", "POST", "/v1/redemptions", redeemBody, "Content-Encoding", "gzip"), 415, wire.KeyUnsupportedMediaType)
	// Without a body there is nothing to have a type.
	if a := n.as("user", "POST", "/v1/vouchers", "", "Content-Type", "text/plain"); a.status != 200 {
		t.Errorf("an empty body: %d %s", a.status, a.body)
	}
	if a := n.as("user", "POST", "/v1/vouchers", " \r\n "); a.status != 200 {
		t.Errorf("a blank body: %d %s", a.status, a.body)
	}
}

// Without this the bound of a body is one byte off, or holds for one framing only.
func TestBodiesAreBounded(t *testing.T) {
	n := start(t, Limits{BodyBytesInFlight: coupon.BatchBodyBytesMax})
	f := func(path string, size int, chunked bool, status int) {
		t.Helper()
		body := redeemBody + strings.Repeat(" ", size-len(redeemBody))
		req, err := http.NewRequest("POST", "http://"+n.addr+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if chunked {
			req.ContentLength = -1
		}
		for k, v := range map[string]string{"X-App-Id": "user", "X-App-Token": goodToken, "Content-Type": "application/json"} {
			req.Header.Set(k, v)
		}
		a := n.do(req)
		if a.status != status {
			t.Errorf("%s, %d bytes, chunked %v: %d %s", path, size, chunked, a.status, a.body)
		}
		if status == 413 {
			n.wantError(a, 413, wire.KeyPayloadTooLarge)
		}
	}
	for _, chunked := range []bool{false, true} {
		f("/v1/redemptions", coupon.BodyBytesMax, chunked, 200)
		f("/v1/redemptions", coupon.BodyBytesMax+1, chunked, 413)
		f("/v1/redemptions/batch", coupon.BodyBytesMax+1, chunked, 400) // read, and then no batch
		f("/v1/redemptions/batch", coupon.BatchBodyBytesMax+1, chunked, 413)
	}
	if held := n.server.bodyBytes.Load(); held != 0 {
		t.Errorf("%d bytes are still counted as held", held)
	}
	// Over the bound on all bodies together the answer is "not now", at once.
	n.server.bodyBytes.Add(coupon.BatchBodyBytesMax)
	f("/v1/redemptions", reserveOver, false, 200)
	f("/v1/redemptions", reserveOver+1, false, 503)
	n.server.bodyBytes.Add(-coupon.BatchBodyBytesMax)
	f("/v1/redemptions", reserveOver+1, false, 200)
}

// Without this a key that the engine would cut off or mangle is taken, and two
// requests become one.
func TestIdempotencyKeys(t *testing.T) {
	n := start(t, Limits{})
	f := func(method, path, body, key, want string) {
		t.Helper()
		a := n.as("user", method, path, body, "Idempotency-Key", key)
		if a.status != 200 || n.engine.lastCall().Key != want {
			t.Errorf("%s %s with %q: %d, the engine got %q", method, path, key, a.status, n.engine.lastCall().Key)
		}
	}
	long := strings.Repeat("k", wire.KeyCharsMax)
	f("POST", "/v1/redemptions", redeemBody, "key 1/ä", "key 1/ä")
	f("POST", "/v1/redemptions", redeemBody, long, long)
	f("POST", "/v1/vouchers/A/balance", `{"amount":1}`, "k", "k")
	f("POST", "/v1/validations", redeemBody, "k", "") // changes nothing
	f("GET", "/v1/vouchers/A", "", "k", "")
	n.wantError(n.as("user", "POST", "/v1/redemptions", redeemBody, "Idempotency-Key", long+"k"), 400, wire.KeyInvalidIdempotencyKey)
	n.wantError(n.as("user", "POST", "/v1/redemptions", redeemBody, "Idempotency-Key", "a\tb"), 400, wire.KeyInvalidIdempotencyKey)
	n.wantError(n.as("user", "POST", "/v1/redemptions", redeemBody, "Idempotency-Key", "\xff"), 400, wire.KeyInvalidIdempotencyKey)
}

// Without this a client that asked for little gets much, or is not told that it
// got little.
func TestPreferMinimal(t *testing.T) {
	n := start(t, Limits{})
	full := n.as("user", "POST", "/v1/redemptions", redeemBody)
	small := n.as("user", "POST", "/v1/redemptions", redeemBody, "Prefer", "respond-async, return=minimal")
	if len(small.body) >= len(full.body) || small.header.Get("Preference-Applied") != "return=minimal" {
		t.Errorf("%v %s", small.header, small.body)
	}
	if full.header.Get("Preference-Applied") != "" {
		t.Error("a preference was applied that nobody had")
	}
}

// Without this what one request left in a pooled object reaches the answer of
// the next: another customer's voucher, a code that was not asked for.
func TestPooledObjectsStartEmpty(t *testing.T) {
	n := start(t, Limits{})
	n.as("user", "POST", "/v1/redemptions", `{"redeemables":[{"object":"voucher","id":"OTHER"}],"tracking_id":"t-other","customer":{"source_id":"u-other"}}`)
	n.engine.onRedeem = func(_ context.Context, req *wire.RedeemRequest, out *wire.RedeemResponse) error {
		if len(out.Redemptions) != 0 || out.Order != nil || req.Customer != nil || req.TrackingID != "" {
			return fmt.Errorf("left over: %+v %+v", req, out)
		}
		spare := out.Redemptions[:cap(out.Redemptions)]
		for i := range spare {
			if spare[i].Voucher != nil || spare[i].ID != "" {
				return fmt.Errorf("left over: %+v", spare[i])
			}
		}
		return nil
	}
	for range 20 {
		if a := n.as("user", "POST", "/v1/redemptions", redeemBody); a.status != 200 {
			t.Fatalf("%s %s", a.body, n.log.String())
		}
	}
}
