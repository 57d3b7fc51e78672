package history

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// A record that is not found again, or another in its place, is a redemption that
// can be given back twice, or never.
func TestEveryRecordIsFoundAgain(t *testing.T) {
	rng := seed(t)
	fsys := vfs.NewMem()
	j := newJournal(rng, 3000)
	s := mustOpen(t, config(fsys))
	j.check(t, s)
	for _, upTo := range []uint64{1, 2, 343, 1500, 2999} {
		if err := s.Write(upTo, j.next); err != nil {
			t.Fatal(err)
		}
		j.check(t, s)
		j.check(t, mustOpen(t, config(fsys)))
	}
	seq, chain := s.End()
	if seq != 2999 || chain != j.entries[2998].Chain {
		t.Fatalf("ends at %d with digest %x", seq, chain)
	}
	st := s.Stats()
	if st.Segments != 5 || st.Records != 2999 || st.Bytes < 2999*100 {
		t.Fatalf("%+v", st)
	}
}

// With most filters on disk the answers are the same, and memory is bounded (P10).
func TestFiltersAboveTheirBudgetStayOnDisk(t *testing.T) {
	rng := seed(t)
	fsys := vfs.NewMem()
	j := newJournal(rng, 2000)
	all := mustOpen(t, config(fsys))
	cfg := config(fsys)
	cfg.Dir, cfg.FilterBytes = "data/small", 500
	small := mustOpen(t, cfg)
	for upTo := uint64(100); upTo <= 2000; upTo += 100 {
		for _, s := range []*Store{all, small} {
			if err := s.Write(upTo, j.next); err != nil {
				t.Fatal(err)
			}
		}
	}
	j.check(t, small)
	j.check(t, mustOpen(t, cfg))
	if a, b := all.Stats().Memory, small.Stats().Memory; a-b < 1500 {
		t.Fatalf("%d bytes with all filters, %d with 500 bytes of them", a, b)
	}
	if all.Stats().Bytes != small.Stats().Bytes {
		t.Fatal("H3: the files differ")
	}
}

// The newest records come first, and a question about a young redemption reads no old
// segment.
func TestNewestStopsWhereItIsTold(t *testing.T) {
	rng := seed(t)
	j := newJournal(rng, 300)
	s := mustOpen(t, config(vfs.NewMem()))
	for i := range j.entries {
		j.entries[i].Traces[0] = 0
	}
	j.entries[10].Traces[0], j.entries[20].Traces[0], j.entries[150].Traces[0] = 77, 77, 77
	for upTo := uint64(100); upTo <= 300; upTo += 100 {
		if err := s.Write(upTo, j.next); err != nil {
			t.Fatal(err)
		}
	}
	f := func(from, want uint64, match func([]byte) bool) {
		t.Helper()
		got, err := s.Newest(nil, 77, from, match)
		if want == 0 && !errors.Is(err, ErrNotFound) || want != 0 && (err != nil || seqOf(got) != want) {
			t.Errorf("from %d: record %d, %v; want %d", from, seqOf(got), err, want)
		}
	}
	f(1, 151, nil)
	f(200, 151, nil)
	f(201, 0, nil)
	f(1, 21, func(rec []byte) bool { return seqOf(rec) != 151 })
	f(1, 11, func(rec []byte) bool { return seqOf(rec) < 20 })
	f(101, 0, func(rec []byte) bool { return seqOf(rec) < 20 })
	f(1, 0, func([]byte) bool { return false })
}

// A segment with the wrong records must not come into being, and an error must leave
// the store as it was.
func TestWriteRefuses(t *testing.T) {
	rng := seed(t)
	j := newJournal(rng, 100)
	fsys := vfs.NewMem()
	s := mustOpen(t, config(fsys))
	if err := s.Write(50, j.next); err != nil {
		t.Fatal(err)
	}
	mine := errors.New("mine")
	f := func(upTo uint64, change func(seq uint64, e *Entry) error) {
		t.Helper()
		err := s.Write(upTo, func(seq uint64, e *Entry) error { return errors.Join(j.next(seq, e), change(seq, e)) })
		if err == nil {
			t.Fatal("written")
		}
	}
	same := func(uint64, *Entry) error { return nil }
	f(50, same)
	f(0, same)
	f(60, func(seq uint64, _ *Entry) error { return mine })
	f(60, func(_ uint64, e *Entry) error { e.Record = nil; return nil })
	f(60, func(_ uint64, e *Entry) error { e.Record = make([]byte, RecordBytesMax+1); return nil })
	f(60, func(_ uint64, e *Entry) error { e.Group = Groups; return nil })
	f(60, func(_ uint64, e *Entry) error { e.Number = 1; return nil })
	j.check(t, s)
	if err := s.Write(100, j.next); err != nil {
		t.Fatal(err)
	}
	j.check(t, s)
	put(t, fsys, "data/history/"+unfinishedName, []byte("torn"))
	j.check(t, mustOpen(t, config(fsys)))
	if names, err := fsys.List("data/history"); err != nil || len(names) != 2 {
		t.Fatalf("%v %v", names, err)
	}
}

// A byte that the disk has changed is an error, never another answer and never a
// record that is not there (H4).
func TestDamageIsNoticed(t *testing.T) {
	rng := seed(t)
	j := newJournal(rng, 400)
	fsys := vfs.NewMem()
	if err := mustOpen(t, config(fsys)).Write(400, j.next); err != nil {
		t.Fatal(err)
	}
	name := "data/history/" + segmentName(1, 400)
	whole := contents(t, fsys, name)
	for range 120 {
		at := rng.IntN(len(whole))
		b := bytes.Clone(whole)
		b[at] ^= 1 << rng.IntN(8)
		damage(t, j, b, "changed", at)
	}
	for range 20 {
		at := rng.IntN(len(whole))
		damage(t, j, whole[:at], "cut", at)
	}
	damage(t, j, append(bytes.Clone(whole), 0), "longer", len(whole))
}

