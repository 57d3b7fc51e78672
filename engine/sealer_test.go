package engine

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/shard"
	"github.com/scrip-engine/scrip/wire"
)

// A journal that is full of young records must refuse, forget nothing, go on reading,
// and be of use again by itself a day later (P3, P10).
func TestAFullJournalRefusesAndRecovers(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t, 1, func(c *Config) { c.MemoryBudgetBytes = 1 << 20 })
	w.create("MANY", `{"type":"DISCOUNT_VOUCHER","discount":{"type":"AMOUNT","amount_off":100},"redemption":{"quantity":null}}`)
	more := `,"metadata":{"long":"` + strings.Repeat("x", 4000) + `"}`
	first, err := w.try("first", "MANY", more)
	w.ok(err)
	n := 0
	for err == nil {
		n++
		_, err = w.try(fmt.Sprintf("k-%d", n), "MANY", more)
	}
	w.wants(err, wire.KeyCapacity)
	if n < 100 {
		t.Fatalf("full after %d redemptions", n)
	}
	check := func(when string) {
		t.Helper()
		again, err := w.try("first", "MANY", more)
		w.ok(err)
		if again.ID != first.ID || !again.Replayed {
			t.Fatalf("%s: the first key answers with %s, want %s", when, again.ID, first.ID)
		}
		w.refused("NONE", "", wire.KeyNotFound)
		if got := w.voucher("MANY").Redemption.RedeemedQuantity; got != int64(n) {
			t.Fatalf("%s: %d uses, want %d", when, got, n)
		}
	}
	w.sealDue(ctx)
	check("full")
	if w.sealedRecords() != 0 {
		t.Fatal("P3: young records were sealed")
	}
	w.advance(day - 1)
	w.sealDue(ctx)
	check("a millisecond before")
	w.advance(1)
	w.sealDue(ctx)
	if w.sealedRecords() < uint64(n) {
		t.Fatalf("%d records of %d were sealed", w.sealedRecords(), n)
	}
	_, err = w.try("next day", "MANY", more)
	w.ok(err)
	got, err := w.Redemption(ctx, w.c, first.ID)
	w.ok(err)
	if got.Redemption.ID != first.ID {
		t.Fatalf("the first redemption is %+v", got)
	}
	if journal := w.shards[0].law.Memory().Logical; journal > 100<<10 {
		t.Fatalf("%d bytes are counted after everything old was sealed", journal)
	}
}

// An error between the two steps leaves everything as it was, and the next look goes
// on.
func TestSealingIsTriedAgain(t *testing.T) {
	p := newPast(t, 1)
	p.advance(day)
	want := p.answers()
	g := p.shards[0]
	upTo, _ := g.law.Sealable(p.clock.UnixMilli())
	stopped, cancel := context.WithCancel(context.Background())
	cancel()
	if err := p.writeHistory(stopped, g, upTo); !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v", err)
	}
	p.same(want, "after a segment that failed")
	p.ok(p.writeHistory(context.Background(), g, upTo/2)) // and no Seal: a stop between the two
	p.same(want, "before the Seal")
	p.reopen()
	p.same(want, "opened between segment and Seal")
	p.sealDue(context.Background())
	if p.sealedRecords() < upTo {
		t.Fatalf("%d of %d records were sealed", p.sealedRecords(), upTo)
	}
	p.same(want, "sealed")
}

// What was written before the disk ran low is sealed, and no more is written.
func TestALowDiskGetsNoMoreHistory(t *testing.T) {
	p := newPast(t, 1)
	p.advance(day)
	g := p.shards[0]
	upTo, _ := g.law.Sealable(p.clock.UnixMilli())
	p.ok(p.writeHistory(context.Background(), g, upTo/2))
	p.disk.low.Store(true)
	p.sealDue(context.Background())
	if end, sealed := g.history.Durable(), p.sealedRecords(); end != upTo/2 || sealed != end {
		t.Fatalf("below the watermark: written up to %d, sealed up to %d, want %d", end, sealed, upTo/2)
	}
}

