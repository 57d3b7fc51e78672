package jobs

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/scrip-engine/scrip/catalog"
	"github.com/scrip-engine/scrip/internal/durable"
	"github.com/scrip-engine/scrip/shard"
	"github.com/scrip-engine/scrip/wire"
)

// crashPoints is how many crashes a test tries.
func crashPoints(t testing.TB) int {
	if n, err := strconv.Atoi(os.Getenv("SCRIP_CRASH_POINTS")); err == nil && n > 0 {
		return n
	}
	return 200
}

// crash is a gate that lets the process die at a step, counted over the host's
// calls and the file system's operations.
type crash struct {
	mu    sync.Mutex
	left  int        // guarded by mu: steps until it dies
	dead  bool       // guarded by mu
	disk  *vfs.MemFS // guarded by mu: what was on disk at that moment
	mem   *vfs.MemFS
	rng   *rand.Rand // guarded by mu
	flaky int        // guarded by mu: one host call in so many fails for a while; 0 for none
	gone  chan struct{}
}

var (
	errDead  = errors.New("the process is dead")
	errFlaky = errors.New("no leader at the moment")
)

func newCrash(mem *vfs.MemFS, after, flaky int, rng *rand.Rand) *crash {
	return &crash{left: after, mem: mem, rng: rng, flaky: flaky, gone: make(chan struct{})}
}

// step counts one step and reports that the process is dead.
func (k *crash) step() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.left--; k.left == 0 {
		k.dead = true
		k.disk = k.mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: k.rng.IntN(101), RNG: k.rng})
		close(k.gone)
	}
	return k.dead
}

