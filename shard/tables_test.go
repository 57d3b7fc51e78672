package shard

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/internal/arena"
)

// A text that lies across two chunks or under a wrong length would be another
// customer's code: all lengths, at every place in a chunk.
func TestTextsKeepEveryLength(t *testing.T) {
	a := arena.New()
	defer a.Close()
	var tx texts
	var offs []uint32
	var want [][]byte
	for n := 1; n <= coupon.CodeBytesMax; n++ {
		for _, b := range [][]byte{bytes.Repeat([]byte{byte(n)}, n), {byte(n)}} {
			offs, want = append(offs, tx.add(a, b)), append(want, b)
		}
	}
	for i, off := range offs {
		if got := tx.at(a, off); !bytes.Equal(got, want[i]) {
			t.Fatalf("text %d of %d bytes came back as %d bytes", i, len(want[i]), len(got))
		}
	}
}

// Rows are named by their ordinal for ever: none may move or share bytes.
func TestRowsKeepTheirPlace(t *testing.T) {
	a := arena.New()
	defer a.Close()
	var tables [3]rows
	for i := range uint32(1000) {
		for k := range tables {
			n, row := tables[k].add(a, 4+k)
			if n != i || len(bytes.Trim(row, "\x00")) != 0 {
				t.Fatalf("row %d is %d, %x", i, n, row)
			}
			copy(row, fmt.Sprint(k, i))
		}
	}
	for i := range uint32(1000) {
		for k := range tables {
			if row := tables[k].at(a, i, 4+k); !bytes.HasPrefix([]byte(fmt.Sprint(k, i)+"\x00\x00\x00\x00"), bytes.TrimRight(row, "\x00")) {
				t.Fatalf("row %d of table %d: %q", i, k, row)
			}
		}
	}
}

// Entries that share all bits of their hash cannot be parted by splitting. The
// page must then grow, not split for ever nor lose one, and shrink in use.
func TestIndexOfEqualHashes(t *testing.T) {
	for _, wide := range []bool{false, true} {
		a := arena.New()
		x := index{wide: wide, depth: depthMax, dir: make([]page, 1<<depthMax)}
		for i := range x.dir {
			x.dir[i].depth = depthMax // as after 18 splits
		}
		const n = 2_000
		for v := range uint64(n) {
			x.add(a, 42<<40, v)
			x.add(a, v<<50, v) // and some that are not equal
		}
		if x.depth != depthMax || x.n != 2*n {
			t.Fatalf("depth %d, %d entries", x.depth, x.n)
		}
		for v := uint64(0); v < n; v += 7 {
			for _, h := range []uint64{42 << 40, v << 50} {
				if _, ok := x.find(a, h, func(got uint64) bool { return got == v }); !ok {
					t.Fatalf("lost %d under %x", v, h)
				}
			}
		}
		for v := range uint64(500) {
			if !x.remove(a, 42<<40, v) {
				t.Fatalf("%d is not there", v)
			}
		}
		if _, ok := x.find(a, 42<<40, func(got uint64) bool { return got < 500 }); ok {
			t.Fatal("a removed entry is found")
		}
		pages := int64(0) // blocks are rounded up to units
		for i := range x.dir {
			pages += int64(min(x.dir[i].cap, 1))
		}
		if over := a.Used() - int64(x.bytes); over < 0 || over > pages*arena.Unit {
			t.Fatalf("%d bytes counted, %d in use", x.bytes, a.Used())
		}
		if p := x.newPage(a, 100_000, depthMax); p.cap < 100_000 {
			t.Fatalf("a page of %d places, 100,000 were asked for", p.cap)
		}
		a.Close()
	}
}

// Ten million codes must fit a small machine: 48 bytes each, for single-use codes
// of 12 characters. A quarter of a million over a fortieth of the slots are
// as dense as that.
func TestBytesPerCode(t *testing.T) {
	const n = 250_000
	s := New(Config{First: 0, Last: coupon.Slots/40 - 1, Epoch: 1})
	defer s.Close()
	rng := rand.New(rand.NewPCG(1, 2))
	apply := func(cmd []byte) {
		replies := make([]Reply, 1)
		if err := s.Apply(1, [][]byte{cmd}, replies); err != nil || replies[0].Outcome != coupon.OK || replies[0].Failed != 0 {
			t.Fatalf("%+v, %v", replies[0], err)
		}
	}
	h := Header{Kind: KindCampaign, Epoch: 1, NotAfter: 1, CatalogIndex: 1, ValidFrom: AlwaysFrom, ValidUntil: AlwaysUntil}
	apply(AppendCampaign(AppendHeader(nil, &h), &Campaign{Ordinal: 1, Project: 1, Limit: 1}))
	h.Kind = KindImport
	codes := make([]NewCode, coupon.ImportChunkCodesMax)
	for i := range codes {
		codes[i].Issued = make([]byte, 12)
	}
	for chunk := range uint32(n / coupon.ImportChunkCodesMax) {
		for i := range codes {
			for k := range codes[i].Issued {
				codes[i].Issued[k] = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"[rng.IntN(32)]
			}
			codes[i].Hash = coupon.Hash{Hi: rng.Uint64N(uint64(s.cfg.Last)+1) << 52, Lo: rng.Uint64()}
		}
		apply(AppendImport(AppendHeader(nil, &h), &Import{Project: 1, Campaign: 1, Rules: testRules, Job: 1, Chunk: chunk + 1, Codes: codes}))
	}
	m := s.Memory()
	if m.Codes != n || m.Tables.Codes+m.Tables.Indexes+m.Tables.Journal+m.Tables.Sides > m.Live {
		t.Fatalf("%+v", m)
	}
	per := float64(m.Live-m.Tables.Journal) / n
	t.Logf("%.1f bytes a code: %.1f in rows and texts, %.1f in indexes; counted as %.1f", per,
		float64(m.Tables.Codes)/n, float64(m.Tables.Indexes)/n, float64(m.Logical)/n)
	if per > 48 {
		t.Fatalf("%.1f bytes a code, want at most 48", per)
	}
}