// A job that goes on after days asks for its newest chunk again, and must hear which
// rows had failed, or its list of rejects has a hole.
func TestAChunkIsReplayedFromTheHistory(t *testing.T) {
	w := newWorld(t, 1)
	w.tenPercent("ten", "", "")
	campaign := w.catalog.View().Campaign(1)
	p := w.c.project(w.catalog.View())
	ref := w.resolve(p, "TWICE", nil)
	code := shard.NewCode{Hash: ref.query.Hash, Issued: []byte("TWICE")}
	q := &shard.Import{Project: p.Ordinal, Campaign: campaign.Ordinal, Rules: ref.query.Rules, Job: 99, Chunk: 1, Codes: []shard.NewCode{code, code}}
	ask := func() shard.Reply {
		t.Helper()
		r, err := w.jobs.IssueChunk(context.Background(), 0, q)
		w.ok(err)
		if r.Outcome != coupon.OK || len(r.FailedRows) != 1 {
			t.Fatalf("%+v", r)
		}
		return r
	}
	ask()
	want := ask()
	w.advance(day)
	w.sealAll()
	if got := ask(); !reflect.DeepEqual(got, want) || !got.Replayed {
		t.Fatalf("%+v, before it was sealed %+v", got, want)
	}
}

// camera photographs the disk, as a power loss would leave it, before operations that
// change something.
type camera struct {
	crasher
	every int
}

func (c *camera) MaybeError(op errorfs.Op) error {
	if err := c.crasher.MaybeError(op); err != nil || !c.on.Load() || op.Kind.ReadOrWrite() == errorfs.OpIsRead {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !strings.Contains(op.Path, historyDir) && c.rng.IntN(c.every) != 0 {
		return nil
	}
	percent := [...]int{0, 50, 100}[c.rng.IntN(3)]
	c.taken = append(c.taken, crash{fs: c.mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: percent,
		RNG: rand.New(rand.NewPCG(c.rng.Uint64(), 2))})})
	return nil
}

// Power may go at any moment of the sealing, between the segment and the Seal too:
// everything answers as before, and what could be given back once still can, once.
func TestPowerLossWhileSealing(t *testing.T) {
	rng := seeded(t)
	mem := vfs.NewCrashableMem()
	c := &camera{crasher: crasher{mem: mem, rng: rng, was: new(claims)}, every: 6}
	p := newPastOn(t, errorfs.Wrap(mem, c), 1)
	p.advance(day)
	want := p.answers()
	c.on.Store(true)
	p.sealAll()
	c.on.Store(false)
	if len(c.taken) < 8 {
		t.Fatalf("%d points", len(c.taken))
	}
	for i, point := range c.taken {
		t.Run(fmt.Sprintf("point=%d", i), func(t *testing.T) {
			again := &past{world: &world{t: t, fs: point.fs, clock: p.clock}, redemptions: p.redemptions, rollbacks: p.rollbacks, codes: p.codes}
			again.Engine = open(t, point.fs, func(c *Config) { c.Clock, c.HeartbeatTimeout = p.clock, 5*time.Millisecond })
			again.c = again.Default()
			again.same(want, "after a power loss")
			again.sealAll()
			again.same(want, "sealed after a power loss")
			var mu sync.Mutex
			var wg sync.WaitGroup
			done := 0
			for range 3 {
				wg.Go(func() {
					_, err := again.Rollback(context.Background(), again.c, p.redemptions[1], new(wire.RollbackRequest))
					mu.Lock()
					defer mu.Unlock()
					if err == nil {
						done++
					}
				})
			}
			wg.Wait()
			if done != 1 {
				t.Fatalf("P2: given back %d times", done)
			}
		})
	}
}

// Without it a node that is short of memory would cut a segment of a few seconds every
// ten seconds, each of which costs a descriptor for ever (P10).
func TestSegmentsAreWorthTheirCost(t *testing.T) {
	const day = 86_400
	for _, rate := range []uint64{1, 100, 1_000, 10_000} { // records a second
		for _, pressed := range []bool{false, true} {
			segments, sealed := 0, uint64(0)
			for second := uint64(day); second < 3*day; second += 10 {
				newest, old := second*rate, (second-day)*rate
				if enoughToSeal(old-sealed, newest-sealed, pressed) {
					segments++
					sealed = old
				}
			}
			if segments > 2*72 {
				t.Errorf("%d records a second, short of memory %v: %d segments in two days", rate, pressed, segments)
			}
			if waiting := 2*day*rate - sealed; waiting > max(sealRecordsMin, day*rate/8) {
				t.Errorf("%d records a second, short of memory %v: %d old records are still in memory", rate, pressed, waiting)
			}
		}
	}
}
