package raftstore

import (
	"fmt"
	"io"
	"time"

	"github.com/hashicorp/raft"
)

// fsm is the raft.BatchingFSM over a Machine, and the only place that meets raft's
// any. raft calls Apply, ApplyBatch, Snapshot and Restore from one goroutine.
//
// It keeps its own applied index (R8) and skips what the machine has: after a
// start from an image raft hands out entries again.
type fsm[R any] struct {
	group   uint32
	machine Machine[R]
	prog    *progress
	prop    *proposer[R]
	life    *lifeline
	met     *groupMetrics
	// supported is the newest version this binary can follow; keepVersion makes a
	// raised one durable, so that the next start can refuse before it loads.
	supported   uint32
	keepVersion func(uint32) error
	// applied is told after an entry of the given term was applied.
	appliedTerm func(term uint64)
	imageDue    func()

	// Reused between entries.
	decoded entry
	passed  Entry
	answers []any
}

var _ raft.BatchingFSM = (*fsm[int])(nil)

// ApplyBatch applies committed entries in order. The answers raft wants are nils:
// ours go to the proposer's batch, by value.
func (f *fsm[R]) ApplyBatch(logs []*raft.Log) []any {
	if len(logs) > len(f.answers) {
		f.answers = make([]any, len(logs))
	}
	for _, l := range logs {
		f.one(l)
	}
	return f.answers[:len(logs)]
}

// Apply is for FSMs that do not batch; raft does not call it here.
func (f *fsm[R]) Apply(l *raft.Log) any {
	f.one(l)
	return nil
}

func (f *fsm[R]) one(l *raft.Log) {
	if l.Index <= f.prog.applied.Load() || f.life.failed.Load() {
		return
	}
	if l.Type != raft.LogCommand { // a configuration: raft keeps it
		f.prog.publish(l.Index)
		return
	}
	start := time.Now()
	flight := f.prop.flying.Load()
	if flight != nil && !flight.carries(l.Data) {
		flight = nil
	}
	if err := f.entry(l, flight); err != nil {
		f.life.fail("group %d: apply entry %d of term %d: %v", f.group, l.Index, l.Term, err)
		return
	}
	f.prog.term.Store(l.Term)
	f.prog.logBytes.Add(int64(len(l.Data)))
	f.prog.publish(l.Index)
	if flight != nil {
		flight.finish(Commit{Index: l.Index, Term: l.Term, Stamp: f.decoded.stamp}, nil)
	}
	f.appliedTerm(l.Term)
	f.imageDue()
	f.met.applySeconds.Observe(time.Since(start).Seconds())
}

// entry decodes one entry and gives it to the machine (R6).
func (f *fsm[R]) entry(l *raft.Log, flight *batch[R]) error {
	e := &f.decoded
	if err := e.decode(l.Data); err != nil {
		return err
	}
	if err := f.version(e); err != nil {
		return err
	}
	f.passed = Entry{
		Index:    l.Index,
		Term:     l.Term,
		Stamp:    e.stamp,
		Version:  f.prog.version.Load(),
		Commands: e.commands,
	}
	var replies []R
	if flight != nil {
		replies = flight.replies
	}
	if err := f.machine.Apply(&f.passed, replies); err != nil {
		return err
	}
	if e.stamp > f.prog.stamp.Load() {
		f.prog.stamp.Store(e.stamp)
	}
	return nil
}

// version follows the active version: the group's first TermStart sets it, later
// only RaiseVersion raises it. Both are entries, so every member agrees.
func (f *fsm[R]) version(e *entry) error {
	active := f.prog.version.Load()
	raised := active
	switch {
	case e.kind == entryTermStart && active == 0, e.kind == entryRaiseVersion && e.version > active:
		raised = e.version
	}
	if raised == active {
		return nil
	}
	if raised > f.supported {
		return fmt.Errorf("%w: active version %d, this binary supports %d", ErrBinaryTooOld, raised, f.supported)
	}
	if err := f.keepVersion(raised); err != nil {
		return fmt.Errorf("keep version %d: %w", raised, err)
	}
	f.prog.version.Store(raised)
	return nil
}

// Snapshot is the cut: no I/O (R5).
//
// After a fail-stop whose exit returned the machine no longer follows raft's index,
// and an image of it would be a lie that survives.
func (f *fsm[R]) Snapshot() (raft.FSMSnapshot, error) {
	if f.life.failed.Load() {
		return nil, ErrFailed
	}
	frozen, err := f.machine.Freeze()
	if err != nil {
		return nil, fmt.Errorf("freeze: %w", err)
	}
	return &cut{
		frozen:   frozen,
		stamp:    f.prog.stamp.Load(),
		version:  f.prog.version.Load(),
		prog:     f.prog,
		logBytes: f.prog.logBytes.Load(),
	}, nil
}

// Restore replaces the machine by an image that was verified when it was stored.
func (f *fsm[R]) Restore(r io.ReadCloser) error {
	h, err := loadImage(f.machine, r)
	if err != nil {
		// The machine may be half of something: only a start can help.
		f.life.fail("group %d: restore: %v", f.group, err)
		return err
	}
	f.prog.adopt(h)
	return nil
}

// loadImage reads an image into a machine.
func loadImage[R any](m Machine[R], r io.Reader) (imageHeader, error) {
	h, body, err := openImage(r)
	if err != nil {
		return h, err
	}
	if err := m.Restore(body); err != nil {
		return h, fmt.Errorf("restore machine: %w", err)
	}
	// A machine may know its end; the trailer must verify all the same.
	if n, err := io.Copy(io.Discard, body); err != nil || n != 0 {
		return h, fmt.Errorf("%w: the machine left %d bytes of the image: %w", ErrCorrupt, n, err)
	}
	return h, nil
}

// adopt makes progress say what an image holds.
func (p *progress) adopt(h imageHeader) {
	p.term.Store(h.Term)
	p.stamp.Store(h.Stamp)
	p.version.Store(h.Version)
	p.logBytes.Store(0)
	p.publish(h.Index)
}

// cut is a frozen Machine and what else an image of that moment says.
type cut struct {
	frozen   Frozen
	stamp    int64
	version  uint32
	prog     *progress
	logBytes int64
}

// Persist writes the image file. raft closes the sink after it, or cancels it when
// Persist fails.
func (c *cut) Persist(sink raft.SnapshotSink) error {
	k, ok := sink.(*imageSink)
	if !ok {
		return fmt.Errorf("cannot write an image into a %T", sink)
	}
	k.header.Stamp, k.header.Version = c.stamp, c.version
	k.durable = func() { c.prog.logBytes.Add(-c.logBytes) }
	w, err := newImageWriter(k, &k.header)
	if err != nil {
		return err
	}
	if _, err := c.frozen.WriteTo(w); err != nil {
		return err
	}
	return w.finish()
}

func (c *cut) Release() { c.frozen.Release() }
