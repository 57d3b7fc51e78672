package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5"

	"github.com/scrip-engine/scrip/bench"
)

// postgres is a server of our own behind a unix socket, which costs it less than
// the loopback costs the others.
type postgres struct {
	*process
	dsn   string
	admin *pgx.Conn
}

// postgresHint installs it where it is missing.
const postgresHint = "PostgreSQL is not installed: apt-get install postgresql (or scripts/bench-peers-deps.sh)"

// postgresSettings keep every commit durable, and keep checkpoints and vacuuming
// out of runs of seconds: PostgreSQL is seen at its best.
var postgresSettings = []string{
	"fsync=on", "synchronous_commit=on", "full_page_writes=on", "shared_buffers=1GB", "max_connections=200",
	"max_wal_size=8GB", "checkpoint_timeout=30min", "autovacuum_naptime=10min", "listen_addresses=",
}

// findPostgres is the directory of the newest server's programs; Debian keeps them
// out of the path.
func findPostgres() (string, bool) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err == nil && len(found) > 0 {
		slices.Sort(found)
		return filepath.Dir(found[len(found)-1]), true
	}
	path, err := exec.LookPath("postgres")
	return filepath.Dir(path), err == nil
}

// startPostgres makes a cluster in dir and starts its server, as another user
// where we are root.
func startPostgres(ctx context.Context, bin, dir string) (_ *postgres, err error) {
	attr, err := asUser("postgres", dir)
	if err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "data")
	made := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C")
	made.SysProcAttr, made.Dir = attr, dir
	if out, err := made.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	sockets, err := os.MkdirTemp("", "scrip-pg-") // the path of a socket has 107 bytes at most
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(sockets))
		}
	}()
	if _, err := asUser("postgres", sockets); err != nil {
		return nil, err
	}
	args := []string{"-D", data, "-k", sockets}
	for _, setting := range postgresSettings {
		args = append(args, "-c", setting)
	}
	cmd := exec.Command(filepath.Join(bin, "postgres"), args...)
	cmd.SysProcAttr, cmd.Dir = attr, dir
	p := &postgres{dsn: "host=" + sockets + " user=postgres dbname=postgres"}
	if p.process, err = launch(dir+".log", cmd); err != nil {
		return nil, err
	}
	err = p.await(ctx, startWait, func(ctx context.Context) (err error) {
		p.admin, err = pgx.Connect(ctx, p.dsn)
		return err
	})
	if err == nil {
		_, err = p.admin.Exec(ctx, schema)
	}
	if err != nil {
		return nil, errors.Join(err, p.stop())
	}
	return p, nil
}

// stop ends the server by a fast shutdown: a checkpoint, without waiting for
// clients.
func (p *postgres) stop() error {
	var err error
	if p.admin != nil {
		err = p.admin.Close(context.Background())
	}
	err = errors.Join(err, p.process.stop(syscall.SIGINT))
	sockets, _, _ := strings.Cut(strings.TrimPrefix(p.dsn, "host="), " ")
	return errors.Join(err, os.RemoveAll(sockets))
}

// version is the server's.
func (p *postgres) version(ctx context.Context) (string, error) {
	var v string
	err := p.admin.QueryRow(ctx, "SHOW server_version").Scan(&v)
	return "PostgreSQL " + v, err
}

// fill makes the codes of a load.
func (p *postgres) fill(ctx context.Context, l *bench.PeerLoad) error {
	codes := bench.NewCodes(l.Seed)
	var quantity, each any
	if l.Unique {
		quantity = int64(1)
	}
	if l.Customers > 0 {
		each = int64(perCustomer)
	}
	_, err := p.admin.CopyFrom(ctx, pgx.Identifier{"voucher"}, []string{"code", "quantity", "each_customer", "percent"},
		pgx.CopyFromSlice(int(l.Count), func(i int) ([]any, error) {
			return []any{codes.Code(l.First + uint64(i)), quantity, each, int64(1000)}, nil
		}))
	if err == nil {
		_, err = p.admin.Exec(ctx, "VACUUM ANALYZE voucher")
	}
	return err
}

// audit compares the counters, the rows and what was acknowledged, and empties the
// tables for the next load.
func (p *postgres) audit(ctx context.Context, l *bench.PeerLoad, told *bench.Told) error {
	var used, rows, most int64
	err := p.admin.QueryRow(ctx, "SELECT sum(used)::bigint, max(used), (SELECT count(*) FROM redemption) FROM voucher").Scan(&used, &most, &rows)
	if err != nil {
		return err
	}
	if used != rows {
		err = fmt.Errorf("%d uses are counted and %d redemptions are kept", used, rows)
	}
	if l.Unique && most > 1 {
		err = errors.Join(err, fmt.Errorf("a code of one use was used %d times", most))
	}
	_, emptied := p.admin.Exec(ctx, "TRUNCATE voucher, redemption, customer_use")
	return errors.Join(err, balance(told, used), emptied)
}

// peer is how goroutines ask it, one a connection.
func (p *postgres) peer(ctx context.Context) *bench.Peer {
	return &bench.Peer{Open: func(s *bench.Shape) (bench.Caller, error) {
		conn, err := pgx.Connect(ctx, p.dsn)
		if err != nil {
			return nil, err
		}
		if _, err := conn.Prepare(ctx, "redeem", redeemCall); err != nil {
			return nil, errors.Join(err, conn.Close(ctx))
		}
		return &postgresCaller{conn: conn, shape: s}, nil
	}}
}

// postgresCaller is one connection.
type postgresCaller struct {
	conn  *pgx.Conn
	shape *bench.Shape
	text  []byte
}

// Call redeems by the prepared statement.
func (c *postgresCaller) Call(ctx context.Context, op *bench.Op, v *bench.Verdict) {
	customer := ""
	if c.shape.Customers {
		c.text = c.shape.AppendCustomer(c.text[:0], op.Customer)
		customer = string(c.text)
	}
	c.text = c.shape.AppendKey(c.text[:0], op.Key)
	var answer []byte
	err := c.conn.QueryRow(ctx, "redeem", c.shape.Codes.Code(op.Code), string(c.text), customer, c.shape.Amount).Scan(&answer)
	if err != nil {
		answer = []byte(err.Error())
	}
	judgeAnswer(err == nil, answer, v)
}

// Close ends the connection.
func (c *postgresCaller) Close() {
	_ = c.conn.Close(context.Background()) // everything on it was answered
}
