package shard

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/scrip-engine/scrip/coupon"
)

// The checksums of an image say that it is what was written, not that what was
// written makes sense. What no command could have made must be refused at the
// door: behind it, it would panic in the middle of a redemption. Each case
// damages a sound shard in place and takes a formally perfect image of it.
func TestRestoreRefuses(t *testing.T) {
	f := func(want string, damage func(s *Shard, c *CodeView)) {
		t.Helper()
		w := formatWorld(t)
		damage(w.s, &w.look("d").View)
		rechain(w.s)
		var img bytes.Buffer
		fz, err := w.s.Freeze()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := fz.WriteTo(&img); err != nil {
			t.Fatal(err)
		}
		fz.Release()
		err = newWorld(t).s.Restore(&img)
		switch {
		case want == "" && err != nil:
			t.Errorf("refused: %v", err)
		case want != "" && (err == nil || !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), want)):
			t.Errorf("error %v, want one about %q", err, want)
		}
	}
	row := func(s *Shard, c *CodeView) codeRow { return s.codeRow(c.Slot, c.Ordinal) }
	side := func(s *Shard, c *CodeView) sideBlock { return s.sideOf(row(s, c)) }
	f("", func(*Shard, *CodeView) {})
	f("time", func(s *Shard, _ *CodeView) { s.now = -1 })
	f("time", func(s *Shard, _ *CodeView) { s.now = stampMax + 1 })
	f("projects", func(s *Shard, _ *CodeView) { s.fences = make([]uint64, projectsMax+1) })
	f("campaign", func(s *Shard, _ *CodeView) { s.campaigns[1].Ordinal = 2 })
	f("campaign", func(s *Shard, _ *CodeView) { s.campaigns[1].Limit = -2 })
	f("order of jobs", func(s *Shard, _ *CodeView) { s.jobOrder = append(s.jobOrder, s.jobOrder[0]) })
	f("birth", func(s *Shard, c *CodeView) { row(s, c).setBirth(99) })
	f("flags", func(s *Shard, c *CodeView) { row(s, c).setFlag(1<<62, true) })
	f("flags", func(s *Shard, c *CodeView) { row(s, c).setFlag(flagUsed, true) })
	f("side", func(s *Shard, c *CodeView) { side(s, c).put(sideBalance, -1) })
	f("side", func(s *Shard, c *CodeView) { side(s, c).put(sideUsed, -1) })
	f("side", func(s *Shard, c *CodeView) { side(s, c).put(sideLimit, -2) })
	f("side", func(s *Shard, c *CodeView) { side(s, c).put(sideHolder, -1) })
	f("side", func(s *Shard, c *CodeView) { side(s, c).setMask(SpecDisabled << 1) })
	f("side", func(s *Shard, c *CodeView) { binary.LittleEndian.PutUint16(side(s, c)[sideLengths+2:], 1) })
	f("order of codes", func(s *Shard, _ *CodeView) { s.order.n-- })
	f("sweep", func(s *Shard, _ *CodeView) { s.sweepAt[0] = 0 })
	f("sweep", func(s *Shard, _ *CodeView) { s.sweepAt[1] = s.journal.rows.len() + 2 })
	f("uses", func(s *Shard, _ *CodeView) {
		l := findSideless(s)
		l.setUse(l.use() | useMask)
	})
	f("place of a record", func(s *Shard, _ *CodeView) { binary.LittleEndian.PutUint64(s.journal.at(3)[8:], 4) })
	f("place of a record", func(s *Shard, c *CodeView) {
		s.journal.at(c.BirthSeq)[16]++ // the per-slot sequence of its id
	})
	f("place of a record", func(s *Shard, _ *CodeView) { s.journal.at(1)[5] = 99 })
	f("place of a record", func(s *Shard, _ *CodeView) {
		binary.LittleEndian.PutUint64(s.journal.at(2)[24:], uint64(s.now)+1)
	})
	f("slot of a record", func(s *Shard, _ *CodeView) { s.journal.at(1)[23] = 0xff })
	f("slots of another shard", func(s *Shard, _ *CodeView) { s.cfg.Epoch++ })
}

// Numbers of codes and customers have 20 bits; an image that says more, or more
// than follows, is refused before anything is allocated for it.
func TestRestoreBoundsASlot(t *testing.T) {
	var img bytes.Buffer
	fz, err := newWorld(t).s.Freeze()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fz.WriteTo(&img); err != nil {
		t.Fatal(err)
	}
	b := img.Bytes()
	last := b[len(b)-8-22:] // the last slot; behind it an empty journal
	for off := 2; off < 18; off += 4 {
		for _, n := range []uint32{1, codesPerSlotMax + 1, codesPerSlotMax + 2, 1<<32 - 1} {
			binary.LittleEndian.PutUint32(last[off:], n)
			s := newWorld(t).s
			if err := s.Restore(bytes.NewReader(b)); err == nil || !errors.Is(err, ErrFormat) {
				t.Errorf("%d rows at %d: error %v", n, off, err)
			}
			if used := s.a.Used(); used > 1<<20 {
				t.Errorf("%d rows at %d: %d bytes taken", n, off, used)
			}
		}
		binary.LittleEndian.PutUint32(last[off:], 0)
	}
}

// findSideless returns the row of a used code without side.
func findSideless(s *Shard) codeRow {
	for slot := range uint16(coupon.Slots) {
		for i := range s.slots[slot].codes.n {
			if r := s.codeRow(slot, i); !r.has(flagSide) && r.lastUse() != 0 {
				return r
			}
		}
	}
	return nil
}

// rechain makes the digest of a journal that was changed in place.
func rechain(s *Shard) {
	s.journal.chain = 0
	for seq := uint64(1); seq <= s.journal.last(); seq++ {
		s.journal.chain = chainDigest(s.journal.chain, s.journal.at(seq))
	}
}

// A journal that was changed behind the digest is noticed.
func TestRestoreChecksTheJournalsDigest(t *testing.T) {
	w := formatWorld(t)
	rec := w.s.journal.at(5)
	rec[len(rec)-1] ^= 1
	var img bytes.Buffer
	fz, err := w.s.Freeze()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fz.WriteTo(&img); err != nil {
		t.Fatal(err)
	}
	if err := newWorld(t).s.Restore(&img); err == nil || !errors.Is(err, ErrFormat) {
		t.Fatalf("error %v", err)
	}
}

// An image cut off anywhere is refused, also where nothing but zeros is missing.
func TestRestoreRefusesEveryPrefix(t *testing.T) {
	w := formatWorld(t)
	var img bytes.Buffer
	fz, err := w.s.Freeze()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fz.WriteTo(&img); err != nil {
		t.Fatal(err)
	}
	b := img.Bytes()
	s := newWorld(t).s
	for n := 0; n < len(b); n += 1 + n/50 {
		if err := s.Restore(bytes.NewReader(b[:n])); err == nil || !errors.Is(err, ErrFormat) {
			t.Fatalf("%d of %d bytes: error %v", n, len(b), err)
		}
	}
	if err := s.Restore(bytes.NewReader(append(bytes.Clone(b), 0))); err == nil {
		t.Fatal("a byte too many was taken")
	}
	if err := s.Restore(bytes.NewReader(b)); err != nil {
		t.Fatal(err)
	}
}
