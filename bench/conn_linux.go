package bench

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// connState is where a connection stands.
type connState uint8

const (
	shutDown connState = iota
	connecting
	idle
	waitingFor // an answer
)

// conn is one connection and the request on it.
type conn struct {
	fd    int
	slot  int32
	state connState
	// blocked says that the socket took only a part of out; the rest goes when it
	// is writable.
	blocked bool
	due     int64 // of the request under way
	sent    int64
	since   int64 // the state is what it is
	op      Op
	out     []byte // what is still to be written
	buf     []byte // out's memory
	in      []byte // what came of the answer
}

// readBytes fits the answer to a redemption; larger answers grow the buffer.
const readBytes = 8 << 10

// connect begins to connect. A failure is tried again by the next sweep.
func (l *loop) connect(c *conn, now int64) {
	family := unix.AF_INET
	if _, six := l.addr.(*unix.SockaddrInet6); six {
		family = unix.AF_INET6
	}
	c.since = now
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		l.note("socket: " + err.Error())
		return
	}
	c.fd, c.state = fd, connecting
	err = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	if err == nil {
		err = unix.Connect(fd, l.addr)
	}
	if err == nil || err == unix.EINPROGRESS {
		event := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLOUT, Fd: c.slot}
		err = unix.EpollCtl(l.poll, unix.EPOLL_CTL_ADD, fd, &event)
	}
	if err != nil {
		l.note("connect: " + err.Error())
		l.hangUp(c, now)
	}
}

// note counts an error that is no request's.
func (l *loop) note(what string) { count(l.tally.Failures, []byte(what), 1) }

// hangUp closes a connection.
func (l *loop) hangUp(c *conn, now int64) {
	if c.fd >= 0 {
		_ = unix.Close(c.fd) // the request on it was judged by what was read
		c.fd = -1
	}
	switch c.state {
	case idle:
		l.down++
		l.unfree(c.slot)
	case waitingFor:
		l.down++
		l.busy--
	}
	c.state, c.since, c.blocked, c.in = shutDown, now, false, c.in[:0]
}

// unfree takes a connection out of the free ones.
func (l *loop) unfree(slot int32) {
	for i, s := range l.free {
		if s == slot {
			l.free = append(l.free[:i], l.free[i+1:]...)
			return
		}
	}
}

// listen sets what epoll reports of a connection.
func (l *loop) listen(c *conn, events uint32) bool {
	event := unix.EpollEvent{Events: events, Fd: c.slot}
	return unix.EpollCtl(l.poll, unix.EPOLL_CTL_MOD, c.fd, &event) == nil
}

// ready acts on what epoll reported.
func (l *loop) ready(c *conn, events uint32) {
	switch c.state {
	case connecting:
		l.connected(c)
	case waitingFor:
		if c.blocked && events&unix.EPOLLOUT != 0 {
			l.write(c)
		}
		if c.state == waitingFor && events&(unix.EPOLLIN|unix.EPOLLHUP|unix.EPOLLERR) != 0 {
			l.read(c)
		}
	case idle: // the server closed it
		l.hangUp(c, l.now())
	}
}

func (l *loop) connected(c *conn) {
	now := l.now()
	code, err := unix.GetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if err == nil && code != 0 {
		err = unix.Errno(code)
	}
	if err != nil || !l.listen(c, unix.EPOLLIN) {
		if err != nil {
			l.note("connect: " + err.Error())
		}
		l.hangUp(c, now)
		return
	}
	l.down--
	c.state, c.since = idle, now
	l.free = append(l.free, c.slot)
}

// send renders the request that c.op is and writes it.
func (l *loop) send(c *conn, due int64) {
	c.buf = l.protocol.AppendRequest(c.buf[:0], &c.op)
	c.out, c.in = c.buf, c.in[:0]
	c.state, c.due, c.sent = waitingFor, due, l.now()
	l.busy++
	l.tally.Requested += int64(len(c.out))
	l.write(c)
}

func (l *loop) write(c *conn) {
	n, errno := rawIO(unix.SYS_WRITE, c.fd, c.out)
	switch {
	case errno == unix.EAGAIN || errno == unix.EINTR:
		n = 0
	case errno != 0:
		l.fail(c, "write: "+errno.Error())
		return
	}
	if c.out = c.out[n:]; len(c.out) > 0 {
		if !c.blocked && !l.listen(c, unix.EPOLLIN|unix.EPOLLOUT) {
			l.fail(c, "epoll")
			return
		}
		c.blocked = true
	} else if c.blocked {
		c.blocked = false
		if !l.listen(c, unix.EPOLLIN) {
			l.fail(c, "epoll")
		}
	}
}

// read takes what is there. One call is enough almost always, and what it leaves
// is reported again.
func (l *loop) read(c *conn) {
	if len(c.in) == cap(c.in) {
		c.in = append(c.in, make([]byte, len(c.in))...)[:len(c.in)]
	}
	n, errno := rawIO(unix.SYS_READ, c.fd, c.in[len(c.in):cap(c.in)])
	switch {
	case errno == unix.EAGAIN || errno == unix.EINTR:
		return
	case errno != 0:
		l.fail(c, "read: "+errno.Error())
		return
	case n == 0:
		l.fail(c, "closed")
		return
	}
	c.in = c.in[:len(c.in)+n]
	l.tally.Answered += int64(n)
	var reply Reply
	used, err := l.protocol.ParseReply(c.in, &reply)
	switch {
	case err != nil || used > 0 && used < len(c.in): // we ask one thing at a time
		l.fail(c, string(nameOfOdd))
	case used > 0:
		l.answered(c, &reply)
	}
}

// answered judges an answer, and puts the connection to its next use.
func (l *loop) answered(c *conn, r *Reply) {
	now := l.now()
	again := l.finish(&c.op, r, c.due, now)
	if r.Close {
		if again {
			l.lose(&c.op, "closed between two steps", now, now)
		}
		l.hangUp(c, now-int64(reconnectAfter)) // not the server's refusal: at once
		l.connect(c, now)
		return
	}
	l.busy--
	if again {
		l.send(c, now)
		return
	}
	if l.pacer != nil {
		l.arrive(now)
	}
	if due, ok := l.begin(&c.op, now); ok {
		l.send(c, due)
		return
	}
	c.state, c.since = idle, now
	l.free = append(l.free, c.slot)
}

// fail gives up on a connection and on the request that it carries.
func (l *loop) fail(c *conn, why string) {
	now := l.now()
	l.lose(&c.op, why, c.due, now)
	l.hangUp(c, now)
}

// rawIO reads or writes without telling Go's scheduler: a non-blocking socket
// returns at once, and the telling costs more than the call.
func rawIO(call uintptr, fd int, b []byte) (int, unix.Errno) {
	n, _, errno := unix.RawSyscall(call, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)))
	if errno != 0 {
		return 0, errno
	}
	return int(n), 0
}
