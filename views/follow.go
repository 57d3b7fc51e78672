package views

import (
	"encoding/binary"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/cockroachdb/pebble/v2"

	"github.com/scrip-engine/scrip/shard"
)

const (
	// batchRecords and batchKeys bound one write, in which nobody else gets the
	// core: a millisecond or two, and 512 KB, far below half a memtable, above which
	// Pebble takes a slower way. A list to which many records of a batch go is
	// written once.
	batchRecords = 512
	batchKeys    = 2048
	// yieldRecords are projected before others are let go first: under 100 µs.
	yieldRecords = 16
)

// errHistory: the shard has another record where the view ends. The shard was
// restored to another point; the view is of a history that did not happen.
var errHistory = errors.New("views: the view is ahead of another history")

// follower projects one shard's journal (V5).
type follower struct {
	v     *Views
	shard int
	src   Source
	bell  chan struct{}

	waiting atomic.Int64  // callers of WaitFor
	hurry   chan struct{} // ends a rest; room for one

	// The fields below belong to the follower's goroutine.
	p          *projector
	generation int
	rec        shard.Record
	pace       pace

	mu       sync.Mutex
	seen     watermark     // guarded by mu
	verified bool          // the shard tells the same story up to seen; guarded by mu
	changed  chan struct{} // closed when the fields above change; guarded by mu
}

func newFollower(v *Views, shard int, src Source) *follower {
	return &follower{v: v, shard: shard, src: src, bell: make(chan struct{}, 1), generation: -1,
		hurry: make(chan struct{}, 1), changed: make(chan struct{}), pace: pace{followers: len(v.cfg.Sources)}}
}

// follow runs until Close.
func (f *follower) follow() {
	defer f.v.work.Done()
	for f.v.running.Err() == nil {
		start := time.Now()
		last := f.src.LastSeq()
		f.pace.observe(start, last)
		more := f.step()
		seq, _ := f.v.Watermark(f.shard)
		f.pause(f.pace.rest(time.Since(start), last-min(seq, last)))
		if more {
			runtime.Gosched() // whoever redeems goes first
			continue
		}
		select {
		case <-f.bell:
		case <-f.v.running.Done():
		}
	}
}

// pause returns after d, or when somebody waits for the view.
func (f *follower) pause(d time.Duration) {
	if d == 0 || f.waiting.Load() > 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-f.hurry:
	case <-f.v.running.Done():
	}
}

// step projects one batch; more says that there may be another. After an error the
// view cannot be trusted any more.
func (f *follower) step() (more bool) {
	f.v.mu.RLock()
	defer f.v.mu.RUnlock()
	if f.v.db == nil {
		return false
	}
	last, err := f.ready()
	if err == nil && last > f.p.mark.seq {
		more, err = f.batch(last)
	}
	if err != nil {
		f.v.damaged(f.v.generation, err)
		return false
	}
	return more
}

// ready sees to it that the view may go on from where it is, and returns how far
// the journal is. A shard that is behind the view is still replaying: it comes
// back with the next Notify.
func (f *follower) ready() (last uint64, err error) {
	if f.generation != f.v.generation {
		if err := f.restart(); err != nil {
			return 0, err
		}
	}
	last = f.src.LastSeq()
	if last < f.p.mark.seq {
		f.publish(false)
		return last, nil
	}
	return last, f.verify()
}

// restart begins where the store ends.
func (f *follower) restart() error {
	var mark watermark
	b, closer, err := f.v.db.Get(watermarkKey(f.shard))
	switch {
	case errors.Is(err, pebble.ErrNotFound):
	case err != nil:
		return err
	default:
		if err := errors.Join(mark.decode(b), closer.Close()); err != nil {
			return err
		}
	}
	f.p = newProjector(f.shard, f.src, f.v.db, mark, len(f.v.followers))
	f.generation = f.v.generation
	return nil
}

// verify compares the newest record in the view with the shard's own, once after
// every time the shard was behind.
func (f *follower) verify() error {
	f.mu.Lock()
	done := f.verified
	f.mu.Unlock()
	if done {
		return nil
	}
	mark := &f.p.mark
	if mark.seq > 0 {
		if !f.src.Record(mark.seq, &f.rec) || checkOf(&f.rec) != mark.check {
			return errHistory
		}
	}
	f.publish(true)
	return nil
}

// checkOf is what tells one history's record from another's.
func checkOf(r *shard.Record) uint64 {
	le := binary.LittleEndian
	b := make([]byte, 0, 72)
	b = le.AppendUint64(b, uint64(r.Kind)<<16|uint64(r.Flags))
	for _, v := range [...]uint64{r.Seq, packID(r.ID), uint64(r.Stamp), r.Key.Hi, r.Key.Lo, r.Fingerprint, r.CatalogIndex} {
		b = le.AppendUint64(b, v)
	}
	return xxhash.Sum64(b)
}

// batch projects records up to last into one atomic write (V2).
func (f *follower) batch(last uint64) (more bool, err error) {
	if err := f.p.seen.scan(f.v.db); err != nil {
		return false, err
	}
	f.p.begin()
	defer f.p.end()
	whole, until := true, time.Now().Add(slice/2) // the other half is the commit's
	for n := 0; n < batchRecords && f.p.touched() < batchKeys && f.p.mark.seq < last; n++ {
		if n%yieldRecords == yieldRecords-1 {
			if f.pace.busy() && time.Now().After(until) {
				break
			}
			runtime.Gosched()
		}
		seq := f.p.mark.seq + 1
		if !f.src.Record(seq, &f.rec) {
			f.v.log.Error("views: a journal record cannot be read", "shard", f.shard, "seq", seq)
			last = seq - 1
			break
		}
		if n > 0 && fresh(&f.rec) {
			break
		}
		if whole, err = f.p.apply(&f.rec); err != nil {
			return false, err
		}
		if !whole {
			break
		}
		f.p.mark.seq, f.p.mark.stamp, f.p.mark.check = seq, f.rec.Stamp, checkOf(&f.rec)
	}
	if err := f.p.commit(); err != nil {
		return false, err
	}
	f.publish(true)
	return !whole || f.p.mark.seq < last, nil
}

// publish tells the waiters how far the view is.
func (f *follower) publish(verified bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen, f.verified = f.p.mark, verified
	f.announceLocked()
}

// unpublish: the view begins again from nothing.
func (f *follower) unpublish() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen, f.verified = watermark{}, false
	f.announceLocked()
}

func (f *follower) announce() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.announceLocked()
}

func (f *follower) announceLocked() {
	close(f.changed)
	f.changed = make(chan struct{})
}
