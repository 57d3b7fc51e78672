package jobs

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/scrip-engine/scrip/catalog"
	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/internal/clock"
	"github.com/scrip-engine/scrip/shard"
	"github.com/scrip-engine/scrip/wire"
)

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

// Without this a job in the log's way would be told as failed, or lose the chunk
// whose answer was lost (J6).
func TestTemporaryErrorsAreAskedAgain(t *testing.T) {
	c := newCity(t, 2)
	c.gate = newCrash(nil, -1, 4, newRand(3)).host // one call in four fails
	refusals := []coupon.Outcome{coupon.TooLate, coupon.Stale, coupon.LookAgain}
	c.refuse = func(*shard.Import) coupon.Outcome {
		if len(refusals) == 0 {
			return coupon.OK
		}
		o := refusals[0]
		refusals = refusals[1:]
		return o
	}
	asked := map[string]int{}
	c.spec = func(_ int, row *wire.VoucherImport) (shard.Spec, error) {
		if asked[row.Code]++; asked[row.Code] == 1 {
			e := wire.NewError(wire.KeyUnavailable, "not now")
			return shard.Spec{}, &e
		}
		return plainSpec(row)
	}
	r := c.runner(vfs.NewMem(), smallChunks)
	defer r.Close()
	var rows []string
	for i := range 40 {
		rows = append(rows, fmt.Sprintf("C-%d,,ada", i))
	}
	c.spec = lockedSpec(c.spec)
	c.importJob(r, FormatCSV, "code,category,holder_id\n"+strings.Join(rows, "\n"))
	r.Wake()
	if f := c.finish(); f.Status != catalog.JobDone || f.Created != 40 || c.issued() != 40 {
		t.Fatalf("%d issued: %+v", c.issued(), f)
	}
}

func lockedSpec(spec func(int, *wire.VoucherImport) (shard.Spec, error)) func(int, *wire.VoucherImport) (shard.Spec, error) {
	var mu sync.Mutex
	return func(life int, row *wire.VoucherImport) (shard.Spec, error) {
		mu.Lock()
		defer mu.Unlock()
		return spec(life, row)
	}
}

// Without this a log that does not answer would be asked in a tight loop, or so
// rarely that a new leader waits.
func TestRetriesBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &work{r: &Runner{retryFirst: retryFirst, met: mustMetrics(t)}, job: &catalog.Job{}}
		w.r.cfg.Logger = quiet()
		begun, asked := time.Now(), []time.Duration{}
		err := w.insist(t.Context(), "test", func() error {
			if asked = append(asked, time.Since(begun)); len(asked) < 10 {
				return errFlaky
			}
			return nil
		})
		ms := time.Millisecond
		want := []time.Duration{0, 10 * ms, 30 * ms, 70 * ms, 150 * ms, 310 * ms, 630 * ms, 1270 * ms, 2270 * ms, 3270 * ms}
		if err != nil || !slices.Equal(asked, want) {
			t.Errorf("%v: asked at %v, want %v", err, asked, want)
		}
	})
}

// Without this each chunk could put an entry into the catalog's log, or a report
// could go back or claim what is not applied.
func TestProgressIsTrueAndRare(t *testing.T) {
	c := newCity(t, 2)
	now := clock.NewFakeMilli(1_700_000_000_000)
	r := c.runner(vfs.NewMem(), func(r *Runner) { smallChunks(r); r.cfg.Clock = now })
	defer r.Close()
	// A quarter of a second passes with each chunk that is applied.
	c.gate = func(_ context.Context, step string) error {
		if step == "applied" {
			now.Advance(250 * time.Millisecond)
		}
		return nil
	}
	var rows []string
	for i := range 400 {
		rows = append(rows, fmt.Sprintf("C-%d,", i%300))
	}
	c.importJob(r, FormatCSV, csvOf(rows...))
	r.Wake()
	f := c.finish()
	if f.Created != 300 || f.Failed != 100 {
		t.Fatalf("%+v", f)
	}
	// 80 chunks are 20 seconds, and the first report comes at once.
	if n := len(c.told); n < 10 || n > 22 {
		t.Errorf("%d reports in 20 seconds", n)
	}
	last := catalog.JobProgress{}
	for _, p := range c.told {
		if p.Total != 400 || p.Created < last.Created || p.Failed < last.Failed || p.Created+p.Failed > 400 {
			t.Errorf("%+v after %+v", p, last)
		}
		last = p
	}
}

