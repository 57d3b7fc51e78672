package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/scrip-engine/scrip/bench"
)

// redis is a server of our own with the script in it.
type redis struct {
	*process
	addr string
	sha  string
	link *redisLink
}

// redisHint installs it where it is missing.
const redisHint = "Redis is not installed: apt-get install redis-server (or scripts/bench-peers-deps.sh)"

// redisPipeline is how many commands of a set-up or an audit go at once.
const redisPipeline = 1000

// startRedis starts a server that syncs every command before it answers, makes no
// snapshots, and never rewrites its log, which would cost it time.
func startRedis(ctx context.Context, dir string) (_ *redis, err error) {
	r := new(redis)
	if r.addr, err = freeAddress(); err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(r.addr)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command("redis-server", "--bind", "127.0.0.1", "--port", port, "--dir", dir, "--daemonize", "no", "--save", "",
		"--appendonly", "yes", "--appendfsync", "always", "--auto-aof-rewrite-percentage", "0")
	cmd.SysProcAttr = belongs()
	if r.process, err = launch(filepath.Join(dir, "log"), cmd); err != nil {
		return nil, err
	}
	err = r.await(ctx, startWait, func(context.Context) error {
		conn, err := net.DialTimeout("tcp", r.addr, time.Second)
		if err == nil {
			r.link = &redisLink{conn: conn, in: bufio.NewReaderSize(conn, respBytesMax)}
			_, err = r.link.ask("PING")
		}
		return err
	})
	if err == nil {
		r.sha, err = r.link.ask("SCRIPT", "LOAD", redeemScript)
	}
	if err != nil {
		return nil, errors.Join(err, r.stop())
	}
	return r, nil
}

func (r *redis) stop() error {
	var err error
	if r.link != nil {
		err = r.link.conn.Close()
	}
	return errors.Join(err, r.process.stop(syscall.SIGTERM))
}

// version is the server's.
func (r *redis) version() (string, error) {
	text, err := r.link.ask("INFO", "server")
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(text) {
		if v, ok := strings.CutPrefix(strings.TrimSpace(line), "redis_version:"); ok {
			return "Redis " + v, nil
		}
	}
	return "", errors.New("redis does not say its version")
}

// peer is how the loop asks it.
func (r *redis) peer() *bench.Peer {
	return &bench.Peer{Address: r.addr, Protocol: func(s *bench.Shape) bench.Protocol { return newRedisProtocol(s, r.sha) }}
}

// fill makes the codes of a load: with a limit of one use each, or without.
func (r *redis) fill(l *bench.PeerLoad) error {
	codes := bench.NewCodes(l.Seed)
	quantity, each := "0", "0"
	if l.Unique {
		quantity = "1"
	}
	if l.Customers > 0 {
		each = strconv.Itoa(perCustomer)
	}
	return r.link.many(l.Count, func(dst []byte, i uint64) []byte {
		return appendRESP(dst, "HSET", voucherPrefix+codes.Code(l.First+i), "active", "1", "from", "0", "until", "4102444800000",
			"quantity", quantity, "used", "0", "each", each, "percent", "1000")
	}, func(string) error { return nil })
}

// audit adds up how often the codes were used, and holds every one against its
// limit.
func (r *redis) audit(l *bench.PeerLoad, told *bench.Told) error {
	codes := bench.NewCodes(l.Seed)
	used := int64(0)
	err := r.link.many(l.Count, func(dst []byte, i uint64) []byte {
		return appendRESP(dst, "HGET", voucherPrefix+codes.Code(l.First+i), "used")
	}, func(text string) error {
		n, err := strconv.ParseInt(text, 10, 64)
		if err == nil && l.Unique && n > 1 {
			err = fmt.Errorf("a code of one use was used %d times", n)
		}
		used += n
		return err
	})
	if err != nil {
		return err
	}
	return balance(told, used)
}

// balance compares what was acknowledged with what is there (M3).
func balance(told *bench.Told, used int64) error {
	if told.Double > 0 {
		return fmt.Errorf("%d redemptions were acknowledged to two requests", told.Double)
	}
	if used < told.Acknowledged || used > told.Acknowledged+told.Unknown {
		return fmt.Errorf("%d redemptions are there, %d were acknowledged and %d are unknown", used, told.Acknowledged, told.Unknown)
	}
	return nil
}

// redisLink is one connection for set-up and audit.
type redisLink struct {
	conn net.Conn
	in   *bufio.Reader
	out  []byte
}

// ask sends one command and returns the text of its reply.
func (l *redisLink) ask(args ...string) (text string, err error) {
	err = l.many(1, func(dst []byte, _ uint64) []byte { return appendRESP(dst, args...) },
		func(reply string) error { text = reply; return nil })
	return text, err
}

// many sends n commands, some at once, and hands over the replies in order.
func (l *redisLink) many(n uint64, command func(dst []byte, i uint64) []byte, reply func(text string) error) error {
	for from := uint64(0); from < n; from += redisPipeline {
		to := min(n, from+redisPipeline)
		l.out = l.out[:0]
		for i := from; i < to; i++ {
			l.out = command(l.out, i)
		}
		if _, err := l.conn.Write(l.out); err != nil {
			return fmt.Errorf("redis: %w", err)
		}
		for range to - from {
			text, err := l.read()
			if err == nil {
				err = reply(text)
			}
			if err != nil {
				return fmt.Errorf("redis: %w", err)
			}
		}
	}
	return nil
}

// read takes one reply.
func (l *redisLink) read() (string, error) {
	for want := 1; ; want++ {
		if _, err := l.in.Peek(want); err != nil {
			return "", err
		}
		have, err := l.in.Peek(l.in.Buffered())
		if err != nil {
			return "", err
		}
		kind, text, used, err := parseRESP(have)
		if err != nil {
			return "", err
		}
		if used == 0 {
			want = len(have)
			continue
		}
		out := string(text)
		if _, err := l.in.Discard(used); err != nil {
			return "", err
		}
		if kind == respError {
			return "", errors.New(out)
		}
		return out, nil
	}
}
