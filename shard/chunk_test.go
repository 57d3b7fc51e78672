package shard

import (
	"testing"

	"github.com/scrip-engine/scrip/coupon"
)

func (w *world) chunk(job uint64, chunk uint32, oldestActive uint64, codes ...string) Reply {
	w.t.Helper()
	q := &Import{Project: 1, Rules: testRules, Job: job, Chunk: chunk, OldestActive: oldestActive}
	for _, code := range codes {
		q.Codes = append(q.Codes, NewCode{Hash: w.hash(code), Issued: []byte(code), Spec: Spec{Mask: SpecLimit, Limit: 1}})
	}
	return w.apply(AppendImport(w.header(KindImport, 0, ""), q))
}

// A job that is forgotten while it goes on begins with chunk 1 again: what it has
// drawn would be created twice, and its count would start anew. A full memory of jobs
// refuses one more rather than that.
func TestAJobUnderWayIsNotForgotten(t *testing.T) {
	w := newWorld(t)
	const long = 5 // the job that takes its time
	if r := w.chunk(long, 1, long, "FIRST"); r.Outcome != coupon.OK || r.Created != 1 {
		t.Fatalf("%+v", r)
	}
	for job := uint64(long + 1); job < long+jobsMax; job++ {
		if r := w.chunk(job, 1, long); r.Outcome != coupon.OK {
			t.Fatalf("job %d: %+v", job, r)
		}
	}
	next := uint64(long + jobsMax)
	for _, oldest := range []uint64{0, 1, long} {
		if r := w.chunk(next, 1, oldest, "NEXT"); r.Outcome != coupon.CapacityExceeded {
			t.Fatalf("with %d the oldest: %+v", oldest, r)
		}
	}
	if r := w.chunk(long, 1, long, "FIRST"); !r.Replayed || r.Created != 1 {
		t.Fatalf("the first chunk again: %+v", r)
	}
	if r := w.chunk(long, 2, long, "SECOND"); r.Outcome != coupon.OK || r.Created != 1 {
		t.Fatalf("the job goes on: %+v", r)
	}
	// It has ended: it makes way, and nobody else.
	if r := w.chunk(next, 1, long+1, "NEXT"); r.Outcome != coupon.OK || r.Created != 1 {
		t.Fatalf("one more job: %+v", r)
	}
	for job, known := range map[uint64]bool{long: false, long + 1: true, next: true} { // order: each is asked alone
		if _, ok := w.s.Job(job); ok != known {
			t.Errorf("job %d is remembered: %v", job, ok)
		}
	}
}
