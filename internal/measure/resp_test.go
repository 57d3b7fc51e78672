package main

import (
	"bytes"
	"errors"
	"testing"

	"github.com/scrip-engine/scrip/bench"
)

// Without this a reply that comes in two pieces, or an error of Redis, would be
// counted as a redemption, or hang the loop.
func TestRESPReplies(t *testing.T) {
	f := func(in string, kind byte, text string) {
		t.Helper()
		gotKind, gotText, used, err := parseRESP([]byte(in + "+next\r\n"))
		if err != nil || gotKind != kind || string(gotText) != text || used != len(in) {
			t.Errorf("%q: %c %q, %d bytes, %v", in, gotKind, gotText, used, err)
		}
		for cut := range len(in) {
			if _, _, used, err := parseRESP([]byte(in[:cut])); used != 0 || err != nil {
				t.Errorf("%q: %d bytes used, %v", in[:cut], used, err)
			}
		}
	}
	f("+OK\r\n", respSimple, "OK")
	f("-NOSCRIPT no script\r\n", respError, "NOSCRIPT no script")
	f(":-42\r\n", respNumber, "-42")
	f("$5\r\nhello\r\n", respBulk, "hello")
	f("$0\r\n\r\n", respBulk, "")
	f("$2\r\n\r\n\r\n", respBulk, "\r\n")
	f("$-1\r\n", respNil, "")
}

// Without this garbage would be waited for until the time is over.
func TestRESPRefuses(t *testing.T) {
	f := func(in string) {
		t.Helper()
		if _, _, used, err := parseRESP([]byte(in)); !errors.Is(err, errNoRESP) {
			t.Errorf("%q: %d bytes used, %v", in, used, err)
		}
	}
	f("HTTP/1.1 200 OK\r\n")
	f(":x\r\n")
	f("$-2\r\n")
	f("$9999999999\r\n")
	f("$2\r\nabc\r\n")
	f("*1\r\n$1\r\na\r\n") // nothing that we ask answers with an array
}

// Without this one command of a thousand could differ from what Redis' own client
// would send, and no answer would say why.
func TestRESPRequestIsACommand(t *testing.T) {
	shape := &bench.Shape{Codes: bench.NewCodes(1), KeyPrefix: "b-", Amount: 10_000, Customers: true}
	code := shape.Codes.Code(7)
	want := appendRESP(nil, "EVALSHA", "sha", "3", "v:"+code, "k:"+code+":b-000000000009", "c:"+code, "c00000000a", "10000", "86400000")
	p := newRedisProtocol(shape, "sha")
	for range 2 { // its scratch memory is used again
		if got := p.AppendRequest(nil, &bench.Op{Code: 7, Key: 9, Customer: 10}); !bytes.Equal(got, want) {
			t.Fatalf("%q\nwant %q", got, want)
		}
	}
}

// Without this a refusal could be counted as a success, and an error of the server
// as a refusal.
func TestAnswersAreJudged(t *testing.T) {
	f := func(reply string, class bench.Class, ids int, name string) {
		t.Helper()
		p := newRedisProtocol(new(bench.Shape), "sha")
		var r bench.Reply
		var v bench.Verdict
		if used, err := p.ParseReply([]byte(reply), &r); used != len(reply) || err != nil {
			t.Fatal(used, err)
		}
		p.Judge(new(bench.Op), &r, &v)
		if v.Class != class || len(v.IDs) != ids || string(v.Name) != name {
			t.Errorf("%q: %v, %d ids, %q", reply, v.Class, len(v.IDs), v.Name)
		}
	}
	f("$17\r\n{\"id\":\"ABC#1\",..}\r\n", bench.Succeeded, 1, "")
	f("$17\r\nquantity_exceeded\r\n", bench.Refused, 0, "quantity_exceeded")
	f("$9\r\n{\"id\":\"\"}\r\n", bench.Refused, 0, `{"id":""}`)
	f("-ERR x\r\n", bench.Unknown, 0, "ERR x")
	f("$-1\r\n", bench.Unknown, 0, "")
}

// Without this a reply made by a broken server could panic the generator, or be
// read beyond its end.
func FuzzParseRESP(f *testing.F) {
	for _, in := range []string{"+OK\r\n", "-ERR\r\n", ":1\r\n", "$3\r\nabc\r\n", "$-1\r\n", "$3\r\nab", "*1\r\n", "$"} {
		f.Add([]byte(in))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		_, text, used, err := parseRESP(in)
		if used < 0 || used > len(in) || len(text) > used || err != nil && used > 0 && !errors.Is(err, errNoRESP) {
			t.Fatalf("%d bytes used of %d, text of %d, %v", used, len(in), len(text), err)
		}
		if used == 0 || err != nil {
			return
		}
		again, sameText, sameUsed, err := parseRESP(in[:used])
		if again != in[0] && again != respNil || !bytes.Equal(text, sameText) || sameUsed != used || err != nil {
			t.Fatalf("the reply alone is read otherwise: %q, %d, %v", sameText, sameUsed, err)
		}
	})
}
