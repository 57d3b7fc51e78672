package engine

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/internal/clock"
	"github.com/scrip-engine/scrip/raftstore"
	"github.com/scrip-engine/scrip/wire"
)

// Close while everything is being asked: each call is answered, done, not done or
// unknown; what was acknowledged is there afterwards; nothing is left running
// (TestMain looks for goroutines).
func TestCloseUnderLoad(t *testing.T) {
	for _, shards := range []int{1, 4} {
		w := newWorld(t, shards)
		ctx := context.Background()
		w.add(w.tenPercent("Close", "", `,"redemption":{"quantity":null}`).ID, "CLOSE", `{}`)
		asks := []func(key string) error{
			func(key string) error {
				return w.Redeem(ctx, w.keyed(key), request(t, "CLOSE", ""), new(wire.RedeemResponse))
			},
			func(string) error { return w.Validate(ctx, w.c, request(t, "CLOSE", ""), new(wire.ValidationResponse)) },
			func(string) error { _, err := w.Voucher(ctx, w.c, "CLOSE"); return err },
			func(string) error { _, err := w.Vouchers(ctx, w.c, VoucherQuery{Page: Page{Limit: 10}}); return err },
			func(string) error {
				_, err := w.VoucherRedemptions(ctx, w.c, "CLOSE", Page{Limit: 10})
				return err
			},
			func(key string) error { _, err := w.PutCustomer(ctx, w.c, &wire.Customer{SourceID: key}); return err },
			func(key string) error {
				_, err := w.CreateVoucher(ctx, w.c, key, decodeTB[wire.VoucherCreate](t, `{"discount":{"type":"AMOUNT","amount_off":1}}`))
				return err
			},
			func(string) error {
				return w.FollowEvents(ctx, w.c, "", func(wire.Event) error { return nil })
			},
			func(string) error { w.Status(); return nil },
		}
		var acked sync.Map
		var busy atomic.Int64
		warm := make(chan struct{})
		var wg sync.WaitGroup
		for i, ask := range asks {
			wg.Go(func() {
				for n := 0; ; n++ {
					key := fmt.Sprint("L", i, "-", n)
					if busy.Add(1) == 200 {
						close(warm)
					}
					err := ask(key)
					if err == nil {
						if i == 0 {
							acked.Store(key, true)
						}
						if i == len(asks)-1 && w.draining.Load() {
							return // a status has no refusal
						}
						continue
					}
					k, known := wire.Lookup(keyOf(err))
					if !known || k.Family != wire.FamilyRetry && k.Family != wire.FamilyUnknown {
						t.Errorf("ask %d: %v", i, err)
					}
					return
				}
			})
		}
		<-warm
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		wg.Wait()
		w.reopen()
		n := int64(0)
		acked.Range(func(key, _ any) bool {
			n++
			if r, err := w.try(key.(string), "CLOSE", ""); err != nil || !r.Replayed {
				t.Errorf("%s was acknowledged: %v", key, err)
			}
			return !t.Failed()
		})
		if used := w.voucher("CLOSE").Redemption.RedeemedQuantity; used < n {
			t.Errorf("used %d, acknowledged %d", used, n)
		}
	}
}

// A second engine on one directory, in this process or another, gets one clear
// line, and leaves the first alone.
func TestSecondEngineIsRefused(t *testing.T) {
	w := newWorld(t, 1)
	if _, err := bare(w.fs, newExits()); !errors.Is(err, raftstore.ErrLocked) || strings.Contains(err.Error(), "\n") {
		t.Errorf("a second engine: %v", err)
	}
	w.create("STILL", `{"discount":{"type":"AMOUNT","amount_off":1}}`)
	w.redeem("STILL", "")
}

