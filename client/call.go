package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/scrip-engine/scrip/wire"
)

// call is one request as every attempt sends it.
type call struct {
	method string
	path   string // escaped, from "/v1"
	query  url.Values
	body   []byte
	upload *upload // instead of body

	changes  bool
	key      string // of a POST that changes something
	minimal  bool
	transfer bool // of any length: bounded by progress, not by time
}

// reading and changing begin a call. The parts of a path are escaped and joined;
// "/v1" stands before them.
func reading(parts ...string) *call { return &call{method: http.MethodGet, path: pathOf(parts)} }

func changing(method string, opts []Option, parts ...string) *call {
	q := &call{method: method, path: pathOf(parts), changes: true}
	q.apply(opts)
	return q
}

func (q *call) apply(opts []Option) {
	for _, o := range opts {
		o(q)
	}
}

func pathOf(parts []string) string {
	var b strings.Builder
	b.WriteString("/v1")
	for _, p := range parts {
		b.WriteByte('/')
		b.WriteString(segment(p))
	}
	return b.String()
}

// segment escapes one part of a path. Dots alone would be taken for a step in
// the hierarchy by proxies.
func segment(s string) string {
	if s == "." || s == ".." {
		return strings.ReplaceAll(s, ".", "%2E")
	}
	return url.PathEscape(s)
}

// json sets the body to v.
func (q *call) json(v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("client: encode the request: %w", err)
	}
	q.body = body
	return nil
}

// ask sets the query.
func (q *call) ask(values url.Values) *call {
	q.query = values
	return q
}

// prepare gives a change its key. Only POSTs take one: a PUT sets and a DELETE
// removes the same thing however often it is sent.
func (q *call) prepare() error {
	if q.method != http.MethodPost || !q.changes {
		q.key = ""
		return nil
	}
	if q.key == "" {
		q.key = NewKey()
	}
	if !wire.ValidKey(q.key) {
		return fmt.Errorf("client: the idempotency key must have 1 to %d characters and no control characters", wire.KeyCharsMax)
	}
	return nil
}

// repeatable reports whether the body can be sent once more.
func (q *call) repeatable() bool { return q.upload == nil || q.upload.seeker != nil }

// satisfiedBy reports that a failure after an unknown attempt is what the call
// wanted: what is to be deleted is gone.
func (q *call) satisfiedBy(e *Error) bool {
	return q.method == http.MethodDelete && e.Answer.Key == wire.KeyNotFound
}

func (c *Client) request(ctx context.Context, q *call) (*http.Request, error) {
	address := c.base + q.path
	if len(q.query) > 0 {
		address += "?" + q.query.Encode()
	}
	var body io.Reader
	if q.body != nil {
		body = bytes.NewReader(q.body)
	}
	r, err := http.NewRequestWithContext(ctx, q.method, address, body)
	if err != nil {
		return nil, err
	}
	r.Header.Set("User-Agent", c.userAgent)
	r.Header.Set("Accept", "application/json")
	if q.body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.appID != "" {
		r.Header.Set("X-App-Id", c.appID)
		r.Header.Set("X-App-Token", c.appToken)
	}
	if q.key != "" {
		r.Header.Set("Idempotency-Key", q.key)
	}
	if q.minimal {
		r.Header.Set("Prefer", "return=minimal")
	}
	return r, nil
}

// attempt sends the call once and reads the answer into into, which is nil, an
// io.Writer for a download, or what encoding/json takes.
func (c *Client) attempt(ctx context.Context, q *call, into any) *Error {
	ctx, alive, stop := watch(ctx, q.transfer)
	defer stop()
	r, err := c.request(ctx, q)
	if err != nil {
		return notSent(err)
	}
	if q.upload != nil {
		wait, err := q.upload.attach(r, alive)
		if err != nil {
			return notSent(err)
		}
		defer wait()
	}
	resp, err := c.http.Do(r)
	if err != nil {
		return silence(q, stalled(ctx, err))
	}
	defer resp.Body.Close()
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return failure(q, resp)
	}
	if err := readAnswer(resp, into, alive); err != nil {
		return silence(q, stalled(ctx, err))
	}
	return nil
}

func readAnswer(resp *http.Response, into any, alive func()) error {
	if w, ok := into.(io.Writer); ok {
		_, err := io.Copy(w, &progress{in: resp.Body, alive: alive})
		return err
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, answerBytesMax+1))
	if err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	if len(body) > answerBytesMax {
		return fmt.Errorf("the answer has more than %d bytes", answerBytesMax)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("the answer is not what was expected: %w", err)
	}
	return nil
}

// failure reads the body of an answer that is no success. A body that is not
// ours comes from something in between, which may have passed the request on.
func failure(q *call, resp *http.Response) *Error {
	body, err := io.ReadAll(io.LimitReader(resp.Body, errorBytesMax))
	e := &Error{RetryAfter: retryAfter(resp.Header.Get("Retry-After"))}
	if err == nil && json.Unmarshal(body, &e.Answer) == nil && e.Answer.Key != "" && e.Answer.Outcome != "" {
		e.Answer.Code = resp.StatusCode
		if !q.changes {
			e.Answer.Outcome = wire.NotDone // of a read nothing is left open
		}
		return e
	}
	e.cause = errors.Join(err, fmt.Errorf("HTTP %d: %q", resp.StatusCode, clip(body)))
	switch code := resp.StatusCode; {
	case code < 500 && code != http.StatusTooManyRequests && code != http.StatusRequestTimeout:
		e.Answer = wire.Error{Code: code, Key: wire.KeyInvalidPayload, Message: http.StatusText(code), Outcome: wire.NotDone,
			Details: "the answer is not Scrip's; is the address right?"}
	case q.changes:
		e.Answer = wire.NewError(wire.KeyOutcomeUnknown, "the answer is not Scrip's")
	default:
		e.Answer = wire.NewError(wire.KeyUnavailable, "the answer is not Scrip's")
	}
	return e
}

func clip(body []byte) []byte { return body[:min(len(body), detailBytesMax)] }

// retryAfter reads whole seconds or an HTTP date (RFC 9110, section 10.2.3).
func retryAfter(header string) time.Duration {
	if seconds, err := strconv.ParseInt(header, 10, 32); err == nil && seconds > 0 {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(header); err == nil {
		return max(time.Until(at), 0)
	}
	return 0
}
