package history

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// seed is printed by every randomised test, and taken from SCRIP_SEED.
func seed(t testing.TB) *rand.Rand {
	n := uint64(1)
	if s := os.Getenv("SCRIP_SEED"); s != "" {
		v, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		n = v
	}
	t.Logf("SCRIP_SEED=%d", n)
	return rand.New(rand.NewPCG(n, n))
}

// journal is what is kept: record i is entry i-1.
type journal struct{ entries []Entry }

// newJournal makes n records, of which some share a trace.
func newJournal(rng *rand.Rand, n int) *journal {
	j := &journal{}
	numbers := map[uint16]uint32{}
	for i := range n {
		group := uint16(rng.IntN(5)) * 1000
		numbers[group]++
		size := 8 + rng.IntN(200)
		if rng.IntN(20) == 0 {
			size = guessBytes - 20 + rng.IntN(40)
		}
		rec := make([]byte, size)
		for k := range rec {
			rec[k] = byte(rng.Uint32())
		}
		binary.LittleEndian.PutUint64(rec, uint64(i)+1)
		e := Entry{Record: rec, Stamp: int64(1000 + i), Group: group, Number: numbers[group], Chain: rng.Uint64()}
		if rng.IntN(3) > 0 {
			e.Traces[0] = 1 + rng.Uint64N(uint64(n))
		}
		if rng.IntN(4) == 0 {
			e.Traces[1] = 1<<40 + rng.Uint64N(10)
		}
		j.entries = append(j.entries, e)
	}
	return j
}

func (j *journal) next(seq uint64, e *Entry) error {
	*e = j.entries[seq-1]
	e.Record = bytes.Clone(e.Record)
	return nil
}

func seqOf(rec []byte) uint64 {
	if len(rec) < 8 {
		return 0
	}
	return binary.LittleEndian.Uint64(rec)
}

func config(fsys vfs.FS) Config { return Config{FS: fsys, Dir: "data/history", Seq: seqOf} }

func mustOpen(t testing.TB, cfg Config) *Store {
	t.Helper()
	s, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// check asks for every record in every way, and for some that are not there.
func (j *journal) check(t testing.TB, s *Store) {
	t.Helper()
	last := s.Durable()
	newest := map[uint64]uint64{}
	for seq := uint64(1); seq <= uint64(len(j.entries)); seq++ {
		e := &j.entries[seq-1]
		got, err := s.Record([]byte("x"), seq)
		byID, idErr := s.ByID(nil, e.Group, e.Number)
		if seq > last {
			if !errors.Is(err, ErrNotFound) || !errors.Is(idErr, ErrNotFound) {
				t.Fatalf("record %d of %d: %v, %v", seq, last, err, idErr)
			}
			continue
		}
		if err != nil || idErr != nil || string(got) != "x"+string(e.Record) || !bytes.Equal(byID, e.Record) {
			t.Fatalf("record %d: %v, %v, %d bytes", seq, err, idErr, len(got))
		}
		for _, trace := range e.Traces {
			newest[trace] = seq
		}
	}
	for trace := uint64(1); trace <= uint64(len(j.entries)); trace++ {
		j.checkTrace(t, s, trace, newest[trace])
	}
	for trace := uint64(1 << 40); trace < 1<<40+10; trace++ {
		j.checkTrace(t, s, trace, newest[trace])
	}
}

func (j *journal) checkTrace(t testing.TB, s *Store, trace, want uint64) {
	t.Helper()
	got, err := s.Newest(nil, trace, 1, nil)
	if want == 0 {
		if !errors.Is(err, ErrNotFound) {
			t.Fatalf("trace %d: %v", trace, err)
		}
		return
	}
	if err != nil || seqOf(got) != want {
		t.Fatalf("trace %d: record %d, %v; want %d", trace, seqOf(got), err, want)
	}
}
