package catalog

import (
	"fmt"
	"sync/atomic"

	"github.com/scrip-engine/scrip/coupon"
)

// versionMax is the newest group version whose behaviour this package has. Apply
// switches on the entry's version once there are two.
const versionMax = 1

// Catalog is the replicated state machine. Apply, Freeze and Restore belong to
// one goroutine; everything that reads takes a View, from any number of
// goroutines, and is never held up by a change nor holds one up.
type Catalog struct {
	state atomic.Pointer[root]
}

// New returns an empty catalog, at index 0.
func New() *Catalog {
	c := &Catalog{}
	c.state.Store(newRoot())
	return c
}

// Reply is the answer to one command. It is a plain value.
type Reply struct {
	Outcome  coupon.Outcome `json:"outcome"`
	Replayed bool           `json:"-"` // an earlier success of the same key
	// Index and Stamp are those of the change: of the first one for a replay.
	Index uint64 `json:"index"`
	Stamp int64  `json:"stamp"`
	// ID and Ordinal name what was created or changed.
	ID      string `json:"id,omitempty"`
	Ordinal uint32 `json:"ordinal,omitempty"`
	// JobID and Job name the job that came with the command, if any.
	JobID string `json:"job_id,omitempty"`
	Job   uint32 `json:"job,omitempty"`
	// Fence is what the shards must have raised before the change is acknowledged,
	// also when this is a replay; the zero value for changes that need none.
	Fence Fence `json:"fence,omitzero"`
}

func refuse(why coupon.Outcome) Reply { return Reply{Outcome: why} }

// Apply executes one committed entry: at most one command, for its position in
// the log is the identity of what it creates. replies has one place per command,
// or is nil while nobody waits. It keeps nothing of commands. An error wraps
// ErrUnreadable and means that the group must stop; nothing was changed.
func (c *Catalog) Apply(index uint64, stamp int64, version uint32, commands [][]byte, replies []Reply) error {
	before := c.state.Load()
	switch {
	case version > versionMax:
		return fmt.Errorf("%w: group version %d, known up to %d", ErrUnreadable, version, versionMax)
	case index > indexMax:
		return fmt.Errorf("%w: entry %d, up to %d", ErrUnreadable, index, uint64(indexMax))
	case index <= before.index:
		return fmt.Errorf("%w: entry %d after %d", ErrUnreadable, index, before.index)
	case len(commands) > 1:
		return fmt.Errorf("%w: %d commands in entry %d, at most one", ErrUnreadable, len(commands), index)
	}
	next := *before
	next.index, next.now = index, max(before.now, stamp)
	if len(commands) == 1 {
		h, body, err := Decode(commands[0])
		if err != nil {
			return fmt.Errorf("entry %d: %w", index, err)
		}
		reply := execute(&next, h, body)
		if replies != nil {
			replies[0] = reply
		}
	}
	c.state.Store(&next)
	return nil
}

// txn is one command at work on its own copy of the state.
type txn struct {
	next   root
	header Header
	reply  Reply // what done returns; filled by raise and addJob on the way
}

// execute runs one command, in the fixed order: receipt, not_after, the actor's
// key, then the refusals of the command, then the change. A refusal leaves r as
// it was but for receipts whose time is over.
func execute(r *root, h Header, body Body) Reply {
	r.sweepReceipts()
	x := &txn{next: *r, header: h}
	if reply, found := x.next.replay(&x.header, body); found {
		return reply
	}
	if r.now > h.NotAfter {
		return refuse(coupon.TooLate)
	}
	if h.Actor != 0 {
		if actor, ok := r.keys.at(key32(h.Actor)); !ok || actor.Revoked != 0 {
			return refuse(coupon.Stale)
		}
	}
	reply := body.apply(x)
	if reply.Outcome != coupon.OK {
		return reply
	}
	if !x.remember(body) {
		return refuse(coupon.CapacityExceeded)
	}
	*r = x.next
	return reply
}

// done is the reply of a command that succeeds.
func (x *txn) done(id string, ordinal uint32) Reply {
	x.reply.Outcome = coupon.OK
	x.reply.Index, x.reply.Stamp = x.next.index, x.next.now
	x.reply.ID, x.reply.Ordinal = id, ordinal
	return x.reply
}

// doneIfRoom is done for commands that make the state grow. What only switches,
// revokes, deletes or finishes never asks for room: it must work when all is full.
func (x *txn) doneIfRoom(id string, ordinal uint32) Reply {
	if x.full() {
		return refuse(coupon.CapacityExceeded)
	}
	return x.done(id, ordinal)
}

func (x *txn) full() bool { return x.next.bytes > StateBytesMax }

// mint makes the public id of what this command creates.
func (x *txn) mint(prefix string) string {
	return x.next.cluster.derived.FormatCatalogID(prefix, idNumber(x.next.cluster.Generation, x.next.index))
}

// The look-ups of commands see one project only: what belongs to another one
// does not exist (C6).

func (x *txn) project(ordinal uint32) *Project {
	p, _ := x.next.projects.at(key32(ordinal))
	return p
}

func (x *txn) key(project, ordinal uint32) *Key {
	k, _ := x.next.projectKeys.at(keyPair(project, ordinal))
	return k
}

func (x *txn) campaign(project, ordinal uint32) *Campaign {
	m, _ := x.next.liveCampaigns.at(keyPair(project, ordinal))
	return m
}

func (x *txn) job(project, ordinal uint32) *Job {
	j, _ := x.next.projectJobs.at(keyPair(project, ordinal))
	return j
}
