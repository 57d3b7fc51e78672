package engine

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/scrip-engine/scrip/internal/clock"
	"github.com/scrip-engine/scrip/wire"
)

// world is an engine under test, with a clock that stands still.
type world struct {
	t testing.TB
	*Engine
	fs    vfs.FS
	clock *clock.Fake
	c     Call
	keys  atomic.Int64
}

// epoch is where the clock of every world stands at first.
const epoch = int64(1_800_000_000_000)

func newWorld(t *testing.T, shards int, change ...func(*Config)) *world {
	t.Helper()
	return newWorldOn(t, vfs.NewMem(), shards, change...)
}

// newWorldOn is newWorld on the files of fs.
func newWorldOn(t *testing.T, fs vfs.FS, shards int, change ...func(*Config)) *world {
	t.Helper()
	w := &world{t: t, fs: fs, clock: clock.NewFakeMilli(epoch)}
	first := func(c *Config) { c.Shards, c.Clock = shards, w.clock }
	w.Engine = open(t, w.fs, append([]func(*Config){first}, change...)...)
	w.c = w.Default()
	return w
}

// reopen closes the engine and opens it again on the same files.
func (w *world) reopen() {
	w.t.Helper()
	if err := w.Close(); err != nil {
		w.t.Fatal(err)
	}
	w.Engine = open(w.t.(*testing.T), w.fs, func(c *Config) { c.Clock = w.clock })
	w.c = w.Default()
}

// eachShards runs a test on one shard and on four: what one command does on one
// shard may take several on more.
func eachShards(t *testing.T, f func(t *testing.T, w *world)) {
	t.Helper()
	for _, n := range []int{1, 4} {
		t.Run(fmt.Sprintf("shards=%d", n), func(t *testing.T) { f(t, newWorld(t, n)) })
	}
}

// seeded prints its seed, and takes one from SCRIP_SEED.
func seeded(t *testing.T) *rand.Rand {
	t.Helper()
	seed := rand.Uint64()
	if s := os.Getenv("SCRIP_SEED"); s != "" {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatalf("SCRIP_SEED=%q: %v", s, err)
		}
		seed = n
	}
	t.Logf("SCRIP_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, seed))
}

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatalf("%v", err)
	}
}

// wants fails unless err is the refusal or error with the key.
func (w *world) wants(err error, key string) {
	w.t.Helper()
	if keyOf(err) != key {
		w.t.Fatalf("got %q (%v), want %q", keyOf(err), err, key)
	}
}

func (w *world) keyed(key string) Call {
	c := w.c
	c.Key = key
	return c
}

func (w *world) campaign(body string) *wire.Campaign {
	w.t.Helper()
	out, err := w.CreateCampaign(context.Background(), w.c, decodeTB[wire.CampaignCreate](w.t, body))
	w.ok(err)
	return out
}

// tenPercent opens a campaign of discount codes; more are fields of the campaign
// with a leading comma, voucher the same of its voucher.
func (w *world) tenPercent(name, more, voucher string) *wire.Campaign {
	w.t.Helper()
	return w.campaign(fmt.Sprintf(`{"name":%q%s,"voucher":{"type":"DISCOUNT_VOUCHER","discount":{"type":"PERCENT","percent_off":10}%s}}`,
		name, more, voucher))
}

func (w *world) add(campaign, code, body string) *wire.Voucher {
	w.t.Helper()
	out, err := w.AddVoucher(context.Background(), w.c, campaign, code, decodeTB[wire.VoucherCreate](w.t, body))
	w.ok(err)
	return out
}

func (w *world) create(code, body string) *wire.Voucher {
	w.t.Helper()
	out, err := w.CreateVoucher(context.Background(), w.c, code, decodeTB[wire.VoucherCreate](w.t, body))
	w.ok(err)
	return out
}

// try redeems with a key; more are fields of the request with a leading comma.
func (w *world) try(key, code, more string) (*wire.Redemption, error) {
	w.t.Helper()
	return w.tryAs(w.keyed(key), code, more)
}

func (w *world) tryAs(c Call, code, more string) (*wire.Redemption, error) {
	w.t.Helper()
	var out wire.RedeemResponse
	if err := w.Redeem(context.Background(), c, request(w.t, code, more), &out); err != nil {
		return nil, err
	}
	return &out.Redemptions[0], nil
}

// redeem redeems with a key of its own and must succeed.
func (w *world) redeem(code, more string) *wire.Redemption {
	w.t.Helper()
	r, err := w.try("own-"+strconv.FormatInt(w.keys.Add(1), 10), code, more)
	w.ok(err)
	return r
}

// refused redeems with a key of its own and must be refused with errKey, by a
// validation of the same request too.
func (w *world) refused(code, more, errKey string) *wire.Error {
	w.t.Helper()
	v := w.validate(code, more)
	if e := v.Redeemables[0].Result.Error; v.Valid || e == nil || e.Key != errKey {
		w.t.Fatalf("%s: validation says %v %v, want %s", code, v.Valid, e, errKey)
	}
	_, err := w.try("own-"+strconv.FormatInt(w.keys.Add(1), 10), code, more)
	w.wants(err, errKey)
	return err.(*wire.Error)
}

func (w *world) validate(code, more string) *wire.ValidationResponse {
	w.t.Helper()
	out := new(wire.ValidationResponse)
	w.ok(w.Validate(context.Background(), w.c, request(w.t, code, more), out))
	return out
}

func (w *world) voucher(code string) *wire.Voucher {
	w.t.Helper()
	v, err := w.Voucher(context.Background(), w.c, code)
	w.ok(err)
	return v
}

func request(t testing.TB, code, more string) *wire.RedeemRequest {
	t.Helper()
	body := fmt.Sprintf(`{"redeemables":[{"object":"voucher","id":%q}]%s}`, code, more)
	r := new(wire.RedeemRequest)
	if err := r.Decode([]byte(body)); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return r
}

func decodeTB[T any](t testing.TB, body string) *T {
	t.Helper()
	v := new(T)
	if err := wire.Decode([]byte(body), v); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return v
}

// advance moves the clock, and replicated time with it in every shard.
func (w *world) advance(ms int64) {
	w.t.Helper()
	w.clock.Set(time.UnixMilli(w.clock.UnixMilli() + ms))
	for _, g := range w.shards {
		r := redemption{e: w.Engine, c: &w.c, ref: codeRef{group: g}}
		r.ev.project = w.c.project(w.catalog.View())
		r.ev.look.View.Slot = firstSlot(g.index, len(w.shards))
		w.ok(r.tick(context.Background()))
	}
}
