package history

import (
	"math/rand/v2"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// Whatever lies on the disk under a segment's name is an error or is read; it never
// ends the process, and nothing is allocated by numbers that the file does not bear out.
func FuzzSegment(f *testing.F) {
	j := newJournal(rand.New(rand.NewPCG(3, 4)), 4)
	fsys := vfs.NewMem()
	s := mustOpen(f, config(fsys))
	if err := s.Write(4, j.next); err != nil {
		f.Fatal(err)
	}
	name := config(fsys).Dir + "/" + segmentName(1, 4)
	whole := contents(f, fsys, name)
	f.Add(whole)
	f.Add(whole[:headerBytes+footerBytes])
	f.Fuzz(func(t *testing.T, b []byte) {
		mem := vfs.NewMem()
		put(t, mem, name, b)
		last, verifyErr := Verify(mem, config(mem).Dir)
		s, err := Open(config(mem))
		if err != nil {
			if verifyErr == nil {
				t.Fatalf("verified up to %d, but does not open: %v", last, err)
			}
			return
		}
		defer func() { _ = s.Close() }()
		for seq := uint64(1); seq <= 4; seq++ {
			e := &j.entries[seq-1]
			_, recordErr := s.Record(nil, seq)
			_, idErr := s.ByID(nil, e.Group, e.Number)
			_, traceErr := s.Newest(nil, e.Traces[0]+e.Traces[1], 1, nil)
			if string(b) == string(whole) && (recordErr != nil || idErr != nil || traceErr != nil && e.Traces != [2]uint64{}) && e.Traces[0]*e.Traces[1] == 0 {
				t.Fatalf("record %d: %v, %v, %v", seq, recordErr, idErr, traceErr)
			}
		}
	})
}
