package main

import (
	"bufio"
	"context"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/scrip-engine/scrip/bench"
	"github.com/scrip-engine/scrip/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// tiny is a measurement of some tenths of a second.
func tiny(t *testing.T) *peersRun {
	t.Helper()
	s := peersSettings{Dir: t.TempDir(), Rounds: 1, Duration: 100 * time.Millisecond,
		Connections: []int{1, 4}, BatchTime: 40 * time.Millisecond, BatchCodes: 20_000}
	// PostgreSQL's user must be able to reach its directory below ours.
	for dir := s.Dir; strings.HasPrefix(dir, os.TempDir()+"/"); dir = dir[:strings.LastIndexByte(dir, '/')] {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return &peersRun{peersSettings: s, report: &peersReport{Versions: map[string]string{}, Settings: s}, round: 1, seed: 1, say: t.Logf}
}

// clean requires that something was measured and that every audit agreed.
func (p *peersRun) clean(t *testing.T, cells int) {
	t.Helper()
	if len(p.report.Failures) > 0 || len(p.report.Cells) != cells {
		t.Errorf("%d cells, want %d; failures: %v", len(p.report.Cells), cells, p.report.Failures)
	}
	answers := 0.0
	for _, c := range p.report.Cells {
		answers += c.Runs[0].Answers
		if len(c.Runs[0].Errors) > 0 {
			t.Errorf("%s, %s, %d connections: %+v", c.System, c.Load, c.Connections, c.Runs[0])
		}
	}
	if answers == 0 {
		t.Error("nothing was answered")
	}
}

func installedRedis(t *testing.T) bool {
	if _, err := exec.LookPath("redis-server"); err != nil {
		t.Log("this did not run: " + redisHint)
		return false
	}
	return true
}

func installedPostgres(t *testing.T) bool {
	if _, ok := findPostgres(); !ok {
		t.Log("this did not run: " + postgresHint)
		return false
	}
	return true
}

// Without this the comparison could count what Redis never kept.
func TestRedisTurn(t *testing.T) {
	if !installedRedis(t) {
		return
	}
	p := tiny(t)
	if err := p.inDirectory(t.Context(), systemRedis, p.redis); err != nil {
		t.Fatal(err)
	}
	cells := 6
	if _, err := exec.LookPath("redis-benchmark"); err == nil {
		cells += 2
	}
	p.clean(t, cells)
}

// Without this the comparison could count what PostgreSQL never committed.
func TestPostgresTurn(t *testing.T) {
	if !installedPostgres(t) {
		return
	}
	p := tiny(t)
	if err := p.inDirectory(t.Context(), systemPostgres, p.postgres); err != nil {
		t.Fatal(err)
	}
	p.clean(t, 6)
}

// Without this the turn in process could measure an engine that refuses everything.
func TestEngineTurn(t *testing.T) {
	p := tiny(t)
	if err := p.inDirectory(t.Context(), systemEngine, p.engine); err != nil {
		t.Fatal(err)
	}
	p.clean(t, 1)
}

// asked is one redemption of a code, and what must come of it.
type asked struct{ code, key, customer, want string }

// semantics are the same for both peers: what is refused and why, and that a key
// is answered once. The codes are made by each test.
var semantics = []asked{
	{"ONCE", "k1", "", `{"id":"ONCE#1","result":"SUCCESS","amount":10000,"discount_amount":1000,"total_amount":9000}`},
	{"ONCE", "k1", "", `{"id":"ONCE#1","result":"SUCCESS","amount":10000,"discount_amount":1000,"total_amount":9000}`},
	{"ONCE", "k2", "", "quantity_exceeded"},
	{"OFF", "k3", "", "voucher_disabled"},
	{"LATE", "k4", "", "voucher_expired"},
	{"EARLY", "k5", "", "voucher_not_active"},
	{"NONE", "k6", "", "not_found"},
	{"EACH", "k7", "ann", `{"id":"EACH#1","result":"SUCCESS","amount":10000,"discount_amount":1000,"total_amount":9000}`},
	{"EACH", "k8", "ann", "quantity_exceeded"},
	{"EACH", "k9", "bob", `{"id":"EACH#2","result":"SUCCESS","amount":10000,"discount_amount":1000,"total_amount":9000}`},
}

// Without this a peer could refuse for reasons that Scrip does not know.
func TestRefusalsAreScrips(t *testing.T) {
	for _, a := range semantics {
		info, known := wire.Lookup(a.want)
		if !strings.HasPrefix(a.want, idField) && (!known || info.Family != wire.FamilyRefusal) {
			t.Errorf("%q is no refusal of Scrip", a.want)
		}
	}
}

// Without this Redis could be compared while doing less than Scrip does.
func TestRedisSemantics(t *testing.T) {
	if !installedRedis(t) {
		return
	}
	r, err := startRedis(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := r.stop(); err != nil {
			t.Error(err)
		}
	}()
	for _, code := range [][4]string{{"ONCE", "1", "0", "4102444800000"}, {"OFF", "0", "0", "4102444800000"}, {"LATE", "1", "0", "1000"},
		{"EARLY", "1", "4102444800000", "4102444900000"}, {"EACH", "1", "0", "4102444800000"}} {
		quantity, each := "1", "0"
		if code[0] == "EACH" {
			quantity, each = "0", "1"
		}
		if _, err := r.link.ask("HSET", voucherPrefix+code[0], "active", code[1], "from", code[2], "until", code[3],
			"quantity", quantity, "used", "0", "each", each, "percent", "1000"); err != nil {
			t.Fatal(err)
		}
	}
	for _, a := range semantics {
		got, err := r.link.ask("EVALSHA", r.sha, "3", voucherPrefix+a.code, answerPrefix+a.code+":"+a.key, customersPrefix+a.code,
			a.customer, "10000", rememberMillis)
		if err != nil || got != a.want {
			t.Errorf("%+v: %q, %v", a, got, err)
		}
	}
}

// Without this PostgreSQL could be compared while doing less than Scrip does.
func TestPostgresSemantics(t *testing.T) {
	if !installedPostgres(t) {
		return
	}
	p := tiny(t)
	err := p.inDirectory(t.Context(), systemPostgres, func(ctx context.Context, dir string) error {
		bin, _ := findPostgres()
		server, err := startPostgres(ctx, bin, dir)
		if err != nil {
			return err
		}
		_, err = server.admin.Exec(ctx, `INSERT INTO voucher (code, active, valid_from, valid_until, quantity, each_customer, percent) VALUES
			('ONCE', true, '-infinity', 'infinity', 1, NULL, 1000), ('OFF', false, '-infinity', 'infinity', 1, NULL, 1000),
			('LATE', true, '-infinity', '1970-01-02', 1, NULL, 1000), ('EARLY', true, '2100-01-01', 'infinity', 1, NULL, 1000),
			('EACH', true, '-infinity', 'infinity', NULL, 1, 1000)`)
		if err != nil {
			t.Error(err)
		}
		for _, a := range semantics {
			var got string
			err := server.admin.QueryRow(ctx, redeemCall, a.code, a.key, a.customer, int64(orderAmount)).Scan(&got)
			if err != nil {
				got = err.Error() // a refusal by customer takes the use back by rolling back
			}
			if got != a.want && !strings.Contains(got, a.want) {
				t.Errorf("%+v: %q", a, got)
			}
		}
		return server.stop()
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Without this an audit could agree with any number.
func TestBalance(t *testing.T) {
	f := func(told bench.Told, used int64, ok bool) {
		t.Helper()
		if err := balance(&told, used); (err == nil) != ok {
			t.Errorf("%+v, %d used: %v", told, used, err)
		}
	}
	f(bench.Told{Acknowledged: 5}, 5, true)
	f(bench.Told{Acknowledged: 5}, 4, false)
	f(bench.Told{Acknowledged: 5}, 6, false)
	f(bench.Told{Acknowledged: 5, Unknown: 1}, 6, true)
	f(bench.Told{Acknowledged: 5, Unknown: 1}, 7, false)
	f(bench.Told{Acknowledged: 5, Double: 1}, 5, false)
}

// Without this a reply that comes in pieces would end a set-up or an audit.
func TestLinkReadsPieces(t *testing.T) {
	here, there := net.Pipe()
	written := make(chan error, 1)
	go func() {
		var err error
		for _, piece := range []string{"$1", "0\r", "\n01234", "56789\r\n:", "7\r\n-ERR no\r\n"} {
			if err == nil {
				_, err = there.Write([]byte(piece))
			}
		}
		written <- err
	}()
	l := &redisLink{conn: here, in: bufio.NewReaderSize(here, respBytesMax)}
	for _, want := range []string{"0123456789", "7"} {
		if got, err := l.read(); err != nil || got != want {
			t.Errorf("%q, %v", got, err)
		}
	}
	if _, err := l.read(); err == nil || err.Error() != "ERR no" {
		t.Error(err)
	}
	if err := <-written; err != nil {
		t.Error(err)
	}
	for _, c := range []net.Conn{here, there} {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
}
