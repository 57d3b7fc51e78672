package bench

import (
	"bytes"
	"fmt"
	"strconv"
)

// HTTP is the protocol of Scrip's public API over HTTP/1.1, without pipelining.
// Each lane has its own.
type HTTP struct {
	shape     *Shape
	redeem    stencil
	validate  stencil
	lists     [2][]byte
	batchHead []byte // up to Content-Length
	rollback  [2][]byte
	item      stencil
	refusals  map[string]bool
}

// Credentials are a server key.
type Credentials struct{ AppID, AppToken string }

// NewHTTP prepares requests to a host for a shape.
func NewHTTP(host string, key Credentials, s *Shape) *HTTP {
	common := "Host: " + host + "\r\nX-App-Id: " + key.AppID + "\r\nX-App-Token: " + key.AppToken + "\r\n"
	json := "Content-Type: application/json\r\n"
	if !s.Full {
		json += "Prefer: return=minimal\r\n"
	}
	keyed := "Idempotency-Key: " + holeKey(s) + "\r\n"
	body := requestBody(s, "")
	post := func(path, keys, body string) stencil {
		return newStencil(s, fmt.Sprintf("POST %s HTTP/1.1\r\n%s%s%sContent-Length: %d\r\n\r\n%s", path, common, json, keys, len(body), body))
	}
	h := &HTTP{
		shape:    s,
		redeem:   post("/v1/redemptions", keyed, body),
		validate: post("/v1/validations", "", body),
		item:     newStencil(s, requestBody(s, `,"idempotency_key":"`+holeKey(s)+`"`)),
		batchHead: []byte("POST /v1/redemptions/batch HTTP/1.1\r\n" + common + json +
			"Content-Length: "),
		rollback: [2][]byte{
			[]byte("POST /v1/redemptions/"),
			[]byte("/rollback HTTP/1.1\r\n" + common + "Content-Type: application/json\r\nContent-Length: 2\r\n"),
		},
		refusals: map[string]bool{},
	}
	for i, path := range s.Lists {
		h.lists[i] = []byte("GET " + path + " HTTP/1.1\r\n" + common + "\r\n")
	}
	return h
}

// The holes of a stencil: what the API would never take for itself.
const (
	holeCode     = "\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01"
	holeCustomer = "\x02\x02\x02\x02\x02\x02\x02\x02\x02\x02"
	holeCredits  = "\x03\x03\x03"
)

func holeKey(s *Shape) string { return string(bytes.Repeat([]byte{4}, len(s.KeyPrefix)+keyDigits)) }

// Credits have the width of their hole.
const creditsMin, creditsMax = 100, 999

func requestBody(s *Shape, more string) string {
	body := `{"redeemables":[{"object":"voucher","id":"` + holeCode + `"`
	if s.Credits {
		body += `,"gift":{"credits":` + holeCredits + `}`
	}
	body += `}],"order":{"amount":` + strconv.FormatInt(s.Amount, 10) + `}`
	if s.Customers {
		body += `,"customer":{"source_id":"` + holeCustomer + `"}`
	}
	return body + more + "}"
}

// stencil is a request with holes of fixed width, so that rendering is a copy
// and a few stores.
type stencil struct {
	text                         []byte
	code, key, customer, credits int // offsets; -1 where there is no such hole
}

func newStencil(s *Shape, text string) stencil {
	b := []byte(text)
	return stencil{
		text: b, code: bytes.Index(b, []byte(holeCode)), key: bytes.Index(b, []byte(holeKey(s))),
		customer: bytes.Index(b, []byte(holeCustomer)), credits: bytes.Index(b, []byte(holeCredits)),
	}
}

func (t *stencil) render(dst []byte, s *Shape, op *Op, item uint64) []byte {
	at := len(dst)
	dst = append(dst, t.text...)
	s.Codes.Append(dst[:at+t.code], op.Code+item)
	if t.key >= 0 {
		s.AppendKey(dst[:at+t.key], op.Key+item)
	}
	if t.customer >= 0 {
		s.AppendCustomer(dst[:at+t.customer], op.Customer)
	}
	if t.credits >= 0 {
		strconv.AppendInt(dst[:at+t.credits], min(max(op.Credits, creditsMin), creditsMax), 10)
	}
	return dst
}

// AppendRequest renders op.
func (h *HTTP) AppendRequest(dst []byte, op *Op) []byte {
	switch op.Kind {
	case Redeem, Guess:
		return h.redeem.render(dst, h.shape, op, 0)
	case Validate:
		return h.validate.render(dst, h.shape, op, 0)
	case Batch:
		return h.appendBatch(dst, op)
	case Rollback:
		dst = append(append(append(dst, h.rollback[0]...), op.ID...), h.rollback[1]...)
		dst = h.shape.AppendKey(append(dst, "Idempotency-Key: "...), op.Key)
		return append(dst, "\r\n\r\n{}"...)
	case ListFirst:
		return append(dst, h.lists[0]...)
	}
	return append(dst, h.lists[1]...)
}

func (h *HTTP) appendBatch(dst []byte, op *Op) []byte {
	const open, end = `{"redemptions":[`, `]}`
	length := len(open) + op.Count*(len(h.item.text)+1) - 1 + len(end)
	dst = strconv.AppendInt(append(dst, h.batchHead...), int64(length), 10)
	dst = append(append(dst, "\r\n\r\n"...), open...)
	for i := range op.Count {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = h.item.render(dst, h.shape, op, uint64(i))
	}
	return append(dst, end...)
}
