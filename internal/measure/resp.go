package main

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"

	"github.com/cespare/xxhash/v2"

	"github.com/scrip-engine/scrip/bench"
)

// The kinds of a reply, by its first byte (RESP2,
// https://redis.io/docs/latest/develop/reference/protocol-spec/).
const (
	respSimple = '+'
	respError  = '-'
	respNumber = ':'
	respBulk   = '$'
	// respNil is ours: a bulk string of length -1.
	respNil = '_'
)

// respBytesMax bounds one reply: the answers asked for have some hundred bytes.
const respBytesMax = 1 << 20

var errNoRESP = errors.New("not a reply of RESP2")

var crlf = []byte("\r\n")

// parseRESP finds one reply at the start of in and returns its kind, its text and
// how many bytes it took: 0 when there is not enough yet. The text aliases in.
func parseRESP(in []byte) (kind byte, text []byte, used int, err error) {
	if len(in) == 0 {
		return 0, nil, 0, nil
	}
	end := bytes.Index(in, crlf)
	if end < 0 {
		if len(in) > respBytesMax {
			return 0, nil, 0, errNoRESP
		}
		return 0, nil, 0, nil
	}
	kind, text, used = in[0], in[1:end], end+len(crlf)
	switch kind {
	case respSimple, respError:
		return kind, text, used, nil
	case respNumber:
		_, err := strconv.ParseInt(string(text), 10, 64)
		return kind, text, used, wrapRESP(err)
	case respBulk:
	default:
		return 0, nil, 0, fmt.Errorf("%w: it begins with %q", errNoRESP, in[0])
	}
	n, err := strconv.Atoi(string(text))
	switch {
	case err != nil || n < -1 || n > respBytesMax:
		return 0, nil, 0, fmt.Errorf("%w: a string of length %q", errNoRESP, text)
	case n == -1:
		return respNil, nil, used, nil
	case len(in) < used+n+len(crlf):
		return 0, nil, 0, nil
	case !bytes.Equal(in[used+n:used+n+len(crlf)], crlf):
		return 0, nil, 0, fmt.Errorf("%w: a string is longer than its length", errNoRESP)
	}
	return kind, in[used : used+n], used + n + len(crlf), nil
}

func wrapRESP(err error) error {
	if err != nil {
		return fmt.Errorf("%w: %w", errNoRESP, err)
	}
	return nil
}

// appendRESP renders a command.
func appendRESP(dst []byte, args ...string) []byte {
	dst = append(strconv.AppendInt(append(dst, '*'), int64(len(args)), 10), crlf...)
	for _, arg := range args {
		dst = appendBulk(dst, arg)
	}
	return dst
}

func appendBulk[T string | []byte](dst []byte, text T) []byte {
	dst = append(strconv.AppendInt(append(dst, respBulk), int64(len(text)), 10), crlf...)
	return append(append(dst, text...), crlf...)
}

// redisProtocol asks a Redis to redeem by the script, as bench's loop wants it.
// Each lane has its own.
type redisProtocol struct {
	shape *bench.Shape
	head  []byte // up to the first key
	tail  []byte // behind the customer
	code  []byte
	text  []byte
}

func newRedisProtocol(s *bench.Shape, sha string) *redisProtocol {
	p := &redisProtocol{shape: s, head: []byte("*9\r\n")}
	for _, arg := range []string{"EVALSHA", sha, "3"} {
		p.head = appendBulk(p.head, arg)
	}
	p.tail = appendBulk(p.tail, strconv.FormatInt(s.Amount, 10))
	p.tail = appendBulk(p.tail, rememberMillis)
	return p
}

// AppendRequest renders the three keys and the customer.
func (p *redisProtocol) AppendRequest(dst []byte, op *bench.Op) []byte {
	dst = append(dst, p.head...)
	p.code = p.shape.Codes.Append(p.code[:0], op.Code)
	p.text = append(append(p.text[:0], voucherPrefix...), p.code...)
	dst = appendBulk(dst, p.text)
	p.text = append(append(append(p.text[:0], answerPrefix...), p.code...), ':')
	p.text = p.shape.AppendKey(p.text, op.Key)
	dst = appendBulk(dst, p.text)
	p.text = append(append(p.text[:0], customersPrefix...), p.code...)
	dst = appendBulk(dst, p.text)
	p.text = p.text[:0]
	if p.shape.Customers {
		p.text = p.shape.AppendCustomer(p.text, op.Customer)
	}
	return append(appendBulk(dst, p.text), p.tail...)
}

// ParseReply finds one reply.
func (p *redisProtocol) ParseReply(in []byte, r *bench.Reply) (int, error) {
	kind, text, used, err := parseRESP(in)
	r.Status, r.Body = int(kind), text
	return used, err
}

// idField begins every stored answer; refusals begin otherwise.
const idField = `{"id":"`

// Judge counts only what names a redemption as a success.
func (p *redisProtocol) Judge(_ *bench.Op, r *bench.Reply, v *bench.Verdict) {
	judgeAnswer(r.Status == respBulk, r.Body, v)
}

// judgeAnswer reads what the script, or the function of PostgreSQL, answered.
func judgeAnswer(answered bool, body []byte, v *bench.Verdict) {
	rest, success := bytes.CutPrefix(body, []byte(idField))
	end := bytes.IndexByte(rest, '"')
	switch {
	case !answered:
		v.Class, v.Name = bench.Unknown, body
	case success && end > 0:
		v.ID = rest[:end]
		v.IDs, v.Items = append(v.IDs, xxhash.Sum64(v.ID)), append(v.Items, 0)
	default:
		v.Class, v.Name = bench.Refused, body
	}
}
