package bench

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"
)

// scripted is a server on raw connections. handle gets one request at a time, by
// its number on the connection, and says whether the connection goes on.
type scripted struct {
	ln      net.Listener
	mu      sync.Mutex
	seen    int            // requests, guarded by mu
	keys    map[string]int // guarded by mu
	failed  []string       // guarded by mu
	conns   sync.WaitGroup
	handled func(c net.Conn, n int) bool
}

const yes = `{"redemptions":[{"id":"r_1","result":"SUCCESS"}]}`

func serve(t *testing.T, handle func(c net.Conn, n int) bool) *scripted {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &scripted{ln: ln, keys: map[string]int{}, handled: handle}
	s.conns.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			s.conns.Go(func() { s.converse(c) })
		}
	})
	t.Cleanup(func() {
		if err := ln.Close(); err != nil {
			t.Error(err)
		}
		s.conns.Wait()
		for _, text := range s.failed {
			t.Error(text)
		}
	})
	return s
}

// converse reads requests and notes one that comes before the last was answered:
// there is no pipelining.
func (s *scripted) converse(c net.Conn) {
	defer func() { _ = c.Close() }()
	in := bufio.NewReader(c)
	for n := 0; ; n++ {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return
		}
		s.mu.Lock()
		s.seen++
		s.keys[r.Header.Get("Idempotency-Key")]++
		if in.Buffered() > 0 {
			s.failed = append(s.failed, "a request came before the last was answered")
		}
		s.mu.Unlock()
		if !s.handled(c, n) {
			return
		}
	}
}

// eachDriver runs a job with the loop and with the portable driver.
func eachDriver(t *testing.T, f func(t *testing.T, portable bool)) {
	t.Run("loop", func(t *testing.T) { f(t, false) })
	t.Run("portable", func(t *testing.T) { f(t, true) })
}

func drive(t *testing.T, s *scripted, portable bool, l Load) (*Tally, *Ledger) {
	t.Helper()
	l.Duration, l.Grace = time.Minute, time.Second
	if l.Timeout == 0 {
		l.Timeout = 20 * time.Second
	}
	shape, ledgers := testShape(1), []*Ledger{}
	var codes, keys Counter
	tally, err := Drive(t.Context(), &Job{
		Load: l, Address: s.ln.Addr().String(), Portable: portable, Live: new(Live),
		Script: func(int) Script {
			ledgers = append(ledgers, new(Ledger))
			return &uses{ledger: ledgers[len(ledgers)-1], codes: Picker{count: 1 << 20, unique: &codes}, keys: &keys}
		},
		Protocol: func() Protocol { return NewHTTP("host:1", Credentials{"a", "b"}, shape) },
	})
	if err != nil {
		t.Fatal(err)
	}
	whole := new(Ledger)
	for _, l := range ledgers {
		l.uses.each(whole.uses.add)
		whole.Unknowns = append(whole.Unknowns, l.Unknowns...)
	}
	return tally, whole
}

func (s *scripted) requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen
}

// Without this a request is sent twice, or one is counted that nobody got.
func TestDriversAskOnce(t *testing.T) {
	eachDriver(t, func(t *testing.T, portable bool) {
		s := serve(t, func(c net.Conn, _ int) bool { _, err := c.Write(answer(200, yes)); return err == nil })
		for _, rate := range []float64{0, 20_000} {
			before := s.requests()
			tally, ledger := drive(t, s, portable, Load{Connections: 9, Threads: 2, Requests: 1000, Rate: rate})
			if got := s.requests() - before; got != 1000 || tally.Sent != 1000 || tally.Scheduled != 1000 || tally.Class(Succeeded) != 1000 || ledger.uses.len() != 1000 {
				t.Errorf("rate %g: %d requests, %d booked, %+v", rate, got, ledger.uses.len(), tally)
			}
		}
		for key, n := range s.keys {
			if n != 2 { // both drives begin their keys anew
				t.Errorf("key %s came %d times", key, n)
			}
		}
	})
}

// Without this an answer in many pieces, or one larger than the buffer, stops a
// connection for ever.
func TestDriversTakeAnswersInPieces(t *testing.T) {
	large := `{"redemptions":[{"id":"r_1","result":"SUCCESS","metadata":{"x":"` + string(make([]byte, 100_000)) + `"}}]}`
	eachDriver(t, func(t *testing.T, portable bool) {
		s := serve(t, func(c net.Conn, n int) bool {
			if n%5 == 4 {
				_, err := c.Write(answer(200, large))
				return err == nil
			}
			for _, b := range answer(200, yes) {
				if _, err := c.Write([]byte{b}); err != nil {
					return false
				}
			}
			return true
		})
		tally, _ := drive(t, s, portable, Load{Connections: 3, Threads: 1, Requests: 50})
		if tally.Class(Succeeded) != 50 {
			t.Errorf("%+v, %+v", tally, tally.Kinds[Redeem])
		}
	})
}

