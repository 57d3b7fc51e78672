package bench

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

const (
	// latencyMax is the largest latency that is told apart from larger ones.
	latencyMax = int64(5 * time.Minute)
	// latencyDigits: three significant digits cost 230 KiB a histogram.
	latencyDigits = 3
	// otherNames counts what is beyond namesMax.
	otherNames = "(others)"
)

// KindTally counts what became of one kind of request. Latencies are in
// nanoseconds, of answers that were successes or refusals.
type KindTally struct {
	Latency *hdrhistogram.Histogram
	Classes [classes]int64
	// Units counts redemptions: a batch has many.
	Units int64
	// OverRange counts latencies that were longer than latencyMax.
	OverRange int64
}

// Tally is what a lane counted. A driver fills it without locks; merge joins the
// lanes.
type Tally struct {
	Kinds [kinds]*KindTally // nil for kinds that were not asked for
	// Refusals and Failures by name; an unknown is counted in Failures by why no
	// answer came.
	Refusals, Failures map[string]int64
	// Scheduled to Unfinished are of an open loop (B2); in a closed one, Scheduled
	// is Sent.
	Scheduled, Sent, Dropped, Unfinished int64
	// WarmUp counts the requests that were answered and not measured.
	WarmUp int64
	// Slots are the redemptions, or for kinds that redeem nothing the successes,
	// that ended in each slotWidth since the warm-up.
	Slots []uint32
	// Last is when the last measured answer came, since the start.
	Last int64
	// Requested and Answered are bytes.
	Requested, Answered int64
	// RanOut says that the script had nothing left before the time was over.
	RanOut bool

	warm int64 // requests that were due before are not measured
}

func newTally(l *Load) *Tally {
	return &Tally{
		Refusals: map[string]int64{}, Failures: map[string]int64{},
		Slots: make([]uint32, (l.Duration+l.Grace)/slotWidth+1), warm: int64(l.WarmUp),
	}
}

// measured reports whether a request that was due at an instant counts.
func (t *Tally) measured(due int64) bool { return due >= t.warm }

// record counts an answer that came at now to a request that was due.
func (t *Tally) record(k Kind, v *Verdict, due, now int64) {
	if !t.measured(due) {
		t.WarmUp++
		return
	}
	kt := t.kind(k)
	kt.Classes[v.Class]++
	units := int64(0)
	switch v.Class {
	case Succeeded:
		if units = 1; k == Batch {
			units = int64(len(v.IDs))
		}
		kt.Units += units
		if v.Refusals > 0 {
			count(t.Refusals, v.Name, int64(v.Refusals))
		}
	case Refused:
		count(t.Refusals, v.Name, 1)
	case Unknown, Failed:
		count(t.Failures, v.Name, 1)
	}
	if v.Class == Succeeded || v.Class == Refused {
		if err := kt.Latency.RecordValue(min(now-due, latencyMax)); err != nil || now-due > latencyMax {
			kt.OverRange++
		}
		if slot := (now - t.warm) / int64(slotWidth); slot >= 0 && slot < int64(len(t.Slots)) {
			t.Slots[slot] += uint32(units)
		}
	}
	t.Last = max(t.Last, now)
}

func (t *Tally) kind(k Kind) *KindTally {
	if t.Kinds[k] == nil {
		t.Kinds[k] = &KindTally{Latency: hdrhistogram.New(1, latencyMax, latencyDigits)}
	}
	return t.Kinds[k]
}

// count adds n to a name without allocating for one that is known.
func count(names map[string]int64, name []byte, n int64) {
	if have, ok := names[string(name)]; ok {
		names[string(name)] = have + n
		return
	}
	if len(names) >= namesMax {
		names[otherNames] += n
		return
	}
	names[string(name)] = n
}

// merge adds what another lane of the same run counted.
func (t *Tally) merge(o *Tally) {
	for k, from := range o.Kinds {
		if from == nil {
			continue
		}
		into := t.kind(Kind(k))
		into.OverRange += into.Latency.Merge(from.Latency) + from.OverRange
		into.Units += from.Units
		for c, n := range from.Classes {
			into.Classes[c] += n
		}
	}
	for name, n := range o.Refusals {
		count(t.Refusals, []byte(name), n)
	}
	for name, n := range o.Failures {
		count(t.Failures, []byte(name), n)
	}
	for i, n := range o.Slots {
		t.Slots[i] += n
	}
	t.Scheduled += o.Scheduled
	t.Sent += o.Sent
	t.Dropped += o.Dropped
	t.Unfinished += o.Unfinished
	t.WarmUp += o.WarmUp
	t.Requested += o.Requested
	t.Answered += o.Answered
	t.Last = max(t.Last, o.Last)
	t.RanOut = t.RanOut || o.RanOut
}

// Units counts the redemptions of all kinds.
func (t *Tally) Units() (n int64) {
	for k, kt := range t.Kinds {
		if kt != nil && Kind(k).redeems() {
			n += kt.Units
		}
	}
	return n
}

// Class counts a class over all kinds.
func (t *Tally) Class(c Class) (n int64) {
	for _, kt := range t.Kinds {
		if kt != nil {
			n += kt.Classes[c]
		}
	}
	return n
}

// Elapsed is the measured time: from the end of the warm-up to the last answer.
func (t *Tally) Elapsed() time.Duration { return time.Duration(max(0, t.Last-t.warm)) }
