package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/scrip-engine/scrip/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// step is what the scripted server does with one request.
type step func(*http.Request) (*http.Response, error)

// script is a transport that plays one step for each request and keeps what was
// sent. It makes no goroutine and waits for nothing, so tests of time run in a
// synctest bubble. A request after the last step repeats that.
type script struct {
	steps  []step
	keys   []string
	bodies []string
	paths  []string
	at     []time.Time
}

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	s.keys = append(s.keys, r.Header.Get("Idempotency-Key"))
	s.paths = append(s.paths, r.Method+" "+r.URL.RequestURI())
	s.at = append(s.at, time.Now())
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
		_ = r.Body.Close()
	}
	s.bodies = append(s.bodies, string(body))
	return s.steps[min(len(s.keys), len(s.steps))-1](r)
}

func (s *script) client(t *testing.T, retry Retry) *Client {
	t.Helper()
	c, err := New(Config{URL: "http://server", AppID: "app", AppToken: "token", Retry: retry, HTTP: &http.Client{Transport: s}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func answering(status int, body any, header ...string) step {
	return func(r *http.Request) (*http.Response, error) {
		text, ok := body.(string)
		if !ok {
			b, err := json.Marshal(body)
			if err != nil {
				return nil, err
			}
			text = string(b)
		}
		h := http.Header{}
		for i := 0; i+1 < len(header); i += 2 {
			h.Set(header[i], header[i+1])
		}
		return &http.Response{StatusCode: status, Header: h, Request: r, Body: io.NopCloser(bytes.NewBufferString(text))}, nil
	}
}

func refusing(key string, retryAfterSeconds int) step {
	e := wire.NewError(key, "")
	if retryAfterSeconds == 0 {
		return answering(e.Code, e)
	}
	return answering(e.Code, e, "Retry-After", strconv.Itoa(retryAfterSeconds))
}

// broken is a connection that ends without an answer, unreachable one that was
// never made, silent one that never answers.
func broken(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF }

func unreachable(*http.Request) (*http.Response, error) {
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
}

func silent(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func redeemed() step {
	return answering(200, wire.RedeemResponse{Redemptions: []wire.Redemption{{ID: "r_1", Result: wire.ResultSuccess}}})
}

func redeem(ctx context.Context, c *Client, opts ...Option) error {
	_, err := c.RedeemCode(ctx, "SUMMER", "ann", nil, opts...)
	return err
}