// What is fixed when a directory is made cannot be changed by a flag, and a file
// that does not belong to it is told at once.
func TestDirectoriesAreNotMistaken(t *testing.T) {
	w := newWorld(t, 4)
	w.ok(w.Close())
	open4 := func(change func(*Config)) error {
		e, err := bare(w.fs, newExits(), change)
		if err == nil {
			w.ok(e.Close())
		}
		return err
	}
	for _, n := range []int{1, 3, 5} {
		if err := open4(func(c *Config) { c.Shards = n }); err == nil || !strings.Contains(err.Error(), "made with 4 shards") {
			t.Errorf("%d shards: %v", n, err)
		}
	}
	secret, err := readFile(w.fs, "data/"+secretFile)
	w.ok(err)
	for name, text := range map[string]string{"wrong": strings.Repeat("ab", 32), "garbage": "zz", "empty": "", "short": "abcd"} {
		w.ok(writeFile(w.fs, "data", secretFile, []byte(text)))
		if err := open4(func(*Config) {}); err == nil || !strings.Contains(err.Error(), secretFile) {
			t.Errorf("%s secret: %v", name, err)
		}
	}
	w.ok(w.fs.Remove("data/" + secretFile))
	w.ok(open4(func(*Config) {})) // the catalog knows it
	again, err := readFile(w.fs, "data/"+secretFile)
	w.ok(err)
	if string(again) != string(secret) {
		t.Error("another secret was written")
	}
	for name, change := range map[string]func(*Config){
		"no directory": func(c *Config) { c.Dir = "" },
		"shards":       func(c *Config) { c.Shards = 65 },
		"currency":     func(c *Config) { c.Currency = "XQQ" },
		"half a key":   func(c *Config) { c.AppID = "a" },
	} {
		if err := open4(change); err == nil {
			t.Errorf("%s: opened", name)
		}
	}
}

// A crash between the steps in which a directory is made is finished by the next
// start: the secret stays, the key is the one that was asked for.
func TestBootstrapIsFinished(t *testing.T) {
	rng := seeded(t)
	for range 12 {
		mem := vfs.NewCrashableMem()
		c := &crasher{mem: mem, was: &claims{acked: map[deed]string{}}, rng: rand.New(rand.NewPCG(rng.Uint64(), 4)), left: 1}
		c.on.Store(true)
		fixed := func(cfg *Config) { cfg.AppID, cfg.AppToken, cfg.Shards = "till", "token-of-the-till", 4 }
		open(t, errorfs.Wrap(mem, c), fixed)
		for _, next := range c.taken {
			e := open(t, next.fs, fixed)
			caller, ok := e.Authenticate([]byte("till"), []byte("token-of-the-till"))
			if !ok || caller.Role != RoleAdmin {
				t.Errorf("the first key opens nothing: %+v", caller)
			}
			w := &world{t: t, Engine: e, c: Call{Caller: caller}}
			w.create("B", `{"discount":{"type":"AMOUNT","amount_off":1}}`)
			w.redeem("B", "")
			if n := len(e.catalog.View().Keys(caller.Project)); n != 1 {
				t.Errorf("%d keys", n)
			}
		}
	}
}

// lowDisk is a file system that tells how much space is free.
type lowDisk struct {
	vfs.FS
	free atomic.Uint64
}

func (d *lowDisk) GetDiskUsage(string) (vfs.DiskUsage, error) {
	return vfs.DiskUsage{AvailBytes: d.free.Load()}, nil
}