// damage expects that Verify refuses the bytes, and that a store over them says what
// was written or an error.
func damage(t *testing.T, j *journal, b []byte, how string, at int) {
	t.Helper()
	fsys := vfs.NewMem()
	put(t, fsys, "data/history/"+segmentName(1, 400), b)
	if last, err := Verify(fsys, "data/history"); err == nil {
		t.Fatalf("%s at %d: verified up to %d", how, at, last)
	}
	if _, _, err := Copy(fsys, "data/history", fsys, "copy", 400); err == nil {
		t.Fatalf("%s at %d: copied", how, at)
	}
	s, err := Open(config(fsys))
	if err != nil {
		return
	}
	defer func() { _ = s.Close() }()
	for seq := uint64(1); seq <= 400; seq += 7 {
		e := &j.entries[seq-1]
		for _, read := range []func() ([]byte, error){
			func() ([]byte, error) { return s.Record(nil, seq) },
			func() ([]byte, error) { return s.ByID(nil, e.Group, e.Number) },
		} {
			got, err := read()
			if errors.Is(err, ErrNotFound) || err == nil && !bytes.Equal(got, e.Record) {
				t.Fatalf("%s at %d: record %d: %v %x", how, at, seq, err, got)
			}
		}
	}
}

// A gap, or a segment of another journal, is noticed at the start.
func TestOpenRefusesAGap(t *testing.T) {
	rng := seed(t)
	j, other := newJournal(rng, 300), newJournal(rng, 300)
	f := func(from *journal, cut uint64, drop uint64) error {
		fsys := vfs.NewMem()
		s := mustOpen(t, config(fsys))
		for upTo := uint64(100); upTo <= 300; upTo += 100 {
			if err := s.Write(upTo, j.next); err != nil {
				t.Fatal(err)
			}
		}
		if from != nil {
			strange := mustOpen(t, Config{FS: fsys, Dir: "other", Seq: seqOf})
			for upTo := uint64(100); upTo <= 300; upTo += 100 {
				if err := strange.Write(upTo, from.next); err != nil {
					t.Fatal(err)
				}
			}
			put(t, fsys, "data/history/"+segmentName(cut, cut+99), contents(t, fsys, "other/"+segmentName(cut, cut+99)))
		}
		if drop > 0 {
			if err := fsys.Remove("data/history/" + segmentName(drop, drop+99)); err != nil {
				t.Fatal(err)
			}
		}
		again, err := Open(config(fsys))
		if err == nil {
			_ = again.Close()
		}
		return err
	}
	if err := f(nil, 0, 0); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{f(nil, 0, 1), f(nil, 0, 101), f(other, 101, 0), f(other, 201, 0)} {
		if !errors.Is(err, ErrDamaged) {
			t.Errorf("error %v", err)
		}
	}
}

// A backup holds what its image needs, whole and verified, and nothing else.
func TestCopy(t *testing.T) {
	rng := seed(t)
	j := newJournal(rng, 300)
	fsys, to := vfs.NewMem(), vfs.NewMem()
	s := mustOpen(t, config(fsys))
	if _, end, err := Copy(fsys, "nowhere", to, "copy", 0); err != nil || end != 0 {
		t.Fatal(end, err)
	}
	if _, _, err := Copy(fsys, "nowhere", to, "copy", 1); err == nil {
		t.Fatal("copied what is not there")
	}
	for upTo := uint64(100); upTo <= 300; upTo += 100 {
		if err := s.Write(upTo, j.next); err != nil {
			t.Fatal(err)
		}
	}
	n, end, err := Copy(fsys, "data/history", to, "copy", 150)
	if err != nil || end != 200 {
		t.Fatal(n, end, err)
	}
	c := mustOpen(t, Config{FS: to, Dir: "copy", Seq: seqOf})
	j.check(t, c)
	if c.Durable() != 200 || c.Stats().Bytes != n {
		t.Fatalf("up to %d, %+v, said %d bytes", c.Durable(), c.Stats(), n)
	}
	if _, _, err := Copy(fsys, "data/history", to, "copy 2", 301); err == nil {
		t.Fatal("copied more than there is")
	}
}

// Readers meet a writer at any moment.
func TestReadersBesideTheWriter(t *testing.T) {
	rng := seed(t)
	j := newJournal(rng, 2000)
	cfg := config(vfs.NewMem())
	cfg.FilterBytes = 800
	s := mustOpen(t, cfg)
	done := make(chan error, 1)
	go func() {
		for upTo := uint64(50); upTo <= 2000; upTo += 50 {
			if err := s.Write(upTo, j.next); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	readers := rand.New(rand.NewPCG(rng.Uint64(), 1))
	for {
		if last := s.Durable(); last > 0 {
			e := &j.entries[readers.Uint64N(last)]
			if got, err := s.ByID(nil, e.Group, e.Number); err != nil || !bytes.Equal(got, e.Record) {
				t.Fatal(err)
			}
			if e.Traces[1] != 0 {
				if _, err := s.Newest(nil, e.Traces[1], 1, nil); err != nil {
					t.Fatal(err)
				}
			}
		}
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			j.check(t, s)
			return
		default:
		}
	}
}
