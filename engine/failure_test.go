package engine

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/scrip-engine/scrip/wire"
)

// exits notes that the engine asked for the end of the process.
type exits struct {
	once sync.Once
	ch   chan struct{}
	code int
	why  string
}

func newExits() *exits { return &exits{ch: make(chan struct{})} }

func (x *exits) exit(code int, why string) {
	x.once.Do(func() {
		x.code, x.why = code, why
		close(x.ch)
	})
}

func (x *exits) happened() bool {
	select {
	case <-x.ch:
		return true
	default:
		return false
	}
}

// bare opens an engine that the test closes itself.
func bare(fs vfs.FS, x *exits, change ...func(*Config)) (*Engine, error) {
	cfg := Config{Dir: "data", FS: fs, HeartbeatTimeout: 20 * time.Millisecond, Logger: slog.New(slog.DiscardHandler), Exit: x.exit}
	for _, f := range change {
		f(&cfg)
	}
	return Open(cfg)
}

var errInjected = errors.New("injected: input/output error")

// Every write operation of a short life fails once, at the start all and later a
// sample. Each time the node stays clean or asks for its end with 70; nobody is
// told of a success that the disk does not have, and no answer is without a family.
func TestEveryFailedWriteIsCleanOrFatal(t *testing.T) {
	rng := seeded(t)
	failed, opened := 0, 0
	const samples, first, last = 28, 30, 700
	for n := range samples {
		index := int32(n)
		if n >= samples/4 {
			index = first + rng.Int32N(last-first)
		}
		exited, ran := lifeWithFailure(t, rng, index)
		if exited {
			failed++
		}
		if ran {
			opened++
		}
		if t.Failed() {
			t.Fatalf("write %d", index)
		}
	}
	if failed == 0 || opened == 0 {
		t.Errorf("%d ends, %d nodes that served: the test has lost its subject", failed, opened)
	}
}

func lifeWithFailure(t *testing.T, rng *rand.Rand, index int32) (exited, opened bool) {
	mem := vfs.NewCrashableMem()
	x := newExits()
	writes := errorfs.OnIndex(index)
	names := &crasher{mem: mem} // takes no crashes, keeps Pebble's names in order
	fs := errorfs.Wrap(mem, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if err := names.MaybeError(op); err != nil {
			return err
		}
		if op.Kind.ReadOrWrite() == errorfs.OpIsRead || op.Kind == errorfs.OpFileClose {
			return nil
		}
		return writes.MaybeError(op)
	}))
	was := &claims{acked: map[deed]string{}}
	e, err := bare(fs, x, func(c *Config) { c.ImageLogBytes = 4 << 10 })
	if err == nil {
		opened = true
		loadFailing(t, e, was, rng, x)
		_ = e.Close() // may fail: the disk did
	}
	if x.happened() && x.code != 70 {
		t.Errorf("exit %d: %s", x.code, x.why)
	}
	survivor := mem.CrashClone(vfs.CrashCloneCfg{})
	again := open(t, survivor)
	defer func() {
		if err := again.Close(); err != nil {
			t.Error(err)
		}
	}()
	prepare(t, again)
	audit(t, again, was)
	return x.happened(), opened
}

// loadFailing is a load on a node whose disk may fail.
func loadFailing(t *testing.T, e *Engine, was *claims, rng *rand.Rand, x *exits) {
	ctx, c := context.Background(), e.Default()
	c.Key = "prepare"
	for name, ask := range map[string]func() error{
		"campaign": func() error {
			_, err := e.CreateCampaign(ctx, c, decode[wire.CampaignCreate](t, `{"name":"Base","voucher":{"type":"DISCOUNT_VOUCHER","discount":{"type":"AMOUNT","amount_off":1}}}`))
			return err
		},
		"gift": func() error {
			_, err := e.CreateVoucher(ctx, c, "GIFT", decode[wire.VoucherCreate](t, `{"type":"GIFT_VOUCHER","gift":{"amount":900}}`))
			return err
		},
		"multi": func() error {
			_, err := e.CreateVoucher(ctx, c, "MULTI", decode[wire.VoucherCreate](t, `{"discount":{"type":"AMOUNT","amount_off":1},"redemption":{"quantity":12}}`))
			return err
		},
	} {
		if err := ask(); err != nil && !x.happened() {
			t.Errorf("%s: %v", name, err)
		}
	}
	for range 30 {
		d := was.pick(rng)
		told, err := d.do(t, e)
		if err == nil {
			was.ack(d, told)
			continue
		}
		k, known := wire.Lookup(keyOf(err))
		if !known || k.Family == wire.FamilyRequest || k.Key == wire.KeyInternalError {
			t.Errorf("%+v: %v", d, err)
		}
		if k.Family != wire.FamilyRefusal && !x.happened() {
			t.Errorf("%+v on a sound node: %v", d, err)
		}
	}
}

