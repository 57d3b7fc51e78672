package httpapi

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"

	"github.com/valyala/fasthttp"
)

// serveUntil serves ln until the server is shut down. A shutdown that comes before
// fasthttp knows the listener would otherwise find nothing to close, and Serve
// would go on for ever; stop is the context that ends with the shutdown.
// With watch the deadlines of the connections are left to conns.watch.
func serveUntil(stop context.Context, server *fasthttp.Server, ln net.Listener, watch bool) error {
	once := &listener{Listener: ln, watch: watch}
	defer context.AfterFunc(stop, func() { _ = once.Close() })() // fasthttp's own close reports the error
	return server.Serve(once)
}

// listener may be closed by both of them, and makes the connections that conns
// can tell to end.
type listener struct {
	net.Listener
	watch bool
	once  sync.Once
	err   error
}

func (l *listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	tcp, ok := c.(*net.TCPConn)
	switch {
	case !ok:
		return c, err
	case l.watch:
		return &watched{tracked: tracked{TCPConn: tcp}}, err
	}
	return &tracked{TCPConn: tcp}, err
}

func (l *listener) Close() error {
	l.once.Do(func() { l.err = l.Listener.Close() })
	return l.err
}

// tracked is a TCP connection that knows whether a request of it is being served.
type tracked struct {
	*net.TCPConn
	// serving is set once a request was read whole, or its handler reads the
	// rest by itself, until its answer was handed to fasthttp.
	serving atomic.Bool
}

// admit notes that a shutdown has to wait for the request on c.
func admit(c net.Conn) {
	if t := ours(c); t != nil {
		t.serving.Store(true)
	}
}

// endReading wakes who waits for bytes of c with an end of input. Its sending
// side stays: fasthttp may still hold the answer to an earlier request, and
// half a request is told that it was not done. A connection that is not TCP
// cannot do that; fasthttp ends it in its own time.
func endReading(c net.Conn) {
	if t := ours(c); t != nil {
		_ = t.CloseRead() // fails if the connection is closed already
	}
}

// conns are the open connections: to bound them by client, to end those that
// wait for a request when the server stops, and to cut the others at the end.
// fasthttp has both, but wraps each connection for its bound, so that it cannot
// be closed for sending alone (linger.go), and waits five seconds for a new
// connection to say something and a ReadTimeout for half a request.
type conns struct {
	perClientMax int
	stopping     atomic.Bool

	mu   sync.Mutex
	open map[net.Conn]netip.Addr // guarded by mu
	by   map[netip.Addr]int      // guarded by mu; connections of a client
}

func newConns(perClientMax int) *conns {
	return &conns{
		perClientMax: perClientMax,
		open:         make(map[net.Conn]netip.Addr), by: make(map[netip.Addr]int),
	}
}

// track is fasthttp's ConnState. A connection too many is closed before anything
// of it is read.
func (c *conns) track(conn net.Conn, state fasthttp.ConnState) {
	switch state {
	case fasthttp.StateNew:
		if !c.add(conn) {
			_ = conn.Close() // its worker finds it closed
		}
		c.endWhenStopping(conn)
	case fasthttp.StateIdle:
		if t := ours(conn); t != nil {
			t.serving.Store(false)
		}
		c.endWhenStopping(conn)
	case fasthttp.StateClosed, fasthttp.StateHijacked:
		c.remove(conn)
	}
}

func (c *conns) add(conn net.Conn) bool {
	client := clientOf(conn)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.by[client] >= c.perClientMax {
		return false
	}
	c.open[conn] = client
	c.by[client]++
	return true
}

func (c *conns) remove(conn net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	client, ok := c.open[conn]
	if !ok {
		return
	}
	delete(c.open, conn)
	if c.by[client]--; c.by[client] == 0 {
		delete(c.by, client)
	}
}

// stop ends every connection that waits for a request or for the rest of one.
// Nothing was admitted on them, so nobody's outcome is unknown. One that is served
// now ends after its answer, by endWhenStopping: it clears serving before it looks
// at stopping, and stop goes the other way round, so one of the two sees it.
func (c *conns) stop() {
	c.stopping.Store(true)
	c.mu.Lock()
	defer c.mu.Unlock()
	for conn := range c.open {
		if t := ours(conn); t != nil && !t.serving.Load() {
			endReading(conn)
		}
	}
}

func (c *conns) endWhenStopping(conn net.Conn) {
	if c.stopping.Load() {
		endReading(conn)
	}
}

// cut closes what is still open. There is nobody left to tell of an error.
func (c *conns) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for conn := range c.open {
		_ = conn.Close()
	}
}

// clientOf is who counts as one client: an IPv4 address, or the /64 of an IPv6
// address, which is what a household gets. All other connections are one client.
func clientOf(conn net.Conn) netip.Addr {
	tcp, ok := conn.RemoteAddr().(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	addr := tcp.AddrPort().Addr().Unmap().WithZone("")
	if addr.Is6() {
		if net64, err := addr.Prefix(64); err == nil {
			return net64.Addr()
		}
	}
	return addr
}