// Below the watermark changes are not done, while reads, refusals and replays go
// on; above it everything does again.
func TestDiskWatermark(t *testing.T) {
	for _, shards := range []int{1, 4} {
		disk := &lowDisk{FS: vfs.NewMem()}
		disk.free.Store(1 << 30)
		e := open(t, disk, func(c *Config) { c.Shards, c.DiskLowBytes = shards, 1<<20 })
		w := &world{t: t, Engine: e, c: e.Default()}
		ctx := context.Background()
		camp := w.tenPercent("Disk", "", "").ID
		w.add(camp, "USED", `{}`)
		w.add(camp, "LEFT", `{}`)
		first, err := w.try("k", "USED", "")
		w.ok(err)
		disk.free.Store(1 << 10)
		w.disk.look()
		w.refused("USED", "", wire.KeyQuantityExceeded)
		w.refused("NONE", "", wire.KeyNotFound)
		if r, err := w.try("k", "USED", ""); err != nil || r.ID != first.ID {
			t.Errorf("a replay below the watermark: %v", err)
		}
		if !w.validate("LEFT", "").Valid {
			t.Error("a validation below the watermark is refused")
		}
		w.voucher("LEFT")
		for name, ask := range map[string]func() error{
			"redeem":   func() error { _, err := w.try("", "LEFT", ""); return err },
			"rollback": func() error { _, err := w.Rollback(ctx, w.c, first.ID, &wire.RollbackRequest{}); return err },
			"campaign": func() error {
				_, err := w.CreateCampaign(ctx, w.c, decode[wire.CampaignCreate](t, deadCampaign))
				return err
			},
			"code":     func() error { _, err := w.AddVoucher(ctx, w.c, camp, "NEW", &wire.VoucherCreate{}); return err },
			"switch":   func() error { _, err := w.SetCampaignEnabled(ctx, w.c, camp, false); return err },
			"customer": func() error { _, err := w.PutCustomer(ctx, w.c, &wire.Customer{SourceID: "x"}); return err },
			"update": func() error {
				_, err := w.UpdateVoucher(ctx, w.c, "LEFT", decode[wire.VoucherUpdate](t, `{"category":"x"}`))
				return err
			},
			"delete": func() error { return w.DeleteVoucher(ctx, w.c, "LEFT") },
			"import": func() error {
				_, err := w.Import(ctx, w.c, camp, FormatCSV, strings.NewReader("Code\nA\n"))
				return err
			},
			"generate": func() error {
				_, err := w.Generate(ctx, w.c, camp, 2, &wire.GenerateRequest{})
				return err
			},
		} {
			err := ask()
			if e := (*wire.Error)(nil); !errors.As(err, &e) || e.Key != wire.KeyDiskFull || e.Outcome != wire.NotDone {
				t.Errorf("%s below the watermark: %v", name, err)
			}
		}
		disk.free.Store(1 << 30)
		w.disk.look()
		w.redeem("LEFT", "")
	}
}

// A shard whose memory is spent refuses what would make it grow, and still rolls
// back, switches and reads.
func TestMemoryBudget(t *testing.T) {
	w := newWorld(t, 1, func(c *Config) { c.MemoryBudgetBytes = 128 << 10 })
	ctx := context.Background()
	w.create("MANY", `{"discount":{"type":"AMOUNT","amount_off":1},"redemption":{"quantity":null}}`)
	var last *wire.Redemption
	var err error
	for n := 0; ; n++ {
		r, e := w.try(fmt.Sprint("m", n), "MANY", "")
		if err = e; err != nil {
			break
		}
		last = r
		if n > 10_000 {
			t.Fatal("128 KiB hold ten thousand redemptions")
		}
	}
	w.wants(err, wire.KeyCapacity)
	_, err = w.CreateVoucher(ctx, w.c, "MORE", decode[wire.VoucherCreate](t, `{"discount":{"type":"AMOUNT","amount_off":1}}`))
	w.wants(err, wire.KeyCapacity)
	_, err = w.Rollback(ctx, w.c, last.ID, &wire.RollbackRequest{})
	w.ok(err)
	_, err = w.SetVoucherEnabled(ctx, w.c, "MANY", false)
	w.ok(err)
	w.refused("MANY", "", wire.KeyVoucherDisabled)
	if r, err := w.try("m0", "MANY", ""); err != nil || !r.Replayed {
		t.Errorf("a replay in a full shard: %v", err)
	}
}

// wallClock is a clock whose wall can be set beside its steady time.
type wallClock struct {
	clock.System
	shift atomic.Int64 // ms
}

func (c *wallClock) UnixMilli() int64 { return c.System.UnixMilli() + c.shift.Load() }

