package views

import (
	"bytes"
	"slices"
	"testing"
)

// Without this one damaged value takes the node down instead of the view, or two
// readings of the same bytes differ.
func FuzzValues(f *testing.F) {
	full := &block{}
	full.set(0, blockPositions)
	some := &block{}
	some.set(7, 30)
	for i, v := range []value{&watermark{9, 1_700_000_000_000, 4, 1 << 60}, &head{n: 600, marked: 7}, &sum{5}, full, some,
		&codeState{off: true, held: 3}, &Counts{Issued: 3, Last: 9}, &Bucket{Redemptions: 1, Order: 1000}} {
		f.Add(uint8(i), v.appendTo(nil))
	}
	first := run{count: 1000, seq: 4, stamp: 5, first: 77}
	f.Add(uint8(8), (&run{count: 1, seq: 9, stamp: 6}).appendTo(first.appendTo(nil, &run{}), &first))
	f.Fuzz(func(t *testing.T, kind uint8, b []byte) {
		if kind%9 == 8 {
			checkChunk(t, b)
			return
		}
		v, again := newValue(kind%9), newValue(kind%9)
		if v.decode(b) != nil {
			return
		}
		first := v.appendTo(nil)
		if len(first) == 0 {
			return // zero has no key
		}
		if err := again.decode(first); err != nil {
			t.Fatalf("%x reads as %+v, and its own form %x does not: %v", b, v, first, err)
		}
		if second := again.appendTo(nil); !bytes.Equal(first, second) {
			t.Fatalf("%x, then %x", first, second)
		}
	})
}

// checkChunk reads a chunk, which goes there and back, and the same as a tail.
func checkChunk(t *testing.T, b []byte) {
	runs, err := decodeRuns(nil, 7, b)
	if err != nil {
		return
	}
	var form []byte
	before := run{}
	h := head{n: 7, start: 7}
	for i := range runs {
		form = runs[i].appendTo(form, &before)
		before = runs[i]
		again := run{count: runs[i].count, seq: runs[i].seq, stamp: runs[i].stamp, first: runs[i].first}
		if h.add(&again); again != runs[i] {
			t.Fatalf("%+v was added as %+v", runs[i], again)
		}
	}
	if again, err := decodeRuns(nil, 7, form); err != nil || !slices.Equal(runs, again) {
		t.Fatalf("%+v became %+v, %v", runs, again, err)
	}
	if !bytes.Equal(h.tail, form) {
		t.Fatalf("%+v is the tail %x, not %x", runs, h.tail, form)
	}
}

func newValue(kind uint8) value {
	switch kind {
	case 0:
		return &watermark{}
	case 1:
		return &head{}
	case 2:
		return &sum{}
	case 3, 4:
		return &block{}
	case 5:
		return &codeState{}
	case 6:
		return &Counts{}
	default:
		return &Bucket{}
	}
}

// Positions are sealed into cursors by others: their bytes must sort as entries
// do, and go there and back.
func TestPositionBytes(t *testing.T) {
	items := []item{{stamp: 0, shard: 0, tie: 1}, {stamp: 5, shard: 0, tie: 9}, {stamp: 5, shard: 1, tie: 2}, {stamp: 5, shard: 1, tie: 300}, {stamp: 256, shard: 0, tie: 1}}
	for i := range items {
		p := items[i].position()
		if q, ok := ParsePosition(p[:]); !ok || q != p || q.IsZero() {
			t.Errorf("%+v does not come back", items[i])
		}
		if back := p.item(); back.compare(&items[i]) != 0 {
			t.Errorf("%+v became %+v", items[i], back)
		}
		for k := range items {
			if got, want := p.Compare(items[k].position()), items[i].compare(&items[k]); got != want {
				t.Errorf("%+v against %+v: %d, want %d", items[i], items[k], got, want)
			}
		}
	}
	if _, ok := ParsePosition(make([]byte, positionBytes-1)); ok {
		t.Error("a short position was read")
	}
	if _, ok := ParsePosition(make([]byte, positionBytes+1)); ok {
		t.Error("a long position was read")
	}
}
