package refusals

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"go.uber.org/goleak"

	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/internal/clock"
	"github.com/scrip-engine/scrip/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const epoch = int64(1_800_000_000_000) // begins a minute

// book is a recorder under test: its clock stands still, and it flushes when it
// is told to.
type book struct {
	*Recorder
	t     testing.TB
	fs    *vfs.MemFS
	clock *clock.Fake
}

func newBook(t testing.TB, change ...func(*Config)) *book {
	return openBook(t, vfs.NewCrashableMem(), clock.NewFakeMilli(epoch), change...)
}

func openBook(t testing.TB, fs *vfs.MemFS, c *clock.Fake, change ...func(*Config)) *book {
	t.Helper()
	cfg := Config{FS: fs, Dir: "refusals", Clock: c, Logger: slog.New(slog.DiscardHandler), Records: 8}
	for _, f := range change {
		f(&cfg)
	}
	r, err := newRecorder(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return &book{r, t, fs, c}
}

func seeded(t testing.TB) *rand.Rand {
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

func (b *book) note(campaign uint32, n int) {
	for range n {
		b.Note(Refusal{Operation: Redemption, Key: wire.KeyQuantityExceeded, Project: 1, Campaign: campaign})
	}
}

func (b *book) save() {
	b.t.Helper()
	if err := b.store.flush(b.clock.UnixMilli()); err != nil {
		b.t.Fatal(err)
	}
}

func (b *book) close() {
	b.t.Helper()
	if err := b.Close(); err != nil {
		b.t.Fatal(err)
	}
}

func (b *book) counts(q CountQuery) *Counts {
	b.t.Helper()
	q.Project = 1
	c, err := b.Counts(&q)
	if err != nil {
		b.t.Fatal(err)
	}
	return c
}

// wants compares the rows of an answer, "minutes-since-epoch campaign key n" each.
func (b *book) wants(q CountQuery, want ...string) {
	b.t.Helper()
	var got []string
	for _, r := range b.counts(q).Rows {
		at := "-"
		if r.Time != 0 {
			at = fmt.Sprint((r.Time - epoch) / minuteMillis)
		}
		got = append(got, fmt.Sprintf("%s %d %s %s %d", at, r.Campaign, r.Operation, r.Key, r.N))
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		b.t.Fatalf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Without this support sees the wrong row, or the sums of two projects in one.
func TestCountsAreFilteredAndSummedUp(t *testing.T) {
	b := newBook(t)
	b.note(7, 2)
	b.Note(Refusal{Operation: Validation, Key: wire.KeyVoucherExpired, Project: 1, Campaign: 7})
	b.Note(Refusal{Operation: Redemption, Key: wire.KeyNotFound, Project: 2})
	b.Note(Refusal{Operation: Redemption, Key: "a key of tomorrow", Project: 1})
	b.clock.Advance(61 * minuteMillis * 1e6)
	b.note(8, 3)
	for _, stage := range []func(){func() {}, b.save, func() { b.close(); b.Recorder = openBook(t, b.fs, b.clock).Recorder }} {
		stage()
		b.wants(CountQuery{StepMinutes: 1},
			"0 0 redemption other 1", "0 7 redemption quantity_exceeded 2", "0 7 validation voucher_expired 1", "61 8 redemption quantity_exceeded 3")
		b.wants(CountQuery{StepMinutes: 60, Operation: Redemption, Key: wire.KeyQuantityExceeded},
			"0 7 redemption quantity_exceeded 2", "60 8 redemption quantity_exceeded 3")
		b.wants(CountQuery{Key: wire.KeyQuantityExceeded}, "- 7 redemption quantity_exceeded 2", "- 8 redemption quantity_exceeded 3")
		b.wants(CountQuery{ByCampaign: true}, "- 0 redemption other 1")
		b.wants(CountQuery{From: epoch + 61*minuteMillis + 59_999}, "- 8 redemption quantity_exceeded 3")
		b.wants(CountQuery{Until: epoch + 1, ByCampaign: true, Campaign: 7}, "- 7 redemption quantity_exceeded 2", "- 7 validation voucher_expired 1")
		b.wants(CountQuery{From: epoch + minuteMillis, Until: epoch + 61*minuteMillis})
		c := b.counts(CountQuery{})
		if c.Total != 7 || c.AsOf != b.clock.UnixMilli() || c.Since != epoch || c.MayMissSeconds != 0 {
			t.Fatalf("%+v", c)
		}
	}
	b.close()
}

// Without this a refusal is counted twice or not at all when it meets a flush, a
// seal or a question.
func TestCountsAreExactUnderConcurrency(t *testing.T) {
	const writers, each = 8, 4000
	b := newBook(t)
	var noting, others sync.WaitGroup
	stop := make(chan struct{})
	for w := range writers {
		noting.Go(func() {
			for i := range each {
				b.Note(Refusal{Operation: Redemption, Key: wire.KeyNotFound, Project: 1, Campaign: uint32(w*each + i%97)})
			}
		})
	}
	others.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			b.save()
			b.store.mu.Lock()
			err := b.store.sealLocked(epoch)
			b.store.mu.Unlock()
			if err != nil {
				t.Error(err)
				return
			}
		}
	})
	others.Go(func() {
		last := uint64(0)
		for {
			select {
			case <-stop:
				return
			default:
			}
			c, err := b.Counts(&CountQuery{Project: 1})
			if err != nil || c.Total < last || c.Total > writers*each {
				t.Errorf("counted %+v after %d: %v", c, last, err)
				return
			}
			last = c.Total
			b.Recent(&RecentQuery{Project: 1, Limit: 5})
		}
	})
	noting.Wait()
	close(stop)
	others.Wait()
	if c := b.counts(CountQuery{}); c.Total != writers*each || len(c.Rows) != writers*97 {
		t.Errorf("%d in %d rows, want %d in %d", c.Total, len(c.Rows), writers*each, writers*97)
	}
	b.close()
}

// Without this the memory of a storm over many campaigns has no bound, or the
// bound loses refusals without a word.
func TestTooManyCampaignsAreFolded(t *testing.T) {
	b := newBook(t)
	const n = 3 * stripes * stripeCellsMax
	for i := range n {
		b.note(uint32(i+1), 1)
	}
	b.store.mu.Lock()
	b.store.gatherLocked()
	held := len(b.store.current)
	b.store.mu.Unlock()
	if held > stripes*(stripeCellsMax+1) {
		t.Errorf("%d counters", held)
	}
	c := b.counts(CountQuery{ByCampaign: true})
	if len(c.Rows) != 1 || c.Total < n/2 {
		t.Errorf("folded: %+v", c.Rows)
	}
	if _, err := b.Counts(&CountQuery{Project: 1}); err != ErrTooManyRows {
		t.Errorf("rows without a bound: %v", err)
	}
	sum := uint64(0)
	for _, v := range b.store.current {
		sum += v
	}
	if sum != n {
		t.Errorf("counted %d of %d", sum, n)
	}
	b.close()
}

// Without this the ring shows a torn record, forgets to say what it dropped, or
// shows one project what belongs to another.
func TestRing(t *testing.T) {
	b := newBook(t)
	for i := range 20 {
		b.Note(Refusal{Operation: Redemption, Key: wire.KeyVoucherExpired, Project: uint32(1 + i%2), Campaign: 3,
			Code: fmt.Sprintf("SUMMER-%02d", i), Voucher: coupon.ID{Slot: 1, Seq: 2}, Customer: coupon.ID{Slot: 3, Seq: 4},
			Order: fmt.Sprint("order-", i), RequestID: "req", Scope: wire.ScopeCustomer})
		b.Note(Refusal{Operation: Validation, Key: wire.KeyVoucherExpired, Project: 1})
	}
	got := b.Recent(&RecentQuery{Project: 1, Limit: 3})
	if len(got.Records) != 3 || got.Total != 4 || !got.More || got.Dropped != 12 {
		t.Fatalf("%+v", got)
	}
	want := Record{Ticket: 19, Time: epoch, Key: wire.KeyVoucherExpired, Project: 1, Campaign: 3, CodeTail: "R-18",
		Voucher: coupon.ID{Slot: 1, Seq: 2}, Customer: coupon.ID{Slot: 3, Seq: 4}, Order: "order-18", RequestID: "req", Scope: wire.ScopeCustomer}
	if got.Records[0] != want {
		t.Errorf("got  %+v\nwant %+v", got.Records[0], want)
	}
	rest := b.Recent(&RecentQuery{Project: 1, Limit: 3, Before: got.Records[2].Ticket})
	if len(rest.Records) != 1 || rest.Records[0].Ticket != 13 || rest.More {
		t.Errorf("next page: %+v", rest)
	}
	f := func(q RecentQuery, want int) {
		t.Helper()
		q.Project, q.Limit = 1, 100
		if got := b.Recent(&q); len(got.Records) != want || got.Total != want {
			t.Errorf("%+v: %d records of %d, want %d", q, len(got.Records), got.Total, want)
		}
	}
	f(RecentQuery{Order: "order-18"}, 1)
	f(RecentQuery{Order: "order-17"}, 0)
	f(RecentQuery{Code: "R-16"}, 1)
	f(RecentQuery{Code: "SUMMER-16"}, 1)
	f(RecentQuery{Code: "R-1"}, 0)
	f(RecentQuery{RequestID: "req"}, 4)
	f(RecentQuery{RequestID: "re"}, 0)
	f(RecentQuery{Key: wire.KeyVoucherExpired}, 4)
	f(RecentQuery{Key: wire.KeyNotFound}, 0)
	f(RecentQuery{Key: "nonsense"}, 0)
	f(RecentQuery{ByCampaign: true}, 0)
	f(RecentQuery{ByCampaign: true, Campaign: 3}, 4)
	f(RecentQuery{Customer: coupon.ID{Slot: 3, Seq: 5}}, 0)
	f(RecentQuery{From: epoch, Until: epoch + 1}, 4)
	f(RecentQuery{Until: epoch}, 0)
	b.close()
}

// Without this long texts overrun a slot, and a short code is shown whole.
func TestTextsAreCut(t *testing.T) {
	tail := func(code, want string) {
		t.Helper()
		if got := tailOf(code); got != want {
			t.Errorf("%q: %q, want %q", code, got, want)
		}
	}
	tail("", "")
	tail("ABCDEFG", "")
	tail("ABCDEFGH", "EFGH")
	tail("üüüüüüü", "")
	tail("üüüüüü😀😀😀😀", "😀😀😀😀")
	tail("ABCDEFGH\xff", "FGH\xff")

	b := newBook(t)
	long := strings.Repeat("x", 1000)
	b.Note(Refusal{Operation: Redemption, Key: wire.KeyNotFound, Project: 1, Code: strings.Repeat("😀", 100), Order: long, RequestID: long, Scope: "new"})
	r := b.Recent(&RecentQuery{Project: 1, Limit: 1}).Records[0]
	if r.CodeTail != "😀😀😀😀" || r.Order != long[:orderBytesMax] || r.RequestID != long[:requestIDBytesMax] || r.Scope != "" {
		t.Errorf("%+v", r)
	}
	b.close()
}

// Without this a writer that was slow puts an old record over a newer one.
func TestTheLaterTicketStays(t *testing.T) {
	r := newRing(1)
	r.next.Store(5)
	r.slots[0].ticket = 7
	r.put(&Refusal{Operation: Redemption, Project: 1}, 0)
	if s := &r.slots[0]; s.ticket != 7 || s.project != 0 {
		t.Errorf("ticket %d", s.ticket)
	}
}

// Without this the flusher's goroutine, its ticker or a file stay behind.
func TestOpenFlushesByItselfAndCloses(t *testing.T) {
	fs := vfs.NewCrashableMem()
	r, err := Open(Config{FS: fs, Dir: "refusals", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	r.Note(Refusal{Operation: Redemption, Key: wire.KeyNotFound, Project: 1})
	for range 2 {
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
	again := openBook(t, fs, clock.NewFakeMilli(r.clock.UnixMilli()))
	if c := again.counts(CountQuery{}); c.Total != 1 || c.MayMissSeconds != 0 {
		t.Errorf("%+v", c)
	}
	again.close()
	if _, err := Open(Config{Dir: "x"}); err == nil {
		t.Error("opened without a file system")
	}
}