// Without this a server that closes connections in order is charged with errors.
func TestDriversConnectAgain(t *testing.T) {
	closing := []byte("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: " + strconv.Itoa(len(yes)) + "\r\n\r\n" + yes)
	eachDriver(t, func(t *testing.T, portable bool) {
		s := serve(t, func(c net.Conn, n int) bool {
			if n == 3 {
				_, _ = c.Write(closing)
				return false
			}
			_, err := c.Write(answer(200, yes))
			return err == nil
		})
		tally, _ := drive(t, s, portable, Load{Connections: 4, Threads: 1, Requests: 200})
		if tally.Class(Succeeded) != 200 || len(tally.Failures) > 0 {
			t.Errorf("%+v, %+v", tally, tally.Kinds[Redeem])
		}
	})
}

// Without this a change whose answer was lost is called a failure, or is
// forgotten, and the audit cannot settle it (B3, B4).
func TestDriversKnowWhatIsUnknown(t *testing.T) {
	for name, last := range map[string]func(c net.Conn){
		"closed":            func(net.Conn) {},
		"half an answer":    func(c net.Conn) { _, _ = c.Write(answer(200, yes)[:40]) },
		"garbage":           func(c net.Conn) { _, _ = c.Write([]byte("no\r\n\r\n")) },
		"two answers":       func(c net.Conn) { _, _ = c.Write(append(answer(200, yes), answer(200, yes)...)) },
		"never an answer":   func(c net.Conn) { _, _ = io.Copy(io.Discard, c) },
		"reset, not closed": func(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0) },
	} {
		t.Run(name, func(t *testing.T) {
			eachDriver(t, func(t *testing.T, portable bool) {
				s := serve(t, func(c net.Conn, n int) bool {
					if n == 2 {
						last(c)
						return false
					}
					_, err := c.Write(answer(200, yes))
					return err == nil
				})
				tally, ledger := drive(t, s, portable, Load{Connections: 2, Threads: 1, Requests: 30, Timeout: 100 * time.Millisecond})
				lost := tally.Class(Unknown)
				if lost != 10 || tally.Class(Succeeded) != 20 || len(ledger.Unknowns) != 10 || s.requests() != 30 {
					t.Errorf("%d requests, %d lost, %d to settle, %+v", s.requests(), lost, len(ledger.Unknowns), tally.Failures)
				}
			})
		})
	}
}

// Without this a run against nothing hangs, or passes for a measurement.
func TestDriversNeedATarget(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := ln.Close(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	over := errors.New("over")
	cancel(over)
	eachDriver(t, func(t *testing.T, portable bool) {
		job := &Job{Load: Load{Connections: 2, Threads: 1, Duration: time.Second, Timeout: time.Second}, Address: ln.Addr().String(), Portable: portable,
			Script: func(int) Script { return &endless{left: 1} }, Protocol: func() Protocol { return instant{} }}
		if _, err := Drive(ctx, job); err == nil {
			t.Error("no error")
		}
		job.Load.Connections = 0
		if _, err := Drive(t.Context(), job); err == nil {
			t.Error("no connections: no error")
		}
	})
}

// Without this an end from outside leaves a run going, or its requests uncounted.
func TestDriversStop(t *testing.T) {
	eachDriver(t, func(t *testing.T, portable bool) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		s := serve(t, func(c net.Conn, n int) bool {
			if n == 20 {
				cancel()
			}
			_, err := c.Write(answer(200, yes))
			return err == nil
		})
		var ledger Ledger
		var codes, keys Counter
		tally, err := Drive(ctx, &Job{
			Load: Load{Connections: 1, Threads: 1, Duration: time.Hour, Timeout: time.Second, Grace: time.Hour}, Address: s.ln.Addr().String(), Portable: portable,
			Script: func(int) Script {
				return &uses{ledger: &ledger, codes: Picker{count: 1 << 40, unique: &codes}, keys: &keys}
			},
			Protocol: func() Protocol { return NewHTTP("host:1", Credentials{}, testShape(1)) },
		})
		if err != nil || tally.Class(Succeeded) < 20 || tally.Sent != tally.Class(Succeeded)+tally.Class(Unknown) || int(tally.Class(Unknown)) != len(ledger.Unknowns) {
			t.Errorf("%v, %+v", err, tally)
		}
	})
}
