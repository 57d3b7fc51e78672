package engine

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/internal/durable"
	"github.com/scrip-engine/scrip/wire"
)

// defaultCrashPoints are checked by make test; SCRIP_CRASH_POINTS asks for more.
const defaultCrashPoints = 200

func crashPoints(t *testing.T) int {
	s := os.Getenv("SCRIP_CRASH_POINTS")
	if s == "" {
		return defaultCrashPoints
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		t.Fatalf("SCRIP_CRASH_POINTS=%q: want a positive number", s)
	}
	return n
}

// deed is a change under a key: asked again it must give what it gave.
type deed struct{ kind, key, of string }

// do asks for a deed and returns what makes its outcome.
func (d deed) do(t *testing.T, e *Engine) (string, error) {
	ctx, c := context.Background(), e.Default()
	c.Key = d.key
	switch d.kind {
	case "redeem":
		var out wire.RedeemResponse
		more := fmt.Sprintf(`,"order":{"amount":100,"source_id":%q},"customer":{"source_id":"c-%s","name":"N"}`, d.key, d.key)
		if err := e.Redeem(ctx, c, request(t, d.of, more), &out); err != nil {
			return "", err
		}
		r := &out.Redemptions[0]
		return fmt.Sprint(r.ID, " ", r.Date, " ", r.Customer.ID, " ", r.Voucher.Redemption.RedeemedQuantity), nil
	case "rollback":
		b, err := e.Rollback(ctx, c, d.of, &wire.RollbackRequest{})
		if err != nil {
			return "", err
		}
		return fmt.Sprint(b.ID, " ", b.Date), nil
	case "balance":
		b, err := e.ChangeBalance(ctx, c, d.of, &wire.BalanceChange{Amount: wire.Some[int64](7)})
		if err != nil {
			return "", err
		}
		return fmt.Sprint(b.Balance), nil
	case "code":
		v, err := e.AddVoucher(ctx, c, d.of, "", &wire.VoucherCreate{})
		if err != nil {
			return "", err
		}
		return v.Code, nil
	case "campaign":
		w, err := e.CreateCampaign(ctx, c, decodeTB[wire.CampaignCreate](t, fmt.Sprintf(`{"name":%q,"vouchers_count":40,"voucher":
			{"type":"DISCOUNT_VOUCHER","redemption":{"quantity":2},"discount":{"type":"AMOUNT","amount_off":1}}}`, d.of)))
		if err != nil {
			return "", err
		}
		return w.ID, nil
	}
	panic("no such deed: " + d.kind)
}

// claims are what a client was told.
type claims struct {
	mu    sync.Mutex
	next  int
	acked map[deed]string
	codes []string // that were acknowledged
}

func (c *claims) clone() *claims {
	c.mu.Lock()
	defer c.mu.Unlock()
	return &claims{next: c.next + 1_000_000, acked: maps.Clone(c.acked), codes: slices.Clone(c.codes)}
}

// pick draws what to do next.
func (c *claims) pick(rng *rand.Rand) deed {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.next++
	key := strconv.Itoa(c.next)
	p := rng.IntN(100)
	switch {
	case p < 4 || len(c.codes) == 0:
		return deed{"campaign", "camp-" + key, "C-" + key}
	case p < 20:
		return deed{"code", key, "Base"}
	case p < 30:
		return deed{"balance", key, "GIFT"}
	case p < 45:
		for d, told := range c.acked { // any will do
			if d.kind == "redeem" {
				return deed{"rollback", "back-" + d.key, strings.Fields(told)[0]}
			}
		}
	case p < 60:
		return deed{"redeem", key, "GIFT"}
	case p < 75:
		return deed{"redeem", key, "MULTI"}
	}
	return deed{"redeem", key, c.codes[rng.IntN(len(c.codes))]}
}

func (c *claims) ack(d deed, told string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.acked[d] = told
	if d.kind == "code" {
		c.codes = append(c.codes, told)
	}
}

type crash struct {
	fs  *vfs.MemFS
	was *claims
}

// crasher photographs the disk before some of the operations on it.
type crasher struct {
	mem *vfs.MemFS
	was *claims
	on  atomic.Bool

	mu    sync.Mutex // guards the fields below
	rng   *rand.Rand
	left  int
	taken []crash
}

