package jobs

import (
	"context"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/scrip-engine/scrip/catalog"
	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/shard"
	"github.com/scrip-engine/scrip/wire"
)

// city is what survives a crash of the runner: a real catalog and real shards,
// to which commands are applied without a log between. It is the Host.
type city struct {
	t      testing.TB
	secret *coupon.Secret
	cat    *catalog.Catalog
	shards []*shard.Shard
	rules  coupon.CodeRules

	mu     sync.Mutex
	index  uint64                // guarded by mu
	now    int64                 // guarded by mu
	chunks [][]int               // guarded by mu: by shard, codes of each applied chunk
	bytes  int                   // guarded by mu: of the largest chunk
	told   []catalog.JobProgress // guarded by mu
	flying []int                 // guarded by mu: calls of IssueChunk under way, by shard
	life   int                   // guarded by mu: how many runners there were

	ended chan *catalog.JobFinish // one for each Finish that was applied
	// gate is called at each step that a crash or an error may follow; nil for none.
	gate func(ctx context.Context, step string) error
	// spec replaces the plain compilation of a row.
	spec func(life int, row *wire.VoucherImport) (shard.Spec, error)
	// refuse answers a whole chunk in the shard's place when not OK.
	refuse func(q *shard.Import) coupon.Outcome
}

func newCity(t testing.TB, shards int) *city {
	c := &city{
		t: t, secret: coupon.NewSecret([32]byte{1, 2, 3}), cat: catalog.New(), index: 100, now: 1_700_000_000_000,
		rules: coupon.DefaultCodeRules(), ended: make(chan *catalog.JobFinish, 64),
		chunks: make([][]int, shards), flying: make([]int, shards),
	}
	for i := range shards {
		c.shards = append(c.shards, shard.New(shard.Config{
			First: uint16(i * coupon.Slots / shards), Last: uint16((i+1)*coupon.Slots/shards - 1), Epoch: 1}))
	}
	t.Cleanup(c.close)
	c.put(&catalog.Init{ID: "test", Secret: catalog.Secret{1}, Slots: coupon.Slots, Shards: uint32(shards), Currency: "USD"})
	c.put(&catalog.CreateProject{Name: "default", Currency: "USD", CodeVersion: coupon.CodeRulesVersion, IdempotencySource: "header"})
	c.put(&catalog.CreateCampaign{Project: testProject, Name: "summer", CampaignType: "DISCOUNT_COUPONS", Type: "AUTO_UPDATE",
		Voucher: catalog.VoucherSpec{Type: wire.VoucherDiscount, Quantity: 1}})
	for s := range c.shards {
		h := c.header(s, shard.KindCampaign)
		c.applyTo(s, shard.AppendCampaign(h, &shard.Campaign{Ordinal: testCampaign, Project: testProject, Birth: 5, Limit: 1}))
	}
	return c
}

// close gives the shards' memory back, once.
func (c *city) close() {
	for _, s := range c.shards {
		s.Close()
	}
	c.shards = nil
}