// A wall clock that leaps ahead of the time that has passed must not be stamped,
// or it would spend replicated time for ever: nothing is done until it is right
// again, while reads and replays go on.
func TestClockJump(t *testing.T) {
	wall := new(wallClock)
	e := open(t, vfs.NewMem(), func(c *Config) { c.Clock = wall })
	w := &world{t: t, Engine: e, c: e.Default()}
	w.create("JUMP", `{"discount":{"type":"AMOUNT","amount_off":1},"redemption":{"quantity":null}}`)
	first, err := w.try("k", "JUMP", "")
	w.ok(err)
	wall.shift.Store(2 * time.Hour.Milliseconds())
	_, err = w.try("", "JUMP", "")
	w.wants(err, wire.KeyClockJump)
	if r, err := w.try("k", "JUMP", ""); err != nil || r.ID != first.ID {
		t.Errorf("a replay: %v", err)
	}
	w.refused("NONE", "", wire.KeyNotFound)
	wall.shift.Store(0)
	after := w.redeem("JUMP", "")
	if after.Date > wire.Time(wall.UnixMilli()) {
		t.Errorf("stamped %d in the future", after.Date)
	}
}

// Without it: a machine that was suspended for a night, whose clock is right, would
// refuse every change until somebody restarts it; or the way out would accept a
// clock that is wrong, or all that come after it.
func TestAnOperatorAcceptsTheClockOnce(t *testing.T) {
	wall, reg := new(wallClock), prometheus.NewRegistry()
	e := open(t, vfs.NewMem(), func(c *Config) { c.Clock, c.Shards, c.Registerer = wall, 4, reg })
	w := &world{t: t, Engine: e, c: e.Default()}
	w.create("NIGHT", `{"discount":{"type":"AMOUNT","amount_off":1},"redemption":{"quantity":null}}`)
	says := func(refused, accepted float64) {
		t.Helper()
		if a, b := metricOf(t, reg, "scrip_engine_clock_refused_total"), metricOf(t, reg, "scrip_engine_clock_accepted_total"); a < refused || b != accepted {
			t.Errorf("refused %v, accepted %v; want %v, %v", a, b, refused, accepted)
		}
	}
	says(0, 0)
	if s, err := w.AcceptClock(wire.Time(wall.UnixMilli())); err != nil || s.Accepted || s.Refused {
		t.Errorf("accepted a clock that is right: %+v, %v", s, err)
	}
	const night = 9 * time.Hour
	wall.shift.Store(night.Milliseconds())
	_, err := w.try("", "NIGHT", "")
	w.wants(err, wire.KeyClockJump)
	if s := w.ClockStatus(); !s.Refused || s.AheadSeconds < int64(night.Seconds())-1 {
		t.Errorf("the clock is %+v", s)
	}
	if a := metricOf(t, reg, "scrip_engine_clock_ahead_seconds"); a < night.Seconds()-1 {
		t.Errorf("the gauge says %v", a)
	}
	_, err = w.AcceptClock(wire.Time(clock.System{}.UnixMilli())) // what time it really is
	w.wants(err, wire.KeyInvalidQueryParams)
	_, err = w.try("", "NIGHT", "")
	w.wants(err, wire.KeyClockJump)
	says(2, 0)
	s, err := w.AcceptClock(wire.Time(wall.UnixMilli() - clockNear.Milliseconds() + 10_000))
	w.ok(err)
	if !s.Accepted || s.Refused || w.ClockStatus().Refused {
		t.Errorf("accepted: %+v", s)
	}
	says(2, 1)
	if r := w.redeem("NIGHT", ""); int64(r.Date) < int64(s.Now) {
		t.Errorf("redeemed at %v", r.Date)
	}
	w.create("MORE", `{"discount":{"type":"AMOUNT","amount_off":1}}`)
	wall.shift.Add(2 * time.Hour.Milliseconds()) // the next jump is one again
	_, err = w.try("", "NIGHT", "")
	w.wants(err, wire.KeyClockJump)
	says(3, 1)
}

