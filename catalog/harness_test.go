package catalog

import (
	"bytes"
	"encoding/json"
	"math"
	"testing"

	"github.com/scrip-engine/scrip/coupon"
)

const startMillis = 1_700_000_000_000

// machine is a catalog with a log position and a clock of its own.
type machine struct {
	t     testing.TB
	c     *Catalog
	index uint64
	now   int64
}

func newMachine(t testing.TB) *machine {
	return &machine{t: t, c: New(), index: 100, now: startMillis}
}

// newShop is a machine with a cluster, and project 1 in it.
func newShop(t testing.TB) *machine {
	m := newMachine(t)
	m.ok(&Init{ID: "test", Secret: testSecret(), Slots: coupon.Slots, Shards: 4, Currency: "USD"})
	m.ok(newProject("default"))
	return m
}

func testSecret() Secret {
	var s Secret
	for i := range s {
		s[i] = byte(i + 1)
	}
	return s
}

// header is one that never comes too late and has no key.
func header() Header { return Header{NotAfter: math.MaxInt64} }

func keyed(key, fingerprint uint64) Header {
	h := header()
	h.Key = coupon.Hash{Hi: key, Lo: 1}
	h.FingerprintVersion, h.Fingerprint = coupon.FingerprintVersion, fingerprint
	return h
}

// as applies one command in an entry of its own. Positions skip, as those of a
// real log do.
func (m *machine) as(h Header, b Body) Reply {
	m.t.Helper()
	cmd, err := Encode(h, b)
	if err != nil {
		m.t.Fatalf("encode %T: %v", b, err)
	}
	m.index += 3
	replies := make([]Reply, 1)
	if err := m.c.Apply(m.index, m.now, 1, [][]byte{cmd}, replies); err != nil {
		m.t.Fatalf("apply %T: %v", b, err)
	}
	return replies[0]
}

func (m *machine) do(b Body) Reply {
	m.t.Helper()
	return m.as(header(), b)
}

func (m *machine) ok(b Body) Reply {
	m.t.Helper()
	r := m.do(b)
	if r.Outcome != coupon.OK {
		m.t.Fatalf("%T: %v", b, r.Outcome)
	}
	return r
}

func (m *machine) wants(want coupon.Outcome, h Header, b Body) {
	m.t.Helper()
	if r := m.as(h, b); r.Outcome != want {
		m.t.Fatalf("%T: got %v, want %v", b, r.Outcome, want)
	}
}

func newProject(name string) *CreateProject {
	return &CreateProject{Name: name, Currency: "USD", CodeVersion: 1, IdempotencySource: "header"}
}

func newCampaign(name string) *CreateCampaign {
	return &CreateCampaign{
		Project: 1, Name: name, CampaignType: "DISCOUNT_COUPONS", Type: "STATIC",
		Voucher: VoucherSpec{Type: "DISCOUNT_VOUCHER", Discount: []byte{1, 2, 3}, Quantity: 1},
	}
}

func newKey(appID string) *CreateKey {
	return &CreateKey{Project: 1, AppID: appID, Class: ServerKey, Role: "admin", Token: Digest256{1}}
}

func newJob(kind string) NewJob {
	return NewJob{Kind: kind, Params: json.RawMessage(`{"count":10}`), Spool: "spool-1", Digest: Digest256{9}, Total: 10}
}

// failer is what a plain test and a rapid one have in common.
type failer interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// image returns the bytes of the catalog's image.
func image(t failer, c *Catalog) []byte {
	t.Helper()
	f, err := c.Freeze()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Release()
	var buf bytes.Buffer
	n, err := f.WriteTo(&buf)
	if err != nil || n != int64(buf.Len()) {
		t.Fatalf("wrote %d bytes, told %d: %v", buf.Len(), n, err)
	}
	return buf.Bytes()
}

// restored returns a catalog made from another one's image, and demands that its
// image is the same, byte for byte.
func restored(t failer, c *Catalog) *Catalog {
	t.Helper()
	img := image(t, c)
	again := New()
	if err := again.Restore(bytes.NewReader(img)); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(image(t, again), img) || again.View().Digest() != c.View().Digest() {
		t.Fatal("C1: a restored catalog has another image")
	}
	if again.View().Bytes() != c.View().Bytes() {
		t.Fatalf("C1: a restored catalog counts %d bytes, want %d", again.View().Bytes(), c.View().Bytes())
	}
	return again
}
