package httpapi

import (
	"context"
	"net"
	"net/netip"
	"sync"

	"github.com/valyala/fasthttp"
)

// serveUntil serves ln until the server is shut down. A shutdown that comes before
// fasthttp knows the listener would otherwise find nothing to close, and Serve
// would go on for ever; stop is the context that ends with the shutdown.
func serveUntil(stop context.Context, server *fasthttp.Server, ln net.Listener) error {
	once := &onceListener{Listener: ln}
	defer context.AfterFunc(stop, func() { _ = once.Close() })() // fasthttp's own close reports the error
	return server.Serve(once)
}

// onceListener may be closed by both of them.
type onceListener struct {
	net.Listener
	once sync.Once
	err  error
}

func (l *onceListener) Close() error {
	l.once.Do(func() { l.err = l.Listener.Close() })
	return l.err
}

// conns are the open connections: to bound them by client, and to cut them at
// the end. fasthttp has a bound of its own, but wraps each connection for it,
// and then a connection cannot be closed for sending alone (linger.go).
type conns struct {
	perClientMax int

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
