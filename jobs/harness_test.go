package jobs

import (
	"bytes"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"go.uber.org/goleak"

	"github.com/scrip-engine/scrip/catalog"
	"github.com/scrip-engine/scrip/shard"
	"github.com/scrip-engine/scrip/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func seedOf(t testing.TB) uint64 {
	seed := uint64(time.Now().UnixNano())
	if s, err := strconv.ParseUint(os.Getenv("SCRIP_SEED"), 10, 64); err == nil {
		seed = s
	}
	t.Logf("SCRIP_SEED=%d", seed)
	return seed
}

const (
	testProject  = uint32(1)
	testCampaign = uint32(1)
	spoolDir     = "data/spool"
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func mustMetrics(t testing.TB) *metrics {
	t.Helper()
	m, err := newMetrics(nil)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func smallChunks(r *Runner) { r.cut.Codes = 5 }

// importJob spools a file and puts its job into the catalog.
func (c *city) importJob(r *Runner, format, file string) uint32 {
	c.t.Helper()
	name, digest, size, err := r.Spool(c.t.Context(), strings.NewReader(file), 0)
	if err != nil || size != int64(len(file)) {
		c.t.Fatalf("spool: %v, %d bytes of %d", err, size, len(file))
	}
	params, err := (&ImportParams{Format: format}).Encode()
	if err != nil {
		c.t.Fatal(err)
	}
	return c.put(&catalog.PutJob{Project: testProject, Campaign: testCampaign, NewJob: catalog.NewJob{
		Kind: wire.AsyncCampaignImport, Params: params, Spool: name, Digest: digest}}).Job
}

func (c *city) generateJob(p GenerateParams) uint32 {
	c.t.Helper()
	params, err := p.Encode()
	if err != nil {
		c.t.Fatal(err)
	}
	return c.put(&catalog.PutJob{Project: testProject, Campaign: testCampaign, NewJob: catalog.NewJob{
		Kind: wire.AsyncGenerate, Params: params, Total: p.Count}}).Job
}

// finish waits for the next job to end and checks what is true of all.
func (c *city) finish() *catalog.JobFinish {
	c.t.Helper()
	f := <-c.ended
	if f.Created+f.Failed != f.Total {
		c.t.Errorf("J1: requested %d, created %d, failed %d", f.Total, f.Created, f.Failed)
	}
	return f
}

// look finds a code, alive, or not.
func (c *city) look(code string) *shard.Look {
	c.t.Helper()
	parsed, err := c.rules.Parse(code)
	if err != nil {
		c.t.Fatalf("%q: %v", code, err)
	}
	hash, s := c.Place(testProject, []byte(parsed.Folded))
	var l shard.Look
	c.shards[s].Look(&shard.Query{Project: testProject, Rules: c.rules, Hash: hash, Folded: []byte(parsed.Folded)}, &l)
	return &l
}

func (c *city) issued() (n int64) {
	for _, s := range c.shards {
		n += int64(s.Issued())
	}
	return n
}

// rejectsOf lists a job's rejects as row:reason.
func rejectsOf(t testing.TB, r *Runner, job uint32) map[int64]string {
	t.Helper()
	out := map[int64]string{}
	err := r.Rejects(job, func(x Reject) bool {
		if old, twice := out[x.Row]; twice {
			t.Errorf("row %d is listed twice: %s and %s", x.Row, old, x.Reason)
		}
		out[x.Row] = x.Reason
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func spooled(t testing.TB, fs vfs.FS) string {
	t.Helper()
	names, err := fs.List(spoolDir)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

func csvOf(rows ...string) string { return "code,additional_info\n" + strings.Join(rows, "\n") + "\n" }

func contains(b []byte, s string) bool { return bytes.Contains(b, []byte(s)) }
