package shard

import (
	"bytes"
	"fmt"
	"iter"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/scrip-engine/scrip/coupon"
)

const modelStart = int64(1_700_000_000_000)

// pair is two machines that get the same entries. One lives quietly. The other
// is frozen, has its image written row by row between commands, and is restored
// from it: nobody may see a difference (S1, S8, S9, S10).
type pair struct {
	t            *rapid.T
	quiet, moved *Shard
	m            *model
	gen          *generator

	cut   []byte // image of the quiet machine when the other was frozen
	img   bytes.Buffer
	fz    *Frozen
	step  func() (struct{}, bool)
	since []entry // applied after the cut

	history []string // every record as it was written
}

type entry struct {
	stamp int64
	cmd   []byte
}

func modelShard() *Shard { return New(Config{Last: coupon.Slots - 1, Epoch: 1}) }

func image(t *rapid.T, s *Shard) []byte {
	f, err := s.Freeze()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := f.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	f.Release()
	return b.Bytes()
}

// run applies one command everywhere and compares the answers.
func (p *pair) run(stamp int64, c *command) Reply {
	cmd := c.encode()
	want := p.m.apply(stamp, c)
	for _, s := range []*Shard{p.quiet, p.moved} {
		got := make([]Reply, 1)
		if err := s.Apply(stamp, [][]byte{cmd}, got); err != nil {
			p.t.Fatalf("%v %+v: %v", c.h.Kind, c.body, err)
		}
		if err := differs(got[0], want); err != nil {
			p.t.Fatalf("%v %+v\n header %+v: %v", c.h.Kind, c.body, c.h, err)
		}
	}
	if p.fz != nil {
		p.since = append(p.since, entry{stamp, cmd})
	}
	for seq := uint64(len(p.history)) + 1; seq <= p.quiet.LastSeq(); seq++ {
		p.history = append(p.history, string(p.quiet.AppendEncoded(nil, seq)))
	}
	if p.quiet.logical != p.moved.logical {
		p.t.Fatalf("counted bytes: %d and %d", p.quiet.logical, p.moved.logical)
	}
	return want
}

// differs compares what an answer promises: of a refusal its reason, of a
// success everything.
func differs(got, want Reply) error {
	if got.Outcome != want.Outcome || got.Scope != want.Scope || got.CatalogIndex != want.CatalogIndex {
		return fmt.Errorf("answered %v (%d, fence %d), the model says %v (%d, fence %d)",
			got.Outcome, got.Scope, got.CatalogIndex, want.Outcome, want.Scope, want.CatalogIndex)
	}
	if got.Outcome != coupon.OK || want.Stamp == 0 {
		return nil
	}
	if len(got.FailedRows) == 0 {
		got.FailedRows = want.FailedRows[:0]
	}
	if !reflect.DeepEqual(got, want) {
		return fmt.Errorf("answered\n %+v, the model says\n %+v", got, want)
	}
	return nil
}

// freeze takes the cut of the moved machine; its image is then written in steps.
func (p *pair) freeze() {
	p.cut = image(p.t, p.quiet)
	fz, err := p.moved.Freeze()
	if err != nil {
		p.t.Fatal(err)
	}
	p.fz, p.since = fz, nil
	p.img.Reset()
	p.step, _ = iter.Pull(func(yield func(struct{}) bool) {
		w := &imageWriter{w: &p.img, slice: 1, between: func() { yield(struct{}{}) }}
		p.fz.write(w)
	})
}

// write lets the image proceed by n slices, or to its end.
func (p *pair) write(n int) {
	for ; n != 0; n-- {
		if _, more := p.step(); !more {
			p.finish()
			return
		}
	}
}

func (p *pair) finish() {
	p.fz.Release()
	p.fz = nil
	if !bytes.Equal(p.cut, p.img.Bytes()) {
		p.t.Fatalf("S10: the image shows changes after the cut: %d bytes, want %d", p.img.Len(), len(p.cut))
	}
	restored := modelShard()
	if err := restored.Restore(bytes.NewReader(p.img.Bytes())); err != nil {
		p.t.Fatal(err)
	}
	for _, e := range p.since {
		if err := restored.Apply(e.stamp, [][]byte{e.cmd}, nil); err != nil {
			p.t.Fatal(err)
		}
	}
	p.moved.Close()
	p.moved = restored
	p.sameDigest()
}

