package jobs

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/scrip-engine/scrip/catalog"
	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/shard"
	"github.com/scrip-engine/scrip/wire"
)

// Without this a hundred thousand codes could take a command each, or be made in
// chunks that hold redemptions up.
func TestGenerateMany(t *testing.T) {
	const count, shards = 100_000, 4
	c := newCity(t, shards)
	r := c.runner(vfs.NewMem(), nil)
	c.generateJob(GenerateParams{Count: count, CodeConfig: CodeConfig{Prefix: "SUMMER-", Length: 10},
		Voucher: wire.GenerateRequest{Metadata: wire.Raw(`{"a":1}`), HolderID: "ada"}})
	r.Wake()
	f := c.finish()
	r.Close()
	if f.Status != catalog.JobDone || f.Created != count || c.issued() != count {
		t.Fatalf("%d issued: %+v", c.issued(), f)
	}
	chunks := 0
	for s := range c.chunks {
		chunks += len(c.chunks[s])
		if n := c.shards[s].Issued(); int(n) < count/shards*9/10 {
			t.Errorf("shard %d has %d codes", s, n)
		}
	}
	if most := count/coupon.ImportChunkCodesMax + 2*shards; chunks > most || c.bytes > coupon.ImportChunkBytesMax {
		t.Errorf("%d chunks, the largest of %d bytes", chunks, c.bytes)
	}
	slot, ordinal, _ := c.shards[0].Place(0)
	var l shard.Look
	c.shards[0].Look(&shard.Query{ByPlace: true, Slot: slot, Ordinal: ordinal}, &l)
	v := l.View
	if !strings.HasPrefix(string(v.Code), "SUMMER-") || len(v.Code) != 17 || string(v.Metadata) != `{"a":1}` ||
		v.Holder == (coupon.ID{}) || v.Campaign != testCampaign {
		t.Errorf("a code looks like %+v", v)
	}
}

// Without this a pattern whose space is full would keep a job drawing for ever, or
// end it as done with fewer codes than were asked for.
func TestGenerateUntilNoRoomIsLeft(t *testing.T) {
	c := newCity(t, 2)
	r := c.runner(vfs.NewMem(), nil)
	defer r.Close()
	c.generateJob(GenerateParams{Count: 100, CodeConfig: CodeConfig{Pattern: "##", Charset: "01234567"}})
	r.Wake()
	f := c.finish()
	if f.Status != catalog.JobFailed || f.Created != 64 || f.Failed != 36 || c.issued() != 64 {
		t.Fatalf("%+v", f)
	}
	if !strings.HasPrefix(f.Error, wire.KeyInvalidCodeConfig) || !strings.Contains(f.Error, "64 codes were made") {
		t.Errorf("told as %q", f.Error)
	}
	if len(f.Failures) != 1 || f.Failures[0].Reason != wire.KeyInvalidCodeConfig {
		t.Errorf("failures %+v", f.Failures)
	}
}

// Without this a job that cannot be done would be asked for again for ever.
func TestGenerateThatCannotBe(t *testing.T) {
	fails := func(name string, p GenerateParams, want string, prepare func(c *city)) {
		t.Helper()
		c := newCity(t, 1)
		r := c.runner(vfs.NewMem(), nil)
		defer r.Close()
		c.generateJob(p)
		if prepare != nil {
			prepare(c)
		}
		r.Wake()
		f := c.finish()
		if f.Status != catalog.JobFailed || f.Created != 0 || f.Failed != p.Count || !strings.HasPrefix(f.Error, want) {
			t.Errorf("%s: %+v, want %s", name, f, want)
		}
	}
	ten := GenerateParams{Count: 10}
	fails("no codes", GenerateParams{}, wire.KeyInvalidPayload, nil)
	fails("too many", GenerateParams{Count: coupon.GenerateCountMax + 1}, wire.KeyInvalidPayload, nil)
	fails("charset", GenerateParams{Count: 10, CodeConfig: CodeConfig{Charset: "A"}}, wire.KeyInvalidCodeConfig, nil)
	fails("reserved", GenerateParams{Count: 10, CodeConfig: CodeConfig{Pattern: "impor#", Charset: "tT"}}, wire.KeyInvalidCodeConfig, nil)
	fails("holder", GenerateParams{Count: 10, Voucher: wire.GenerateRequest{HolderID: "nobody"}}, wire.KeyResourceNotFound, nil)
	fails("deleted campaign", ten, wire.KeyResourceNotFound, func(c *city) {
		c.put(&catalog.DeleteCampaign{Project: testProject, Campaign: testCampaign})
	})
	refused := func(o coupon.Outcome) func(c *city) {
		return func(c *city) { c.refuse = func(*shard.Import) coupon.Outcome { return o } }
	}
	fails("full", ten, wire.KeyCapacity, refused(coupon.CapacityExceeded))
	fails("unknown campaign", ten, wire.KeyResourceNotFound, refused(coupon.ResourceNotFound))
	fails("lost chunk", ten, wire.KeyInternalError, refused(coupon.Reevaluate))
	fails("moved", ten, wire.KeyInternalError, refused(coupon.Moved))
}