// What a redemption allocates the collector pays for, hundreds of thousands of
// times a second.
func TestRedeemAllocatesNothing(t *testing.T) {
	w := newWorld(t)
	w.campaign(Campaign{Ordinal: 1, Project: 1, Limit: 1})
	w.campaign(Campaign{Ordinal: 2, Project: 1, Limit: Unlimited, PerCustomer: 1000})
	const slot, runs = 7, 2000
	create := func(code string, campaign uint32) {
		w.apply(AppendCreate(w.header(KindCreate, slot, ""), &Create{Project: 1, Campaign: campaign, Rules: testRules,
			Code: NewCode{Hash: coupon.Hash{Hi: slot<<52 | 1, Lo: w.hash(code).Lo}, Issued: []byte(code)}}))
	}
	create("many", 2)
	var cmds [][]byte
	for i := range uint32(runs) {
		key := fmt.Sprint(i)
		create("once-"+key, 1)
		cmds = append(cmds, AppendRedeem(w.header(KindRedeem, slot, key), &Redeem{Ordinal: i + 1, Project: 1, Campaign: 1, Order: 10, Lines: []int64{1, 2}}))
		cmds = append(cmds, AppendRedeem(w.header(KindRedeem, slot, key), &Redeem{Project: 1, Campaign: 2, Order: 10,
			Customer: coupon.ID{Slot: 1, Seq: uint64(i % 5)}, Tail: AppendTail(nil, TagTracking, []byte("t"))}))
	}
	replies, next := make([]Reply, 1), 0
	if n := testing.AllocsPerRun(len(cmds)-2, func() {
		if err := w.s.Apply(w.now, cmds[next:next+1], replies); err != nil || replies[0].Outcome.Refused() || replies[0].Replayed {
			t.Fatalf("%+v, %v", replies[0], err)
		}
		next++
	}); n != 0 {
		t.Fatalf("%.0f allocations a redemption", n)
	}
}

// Two replicas with different arenas must run out of room at the same command,
// and never hold more than the budget (P10).
func TestCapacityIsTheSameEverywhere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		budget := rapid.Int64Range(66_000, 76_000).Draw(t, "budget")
		cfg := Config{Last: coupon.Slots - 1, Epoch: 1, BudgetBytes: budget}
		a, b := New(cfg), New(cfg)
		defer func() { a.Close(); b.Close() }()
		m := newModel() // draws only: it does not know of budgets
		g := newGenerator(t, m)
		apply := func(stamp int64, c *command) {
			cmd := c.encode()
			x, y := make([]Reply, 1), make([]Reply, 1)
			if err := a.Apply(stamp, [][]byte{cmd}, x); err != nil {
				t.Fatal(err)
			}
			if err := b.Apply(stamp, [][]byte{cmd}, y); err != nil {
				t.Fatal(err)
			}
			if err := differs(x[0], y[0]); err != nil {
				t.Fatalf("%v: %v", c.h.Kind, err)
			}
			if a.logical != b.logical || a.logical > budget {
				t.Fatalf("%v: %d and %d of %d bytes", c.h.Kind, a.logical, b.logical, budget)
			}
			if x[0].Outcome == coupon.OK && !x[0].Replayed {
				m.apply(stamp, c)
			}
		}
		for _, c := range g.campaigns() {
			apply(modelStart, c)
		}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			if rapid.IntRange(0, 39).Draw(t, "restore") == 0 {
				restored := New(cfg)
				if err := restored.Restore(bytes.NewReader(image(t, b))); err != nil {
					t.Fatal(err)
				}
				b.Close()
				b = restored
			}
			stamp := g.stamp()
			apply(stamp, g.command(stamp))
		}
	})
}