func (p *pair) sameDigest() {
	if p.fz != nil {
		return
	}
	a, err := p.quiet.Digest()
	if err != nil {
		p.t.Fatal(err)
	}
	b, err := p.moved.Digest()
	if err != nil {
		p.t.Fatal(err)
	}
	if a != b {
		p.t.Fatalf("S9: digests %x and %x", a, b)
	}
}

// views compares what readers see with the model.
func (p *pair) views() {
	for _, s := range []*Shard{p.quiet, p.moved} {
		for _, c := range p.m.codes {
			p.viewOf(s, c)
		}
		for ordinal, ca := range p.m.campaigns {
			info, ok := s.Campaign(ordinal)
			n := ca.sums
			want := CampaignInfo{ca.Campaign, ca.fence, n.codes, n.redeemed, n.rolledBack, n.applied, n.appliedBack,
				n.credits, n.creditsBack, n.creditsIn, n.creditsOut}
			if !ok || info != want {
				p.t.Fatalf("campaign %d: %+v, want %+v", ordinal, info, want)
			}
		}
		for _, c := range p.m.customers {
			var v CustomerView
			if s.Customer(c.project+1, c.id, &v) {
				p.t.Fatalf("customer %v is seen from another project", c.id)
			}
			if found := s.Customer(c.project, c.id, &v); found == c.forgotten || found && (string(v.Sealed) != c.sealed || v.Version != c.version || v.Source != c.source) {
				p.t.Fatalf("customer %v: found %v %+v, want %+v", c.id, found, v, c)
			}
			if project, ok := s.CustomerProject(c.id); ok == c.forgotten || ok && project != c.project {
				p.t.Fatalf("customer %v is of project %d %v, want %+v", c.id, project, ok, c)
			}
		}
		if s.LastSeq() != p.m.seq || int(s.Issued()) != len(p.m.codes) {
			p.t.Fatalf("journal %d, issued %d; want %d, %d", s.LastSeq(), s.Issued(), p.m.seq, len(p.m.codes))
		}
		for i, want := range p.m.forgettings {
			if got, ok := s.Forgotten(uint32(i)); !ok || got != want || int(s.ForgottenCount()) != len(p.m.forgettings) {
				p.t.Fatalf("forgetting %d of %d: %+v, want %+v", i, s.ForgottenCount(), got, want)
			}
		}
		for id, j := range p.m.jobs {
			if info, ok := s.Job(id); !ok || info != (JobInfo{j.chunk, j.created, j.failed}) {
				p.t.Fatalf("job %d: %+v, want %+v", id, info, j)
			}
		}
	}
}

func (p *pair) viewOf(s *Shard, c *modelCode) {
	key, customer := p.gen.anyKey(), p.gen.anyCustomer()
	q := Query{Project: c.project, Rules: testRules, Folded: []byte(c.text), Hash: p.gen.hash(c.project, c.text),
		Customer: customer, Kind: KindRedeem, Key: key}
	newest := p.m.newest(c.project, c.text) == c
	if !newest {
		q.ByPlace, q.Slot, q.Ordinal = true, c.place.Slot, uint32(c.place.Seq)
	}
	var l Look
	s.Look(&q, &l)
	v := &l.View
	limit, perCustomer, gift, currency := p.m.limits(c)
	want := CodeView{Found: true, Slot: c.place.Slot, Ordinal: uint32(c.place.Seq), Version: c.version, Project: c.project,
		Campaign: c.campaign, CampaignBirth: v.CampaignBirth, Created: c.created, Updated: c.updated, BirthSeq: v.BirthSeq,
		Disabled: c.off, Deleted: p.m.gone(c), Limit: limit, Used: c.used, PerCustomer: perCustomer,
		IsGift: gift, Balance: c.balance, Issued: c.added, Currency: currency, From: AlwaysFrom, Until: AlwaysUntil,
		Holder: c.own.Holder, Mask: v.Mask, Fence: p.m.fence(c.project, c.campaign), Code: v.Code, Metadata: c.own.Metadata}
	if perCustomer > 0 {
		want.CustomerUses = p.m.usesBy(c, customer)
	}
	if c.own.has(SpecFrom) {
		want.From = c.own.From
	}
	if c.own.has(SpecUntil) {
		want.Until = c.own.Until
	}
	if len(want.Metadata) == 0 {
		want.Metadata = v.Metadata[:0]
	}
	for _, b := range []*[]byte{&v.Discount, &v.Info, &v.Category} {
		if len(*b) == 0 {
			*b = nil
		}
	}
	if !reflect.DeepEqual(*v, want) {
		p.t.Fatalf("code %s:\n %+v, want\n %+v", c.text, *v, want)
	}
	h := Header{Kind: KindRedeem, Key: key}
	stored, ok := p.m.replay(&h, func(e *modelEvent) bool { return e.code == c })
	ok = ok && !key.IsZero()
	if l.HasReceipt != ok || ok && stored.Outcome == coupon.OK && l.Receipt.ID != stored.ID {
		p.t.Fatalf("code %s: receipt %v %+v, want %v %+v", c.text, l.HasReceipt, l.Receipt, ok, stored)
	}
}

