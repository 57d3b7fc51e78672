package bench

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"

	"github.com/cespare/xxhash/v2"

	"github.com/scrip-engine/scrip/wire"
)

// What is looked for in an answer.
var (
	endOfHeader   = []byte("\r\n\r\n")
	contentLength = []byte("\nContent-Length: ")
	closing       = []byte("\nConnection: close")
	successField  = []byte(`"result":"SUCCESS"`)
	validField    = []byte(`"valid":true`)
	invalidField  = []byte(`"valid":false`)
	unknownField  = []byte(`"outcome":"unknown"`)
	listField     = []byte(`"object":"list"`)
	idField       = []byte(`"id":"`)
	keyField      = []byte(`"key":"`)
	amountField   = []byte(`"gift":{"amount":`)
	itemField     = []byte(`{"status":`)
	nameOfLost    = []byte("outcome_unknown")
	nameOfOdd     = []byte("unreadable answer")
)

var errNoHTTP = errors.New("not an answer of HTTP/1.1 with a Content-Length")

// ParseReply finds one answer. Headers are looked for as the usual servers write
// them, and only otherwise without regard to case.
func (h *HTTP) ParseReply(in []byte, r *Reply) (int, error) {
	end := bytes.Index(in, endOfHeader)
	if end < 0 {
		return 0, nil
	}
	head := in[:end+2]
	if len(head) < 12 || string(head[:9]) != "HTTP/1.1 " {
		return 0, errNoHTTP
	}
	status, ok := decimal(head[9:12])
	if !ok {
		return 0, errNoHTTP
	}
	length, err := bodyLength(head, status)
	if err != nil {
		return 0, err
	}
	if length > answerBytesMax {
		return 0, fmt.Errorf("an answer of %d bytes", length)
	}
	whole := end + len(endOfHeader) + length
	if len(in) < whole {
		return 0, nil
	}
	r.Status, r.Body = status, in[end+len(endOfHeader):whole]
	r.Close = bytes.Contains(head, closing) || bytes.Contains(head, []byte("\nconnection: close"))
	return whole, nil
}

func bodyLength(head []byte, status int) (int, error) {
	at := bytes.Index(head, contentLength)
	if at < 0 {
		at = bytes.Index(bytes.ToLower(head), bytes.ToLower(contentLength))
	}
	if at < 0 {
		if status == 204 {
			return 0, nil
		}
		return 0, errNoHTTP
	}
	text := head[at+len(contentLength):]
	n, ok := decimal(text[:max(0, bytes.IndexByte(text, '\r'))])
	if !ok {
		return 0, errNoHTTP
	}
	return n, nil
}

// decimal reads digits without allocating.
func decimal(text []byte) (n int, ok bool) {
	if len(text) == 0 || len(text) > 9 {
		return 0, false
	}
	for _, c := range text {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + int(c-'0')
	}
	return n, true
}

// Judge reads an answer. A success is one that says so and names what it made
// (B3).
func (h *HTTP) Judge(op *Op, r *Reply, v *Verdict) {
	switch {
	case r.Status == 200 && op.Kind == Batch:
		h.judgeBatch(op, r.Body, v)
	case r.Status != 200:
		h.judgeError(op.Kind, r, v)
	case op.Kind == Validate && bytes.Contains(r.Body, invalidField):
		v.Class, v.Name = Refused, valueAfter(r.Body, keyField)
	case op.Kind == Validate && bytes.Contains(r.Body, validField):
	case (op.Kind == Redeem || op.Kind == Guess) && h.judgeRedemption(r.Body, 0, v):
	case op.Kind == Rollback && bytes.Contains(r.Body, successField):
	case (op.Kind == ListFirst || op.Kind == ListDeep) && bytes.Contains(r.Body, listField) && bytes.Contains(r.Body, idField):
	default:
		v.lost(op.Kind, string(nameOfOdd))
	}
}

// judgeRedemption reads the answer to one redemption: the first id in it is the
// redemption's.
func (h *HTTP) judgeRedemption(body []byte, item int, v *Verdict) bool {
	id := valueAfter(body, idField)
	if len(id) == 0 || !bytes.Contains(body, successField) {
		return false
	}
	v.ID = id
	v.IDs, v.Items = append(v.IDs, xxhash.Sum64(id)), append(v.Items, item)
	if at := bytes.Index(body, amountField); at >= 0 && h.shape.Credits {
		digits := body[at+len(amountField):]
		n, err := strconv.ParseInt(string(digits[:max(0, bytes.IndexByte(digits, '}'))]), 10, 64)
		if err != nil {
			return false
		}
		v.Amount = n
	}
	return true
}

// judgeBatch reads one result after the other.
func (h *HTTP) judgeBatch(op *Op, body []byte, v *Verdict) {
	var none []byte
	items := 0
	for at := nextItem(body); at >= 0; items++ {
		item := body[at:]
		next := nextItem(item)
		if body = item; next >= 0 {
			item = item[:next]
		}
		at = next
		switch {
		case bytes.HasPrefix(item, []byte("200")) && h.judgeRedemption(item, items, v):
		case bytes.Contains(item, unknownField), bytes.HasPrefix(item, []byte("200")):
			v.LostItems = append(v.LostItems, items)
			none = nameOfLost
		default:
			v.Refusals++
			none = valueAfter(item, keyField)
		}
	}
	v.Name = none
	if items != op.Count {
		v.lost(op.Kind, string(nameOfOdd))
	}
}

// nextItem finds where the status of the next result begins: a number, unlike
// the status of an order. -1 when there is none.
func nextItem(body []byte) int {
	for from := 0; ; {
		at := bytes.Index(body[from:], itemField)
		if at < 0 {
			return -1
		}
		from += at + len(itemField)
		if from < len(body) && body[from] >= '0' && body[from] <= '9' {
			return from
		}
	}
}

// judgeError tells a refusal from what was not done and from what is unknown.
func (h *HTTP) judgeError(k Kind, r *Reply, v *Verdict) {
	key := valueAfter(r.Body, keyField)
	switch {
	case len(key) == 0:
		v.lost(k, "status "+strconv.Itoa(r.Status))
	case bytes.Contains(r.Body, unknownField):
		v.lost(k, string(key))
	case h.isRefusal(key):
		v.Class, v.Name = Refused, key
	default:
		v.Class, v.Name = Failed, key
	}
}

// isRefusal remembers what the table of errors says, so that a flood of refusals
// costs the loop no allocation.
func (h *HTTP) isRefusal(key []byte) bool {
	refusal, known := h.refusals[string(key)]
	if !known {
		info, ok := wire.Lookup(string(key))
		refusal = ok && info.Family == wire.FamilyRefusal
		if len(h.refusals) < namesMax {
			h.refusals[string(key)] = refusal
		}
	}
	return refusal
}

// valueAfter returns the string that begins after a field. None of those asked
// for can hold a quote.
func valueAfter(body, field []byte) []byte {
	at := bytes.Index(body, field)
	if at < 0 {
		return nil
	}
	text := body[at+len(field):]
	return text[:max(0, bytes.IndexByte(text, '"'))]
}