// A node whose storage has failed acknowledges nothing any more, also in a program
// that embeds the engine and lives on.
func TestADeadNodeAcknowledgesNothing(t *testing.T) {
	for _, shards := range []int{1, 4} {
		x := newExits()
		toggle := &errorfs.Toggle{Injector: errorfs.InjectorFunc(func(op errorfs.Op) error {
			if strings.HasSuffix(op.Path, ".log") && op.Kind.ReadOrWrite() == errorfs.OpIsWrite {
				return errInjected
			}
			return nil
		})}
		e, err := bare(errorfs.Wrap(vfs.NewMem(), toggle), x, func(c *Config) { c.Shards = shards })
		if err != nil {
			t.Fatal(err)
		}
		w := &world{t: t, Engine: e, c: e.Default()}
		w.add(w.tenPercent("Dead", "", "").ID, "USED", `{}`)
		w.redeem("USED", "")
		w.refused("USED", "", wire.KeyQuantityExceeded)
		w.create("LEFT", `{"discount":{"type":"AMOUNT","amount_off":1}}`)
		toggle.On()
		_, err = w.try("k", "LEFT", "")
		w.wants(err, wire.KeyOutcomeUnknown)
		<-x.ch
		if x.code != 70 {
			t.Errorf("exit %d: %s", x.code, x.why)
		}
		ctx := context.Background()
		for name, ask := range map[string]func() error{
			"redemption": func() error { _, err := w.try("", "LEFT", ""); return err },
			"campaign": func() error {
				_, err := w.CreateCampaign(ctx, w.c, decode[wire.CampaignCreate](t, deadCampaign))
				return err
			},
		} {
			k, _ := wire.Lookup(keyOf(ask()))
			if k.Family != wire.FamilyRetry && k.Family != wire.FamilyUnknown {
				t.Errorf("%d shards: a dead node answers a %s with %q", shards, name, k.Key)
			}
		}
		// Nor does it tell what it remembers: that may not be what its disk holds.
		for name, ask := range map[string]func() error{
			"refusal": func() error { _, err := w.try("r", "USED", ""); return err },
			"replay":  func() error { _, err := w.try("own-1", "USED", ""); return err },
			"read":    func() error { _, err := w.Voucher(ctx, w.c, "USED"); return err },
			"list": func() error {
				_, err := w.Redemptions(ctx, w.c, RedemptionQuery{Page: Page{Limit: 1, Number: 1}})
				return err
			},
			"validation": func() error { return w.Validate(ctx, w.c, request(t, "USED", ""), new(wire.ValidationResponse)) },
			"events":     func() error { return w.FollowEvents(ctx, w.c, "", func(wire.Event) error { return nil }) },
			"project":    func() error { _, err := w.Project(ctx, w.c); return err },
		} {
			if err := ask(); keyOf(err) != wire.KeyUnavailable {
				t.Errorf("%d shards: a dead node answers a %s with %v", shards, name, err)
			}
		}
		if ready, _ := e.Ready(); ready {
			t.Error("a dead node says that it is ready")
		}
		if e.Live() {
			t.Error("a dead node says that it lives")
		}
		_ = e.Close() // may fail: the disk did
	}
}

const deadCampaign = `{"name":"More","voucher":{"type":"DISCOUNT_VOUCHER","discount":{"type":"AMOUNT","amount_off":1}}}`

// What a caller gives up on is unknown once it was handed over, and not done
// before (P5).
func TestContextsThatEnd(t *testing.T) {
	w := newWorld(t, 1)
	w.create("CTX", `{"discount":{"type":"AMOUNT","amount_off":1}}`)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var out wire.RedeemResponse
	err := w.Redeem(ctx, w.keyed("k"), request(t, "CTX", ""), &out)
	if k, _ := wire.Lookup(keyOf(err)); k.Family != wire.FamilyRetry {
		t.Errorf("before it was handed over: %v", err)
	}
	if used := w.voucher("CTX").Redemption.RedeemedQuantity; used != 0 {
		t.Error("not done, and done")
	}
	_, err = w.try("k", "CTX", "")
	w.ok(err)
	for name, ask := range map[string]func() error{
		"voucher": func() error { _, err := w.Voucher(ctx, w.c, "CTX"); return err },
		"list": func() error {
			_, err := w.VoucherRedemptions(ctx, w.c, "CTX", Page{Limit: 1, Number: 1})
			return err
		},
	} {
		if k := keyOf(ask()); k == wire.KeyInternalError {
			t.Errorf("%s with a context that has ended: %s", name, k)
		}
	}
}

// stalledLimit is long for a disk in memory, however busy the machine, so that it
// is the file that hangs which is found out.
const stalledLimit = 2 * time.Second

// A disk that hangs under what is not the log ends the process too: under the
// views, while they are opened, under an upload, under the counters of refusals.
func TestAStalledFileEndsTheNode(t *testing.T) {
	for dir, write := range map[string]func(*world) error{
		"data/views": nil,
		"data/spool": func(w *world) error {
			_, err := w.Import(context.Background(), w.c, "", FormatCSV, strings.NewReader("Code\nA1\n"))
			return err
		},
		"data/refusals": func(w *world) error { _, err := w.try("k", "NONE", ""); return err },
	} {
		t.Run(strings.TrimPrefix(dir, "data/"), func(t *testing.T) {
			t.Parallel()
			stallUnder(t, dir, write)
		})
	}
}

// stallUnder opens a node and writes; the disk hangs under dir before the writing,
// or from the beginning where there is none.
func stallUnder(t *testing.T, dir string, write func(*world) error) {
	x := newExits()
	release := make(chan struct{})
	toggle := &errorfs.Toggle{Injector: errorfs.InjectorFunc(func(op errorfs.Op) error {
		if strings.HasPrefix(op.Path, dir) && op.Kind.ReadOrWrite() == errorfs.OpIsWrite && op.Kind != errorfs.OpFileClose {
			<-release
		}
		return nil
	})}
	if write == nil {
		toggle.On()
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		e, err := bare(errorfs.Wrap(vfs.NewMem(), toggle), x, func(c *Config) { c.StallLimit = stalledLimit })
		if err != nil {
			return // an opening that hung
		}
		if write != nil {
			toggle.On()
			_ = write(&world{t: t, Engine: e, c: e.Default()}) // whatever it says: the node is dead
		}
		<-x.ch
		_ = e.Close() // may fail: the disk did
	}()
	<-x.ch
	close(release)
	<-ended
	if x.code != 70 || !strings.Contains(x.why, dir) {
		t.Errorf("exit %d: %s", x.code, x.why)
	}
}
