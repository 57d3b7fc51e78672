package bench

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// loop drives the connections of one lane from one thread: raw non-blocking
// sockets behind an epoll, one request under way on each. A goroutine a
// connection would cost as much as the server it measures (B7).
type loop struct {
	*lane
	addr  unix.Sockaddr
	poll  int
	conns []conn
	free  []int32 // connections without a request, last in, first out
	begun time.Time
	down  int // connections that are not open
	busy  int // requests under way
	swept int64
	event []unix.EpollEvent
}

// eventsMax is how many connections one call of epoll reports.
const eventsMax = 256

// newLoop opens all connections; they are ready when it returns.
func newLoop(ctx context.Context, a *lane, addr *net.TCPAddr) (_ *loop, err error) {
	l := &loop{lane: a, addr: sockaddr(addr), conns: make([]conn, a.load.Connections), event: make([]unix.EpollEvent, eventsMax)}
	if l.poll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, fmt.Errorf("epoll: %w", err)
	}
	l.begun = time.Now()
	for i := range l.conns {
		l.conns[i] = conn{fd: -1, slot: int32(i), in: make([]byte, 0, readBytes)}
		l.down++
		l.connect(&l.conns[i], 0)
	}
	for l.down > 0 {
		if now := l.now(); now > int64(connectTimeout) || ctx.Err() != nil {
			l.shut()
			return nil, errors.Join(fmt.Errorf("%d of %d connections to %s could not be made", l.down, len(l.conns), addr), ctx.Err())
		}
		l.turn(sweepEvery)
		l.sweep(l.now())
	}
	return l, nil
}

func sockaddr(a *net.TCPAddr) unix.Sockaddr {
	if ip := a.IP.To4(); ip != nil {
		return &unix.SockaddrInet4{Port: a.Port, Addr: [4]byte(ip)}
	}
	return &unix.SockaddrInet6{Port: a.Port, Addr: [16]byte(a.IP.To16())}
}

// now is the time since the start.
func (l *loop) now() int64 { return int64(time.Since(l.begun)) }

// run carries the load until its end, or until ctx ends, which leaves what is
// under way unfinished.
func (l *loop) run(ctx context.Context, begun time.Time) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0); err != nil {
		l.note("timer slack: " + err.Error()) // sleeps last up to 50 µs longer
	}
	defer func() { _ = unix.Prctl(unix.PR_SET_TIMERSLACK, 0, 0, 0, 0) }() // 0: the thread's default again
	l.begun, l.swept = begun, 0
	for {
		now := l.now()
		l.feed(now)
		if l.busy == 0 && l.over(now) || l.hopeless(now) {
			break
		}
		if now-l.swept >= int64(sweepEvery) {
			l.sweep(now)
			if ctx.Err() != nil {
				break
			}
		}
		l.turn(l.pause(now))
	}
	l.giveUp()
	l.shut()
}

// feed gives requests to free connections: arrivals that are due, and in a closed
// loop connections that were opened again.
func (l *loop) feed(now int64) {
	if l.pacer != nil {
		l.arrive(now)
	}
	for len(l.free) > 0 {
		c := &l.conns[l.free[len(l.free)-1]]
		due, ok := l.begin(&c.op, now)
		if !ok {
			return
		}
		l.free = l.free[:len(l.free)-1]
		l.send(c, due)
	}
}

// pause is how long the loop may sleep: until an arrival is due, at most until
// the next sweep.
func (l *loop) pause(now int64) time.Duration {
	wait := int64(sweepEvery)
	if l.pacer != nil && !l.pacer.over() {
		wait = min(wait, max(0, l.pacer.next()-now))
	}
	return time.Duration(wait)
}

// turn waits for answers and reads them.
func (l *loop) turn(wait time.Duration) {
	n, errno := epollWait(l.poll, l.event, wait)
	if errno != 0 && errno != unix.EINTR {
		panic("epoll of our own descriptor failed: " + errno.Error())
	}
	for i := range n {
		l.ready(&l.conns[l.event[i].Fd], l.event[i].Events)
	}
}

// epollWait sleeps with the precision of the clock: epoll_wait's milliseconds
// would be the latency of an open loop. Kernels before 5.11 have only those.
//
// Go's scheduler is not told. It would take the processor away, and its monitor
// would wake up for every request of a slow open loop: that doubled the processor
// time of a request at 1,000 a second. When the scheduler needs us, as for a garbage
// collection, it sends the thread a signal, and epoll returns with EINTR.
func epollWait(poll int, events []unix.EpollEvent, wait time.Duration) (int, unix.Errno) {
	ts := unix.NsecToTimespec(int64(wait))
	n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT2, uintptr(poll), uintptr(unsafe.Pointer(&events[0])),
		uintptr(len(events)), uintptr(unsafe.Pointer(&ts)), 0, 0)
	if errno == unix.ENOSYS {
		n, _, errno = unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(poll), uintptr(unsafe.Pointer(&events[0])),
			uintptr(len(events)), uintptr((wait+time.Millisecond-1)/time.Millisecond), 0, 0)
	}
	if errno != 0 {
		return 0, errno
	}
	return int(n), 0
}

// sweep gives up on answers that do not come, opens connections again, and shows
// the counters.
func (l *loop) sweep(now int64) {
	l.swept = now
	for i := range l.conns {
		c := &l.conns[i]
		switch {
		case c.state == waitingFor && now-c.sent > int64(l.load.Timeout):
			l.fail(c, "timeout")
		case c.state == shutDown && now-c.since >= int64(reconnectAfter),
			c.state == connecting && now-c.since >= int64(l.load.Timeout):
			l.hangUp(c, now)
			l.connect(c, now)
		}
	}
	l.publish(now, l.busy)
}

// giveUp counts what is still under way.
func (l *loop) giveUp() {
	for i := range l.conns {
		if c := &l.conns[i]; c.state == waitingFor {
			l.fail(c, "unfinished")
		}
	}
	l.close(l.now())
}

// shut closes every descriptor.
func (l *loop) shut() {
	for i := range l.conns {
		l.hangUp(&l.conns[i], 0)
	}
	_ = unix.Close(l.poll) // nothing was written to it
}
