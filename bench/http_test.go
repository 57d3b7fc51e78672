package bench

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/cespare/xxhash/v2"

	"github.com/scrip-engine/scrip/wire"
)

func testShape(seed uint64) *Shape {
	return &Shape{Codes: NewCodes(seed), KeyPrefix: "b0-", Amount: 10_000, Lists: [2]string{"/v1/a", "/v1/b"}}
}

// split parts a request into its header and its body, whose length must be what
// the header says.
func split(t *testing.T, request []byte) (head string, body []byte) {
	t.Helper()
	at := bytes.Index(request, endOfHeader)
	if at < 0 {
		t.Fatalf("no end of the header: %q", request)
	}
	head, body = string(request[:at+2]), request[at+4:]
	if want := fmt.Sprintf("Content-Length: %d\r\n", len(body)); strings.HasPrefix(head, "POST") && !strings.Contains(head, want) {
		t.Fatalf("%q has a body of %d bytes", head, len(body))
	}
	return head, body
}

// Without this the audit asks again with another request than the loop sent, and
// the key is refused as a conflict; or the loop sends what is no request at all.
func TestRequestsAreWhatTheAPIReads(t *testing.T) {
	for _, customers := range []bool{false, true} {
		for _, credits := range []bool{false, true} {
			_, seed := seeded(t)
			s := testShape(seed)
			s.Customers, s.Credits = customers, credits
			h := NewHTTP("host:1", Credentials{"app", "token"}, s)
			op := Op{Kind: Redeem, Code: 77, Key: 0xabc, Customer: 5, Credits: 250}
			head, body := split(t, h.AppendRequest([]byte("x"), &op)[1:])
			if !strings.HasPrefix(head, "POST /v1/redemptions HTTP/1.1\r\n") || !strings.Contains(head, "Idempotency-Key: b0-000000000abc\r\n") ||
				!strings.Contains(head, "X-App-Id: app\r\nX-App-Token: token\r\n") || !strings.Contains(head, "Prefer: return=minimal\r\n") {
				t.Errorf("%q", head)
			}
			var read wire.RedeemRequest
			if err := read.Decode(body); err != nil {
				t.Fatalf("%s: %v", body, err)
			}
			if got, want := string(read.AppendJSON(nil)), string(s.request(&op).AppendJSON(nil)); got != want {
				t.Errorf("sent %s, and would ask again with %s", got, want)
			}
			op.Kind = Validate
			if head, again := split(t, h.AppendRequest(nil, &op)); !strings.HasPrefix(head, "POST /v1/validations ") || !bytes.Equal(body, again) ||
				strings.Contains(head, "Idempotency-Key") {
				t.Errorf("%q %s", head, again)
			}
		}
	}
}

// Without this a batch has a wrong length, or items that share a key.
func TestBatchesAreWhatTheAPIReads(t *testing.T) {
	s := testShape(1)
	h := NewHTTP("host:1", Credentials{}, s)
	op := Op{Kind: Batch, Code: 10, Key: 20, Count: 3}
	head, body := split(t, h.AppendRequest(nil, &op))
	var read wire.BatchRequest
	if err := read.Decode(body); err != nil || !strings.HasPrefix(head, "POST /v1/redemptions/batch ") || len(read.Redemptions) != 3 {
		t.Fatalf("%s: %v", body, err)
	}
	for i := range read.Redemptions {
		one, it := op.item(i), &read.Redemptions[i]
		if it.Redeemables[0].ID != s.Codes.Code(10+uint64(i)) || it.IdempotencyKey != s.Key(20+uint64(i)) || it.IdempotencyKey != s.Key(one.Key) {
			t.Errorf("item %d: %+v", i, it)
		}
	}
}

// Without this the steps that are no redemption go elsewhere.
func TestOtherRequests(t *testing.T) {
	h := NewHTTP("host:1", Credentials{}, testShape(1))
	head, body := split(t, h.AppendRequest(nil, &Op{Kind: Rollback, ID: []byte("r_1"), Key: 1}))
	if !strings.HasPrefix(head, "POST /v1/redemptions/r_1/rollback HTTP/1.1\r\n") || string(body) != "{}" {
		t.Errorf("%q %q", head, body)
	}
	for kind, path := range map[Kind]string{ListFirst: "/v1/a", ListDeep: "/v1/b"} {
		if head, body := split(t, h.AppendRequest(nil, &Op{Kind: kind})); !strings.HasPrefix(head, "GET "+path+" HTTP/1.1\r\n") || len(body) > 0 {
			t.Errorf("%q %q", head, body)
		}
	}
}