// MaybeError satisfies errorfs.Injector; it fails nothing. Pebble relies on the
// file system to keep the names of a manifest and of its marker in order, as every
// journaling one does and MemFS's clones do not; so they are ordered here.
func (c *crasher) MaybeError(op errorfs.Op) error {
	if op.Kind == errorfs.OpCreate && strings.Contains(op.Path, "marker.manifest") {
		if err := durable.SyncDir(c.mem, c.mem.PathDir(op.Path)); err != nil {
			return nil // not there yet
		}
	}
	if !c.on.Load() || op.Kind.ReadOrWrite() == errorfs.OpIsRead {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.left == 0 || c.rng.IntN(40) != 0 {
		return nil
	}
	c.left--
	was := c.was.clone() // before the clone: later acknowledgements do not count
	percent := [...]int{0, 20, 50, 80, 100}[c.rng.IntN(5)]
	fs := c.mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: percent, RNG: rand.New(rand.NewPCG(c.rng.Uint64(), 2))})
	c.taken = append(c.taken, crash{fs, was})
	return nil
}

func (c *crasher) String() string { return "crasher" }

func (c *crasher) done() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.left == 0
}

// Power may go at any file operation of the whole node, logs, images, secret,
// views, spools: what was acknowledged is there once and answers its key as
// before, no limit is exceeded, jobs go on, and the views say what the journals
// say (P2 to P5).
//
// A point costs about 0.2 s of one core, most of it race detector and opening. So
// there are two families of disks, beside each other.
func TestCrashAtAnyFileOperation(t *testing.T) {
	rng, points := seeded(t), crashPoints(t)
	for family := range uint64(2) {
		mine := rand.New(rand.NewPCG(rng.Uint64(), family))
		t.Run(fmt.Sprintf("family=%d", family), func(t *testing.T) {
			t.Parallel()
			crashes(t, mine, (points+int(family))/2)
		})
	}
}

// crashes lives one life after another, each on a disk that another one left when
// its power went.
func crashes(t *testing.T, rng *rand.Rand, points int) {
	queue := []crash{{vfs.NewCrashableMem(), &claims{acked: map[deed]string{}}}}
	for n := points; n > 0 && !t.Failed(); n-- {
		if len(queue) == 0 {
			t.Fatal("no crash was taken")
		}
		i := rng.IntN(len(queue)) // old and new disks, shallow and deep histories
		next := queue[i]
		queue[i] = queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		want := 2
		if len(queue) > 8 { // bounded memory: stop branching
			want = 1
		}
		queue = append(queue, life(t, rng, next, want, n%4 == 0)...)
	}
}

