package httpapi

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/scrip-engine/scrip/wire"
)

// open sends a request whose answer the test reads as it comes.
func (n *node) open(path string, headers ...string) *http.Response {
	n.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	req, err := http.NewRequestWithContext(ctx, "GET", "http://"+n.addr+path, nil)
	if err != nil {
		n.t.Fatal(err)
	}
	req.Header.Set("X-App-Id", "viewer")
	req.Header.Set("X-App-Token", goodToken)
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := n.client.Do(req)
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() {
		cancel()
		_ = res.Body.Close()
	})
	return res
}

// whole reports whether an answer ends in order. A break may show before the
// header has arrived, or after.
func (n *node) whole(path string) bool {
	n.t.Helper()
	req, err := http.NewRequest("GET", "http://"+n.addr+path, nil)
	if err != nil {
		n.t.Fatal(err)
	}
	req.Header.Set("X-App-Id", "viewer")
	req.Header.Set("X-App-Token", goodToken)
	res, err := n.client.Do(req)
	if err != nil {
		return false
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	return err == nil
}

// Without this an export holds all codes in memory, or loses some.
func TestExportStreams(t *testing.T) {
	n := start(t, Limits{})
	const rows = 200_000
	n.engine.onExport = func(_ context.Context, w io.Writer) error {
		for i := range rows {
			if _, err := fmt.Fprintf(w, "CODE-%06d\n", i); err != nil {
				return err
			}
		}
		return nil
	}
	res := n.open("/v1/campaigns/spring/codes.csv")
	if res.StatusCode != 200 || res.Header.Get("Content-Type") != contentCSV || res.ContentLength != -1 {
		t.Fatalf("%d %v", res.StatusCode, res.Header)
	}
	lines, in := 0, bufio.NewScanner(res.Body)
	for in.Scan() {
		if want := fmt.Sprintf("CODE-%06d", lines); in.Text() != want {
			t.Fatalf("line %d: %q", lines, in.Text())
		}
		lines++
	}
	if in.Err() != nil || lines != rows {
		t.Fatalf("%d lines, %v", lines, in.Err())
	}
	n.engine.err = refuse(wire.KeyNotFound, "")
	n.wantError(n.as("viewer", "GET", "/v1/campaigns/none/codes.csv", ""), 404, wire.KeyNotFound)
}

// Without this a client takes half an export for all codes: fasthttp ends a
// stream in order whatever happened to its writer.
func TestExportThatFailsBreaksItsConnection(t *testing.T) {
	n := start(t, Limits{})
	f := func(name string, fail func() error) {
		t.Helper()
		n.engine.onExport = func(_ context.Context, w io.Writer) error {
			if _, err := io.WriteString(w, strings.Repeat("CODE\n", 10_000)); err != nil {
				return err
			}
			return fail()
		}
		if n.whole("/v1/campaigns/spring/codes.csv") {
			t.Errorf("%s: the answer ended as if it were whole", name)
		}
		n.server.writers.Wait() // before the hook changes
		n.alive()
	}
	f("error", func() error { return refuse(wire.KeyUnavailable, "") })
	f("cancelled", func() error { return context.Canceled })
	f("panic", func() error { panic("S5: used 4 > 3") })
	if !strings.Contains(n.log.String(), "S5: used 4 > 3") {
		t.Error("the panic is not in the log")
	}
}

// Without this a client that leaves keeps an export running, or one that does
// not read keeps it waiting, for ever.
func TestExportEndsWithItsClient(t *testing.T) {
	n := start(t, Limits{StallTimeout: 100 * time.Millisecond})
	ended := make(chan error, 1)
	n.engine.onExport = func(_ context.Context, w io.Writer) error {
		for {
			if _, err := io.WriteString(w, strings.Repeat("CODE\n", 1000)); err != nil {
				ended <- err
				return err
			}
		}
	}
	request := "GET /v1/campaigns/spring/codes.csv HTTP/1.1\r\n" + authHeaders + "\r\n"
	conn := n.send(request)
	if _, err := readerOf(conn).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err == nil {
		t.Error("gone")
	}
	n.send(request) // and then never reads
	if err := <-ended; err == nil {
		t.Error("stalled")
	}
	n.alive()
}

// Without this a consumer that was cut off misses events or reads them all again.
func TestEventsResume(t *testing.T) {
	n := start(t, Limits{})
	n.engine.onFollow = func(ctx context.Context, cursor string, deliver func(wire.Event) error) error {
		for i := range 3 {
			e := wire.Event{ID: fmt.Sprint("ev_", i), Object: "event", Type: wire.EventVoucherCreated, Cursor: fmt.Sprint(cursor, "+", i)}
			if err := deliver(e); err != nil {
				return err
			}
		}
		<-ctx.Done()
		return ctx.Err()
	}
	f := func(path, last, from string, said ...string) {
		t.Helper()
		res := n.open(path, "Last-Event-ID", last)
		if res.StatusCode != 200 || res.Header.Get("Content-Type") != contentSSE {
			t.Fatalf("%d %v", res.StatusCode, res.Header)
		}
		in := bufio.NewReader(res.Body)
		lines := append([]string{": connected", ""}, said...)
		for _, want := range append(lines, "id: "+from+"+0", "event: voucher.created", `data: {"id":"ev_0",`) {
			line, err := in.ReadString('\n')
			if err != nil || !strings.HasPrefix(line, want) {
				t.Fatalf("%s: line %q, want %q, %v", path, line, want, err)
			}
		}
	}
	f("/v1/events/stream", "", "now", "id: now", "")
	f("/v1/events/stream?from=now", "", "now", "id: now", "")
	f("/v1/events/stream?from=now", "c2", "c2")
	f("/v1/events/stream?from=beginning", "", "")
	f("/v1/events/stream?from=beginning", "c2", "c2")
	f("/v1/events/stream?cursor=c1", "", "c1")
	f("/v1/events/stream?cursor=c1", "c2", "c2")
	n.wantError(n.as("viewer", "GET", "/v1/events/stream?cursor=c1&from=now", ""), 400, wire.KeyInvalidQueryParams)
	n.wantError(n.as("viewer", "GET", "/v1/events/stream?from=start", ""), 400, wire.KeyInvalidQueryParams)
	n.wantError(n.as("viewer", "GET", "/v1/events/stream?cursor=broken", ""), 400, wire.KeyInvalidQueryParams)
}

// Without this proxies close a quiet stream, and streams without a client pile
// up.
func TestEventStreamsBeatAndEnd(t *testing.T) {
	n := start(t, Limits{Heartbeat: 5 * time.Millisecond, StreamLife: 200 * time.Millisecond})
	res := n.open("/v1/events/stream")
	all, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("a stream ends in order after its life: %v", err)
	}
	if !strings.Contains(string(all), ": alive\n\n: alive\n\n") {
		t.Errorf("no heartbeat: %q", all)
	}
}