func answer(status int, body string) []byte {
	return fmt.Appendf(nil, "HTTP/1.1 %d Some Words\r\nDate: now\r\nContent-Length: %d\r\nX-Request-Id: r\r\n\r\n%s", status, len(body), body)
}

// Without this an answer that arrives in pieces is taken for a whole one, or for
// none (the two reads between which it is cut may be anywhere).
func TestAnswersInPieces(t *testing.T) {
	h := NewHTTP("host:1", Credentials{}, testShape(1))
	whole := answer(200, `{"result":"SUCCESS"}`)
	for cut := range len(whole) {
		if n, err := h.ParseReply(whole[:cut], new(Reply)); n != 0 || err != nil {
			t.Fatalf("%q: %d, %v", whole[:cut], n, err)
		}
	}
	var r Reply
	if n, err := h.ParseReply(append(whole, "next"...), &r); n != len(whole) || err != nil || r.Status != 200 || string(r.Body) != `{"result":"SUCCESS"}` || r.Close {
		t.Errorf("%d, %v, %+v", n, err, r)
	}
}

// Without this a server with other habits is misread, and garbage is waited for
// until the end of time.
func TestHeadersOfOthers(t *testing.T) {
	h := NewHTTP("host:1", Credentials{}, testShape(1))
	f := func(text string, status int, body string, closes bool) {
		t.Helper()
		var r Reply
		n, err := h.ParseReply([]byte(text), &r)
		if n != len(text) || err != nil || r.Status != status || string(r.Body) != body || r.Close != closes {
			t.Errorf("%q: %d, %v, %+v", text, n, err, r)
		}
	}
	f("HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\nconnection: close\r\n\r\nno", 404, "no", true)
	f("HTTP/1.1 204 No Content\r\n\r\n", 204, "", false)
	f("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", 200, "", true)
	for _, bad := range []string{
		"SSH-2.0\r\n\r\n", "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 2x0 OK\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", "\r\n\r\n",
	} {
		if n, err := h.ParseReply([]byte(bad), new(Reply)); err == nil {
			t.Errorf("%q: %d, no error", bad, n)
		}
	}
}

// Without this a refusal is counted as a success, an unknown as a failure, or
// what cannot be read as anything at all (B3).
func TestVerdicts(t *testing.T) {
	s := testShape(1)
	h := NewHTTP("host:1", Credentials{}, s)
	f := func(k Kind, status int, body string, class Class, name string) {
		t.Helper()
		var v Verdict
		v.reset()
		h.Judge(&Op{Kind: k, Count: 2}, &Reply{Status: status, Body: []byte(body)}, &v)
		if v.Class != class || string(v.Name) != name {
			t.Errorf("%v %d %s: %v %q, want %v %q", k, status, body, v.Class, v.Name, class, name)
		}
	}
	e := func(key string) (int, string) {
		err := wire.NewError(key, "")
		return err.Code, string(err.AppendJSON(nil))
	}
	redemption := wire.Redemption{ID: "r_abc", Object: "redemption", Result: wire.ResultSuccess, Status: wire.StatusSucceeded,
		Order: &wire.OrderCalculated{}, Voucher: &wire.Voucher{ID: "v_1"}}
	whole := wire.RedeemResponse{Redemptions: []wire.Redemption{redemption}}
	for _, body := range []string{string(whole.AppendJSON(nil)), string(whole.AppendMinimal(nil))} {
		f(Redeem, 200, body, Succeeded, "")
		var v Verdict
		h.Judge(&Op{Kind: Redeem}, &Reply{Status: 200, Body: []byte(body)}, &v)
		if len(v.IDs) != 1 || v.IDs[0] != xxhash.Sum64String("r_abc") || string(v.ID) != "r_abc" {
			t.Errorf("%s: %+v", body, v)
		}
	}
	f(Redeem, 200, `{"redemptions":[{"id":"r_1","result":"FAILURE"}]}`, Unknown, "unreadable answer")
	f(Redeem, 200, ``, Unknown, "unreadable answer")
	f(Redeem, 502, `<html>`, Unknown, "status 502")
	f(Validate, 502, `<html>`, Failed, "status 502")
	for key, class := range map[string]Class{wire.KeyQuantityExceeded: Refused, wire.KeyNotFound: Refused,
		wire.KeyOutcomeUnknown: Unknown, wire.KeyTooManyRequests: Failed, wire.KeyUnavailable: Failed, wire.KeyInvalidPayload: Failed} {
		status, body := e(key)
		f(Redeem, status, body, class, key)
	}
	f(Validate, 200, `{"valid":true,"redeemables":[]}`, Succeeded, "")
	f(Validate, 200, `{"valid":false,"redeemables":[{"result":{"error":{"key":"not_found"}}}]}`, Refused, "not_found")
	f(Validate, 200, `{}`, Failed, "unreadable answer")
	f(Rollback, 200, `{"id":"rr_1","result":"SUCCESS"}`, Succeeded, "")
	f(ListFirst, 200, `{"object":"list","vouchers":[{"id":"v_1"}]}`, Succeeded, "")
	f(ListDeep, 200, `{"object":"list","vouchers":[]}`, Failed, "unreadable answer")
}

