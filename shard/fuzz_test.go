package shard

import (
	"bytes"
	"errors"
	"math"
	"testing"

	"github.com/scrip-engine/scrip/coupon"
)

// fuzzShard is small and has something to meet in slot 0x123: a code, a gift
// card with a redemption, a customer.
func fuzzShard(t testing.TB) *Shard {
	s := New(Config{Last: coupon.Slots - 1, Epoch: 1})
	t.Cleanup(s.Close)
	for i, c := range formatCommands() {
		c.h.Epoch, c.h.NotAfter, c.h.BasisMask, c.h.ValidFrom = 1, math.MaxInt64, 0, AlwaysFrom
		c.h.CatalogIndex, c.h.Flags = 1000, 0
		c.h.Key.Lo += uint64(i)
		switch q := c.body.(type) {
		case *Campaign:
			q.Ended = false
		case *Create:
			q.Code.Spec = Spec{Mask: SpecGift, Gift: 100, Currency: 978}
		case *Import:
			q.Codes[0].Issued = []byte("C")
		default:
			continue
		}
		if err := s.Apply(1, [][]byte{c.encode()}, nil); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// A committed entry that panics stops every replica at the same place for ever.
// And what Apply accepts, Restore must: else the shard dies at its next start.
func FuzzApply(f *testing.F) {
	for _, c := range formatCommands() {
		c.h.Epoch, c.h.NotAfter, c.h.BasisMask, c.h.CatalogIndex = 1, math.MaxInt64, 0, 1000
		f.Add(int64(5), c.encode())
		c.h.Slot, c.h.Key = 0, coupon.Hash{}
		f.Add(int64(math.MaxInt64), c.encode())
	}
	f.Fuzz(func(t *testing.T, stamp int64, cmd []byte) {
		s := fuzzShard(t)
		replies := make([]Reply, 2)
		err := s.Apply(stamp, [][]byte{cmd, cmd}, replies)
		if err != nil {
			if !errors.Is(err, ErrFormat) {
				t.Fatalf("an error of another family: %v", err)
			}
			if stamp <= stampMax && Verify(cmd) == nil {
				t.Fatalf("verified, but Apply stops: %v", err)
			}
			return
		}
		if err := Verify(cmd); err != nil && replies[0].Outcome != coupon.Moved {
			t.Fatalf("applied, but not verified: %v", err)
		}
		if replies[0].Outcome == coupon.OK && replies[0].Seq != 0 && replies[0].Stamp > stampMax {
			t.Fatalf("stamped %d", replies[0].Stamp)
		}
		var img bytes.Buffer
		fz, err := s.Freeze()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := fz.WriteTo(&img); err != nil {
			t.Fatal(err)
		}
		fz.Release()
		back := New(s.cfg)
		defer back.Close()
		if err := back.Restore(&img); err != nil {
			t.Fatalf("applied, but its image is refused: %v", err)
		}
		if mustDigest(t, back) != mustDigest(t, s) {
			t.Fatal("S9: the restored shard has another digest")
		}
	})
}

// The header is read before anything is known of a command.
func FuzzDecodeHeader(f *testing.F) {
	f.Add(formatCommands()[0].encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		var h Header
		body, err := DecodeHeader(b, &h)
		if err != nil {
			if !errors.Is(err, ErrFormat) {
				t.Fatal(err)
			}
			return
		}
		if again := append(AppendHeader(nil, &h), body...); !bytes.Equal(again, b) {
			t.Fatalf("read %x, written %x", b, again)
		}
	})
}

// Journal records come from images and, later, from segments on disk.
func FuzzDecodeRecord(f *testing.F) {
	rec := formatRecord()
	f.Add(appendRecord(nil, &rec))
	f.Fuzz(func(t *testing.T, b []byte) {
		var rec, again Record
		if err := DecodeRecord(b, &rec); err != nil {
			if !errors.Is(err, ErrFormat) {
				t.Fatal(err)
			}
			return
		}
		for tag := range Tag(20) {
			TailField(rec.Tail, tag)
		}
		if err := DecodeRecord(appendRecord(nil, &rec), &again); err != nil || again.Seq != rec.Seq || front(b).anchor() == math.MaxUint64 {
			t.Fatalf("%+v, read again: %+v, %v", rec, again, err)
		}
	})
}

// A damaged image must be refused, not crash, hang or eat the memory. The digest
// of the journal hides most changes of it from this test: TestRestoreRefuses
// makes those with the right digest.
func FuzzRestore(f *testing.F) {
	var img bytes.Buffer
	fz, err := fuzzShard(f).Freeze()
	if err != nil {
		f.Fatal(err)
	}
	if _, err := fz.WriteTo(&img); err != nil {
		f.Fatal(err)
	}
	whole := img.Bytes()
	slot := bytes.Index(whole, []byte("SUMMER"))
	for _, pos := range []int{0, 6, 30, 54, 58, 62, 66, 80, slot - 20, slot - 8, slot, slot + 8, slot + 16, slot + 60, len(whole) - 10} {
		f.Add(uint32(pos), []byte{0xff, 0xff, 0xff, 0xff}, uint32(0))
		f.Add(uint32(pos), []byte{1}, uint32(pos))
	}
	f.Fuzz(func(t *testing.T, pos uint32, patch []byte, cut uint32) {
		b := bytes.Clone(whole)
		copy(b[int(pos)%len(b):], patch)
		b = b[:len(b)-int(cut)%len(b)]
		s := New(Config{Last: coupon.Slots - 1, Epoch: 1})
		defer s.Close()
		if err := s.Restore(bytes.NewReader(b)); err != nil {
			if !errors.Is(err, ErrFormat) {
				t.Fatalf("an error of another family: %v", err)
			}
			return
		}
		var l Look
		for slot := range uint16(coupon.Slots) {
			s.Look(&Query{ByPlace: true, Slot: slot}, &l)
		}
		mustDigest(t, s)
	})
}
