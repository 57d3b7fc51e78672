package shard

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/scrip-engine/scrip/coupon"
)

// seeded is the random source of a test: SCRIP_SEED repeats a run.
func seeded(t testing.TB) *rand.Rand {
	t.Helper()
	seed := rand.Uint64()
	if text := os.Getenv("SCRIP_SEED"); text != "" {
		given, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatal("SCRIP_SEED:", err)
		}
		seed = given
	}
	t.Logf("SCRIP_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, seed))
}

// Handlers read while redemptions are applied and an image is written. A torn
// read would show a balance that never was; a lock that is missing shows under
// the race detector. Each gift card gives 1 at a time, so uses and balance of one
// look must always add up.
func TestReadersBesideApply(t *testing.T) {
	const cards, rounds = 8, 1500
	rng := seeded(t)
	w := newWorld(t)
	w.campaign(Campaign{Ordinal: 1, Project: 1, Limit: Unlimited, IsGift: true, Gift: rounds, Currency: 978, PerCustomer: rounds})
	code := func(i int) string { return fmt.Sprintf("CARD-%d", i) }
	for i := range cards {
		if r := w.create(code(i), 1, Spec{}); r.Outcome != coupon.OK {
			t.Fatalf("create: %+v", r)
		}
	}
	var stop atomic.Bool
	var looks atomic.Int64
	var readers sync.WaitGroup
	failed := make(chan string, 16)
	fail := func(format string, args ...any) {
		select {
		case failed <- fmt.Sprintf(format, args...):
		default:
		}
	}
	for n := range 2 {
		readers.Add(1)
		rng := rand.New(rand.NewPCG(rng.Uint64(), uint64(n)))
		go func() {
			defer readers.Done()
			var l Look
			var rec Record
			var cv CustomerView
			for !stop.Load() {
				c := code(rng.IntN(cards))
				folded, err := testRules.AppendFolded(nil, []byte(c))
				if err != nil {
					fail("%v", err)
				}
				q := Query{Project: 1, Rules: testRules, Hash: w.hash(c), Folded: folded, Kind: KindRedeem,
					Key: w.secret.KeyHash([]byte(c))}
				for range 50 { // it is the shortest of these calls, and the one that must not be torn
					w.s.Look(&q, &l)
					if v := &l.View; !v.Found || v.Used+v.Balance != rounds || string(v.Code) != c ||
						l.HasReceipt && (l.Receipt.Ordinal != v.Ordinal || l.Receipt.Uses+l.Receipt.Balance != rounds) {
						fail("%s: %+v", c, l.View)
					}
					looks.Add(1)
				}
				seq := w.s.LastSeq()
				if !w.s.Record(1+rng.Uint64N(seq), &rec) || !w.s.Event(rec.ID, &rec) {
					fail("record up to %d: %+v", seq, rec)
				}
				if rec.Kind == KindRedeem && (rec.Uses+rec.Balance != rounds || !w.s.Customer(1, rec.Customer, &cv)) {
					fail("redemption %+v by %+v", rec, cv)
				}
				if info, ok := w.s.Campaign(1); !ok || info.Redeemed-info.RolledBack != info.Credits-info.CreditsBack {
					fail("campaign %+v", info)
				}
				if _, _, ok := w.s.Place(uint32(rng.IntN(cards))); !ok || w.s.Fence(1, 1) != 0 || w.s.Memory().Live == 0 {
					fail("places, fences or memory")
				}
				w.s.NewestRollback(rec.ID, &rec)
				w.s.RollbackReceipt(rec.ID, w.secret.KeyHash([]byte("b")), &rec)
				w.s.CustomerBySource(w.hash("ann"))
				w.s.Job(1)
			}
		}()
	}
	applyBesideReaders(w, rng, code, cards, rounds, &looks)
	stop.Store(true)
	readers.Wait()
	select {
	case text := <-failed:
		t.Fatal(text)
	default:
	}
}

// applyBesideReaders redeems and gives back, with an image always under way, and
// no faster than the readers look: on a busy machine they would else be beside
// nothing.
func applyBesideReaders(w *world, rng *rand.Rand, code func(int) string, cards, rounds int, looks *atomic.Int64) {
	var writer sync.WaitGroup
	var done atomic.Bool
	done.Store(true)
	for range rounds {
		for seen := looks.Load(); looks.Load() == seen; {
			runtime.Gosched()
		}
		if done.Load() {
			fz, err := w.s.Freeze()
			if err != nil {
				w.t.Fatal(err)
			}
			done.Store(false)
			writer.Go(func() {
				if _, err := fz.WriteTo(io.Discard); err != nil {
					w.t.Error(err)
				}
				fz.Release()
				done.Store(true)
			})
		}
		c := code(rng.IntN(cards))
		key := c
		if rng.IntN(3) > 0 {
			key = strconv.Itoa(rng.Int())
		}
		r := w.redeem(c, key, Redeem{Order: 10, GiftMax: 1, Birth: &Customer{Source: w.hash("ann" + strconv.Itoa(rng.IntN(4))), Sealed: []byte("x")}})
		if r.Outcome == coupon.OK && !r.Replayed && rng.IntN(2) == 0 {
			w.apply(AppendRollback(w.header(KindRollback, r.Slot, "b"), &Rollback{Redemption: r.ID, Project: 1, Amount: RollbackAll}))
		}
	}
	writer.Wait()
}

// An image that is under way keeps the state at the cut through every kind of
// change, also of rows that were written already, and lets go of it afterwards.
func TestFreedBlocksWaitForTheImage(t *testing.T) {
	w := newWorld(t)
	w.create("g", 0, Spec{Mask: SpecMetadata, Metadata: bytes.Repeat([]byte("a"), 300)})
	fz, err := w.s.Freeze()
	if err != nil {
		t.Fatal(err)
	}
	update := func(b string) {
		l := w.look("g")
		w.apply(AppendUpdate(w.header(KindUpdate, l.View.Slot, ""), &Update{Ordinal: l.View.Ordinal, Project: 1,
			Set: Spec{Mask: SpecMetadata, Metadata: bytes.Repeat([]byte(b), 300)}}))
	}
	update("b")
	update("c")
	var img bytes.Buffer
	if _, err := fz.WriteTo(&img); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(img.Bytes(), []byte("bbb")) || bytes.Contains(img.Bytes(), []byte("ccc")) || !bytes.Contains(img.Bytes(), bytes.Repeat([]byte("a"), 300)) {
		t.Fatal("S10: the image shows a change after the cut")
	}
	before := w.s.a.Used()
	fz.Release()
	update("d")
	if got := w.s.a.Used(); got >= before {
		t.Fatalf("%d bytes live after the image, %d during it", got, before)
	}
	if n := len(w.s.freed); n != 0 {
		t.Fatalf("%d blocks still wait", n)
	}
}

// Two images at once would share one undo.
func TestOneImageAtATime(t *testing.T) {
	w := newWorld(t)
	if _, err := w.s.Freeze(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if recover() == nil {
			t.Fatal("S10: a second image was begun")
		}
	}()
	_, _ = w.s.Freeze()
}