// Without this one refused item of a batch shifts the codes of the others, or a
// batch that was cut short passes for a whole one.
func TestVerdictsOnBatches(t *testing.T) {
	h := NewHTTP("host:1", Credentials{}, testShape(1))
	ok := func(id string) wire.BatchResult {
		return wire.BatchResult{Status: 200, Redemption: &wire.Redemption{ID: id, Result: wire.ResultSuccess, Status: wire.StatusSucceeded,
			Order: &wire.OrderCalculated{Status: "CREATED"}}}
	}
	bad := func(key string) wire.BatchResult {
		e := wire.NewError(key, "")
		return wire.BatchResult{Status: e.Code, Error: &e}
	}
	whole := wire.BatchResponse{Results: []wire.BatchResult{ok("r_0"), bad(wire.KeyQuantityExceeded), ok("r_2"), bad(wire.KeyOutcomeUnknown), ok("r_4")}}
	op := Op{Kind: Batch, Code: 100, Key: 200, Count: 5}
	for _, body := range [][]byte{whole.AppendJSON(nil), whole.AppendMinimal(nil)} {
		var v Verdict
		h.Judge(&op, &Reply{Status: 200, Body: body}, &v)
		if v.Class != Succeeded || len(v.IDs) != 3 || v.Refusals != 1 || len(v.LostItems) != 1 || v.LostItems[0] != 3 {
			t.Fatalf("%s: %+v", body, v)
		}
		var l Ledger
		l.note(&op, &v)
		var codes []uint64
		l.uses.each(func(u use) { codes = append(codes, u.code) })
		if fmt.Sprint(codes) != "[100 102 104]" || len(l.Unknowns) != 1 || l.Unknowns[0].Op.Code != 103 || l.Unknowns[0].Op.Key != 203 {
			t.Errorf("acknowledged %v, unknown %+v", codes, l.Unknowns)
		}
	}
	op.Count = 6
	var v Verdict
	if h.Judge(&op, &Reply{Status: 200, Body: whole.AppendJSON(nil)}, &v); v.Class != Unknown || len(v.IDs) != 0 {
		t.Errorf("five results for six items: %+v", v)
	}
}

// FuzzParseReply: whatever a server sends, the loop neither panics nor takes more
// than there is.
func FuzzParseReply(f *testing.F) {
	f.Add(answer(200, `{"result":"SUCCESS"}`))
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\n"))
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 5"))
	f.Fuzz(func(t *testing.T, in []byte) {
		h := NewHTTP("host:1", Credentials{}, testShape(1))
		var r Reply
		n, err := h.ParseReply(in, &r)
		if n < 0 || n > len(in) || err != nil && n != 0 {
			t.Fatalf("%d of %d, %v", n, len(in), err)
		}
		if n == 0 {
			return
		}
		for k := range kinds {
			var v Verdict
			h.Judge(&Op{Kind: k, Count: 1}, &r, &v)
			if v.Class == Succeeded && k == Redeem && len(v.IDs) != 1 {
				t.Fatalf("a success without an id: %q", r.Body)
			}
		}
	})
}