// life opens a node on a disk that lost power, audits it, and runs it under load.
func life(t *testing.T, rng *rand.Rand, start crash, points int, rebuild bool) []crash {
	c := &crasher{mem: start.fs, was: start.was, rng: rand.New(rand.NewPCG(rng.Uint64(), 4)), left: points}
	c.on.Store(rng.IntN(4) == 0) // some crash during the opening itself
	shards := 1 + rng.IntN(2)    // more cost time and have no other seams
	e := open(t, errorfs.Wrap(start.fs, c), func(cfg *Config) {
		cfg.ImageLogBytes = 4 << 10
		cfg.HeartbeatTimeout = 5 * time.Millisecond // the least that raft allows
		if !exists(start.fs, "data/cluster.secret") {
			cfg.Shards = shards // the first life, or one that lost the first moments
		}
	})
	defer func() {
		if err := e.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}()
	prepare(t, e)
	audit(t, e, start.was)
	if t.Failed() {
		return nil
	}
	c.on.Store(true)
	load(t, e, start.was, rng, c.done)
	settleJobs(t, e)
	if rebuild {
		checkViews(t, e, start.fs)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.taken
}

func exists(fs vfs.FS, path string) bool {
	_, err := fs.Stat(path)
	return err == nil
}

// prepare makes what every life needs, where it is not there.
func prepare(t *testing.T, e *Engine) {
	t.Helper()
	ctx, c := context.Background(), e.Default()
	c.Key = "prepare"
	if _, err := e.CreateCampaign(ctx, c, decode[wire.CampaignCreate](t, `{"name":"Base","voucher":
		{"type":"DISCOUNT_VOUCHER","discount":{"type":"AMOUNT","amount_off":1}}}`)); err != nil {
		t.Fatal(err)
	}
	for code, body := range map[string]string{
		"GIFT":  `{"type":"GIFT_VOUCHER","gift":{"amount":900}}`,
		"MULTI": `{"discount":{"type":"AMOUNT","amount_off":1},"redemption":{"quantity":12}}`,
	} {
		if _, err := e.CreateVoucher(ctx, c, code, decode[wire.VoucherCreate](t, body)); err != nil {
			t.Fatal(err)
		}
	}
}

// load changes things from several goroutines until done.
func load(t *testing.T, e *Engine, was *claims, rng *rand.Rand, done func() bool) {
	var wg sync.WaitGroup
	for range 3 {
		mine := rand.New(rand.NewPCG(rng.Uint64(), 3))
		wg.Go(func() {
			for !done() && !t.Failed() {
				d := was.pick(mine)
				told, err := d.do(t, e)
				if err == nil {
					was.ack(d, told)
					continue
				}
				if k, known := wire.Lookup(keyOf(err)); !known || k.Family != wire.FamilyRefusal {
					t.Errorf("%+v: %v", d, err)
				}
			}
		})
	}
	wg.Wait()
}

// audit asks for everything that was acknowledged again.
func audit(t *testing.T, e *Engine, was *claims) {
	t.Helper()
	given := map[string]bool{}
	for d, told := range was.acked {
		if d.kind == "rollback" {
			given[d.of] = true
		}
		if now, err := d.do(t, e); err != nil || now != told {
			t.Errorf("%+v was answered with %q, is answered with %q, %v", d, told, now, err)
		}
	}
	uses := map[string]int64{}
	for d, told := range was.acked {
		if d.kind == "redeem" && !given[strings.Fields(told)[0]] {
			uses[d.of]++
		}
	}
	for code, least := range uses {
		v, err := e.Voucher(context.Background(), e.Default(), code)
		if err != nil {
			t.Errorf("%s: %v", code, err)
			continue
		}
		used, limit := v.Redemption.RedeemedQuantity, v.Redemption.Quantity
		if used > limit.Or(used) || code != "GIFT" && code != "MULTI" && used < least {
			t.Errorf("P2: %s was used %d times, limit %v, acknowledged %d", code, used, limit, least)
		}
	}
	w := &world{t: t, Engine: e, c: e.Default()}
	w.ledger("GIFT", w.voucher("GIFT").Gift.Balance.Value)
}

// settleJobs waits until every job is done, and fails unless each made what it
// promised.
func settleJobs(t *testing.T, e *Engine) {
	t.Helper()
	for {
		v := e.catalog.View()
		if len(v.ActiveJobs()) == 0 {
			break
		}
		if err := e.catLog.WaitApplied(context.Background(), v.Index()+1); err != nil {
			t.Fatal(err)
		}
	}
	list, err := e.AsyncActions(context.Background(), e.Default(), Page{Limit: 100, Number: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, j := range list.Data {
		if r := j.Result; r.DoneCount != 40 || r.FailedCount != 0 {
			t.Errorf("job %s: %+v", j.ID, r)
		}
	}
}

// checkViews compares what the views say with what views that are made from
// nothing say.
func checkViews(t *testing.T, e *Engine, fs *vfs.MemFS) {
	t.Helper()
	before := told(t, e)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if err := fs.RemoveAll("data/views"); err != nil {
		t.Fatal(err)
	}
	fresh := open(t, fs)
	if after := told(t, fresh); after != before {
		t.Errorf("the views said\n%s\nand made from nothing say\n%s", before, after)
	}
	if err := fresh.Close(); err != nil {
		t.Fatal(err)
	}
}

// told is what the lists say, once they have seen everything.
func told(t *testing.T, e *Engine) string {
	t.Helper()
	ctx, c := context.Background(), e.Default()
	for i, g := range e.shards {
		if err := e.views.WaitFor(ctx, i, g.law.LastSeq()); err != nil {
			t.Fatal(err)
		}
	}
	var b strings.Builder
	page := Page{Limit: coupon.ListLimitMax, Number: 1}
	for more := true; more; {
		list, err := e.Redemptions(ctx, c, RedemptionQuery{Page: page})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range list.Data {
			fmt.Fprintln(&b, r.Redemption.ID, r.Redemption.Status)
		}
		more, page = list.HasMore, Page{Limit: coupon.ListLimitMax, Cursor: list.NextCursor}
	}
	codes, err := e.Vouchers(ctx, c, VoucherQuery{Page: Page{Limit: coupon.ListLimitMax, Number: 1}})
	if err != nil {
		t.Fatal(err)
	}
	s, err := e.CampaignSummary(ctx, c, "Base")
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(&b, codes.Total, s.Vouchers, s.Redemptions)
	return b.String()
}
