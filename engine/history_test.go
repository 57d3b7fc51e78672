package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/history"
	"github.com/scrip-engine/scrip/wire"
)

const day = coupon.KeyMemoryMillis

// sealAll seals everything that is a day old.
func (w *world) sealAll() {
	w.t.Helper()
	for _, g := range w.shards {
		w.ok(w.sealOld(context.Background(), g))
	}
}

// sealedRecords counts what is in the history only.
func (w *world) sealedRecords() (n uint64) {
	for _, g := range w.shards {
		seq, _ := g.law.Sealed()
		n += seq
	}
	return n
}

// past is a world with some past, and what to ask of it.
type past struct {
	*world
	redemptions, rollbacks []string
	codes                  []string
	// strange: restored from a backup, and so with cursors of its own.
	strange bool
}

var cursors = regexp.MustCompile(`"(next_)?cursor":"[^"]*"`)

// newPast has redemptions of single-use codes, of a code with many uses and of gift
// cards, some given back wholly or in part.
func newPast(t *testing.T, shards int) *past { return newPastOn(t, vfs.NewMem(), shards) }

func newPastOn(t *testing.T, fs vfs.FS, shards int) *past {
	p := &past{world: newWorldOn(t, fs, shards)}
	p.tenPercent("ten", "", "")
	p.create("CARD", `{"type":"GIFT_VOUCHER","gift":{"amount":10000},"redemption":{"quantity":null}}`)
	p.create("MANY", `{"type":"DISCOUNT_VOUCHER","discount":{"type":"AMOUNT","amount_off":100},"redemption":{"quantity":null,"per_customer":2}}`)
	for i := range 5 {
		p.add("ten", fmt.Sprintf("ONE-%d", i), `{}`)
	}
	order := `,"customer":{"source_id":"ann"},"order":{"amount":5000,"source_id":"o-%d","items":[{"product_id":"p","amount":5000,"quantity":1}],"metadata":{"n":%d}},"metadata":{"a":"b"}`
	for i := range 5 {
		p.redemptions = append(p.redemptions, p.redeem(fmt.Sprintf("ONE-%d", i), fmt.Sprintf(order, i, i)).ID)
	}
	for i := range 2 {
		p.redemptions = append(p.redemptions, p.redeem("MANY", fmt.Sprintf(order, 10+i, i)).ID)
	}
	for range 3 {
		r, err := p.tryAs(p.c, "CARD", `,"order":{"amount":1000}`)
		p.ok(err)
		p.redemptions = append(p.redemptions, r.ID)
	}
	p.give(p.redemptions[0], `{}`)
	p.give(p.redemptions[7], `{"amount":300}`)
	p.give(p.redemptions[7], `{"amount":200}`)
	p.give(p.redemptions[8], `{}`)
	p.codes = []string{"CARD", "MANY", "ONE-0", "ONE-1"}
	return p
}

func (p *past) give(id, body string) *wire.Rollback {
	p.t.Helper()
	out, err := p.Rollback(context.Background(), p.c, id, decodeTB[wire.RollbackRequest](p.t, body))
	p.ok(err)
	p.rollbacks = append(p.rollbacks, out.ID)
	return out
}

// answers is everything that a client can ask about the past, as it is sent.
func (p *past) answers() string {
	p.t.Helper()
	var b bytes.Buffer
	ctx := context.Background()
	say := func(what string, v any, err error) {
		p.t.Helper()
		if err != nil {
			p.t.Fatalf("%s: %v", what, err)
		}
		text, err := json.Marshal(v)
		p.ok(err)
		fmt.Fprintf(&b, "%s %s\n", what, text)
	}
	for _, id := range append(append([]string(nil), p.redemptions...), p.rollbacks...) {
		r, err := p.Redemption(ctx, p.c, id)
		say(id, r, err)
	}
	for _, code := range p.codes {
		page := Page{Limit: 100, Number: 1}
		reds, err := p.VoucherRedemptions(ctx, p.c, code, page)
		reds.AsOf = 0
		say(code+" redemptions", reds, err)
		line, err := p.Timeline(ctx, p.c, code, page)
		line.AsOf = 0
		say(code+" timeline", line, err)
		v, err := p.Voucher(ctx, p.c, code)
		say(code, v, err)
		ex, err := p.Explain(ctx, p.c, &wire.ExplainRequest{RedeemRequest: *request(p.t, code, `,"order":{"amount":1000}`), Now: wire.Time(epoch)})
		say(code+" explained", ex, err)
	}
	ledger, err := p.Transactions(ctx, p.c, "CARD", Page{Limit: 100, Number: 1})
	ledger.AsOf = 0
	say("ledger", ledger, err)
	events, err := p.Events(ctx, p.c, "", 1000)
	say("events", events, err)
	return b.String()
}