// Without this what one shard refuses in the middle of a job would leave the counts
// of the others open, or a chunk on its way (J6).
func TestFullShardEndsTheJobWithItsCounts(t *testing.T) {
	c := newCity(t, 3)
	r := c.runner(vfs.NewMem(), smallChunks)
	defer r.Close()
	chunks := 0
	c.refuse = func(*shard.Import) coupon.Outcome {
		if chunks++; chunks > 20 {
			return coupon.CapacityExceeded
		}
		return coupon.OK
	}
	var rows []string
	for i := range 500 {
		rows = append(rows, fmt.Sprintf("C-%d,", i))
	}
	c.importJob(r, FormatCSV, csvOf(rows...))
	r.Wake()
	f := c.finish()
	if f.Status != catalog.JobFailed || f.Created != 100 || f.Failed != 400 || c.issued() != 100 {
		t.Fatalf("%d issued: %+v", c.issued(), f)
	}
}

// Without this the parameters of a job that waits in the catalog could be read
// differently by the version that runs it.
func TestParamsKeepTheirForm(t *testing.T) {
	p := GenerateParams{Count: 7, CodeConfig: CodeConfig{Length: 8, Charset: "AB", Prefix: "p", Postfix: "q", Pattern: "##"},
		Voucher: wire.GenerateRequest{Category: "c", Metadata: wire.Raw(`{"a":1}`), HolderID: "h",
			Redemption: wire.RedemptionLimit{Quantity: wire.Cleared[int64](), PerCustomer: wire.Some[int64](2)},
			StartDate:  1_700_000_000_000, Active: wire.Some(false), Gift: &wire.Gift{Amount: wire.Some[int64](5)}}}
	const golden = `{"count":7,"code_config":{"length":8,"charset":"AB","prefix":"p","postfix":"q","pattern":"##"},` +
		`"voucher":{"category":"c","gift":{"amount":5},"redemption":{"quantity":null,"per_customer":2},` +
		`"start_date":"2023-11-14T22:13:20.000Z","active":false,"metadata":{"a":1},"holder_id":"h"}}`
	raw, err := p.Encode()
	if err != nil || string(raw) != golden {
		t.Fatalf("%v: %s", err, raw)
	}
	var back GenerateParams
	if err := decodeParams(raw, &back); err != nil {
		t.Fatal(err)
	}
	if again, err := back.Encode(); err != nil || string(again) != golden || !back.Voucher.Redemption.Quantity.Null {
		t.Fatalf("%v: %s", err, again)
	}
	if raw, err := (&ImportParams{Format: FormatCSV}).Encode(); err != nil || string(raw) != `{"format":"csv"}` {
		t.Fatalf("%v: %s", err, raw)
	}
	if err := decodeParams([]byte(`{"format":"csv","later":1}`), &ImportParams{}); err == nil {
		t.Error("a field of a later version was left out")
	}
	if _, err := (&GenerateParams{Voucher: wire.GenerateRequest{Category: strings.Repeat("x", catalog.RawBytesMax)}}).Encode(); err == nil {
		t.Error("parameters above the catalog's bound")
	}
}
