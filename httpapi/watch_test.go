package httpapi

import (
	"errors"
	"net"
	"os"
	"sync"
	"testing"
	"time"
)

// pair is two ends of a TCP connection, the first watched.
func pair(t *testing.T) (*watched, net.Conn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	other, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	c, err := (&listener{Listener: ln, watch: true}).Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(c.Close(), other.Close(), ln.Close()); err != nil {
			t.Error(err)
		}
	})
	return c.(*watched), other
}

// at is an instant of the test's own time.
func at(n int64) time.Time { return time.Unix(0, n) }

// Without it a client that says nothing would hold its connection for ever, or one
// that goes on talking would lose it.
func TestSweepEndsWhatIsOverdueOnly(t *testing.T) {
	w, other := pair(t)
	set := func(n int64) {
		t.Helper()
		if err := w.SetReadDeadline(at(n)); err != nil {
			t.Fatal(err)
		}
	}
	receive := func() {
		t.Helper()
		if _, err := other.Write([]byte{1}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
	}
	set(100)
	w.sweep(100)
	set(300) // it went on talking before the next sweep
	w.sweep(200)
	receive()
	w.sweep(301)
	if _, err := w.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("overdue: %v", err)
	}
	set(500) // what a sweep has done is taken back
	receive()
	if err := w.SetReadDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	w.sweep(1 << 60)
	receive()
}

// Without it a write to a client that reads nothing would wait for ever.
func TestSweepEndsWrites(t *testing.T) {
	w, _ := pair(t)
	if err := w.SetWriteDeadline(at(100)); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		for {
			if _, err := w.Write(make([]byte, 1<<20)); err != nil {
				ended <- err
				return
			}
		}
	}()
	for {
		w.sweep(101)
		select {
		case err := <-ended:
			if !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatal(err)
			}
			return
		default:
		}
	}
}

// Without it a sweep and a move of the same deadline could leave a connection that
// was ended with its deadline ahead of it.
func TestSweepAndMoveAtOnce(t *testing.T) {
	w, _ := pair(t)
	for range 1000 {
		if err := w.SetReadDeadline(at(100)); err != nil {
			t.Fatal(err)
		}
		var both sync.WaitGroup
		both.Go(func() { w.sweep(200) })
		both.Go(func() {
			if err := w.SetReadDeadline(at(1 << 60)); err != nil {
				t.Error(err)
			}
		})
		both.Wait()
		if left := w.reading.at.Load(); left != 1<<60 {
			t.Fatalf("the move is lost: %d", left)
		}
		// A read that nothing ends would wait: look at the descriptor instead.
		if err := readable(w.TCPConn); err != nil {
			t.Fatalf("ended although its deadline is ahead: %v", err)
		}
	}
}

// readable is the error that a read would return at once because of a deadline.
func readable(c *net.TCPConn) error {
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	return raw.Read(func(uintptr) bool { return true })
}
