package httpapi

import (
	"bufio"
	"context"
	"io"
	"net"
	"time"

	"github.com/valyala/fasthttp"
)

// Bounds of a lingering close.
const (
	// lingerTime is enough for an answer to cross the world, twice.
	lingerTime = 5 * time.Second
	// lingerBytesMax is what a client may still send meanwhile.
	lingerBytesMax = 64 << 20
	// lingeringMax bounds connections in this state; beyond it they are cut.
	lingeringMax = 64
	// drainedByServer is how much of an unread body fasthttp reads by itself, to
	// go on with the connection.
	drainedByServer = 256 << 10
)

// lingerIfUnread sees to it that an answer given before its body was read
// arrives. To close a connection on which bytes wait makes the kernel send a
// reset, and a reset throws away what the client has not read yet: the 404 of a
// large upload would look like a network failure. So the sending side is closed
// first, and what still comes is read and dropped for a while (RFC 9112, 9.6).
func (x *exchange) lingerIfUnread() {
	length := x.http.Request.Header.ContentLength()
	if x.bodyDone || x.http.RequestBodyStream() == nil || length >= 0 && length-x.received <= drainedByServer {
		return
	}
	s, half := x.server, x.http.Conn()
	if s.lingering.Add(1) > lingeringMax {
		s.lingering.Add(-1)
		x.http.SetConnectionClose()
		return
	}
	// fasthttp closes a connection at once if the answer says that it will, so
	// the answer is written here. ctx stays ours until the function returns.
	ctx := x.http
	ctx.HijackSetNoResponse(true)
	ctx.Hijack(func(c net.Conn) {
		defer s.lingering.Add(-1)
		defer context.AfterFunc(s.base, func() { _ = half.Close() })()
		// Whatever fails: the connection is closed by fasthttp after this, and there
		// is nobody else to tell.
		_ = linger(c, half, &ctx.Response)
	})
}

// linger writes the last answer of a connection, closes its sending side, and
// reads on until the client is done or has had its time.
func linger(c, half net.Conn, last *fasthttp.Response) error {
	if err := c.SetDeadline(time.Now().Add(lingerTime)); err != nil {
		return err
	}
	last.SetConnectionClose()
	w := bufio.NewWriterSize(c, writeBufferBytes)
	if err := last.Write(w); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if tcp, ok := half.(interface{ CloseWrite() error }); ok {
		if err := tcp.CloseWrite(); err != nil {
			return err
		}
	}
	_, err := io.CopyN(io.Discard, c, lingerBytesMax)
	return err
}