func (k *crash) host(ctx context.Context, step string) error {
	if k.step() {
		<-ctx.Done() // a dead process answers nobody
		return errDead
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.flaky > 0 && k.rng.IntN(k.flaky) == 0 {
		return fmt.Errorf("%w: %s", errFlaky, step)
	}
	return ctx.Err()
}

// newDisk has the data folder, which is not the spool's to make durable.
func newDisk(t testing.TB) *vfs.MemFS {
	mem := vfs.NewCrashableMem()
	if err := mem.MkdirAll("data", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := durable.SyncDir(mem, "/"); err != nil {
		t.Fatal(err)
	}
	return mem
}

// untilEnd lives one life after the other over what the last one left on disk,
// each but the last ended by a crash, until the job is over.
func untilEnd(c *city, mem *vfs.MemFS, rng *rand.Rand, lives int) (*catalog.JobFinish, *Runner, *vfs.MemFS) {
	for life := 0; ; life++ {
		steps := 1 + rng.IntN(90)
		if life >= lives {
			steps = -1 // this one is not cut short
		}
		k := newCrash(mem, steps, 8, rng)
		c.gate = k.host
		fs := errorfs.Wrap(mem, errorfs.InjectorFunc(func(errorfs.Op) error { k.step(); return nil }))
		r := c.runner(fs, smallChunks)
		r.Wake()
		select {
		case f := <-c.ended:
			c.t.Logf("ended in life %d", life)
			k.mu.Lock()
			k.left, k.flaky = -1, 0
			k.mu.Unlock()
			return f, r, mem
		case <-k.gone:
			r.Close()
			mem = k.disk
		}
	}
}

// expected is the file of a crash test: what must come of each row, where only
// one thing can.
type expected struct {
	rows    []string
	reasons map[int64]string // rows that must fail
	either  map[int64]bool   // rows whose validity changes from life to life
	codes   map[int64]string // rows that must exist, or may for either
}

func randomFile(rng *rand.Rand) *expected {
	e := &expected{reasons: map[int64]string{}, either: map[int64]bool{}, codes: map[int64]string{}}
	for i := int64(1); i <= int64(20+rng.IntN(60)); i++ {
		code := fmt.Sprintf("C-%d", i)
		switch rng.IntN(12) {
		case 0:
			e.rows, e.reasons[i] = append(e.rows, code+",bad"), wire.KeyInvalidVoucher
		case 1:
			e.rows, e.reasons[i] = append(e.rows, code+",x,y"), wire.KeyInvalidPayload
		case 2:
			e.rows, e.reasons[i] = append(e.rows, "C\x02,"), wire.KeyInvalidCode
		case 3:
			e.rows, e.reasons[i] = append(e.rows, "OLD,"), wire.KeyDuplicateFound
		case 4, 5:
			e.rows, e.either[i], e.codes[i] = append(e.rows, fmt.Sprintf("%s,fickle%d", code, rng.IntN(2))), true, code
		default:
			e.rows, e.codes[i] = append(e.rows, code+","), code
		}
	}
	return e
}

// fickle is a Spec whose answer for some rows depends on when it is asked.
func fickle(life int, row *wire.VoucherImport) (shard.Spec, error) {
	if row.AdditionalInfo == "bad" || row.AdditionalInfo == fmt.Sprintf("fickle%d", life%2) {
		e := wire.NewError(wire.KeyInvalidVoucher, "not now")
		return shard.Spec{}, &e
	}
	return plainSpec(row)
}

// check holds the outcome against the file: every row created or listed, and not
// both (J1, J3).
func (e *expected) check(t *testing.T, c *city, r *Runner, job uint32, f *catalog.JobFinish) bool {
	rejects := rejectsOf(t, r, job)
	if f.Status != catalog.JobDone || f.Total != int64(len(e.rows)) || f.Failed != int64(len(rejects)) {
		t.Errorf("%d rows, %d rejects: %+v", len(e.rows), len(rejects), f)
	}
	for row := int64(1); row <= int64(len(e.rows)); row++ {
		reason, rejected := rejects[row]
		switch {
		case e.reasons[row] != "" && reason != e.reasons[row]:
			t.Errorf("row %d %q: told as %q, want %q", row, e.rows[row-1], reason, e.reasons[row])
		case e.codes[row] != "" && rejected && !e.either[row]:
			t.Errorf("row %d %q: told as %q", row, e.rows[row-1], reason)
		case e.codes[row] != "" && rejected == c.look(e.codes[row]).View.Found:
			t.Errorf("row %d %q: rejected %v and found %v", row, e.rows[row-1], rejected, !rejected)
		}
	}
	if got := c.issued() - 1; got != f.Created { // but for OLD
		t.Errorf("%d codes issued, %d told", got, f.Created)
	}
	return !t.Failed()
}

// Without this a crash between two writes could lose a row, make one twice, or
// leave a row that is neither created nor told. The process dies at every kind of
// step: before and after a chunk, a report, the end, and each operation on a file,
// with any part of what was not synced gone.
func TestCrashDuringImport(t *testing.T) {
	seed := seedOf(t)
	for point := range crashPoints(t) {
		rng := rand.New(rand.NewPCG(seed, uint64(point)))
		c := newCity(t, 1+rng.IntN(3))
		e := randomFile(rng)
		mem := newDisk(t)
		r := c.runner(mem, smallChunks)
		before := c.importJob(r, FormatCSV, csvOf("OLD,"))
		r.Wake()
		c.finish()
		r.Close()
		r = c.runner(mem, nil) // never woken: it only takes the upload
		job := c.importJob(r, FormatCSV, csvOf(e.rows...))
		r.Close()
		c.spec = fickle
		f, r, disk := untilEnd(c, mem.CrashClone(vfs.CrashCloneCfg{}), rng, rng.IntN(4))
		if !e.check(t, c, r, job, f) {
			r.Close()
			t.Fatalf("point %d", point)
		}
		r.Close()
		// Whatever the crashes left, the next start has only the lists.
		last := c.runner(disk, nil)
		c.gate = nil
		last.Wake()
		again := c.importJob(last, FormatCSV, csvOf("LAST,"))
		last.Wake()
		c.finish()
		last.Close()
		want := strings.Join([]string{rejectsName(before), rejectsName(job), rejectsName(again)}, " ")
		if got := spooled(t, disk); got != want {
			t.Fatalf("point %d: the spool has %q, want %q", point, got, want)
		}
		c.close()
	}
}

// Without this a job that draws its codes could make more or fewer than it was
// asked for when it is cut short.
func TestCrashDuringGenerate(t *testing.T) {
	seed := seedOf(t)
	for point := range crashPoints(t) / 4 {
		rng := rand.New(rand.NewPCG(seed, uint64(point)))
		c := newCity(t, 1+rng.IntN(3))
		count := int64(1 + rng.IntN(90))
		c.generateJob(GenerateParams{Count: count, CodeConfig: CodeConfig{Pattern: "S-##", Charset: "ABCDEFGHJK23456789"}})
		f, r, _ := untilEnd(c, newDisk(t), rng, rng.IntN(4))
		r.Close()
		if f.Status != catalog.JobDone || f.Created != count || f.Failed != 0 || c.issued() != count {
			t.Fatalf("point %d: %d issued, want %d: %+v", point, c.issued(), count, f)
		}
		c.close()
	}
}