// metricOf is the value of a counter or gauge without labels.
func metricOf(t *testing.T, reg *prometheus.Registry, name string) float64 {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			return f.GetMetric()[0].GetCounter().GetValue() + f.GetMetric()[0].GetGauge().GetValue()
		}
	}
	t.Fatalf("no metric %s", name)
	return 0
}

// A request that was under way when Close ended still reads the shard that it
// holds: the memory goes when the last of them has let go.
func TestRequestsOutliveClose(t *testing.T) {
	w := newWorld(t, 1)
	ctx := context.Background()
	w.create("OUT", `{"discount":{"type":"AMOUNT","amount_off":1},"metadata":{"a":"b"}}`)
	c := w.keyed("k")
	r := w.newRedemption(&c, request(t, "OUT", ""))
	defer r.release()
	w.ok(r.begin(ctx))
	if v, err := r.survey(ctx); err != nil || v != surveyPropose {
		t.Fatalf("verdict %d, %v", v, err)
	}
	w.ok(w.Close())
	r.ref.look(&r.ev.look)
	if !r.ev.look.View.Found || string(r.ev.look.View.Metadata) != `{"a":"b"}` {
		t.Errorf("the shard forgot: %+v", r.ev.look.View)
	}
	_, err := r.propose(ctx)
	if k, _ := wire.Lookup(keyOf(err)); k.Family != wire.FamilyRetry {
		t.Errorf("a proposal after Close: %v", err)
	}
	_, err = r.run(ctx)
	if k, _ := wire.Lookup(keyOf(err)); k.Family != wire.FamilyRetry {
		t.Errorf("the journey after Close: %v", err)
	}
}

// An engine that has closed cannot know what happened since, so it refuses nothing
// from memory: a refusal needs a proof that began after the request (P1).
func TestAClosedEngineRefusesNothing(t *testing.T) {
	for _, shards := range []int{1, 4} {
		w := newWorld(t, shards)
		ctx := context.Background()
		w.add(w.tenPercent("Closed", "", "").ID, "USED", `{}`)
		w.redeem("USED", "")
		w.refused("USED", "", wire.KeyQuantityExceeded)
		w.ok(w.Close())
		for name, ask := range map[string]func() error{
			"exhausted":  func() error { _, err := w.try("", "USED", ""); return err },
			"not found":  func() error { _, err := w.try("", "NONE", ""); return err },
			"validation": func() error { return w.Validate(ctx, w.c, request(t, "USED", ""), new(wire.ValidationResponse)) },
			"voucher":    func() error { _, err := w.Voucher(ctx, w.c, "NONE"); return err },
			"customer":   func() error { _, err := w.Customer(ctx, w.c, "nobody"); return err },
			"redemption": func() error {
				_, err := w.Redemption(ctx, w.c, w.secret.FormatID(coupon.PrefixRedemption, coupon.ID{Slot: 1, Seq: 1}))
				return err
			},
			"campaign": func() error { _, err := w.Campaign(ctx, w.c, "none"); return err },
		} {
			if k, _ := wire.Lookup(keyOf(ask())); k.Family != wire.FamilyRetry {
				t.Errorf("%d shards, %s: answered with %q after Close", shards, name, k.Key)
			}
		}
	}
}

// Power loss right after the first success of a new directory, with everything
// gone that was not synced: the directory itself, its secret and the success are
// there (P4).
func TestPowerLossAfterTheFirstSuccess(t *testing.T) {
	fs := vfs.NewCrashableMem()
	deep := func(c *Config) { c.Dir = "srv/scrip/data" }
	e := open(t, fs, deep)
	w := &world{t: t, Engine: e, c: e.Default()}
	w.create("FIRST", `{"discount":{"type":"AMOUNT","amount_off":1}}`)
	first, err := w.try("k", "FIRST", "")
	w.ok(err)
	w.Engine = open(t, fs.CrashClone(vfs.CrashCloneCfg{}), deep)
	w.c = w.Default()
	again, err := w.try("k", "FIRST", "")
	w.ok(err)
	if again.ID != first.ID || !again.Replayed {
		t.Errorf("first %s, after the loss %s", first.ID, again.ID)
	}
}