// A coupon that two replicas decide differently, a retry that counts twice, a
// receipt that is lost by a restart, an image that mixes two moments: each shows
// here as two machines and a model that disagree.
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := &pair{t: t, quiet: modelShard(), moved: modelShard(), m: newModel()}
		defer func() { p.quiet.Close(); p.moved.Close() }()
		p.gen = newGenerator(t, p.m)
		p.gen.record = p.record
		for _, c := range p.gen.campaigns() {
			p.run(modelStart, c)
		}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			switch d := rapid.IntRange(0, 19).Draw(t, "what"); {
			case d == 0 && p.fz == nil:
				p.freeze()
			case d <= 3 && p.fz != nil:
				p.write(rapid.IntRange(1, 20).Draw(t, "slices"))
			case d <= 5:
				p.sealOld()
			default:
				stamp := p.gen.stamp()
				p.run(stamp, p.gen.command(stamp))
			}
			p.views()
		}
		if p.fz != nil {
			p.write(-1)
		}
		p.sameDigest()
		p.journal()
	})
}

// sealOld lets a day pass and seals: most of what is sealed by chance is nothing.
func (p *pair) sealOld() {
	p.gen.now = max(p.gen.now, p.m.now) + coupon.KeyMemoryMillis/pick(p.gen, "part of a day", int64(1), 2)
	p.m.now = p.gen.now
	upTo := p.m.sealable()
	p.run(p.gen.now, &command{Header{Kind: KindSeal, Epoch: 1, NotAfter: p.gen.now}, &Seal{upTo - min(upTo, pick(p.gen, "less", uint64(0), 1, 3))}})
}

func (p *pair) record(seq uint64) *Record {
	var rec Record
	if err := DecodeRecord([]byte(p.history[seq-1]), &rec); err != nil {
		p.t.Fatal(err)
	}
	return &rec
}

// journal compares the records of both machines, and the place of every event.
func (p *pair) journal() {
	var a, b, c Record
	chain := uint64(0)
	for seq := uint64(1); seq <= p.m.sealed; seq++ {
		if p.quiet.Record(seq, &a) || p.moved.Record(seq, &b) || p.quiet.Event(p.record(seq).ID, &c) {
			p.t.Fatalf("record %d was sealed and is still read", seq)
		}
		chain = Chain(chain, []byte(p.history[seq-1]))
	}
	for _, s := range []*Shard{p.quiet, p.moved} {
		if seq, of := s.Sealed(); seq != p.m.sealed || of != chain {
			p.t.Fatalf("sealed up to %d with digest %x; want %d and %x", seq, of, p.m.sealed, chain)
		}
	}
	for seq := p.m.sealed + 1; seq <= p.m.seq; seq++ {
		if !p.quiet.Record(seq, &a) || !p.moved.Record(seq, &b) || !p.quiet.Event(a.ID, &c) {
			p.t.Fatalf("record %d is missing", seq)
		}
		if !reflect.DeepEqual(a, b) || !reflect.DeepEqual(a, c) {
			p.t.Fatalf("record %d: %+v, %+v and by its id %+v", seq, a, b, c)
		}
	}
	if order := slices.IndexFunc(p.m.codes, func(c *modelCode) bool { return c.place.Slot >= coupon.Slots }); order >= 0 {
		p.t.Fatalf("code %d has no slot", order)
	}
	for i, c := range p.m.codes {
		if slot, ordinal, ok := p.moved.Place(uint32(i)); !ok || (coupon.ID{Slot: slot, Seq: uint64(ordinal)}) != c.place {
			p.t.Fatalf("place %d: %d/%d, want %v", i, slot, ordinal, c.place)
		}
	}
}