func (p *past) same(want, when string) {
	p.t.Helper()
	got := p.answers()
	if p.strange {
		got, want = cursors.ReplaceAllString(got, ""), cursors.ReplaceAllString(want, "")
	}
	if got == want {
		return
	}
	a, b := bytes.Split([]byte(want), []byte("\n")), bytes.Split([]byte(got), []byte("\n"))
	for i := range a {
		if i >= len(b) || !bytes.Equal(a[i], b[i]) {
			p.t.Fatalf("%s:\n got %s\nwant %s", when, b[min(i, len(b)-1)], a[i])
		}
	}
}

// What was sealed must answer as it did: a support agent who looks at a redemption of
// last year sees what the customer saw.
func TestAnswersAreTheSameBeforeAndAfterSealing(t *testing.T) {
	for _, shards := range []int{1, 4} {
		t.Run(fmt.Sprintf("shards=%d", shards), func(t *testing.T) {
			p := newPast(t, shards)
			p.sealAll()
			if n := p.sealedRecords(); n != 0 {
				t.Fatalf("P3: %d records younger than a day were sealed", n)
			}
			p.advance(day)
			want := p.answers()
			p.sealAll()
			if p.sealedRecords() < 20 {
				t.Fatalf("%d records were sealed", p.sealedRecords())
			}
			p.same(want, "sealed")
			p.reopen()
			p.same(want, "opened again")
			p.ok(p.Close())
			p.ok(p.fs.RemoveAll(p.fs.PathJoin(p.cfg.Dir, "views")))
			p.Engine = open(t, p.fs, func(c *Config) { c.Clock = p.clock })
			p.same(want, "with views built from the history")
		})
	}
}

// A backup holds the past too, and a directory that is restored from it answers as the
// old one did; one whose past is missing or damaged does not come into being.
func TestABackupHoldsTheHistory(t *testing.T) {
	ctx := context.Background()
	p := newPast(t, 4)
	p.advance(day)
	p.sealAll()
	p.give(p.redemptions[6], `{}`)
	want := p.answers()
	info, err := p.Backup(ctx, "backup")
	p.ok(err)
	sealed := uint64(0)
	for _, h := range info.History {
		sealed += h.Sealed
	}
	if sealed != p.sealedRecords() {
		t.Fatalf("%d records in %+v", sealed, info.History)
	}
	p.advance(day)
	p.sealAll()
	_, err = Restore(p.fs, "backup", "restored")
	p.ok(err)
	r := &past{world: &world{t: t, fs: p.fs, clock: p.clock}, redemptions: p.redemptions, rollbacks: p.rollbacks, codes: p.codes, strange: true}
	for _, end := range []bool{false, true} {
		r.Engine = open(t, p.fs, func(c *Config) { c.Dir, c.Clock, c.EndRecovery = "restored", p.clock, end })
		r.c = r.Default()
		r.same(want, "restored")
		if end {
			_, err := r.Rollback(ctx, r.c, r.redemptions[1], decodeTB[wire.RollbackRequest](t, `{}`))
			r.ok(err)
			r.sealAll()
		}
		r.ok(r.Close())
	}
	name := p.fs.PathJoin("backup", historyDir, info.History[0].Name)
	files, err := p.fs.List(name)
	p.ok(err)
	p.ok(p.fs.Remove(p.fs.PathJoin(name, files[0])))
	if _, err := Restore(p.fs, "backup", "restored 2"); err == nil {
		t.Fatal("restored without the past")
	}
}

