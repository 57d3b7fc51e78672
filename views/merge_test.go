package views

import (
	"slices"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"
)

// plainSequence is a sequence that counts how often it is read.
type plainSequence struct {
	items []item
	reads *int
}

func (p plainSequence) length() int64 { return int64(len(p.items)) }
func (p plainSequence) at(k int64) (item, error) {
	*p.reads++
	return p.items[k], nil
}

// Without this page N of several shards could miss or repeat what stands at the
// border, or cost more the further it is.
func TestMergeSkipsLikeASort(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var sequences []plainSequence
		var all []item
		reads := 0
		longest := 1
		for shard := range rapid.IntRange(0, 9).Draw(rt, "shards") {
			s := plainSequence{reads: &reads}
			stamp := int64(0)
			for tie := range rapid.IntRange(0, 60).Draw(rt, "length") {
				stamp += int64(rapid.IntRange(0, 3).Draw(rt, "step"))
				s.items = append(s.items, item{stamp: stamp, shard: shard, tie: uint64(tie)})
			}
			sequences = append(sequences, s)
			all = append(all, s.items...)
			longest = max(longest, len(s.items))
		}
		slices.SortFunc(all, func(a, b item) int { return a.compare(&b) })
		descending := rapid.Bool().Draw(rt, "descending")
		if descending {
			slices.Reverse(all)
		}
		m := newMerge(sequences, descending)
		for _, n := range []int{rapid.IntRange(0, len(all)).Draw(rt, "skip"), rapid.IntRange(0, 9).Draw(rt, "again")} {
			reads = 0
			if err := m.skip(int64(n)); err != nil {
				rt.Fatal(err)
			}
			if bound := (len(sequences)) * 8; reads > bound { // 60 < 2^6; one more to look, one to decide
				rt.Fatalf("skipping %d of %d took %d reads", n, len(all), reads)
			}
			all = all[min(n, len(all)):]
			if m.left() != int64(len(all)) {
				rt.Fatalf("%d left, want %d", m.left(), len(all))
			}
		}
		for _, want := range all {
			got, ok, err := m.peek()
			if err != nil || !ok || *got != want {
				rt.Fatalf("got %+v %v %v, want %+v", got, ok, err, want)
			}
			m.advance()
		}
		if _, ok, _ := m.peek(); ok {
			rt.Fatal("more than there is")
		}
	})
}

// Without this a deleted code, a rolled back redemption far into a long list would
// shift every page behind it by one.
func TestMarksRankAndSelect(t *testing.T) {
	db, err := pebble.Open("", &pebble.Options{FS: vfs.NewMem(), Logger: silent{}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	project := uint32(0)
	rapid.Check(t, func(rt *rapid.T) {
		project++
		s := projectScope(project)
		p := newProjector(0, nil, db, watermark{}, 1)
		const length = 5<<(topShift-1) + 1000
		p.begin()
		if _, err := p.append(s, classCodes, run{count: length}); err != nil {
			rt.Fatal(err)
		}
		var marked intervals
		for range rapid.IntRange(0, 12).Draw(rt, "marks") {
			from := rapid.Int64Range(0, length-1).Draw(rt, "from")
			size := rapid.SampledFrom([]int64{1, 1, 5, 511, 512, 513, 9_000, 1<<superShift + 3, 1<<topShift + 3}).Draw(rt, "size")
			until := min(from+size, length)
			marked = marked.add(from, until)
			if err := p.markRange(s, classCodes, from, until); err != nil {
				rt.Fatal(err)
			}
		}
		if err := p.commit(); err != nil {
			rt.Fatal(err)
		}
		p.end()
		checkMarks(rt, db, s, marked, length)
	})
}

// intervals are sorted, apart from each other, and half open: the plain form of
// marks.
type intervals [][2]int64

func (v intervals) add(from, until int64) (sum intervals) {
	for _, x := range v {
		if x[1] < from || x[0] > until {
			sum = append(sum, x)
			continue
		}
		from, until = min(from, x[0]), max(until, x[1])
	}
	sum = append(sum, [2]int64{from, until})
	slices.SortFunc(sum, func(a, b [2]int64) int { return int(a[0] - b[0]) })
	return sum
}

func (v intervals) rank(pos int64) (n int64) {
	for _, x := range v {
		n += max(0, min(pos, x[1])-x[0])
	}
	return n
}

// gaps are the intervals between v's.
func (v intervals) gaps(length int64) (g intervals) {
	at := int64(0)
	for _, x := range v {
		if x[0] > at {
			g = append(g, [2]int64{at, x[0]})
		}
		at = x[1]
	}
	if at < length {
		g = append(g, [2]int64{at, length})
	}
	return g
}

// nth is the k-th position inside.
func (v intervals) nth(k int64) int64 {
	for _, x := range v {
		if k < x[1]-x[0] {
			return x[0] + k
		}
		k -= x[1] - x[0]
	}
	return -1
}

func checkMarks(rt *rapid.T, db *pebble.DB, s scope, marked intervals, length int64) {
	l := &list{r: db, prefix: appendList(nil, 0, s, classCodes)}
	defer func() {
		if err := l.close(); err != nil {
			rt.Fatal(err)
		}
	}()
	if err := get(db, append(l.prefix[:len(l.prefix):len(l.prefix)], partHead), &l.head); err != nil {
		rt.Fatal(err)
	}
	if l.head.marked != marked.rank(length) {
		rt.Fatalf("%d marked, want %d", l.head.marked, marked.rank(length))
	}
	for range 20 {
		pos := rapid.Int64Range(0, length).Draw(rt, "pos")
		if got, err := l.rank(pos); err != nil || got != marked.rank(pos) {
			rt.Fatalf("rank of %d is %d %v, want %d", pos, got, err, marked.rank(pos))
		}
		checkSelect(rt, l, marked, true)
		checkSelect(rt, l, marked.gaps(length), false)
	}
}

// checkSelect asks for one position and two neighbours.
func checkSelect(rt *rapid.T, l *list, in intervals, marked bool) {
	n := in.rank(l.head.n)
	if n == 0 {
		return
	}
	k := rapid.Int64Range(0, n-1).Draw(rt, "k")
	by := rapid.SampledFrom([]int64{1, -1}).Draw(rt, "by")
	for range 3 {
		if got, err := l.selectBit(k, marked); err != nil || got != in.nth(k) {
			rt.Fatalf("entry %d of %d (marked %v) is at %d %v, want %d", k, n, marked, got, err, in.nth(k))
		}
		k = max(0, min(k+by, n-1))
	}
}