// put applies one catalog command and returns the answer, which must be OK.
func (c *city) put(b catalog.Body) catalog.Reply {
	c.t.Helper()
	cmd, err := catalog.Encode(catalog.Header{NotAfter: math.MaxInt64}, b)
	if err != nil {
		c.t.Fatalf("encode %T: %v", b, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.index++
	replies := make([]catalog.Reply, 1)
	if err := c.cat.Apply(c.index, c.now, 1, [][]byte{cmd}, replies); err != nil || replies[0].Outcome != coupon.OK {
		c.t.Fatalf("apply %T: %v %v", b, err, replies[0].Outcome)
	}
	return replies[0]
}

func (c *city) header(s int, kind shard.Kind) []byte {
	first := uint16(s * coupon.Slots / len(c.shards))
	return shard.AppendHeader(nil, &shard.Header{Kind: kind, Slot: first, Epoch: 1, NotAfter: math.MaxInt64,
		CatalogIndex: 1 << 40, ValidFrom: shard.AlwaysFrom, ValidUntil: shard.AlwaysUntil})
}

func (c *city) applyTo(s int, cmd []byte) shard.Reply {
	c.now++
	replies := make([]shard.Reply, 1)
	if err := c.shards[s].Apply(c.now, [][]byte{cmd}, replies); err != nil {
		c.t.Errorf("shard %d: %v", s, err)
	}
	return replies[0]
}

func (c *city) pass(ctx context.Context, step string) error {
	if c.gate == nil {
		return ctx.Err()
	}
	return c.gate(ctx, step)
}

func (c *city) ActiveJobs() []*catalog.Job          { return c.cat.View().ActiveJobs() }
func (c *city) Job(o uint32) *catalog.Job           { return c.cat.View().Job(o) }
func (c *city) Campaign(o uint32) *catalog.Campaign { return c.cat.View().Campaign(o) }
func (c *city) Project(o uint32) *catalog.Project   { return c.cat.View().Project(o) }
func (c *city) Shards() int                         { return len(c.shards) }
func (c *city) Place(_ uint32, f []byte) (h coupon.Hash, s int) {
	h = c.secret.Hash("proj", coupon.DomainCode, f)
	return h, int(h.Slot()) * len(c.shards) / coupon.Slots
}

func (c *city) IssueChunk(ctx context.Context, s int, q *shard.Import) (shard.Reply, error) {
	c.mu.Lock()
	c.flying[s]++
	if c.flying[s] > 1 {
		c.t.Errorf("J5: %d chunks on their way to shard %d", c.flying[s], s)
	}
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		c.flying[s]--
		c.mu.Unlock()
	}()
	if err := c.pass(ctx, "chunk"); err != nil {
		return shard.Reply{}, err
	}
	cmd := shard.AppendImport(c.header(s, shard.KindImport), q)
	c.mu.Lock()
	reply := shard.Reply{}
	if c.refuse != nil {
		reply.Outcome = c.refuse(q)
	}
	if reply.Outcome == coupon.OK {
		reply = c.applyTo(s, cmd)
	}
	if reply.Outcome == coupon.OK && !reply.Replayed {
		c.chunks[s] = append(c.chunks[s], len(q.Codes))
		c.bytes = max(c.bytes, len(cmd))
	}
	c.mu.Unlock()
	if err := c.pass(ctx, "applied"); err != nil {
		return shard.Reply{}, err
	}
	return reply, nil
}

func (c *city) ChunkProgress(s int, job uint64) (shard.JobInfo, bool) { return c.shards[s].Job(job) }

func (c *city) Progress(ctx context.Context, p *catalog.JobProgress) error {
	if err := c.pass(ctx, "progress"); err != nil {
		return err
	}
	c.put(p)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.told = append(c.told, *p)
	return nil
}

func (c *city) Finish(ctx context.Context, f *catalog.JobFinish) error {
	if err := c.pass(ctx, "finish"); err != nil {
		return err
	}
	over := c.Job(f.Job).Status.Finished()
	c.put(f)
	if !over {
		c.ended <- f
	}
	if c.gate == nil {
		return nil
	}
	return c.pass(ctx, "finished")
}

func (c *city) Holder(ctx context.Context, _ uint32, source string) (coupon.ID, error) {
	if err := c.pass(ctx, "holder"); err != nil {
		return coupon.ID{}, err
	}
	if source == "nobody" {
		e := wire.NewError(wire.KeyResourceNotFound, "there is no such customer")
		return coupon.ID{}, &e
	}
	return coupon.ID{Slot: 7, Seq: uint64(len(source))}, nil
}

func (c *city) Spec(_ uint32, _ *catalog.Campaign, row *wire.VoucherImport) (shard.Spec, error) {
	c.mu.Lock()
	life := c.life
	c.mu.Unlock()
	if c.spec != nil {
		return c.spec(life, row)
	}
	return plainSpec(row)
}

// plainSpec compiles the fields that take most room, and refuses what the engine
// would: an unlimited code, for one.
func plainSpec(row *wire.VoucherImport) (sp shard.Spec, err error) {
	if row.Redemption.Quantity.Null {
		e := wire.NewError(wire.KeyInvalidVoucher, "the quantity is missing")
		return sp, &e
	}
	if len(row.Metadata) > coupon.MetadataBytesMax {
		e := wire.NewError(wire.KeyInvalidVoucher, "the metadata is too large")
		return sp, &e
	}
	bytesField := func(bit shard.SpecMask, at *[]byte, v []byte) {
		if len(v) > 0 {
			sp.Mask |= bit
			*at = v
		}
	}
	bytesField(shard.SpecMetadata, &sp.Metadata, row.Metadata)
	bytesField(shard.SpecInfo, &sp.Info, []byte(row.AdditionalInfo))
	bytesField(shard.SpecCategory, &sp.Category, []byte(row.Category))
	if q, ok := row.Redemption.Quantity.Get(); ok {
		sp.Mask |= shard.SpecLimit
		sp.Limit = q
	}
	return sp, nil
}

// runner starts a runner over a file system.
func (c *city) runner(fs vfs.FS, adjust func(*Runner)) *Runner {
	c.t.Helper()
	r, err := New(Config{Host: c, FS: fs, Dir: spoolDir, Logger: quiet()})
	if err != nil {
		c.t.Fatal(err)
	}
	r.retryFirst = 10 * time.Microsecond
	if adjust != nil {
		adjust(r)
	}
	c.mu.Lock()
	c.life++
	c.mu.Unlock()
	return r
}