// Without this an error of the engine ends a stream as if nothing more would
// ever happen.
func TestEventStreamThatFailsBreaks(t *testing.T) {
	n := start(t, Limits{})
	n.engine.onFollow = func(context.Context, string, func(wire.Event) error) error {
		return errors.New("the journal is gone")
	}
	if n.whole("/v1/events/stream") {
		t.Error("it ended in order")
	}
	n.alive()
}

// Without this streams take all connections and goroutines.
func TestStreamsAreBounded(t *testing.T) {
	n := start(t, Limits{Streams: 2, StreamLife: 300 * time.Millisecond})
	first, second := n.open("/v1/events/stream"), n.open("/v1/events/stream")
	n.wantError(n.as("viewer", "GET", "/v1/events/stream", ""), 503, wire.KeyCapacity)
	for _, res := range []*http.Response{first, second} {
		if _, err := io.Copy(io.Discard, res.Body); err != nil {
			t.Fatal(err)
		}
	}
	n.server.writers.Wait()
	if open := n.server.streams.Load(); open != 0 {
		t.Errorf("%d streams are still counted", open)
	}
	// Without chunks a break cannot be told from the end.
	conn := n.send("GET /v1/events/stream HTTP/1.0\r\n" + authHeaders + "\r\n")
	n.wantError(n.readAnswer(readerOf(conn)), 505, wire.KeyNotSupported)
}

// Without this the stream of a client that is gone, with nothing to tell it, stays
// open and counts against the bound for as long as a stream may live.
func TestEventStreamEndsWithItsClient(t *testing.T) {
	n := start(t, Limits{Heartbeat: 5 * time.Millisecond})
	ended := make(chan struct{})
	n.engine.onFollow = func(ctx context.Context, _ string, _ func(wire.Event) error) error {
		defer close(ended)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(waitMax):
			t.Error("the engine follows for a client that is gone")
			return nil
		}
	}
	conn := n.send("GET /v1/events/stream HTTP/1.1\r\n" + authHeaders + "\r\n")
	if _, err := readerOf(conn).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	<-ended
}