// Without its history a directory must not open: it would deny what it has
// acknowledged. With that of another journal it would tell of what never happened.
func TestADirectoryNeedsItsHistory(t *testing.T) {
	f := func(damage func(p *past, dir string)) error {
		p := newPast(t, 1)
		p.advance(day)
		p.sealAll()
		p.ok(p.Close())
		damage(p, p.fs.PathJoin(p.cfg.Dir, historyDir, "shard-0"))
		again, err := Open(Config{Dir: p.cfg.Dir, FS: p.fs, Clock: p.clock, HeartbeatTimeout: p.cfg.HeartbeatTimeout,
			Exit: func(int, string) {}, Logger: p.cfg.Logger})
		if err == nil {
			p.ok(again.Close())
		}
		return err
	}
	if err := f(func(*past, string) {}); err != nil {
		t.Fatal(err)
	}
	for name, damage := range map[string]func(p *past, dir string){
		"missing": func(p *past, dir string) { p.ok(p.fs.RemoveAll(dir)) },
		"of another journal": func(p *past, dir string) {
			other := newPast(t, 1)
			other.redeem("CARD", `,"order":{"amount":1000}`)
			other.advance(day)
			other.sealAll()
			from := other.fs.PathJoin(other.cfg.Dir, historyDir, "shard-0")
			p.ok(p.fs.RemoveAll(dir))
			_, _, err := history.Copy(other.fs, from, p.fs, dir, 1)
			p.ok(err)
		},
	} {
		if err := f(damage); err == nil {
			t.Errorf("opened with a history that is %s", name)
		}
	}
}

// A redemption of long ago is given back once, in as many parts as the card was used
// for, whatever was sealed in between and however often the server starts (P2).
func TestOldRedemptionsAreRolledBackOnce(t *testing.T) {
	p := newPast(t, 1)
	p.advance(day)
	p.sealAll()
	roll := func(id, body string) error {
		_, err := p.Rollback(context.Background(), p.c, id, decodeTB[wire.RollbackRequest](t, body))
		return err
	}
	for range 2 {
		p.wants(roll(p.redemptions[0], `{}`), "already_rolled_back")
		p.wants(roll(p.redemptions[8], `{}`), "already_rolled_back")
		p.wants(roll(p.redemptions[7], `{"amount":501}`), "invalid_rollback_params")
		p.reopen()
	}
	p.ok(roll(p.redemptions[7], `{"amount":100}`)) // 300 and 200 before, of 1,000
	p.ok(roll(p.redemptions[1], `{}`))
	p.advance(day)
	p.sealAll() // a redemption and its rollback lie in two segments
	p.wants(roll(p.redemptions[1], `{}`), "already_rolled_back")
	p.wants(roll(p.redemptions[7], `{"amount":401}`), "invalid_rollback_params")
	p.reopen()
	p.ok(roll(p.redemptions[7], `{"amount":400}`))
	p.wants(roll(p.redemptions[7], `{}`), "already_rolled_back")
	p.ok(roll(p.redemptions[6], `{}`))
	p.wants(roll(p.redemptions[6], `{}`), "already_rolled_back")
	if left, _ := p.voucher("CARD").Gift.Balance.Get(); left != 10000-1000 {
		t.Fatalf("the card has %d; one redemption of 1,000 stands", left)
	}
	if v := p.voucher("ONE-1"); v.Redemption.RedeemedQuantity != 0 {
		t.Fatalf("ONE-1: %+v", v.Redemption)
	}
	p.redeem("ONE-1", `,"order":{"amount":1000}`)
	missing := p.redemptions[0][:len(p.redemptions[0])-1] + "0"
	if missing != p.redemptions[0] {
		p.wants(roll(missing, `{}`), "not_found")
	}
}