// Without this ten codes would wait behind ten million, or one project's files
// would keep another's waiting.
func TestChoice(t *testing.T) {
	c := newCity(t, 1)
	r := c.runner(vfs.NewMem(), nil)
	defer r.Close()
	c.put(&catalog.CreateProject{Name: "second", Currency: "USD", CodeVersion: 1, IdempotencySource: "header"})
	job := func(project uint32, kind string, total int64) uint32 {
		return c.put(&catalog.PutJob{Project: project, NewJob: catalog.NewJob{Kind: kind, Total: total}}).Job
	}
	const large = smallCodesMax + 1
	first := job(1, wire.AsyncGenerate, large)
	second := job(1, wire.AsyncVoucherImport, large)
	job(1, wire.AsyncCampaignDelete, 1) // somebody else's
	other := job(2, wire.AsyncGenerate, large)
	third := job(1, wire.AsyncGenerate, large)
	small := job(1, wire.AsyncGenerate, smallCodesMax)
	busy := map[uint32]running{}
	for _, want := range []uint32{first, other, second, small, 0} {
		got := r.choose(busy)
		if want == 0 && got != nil || want != 0 && (got == nil || got.Ordinal != want) {
			t.Fatalf("chose %+v, want job %d, with %v", got, want, busy)
		}
		if got != nil {
			busy[want] = running{got.Project, r.small(got)}
		}
	}
	delete(busy, small)
	c.put(&catalog.JobFinish{Project: 1, Job: small, Status: catalog.JobDone})
	if got := r.choose(busy); got != nil {
		t.Errorf("job %d took the place for small ones", got.Ordinal)
	}
	delete(busy, first)
	c.put(&catalog.JobFinish{Project: 1, Job: first, Status: catalog.JobDone})
	if got := r.choose(busy); got == nil || got.Ordinal != third {
		t.Errorf("chose %+v, want job %d", got, third)
	}
}

// Without this jobs that share a shard could have several chunks on their way, or
// keep each other from it. The city counts the chunks that are under way.
func TestManyJobsAtOnce(t *testing.T) {
	c := newCity(t, 2)
	r := c.runner(vfs.NewMem(), smallChunks)
	defer r.Close()
	const jobs = 12
	for i := range jobs {
		if i%2 == 0 {
			c.generateJob(GenerateParams{Count: 100, CodeConfig: CodeConfig{Prefix: fmt.Sprintf("G%d-", i)}})
			continue
		}
		var rows []string
		for n := range 100 {
			rows = append(rows, fmt.Sprintf("I%d-%d,", i, n))
		}
		c.importJob(r, FormatCSV, csvOf(rows...))
	}
	r.Wake()
	for range jobs {
		if f := c.finish(); f.Status != catalog.JobDone || f.Created != 100 {
			t.Errorf("%+v", f)
		}
	}
	if c.issued() != 100*jobs {
		t.Errorf("%d codes", c.issued())
	}
}

// Without this Close would wait for a log that does not answer, or leave a
// goroutine behind (goleak watches).
func TestCloseWhileAChunkIsOnItsWay(t *testing.T) {
	c := newCity(t, 2)
	waiting := make(chan struct{}, 8)
	c.gate = func(ctx context.Context, step string) error {
		if step != "chunk" {
			return nil
		}
		waiting <- struct{}{}
		<-ctx.Done()
		return ctx.Err()
	}
	r := c.runner(vfs.NewMem(), nil)
	c.generateJob(GenerateParams{Count: 10_000})
	c.generateJob(GenerateParams{Count: 10_000})
	r.Wake()
	<-waiting
	r.Close()
	r.Wake() // harmless
	if n := len(c.ActiveJobs()); n != 2 || c.issued() != 0 {
		t.Fatalf("%d jobs are left, %d codes made", n, c.issued())
	}
	c.gate = nil
	r = c.runner(vfs.NewMem(), nil)
	defer r.Close()
	r.Wake()
	for range 2 {
		if f := c.finish(); f.Created != 10_000 {
			t.Errorf("%+v", f)
		}
	}
}

// Without this a metric could carry a label without end, or be registered wrongly.
func TestMetrics(t *testing.T) {
	c := newCity(t, 1)
	reg := prometheus.NewPedanticRegistry()
	r, err := New(Config{Host: c, FS: vfs.NewMem(), Dir: spoolDir, Registerer: reg})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	c.importJob(r, FormatCSV, csvOf("A", "A"))
	r.Wake()
	c.finish()
	r.Close()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			name := f.GetName()
			for _, l := range m.GetLabel() {
				name += " " + l.GetValue()
			}
			got[name] = m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	for name, want := range map[string]float64{
		"scrip_jobs_finished_total import done": 1, "scrip_jobs_codes_created_total import": 1,
		"scrip_jobs_rows_failed_total": 1, "scrip_jobs_chunk_seconds": 1, "scrip_jobs_retries_total": 0,
	} {
		if v, ok := got[name]; !ok || v != want {
			t.Errorf("%s is %v, want %v", name, v, want)
		}
	}
	if _, err := New(Config{Host: c, FS: vfs.NewMem(), Dir: spoolDir, Registerer: reg}); err == nil {
		t.Error("the same names were registered twice")
	}
	if _, err := New(Config{Host: c, FS: vfs.NewMem(), Dir: spoolDir, AtOnce: 1}); err == nil {
		t.Error("one job at once leaves no place for small ones")
	}
}

func BenchmarkGenerate(b *testing.B) {
	c := newCity(b, 1)
	r := c.runner(vfs.NewMem(), nil)
	defer r.Close()
	c.generateJob(GenerateParams{Count: int64(b.N)})
	r.Wake()
	if f := c.finish(); f.Created != int64(b.N) {
		b.Fatalf("%+v", f)
	}
}
