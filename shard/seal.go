package shard

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/internal/invariant"
)

// Sealing. Seal{seq} lets the records up to seq go, and every way to them: from there
// on they are in the history, a store on this node's disk that a reader asks and Apply
// never does. A sealed record is older than every key's memory (P3).
//
// What a command needs of sealed records its proposer reads before and brings along
// (Rollback.Sealed), with how far the journal had come when it began to look
// (Header.Seen). All that was sealed by then it has seen; what is not sealed now is
// here. So only a record sealed between the two could be missed: then Apply answers
// LookAgain.

// Seal lets records go. One command takes a bounded step; who has more to seal
// proposes the next.
type Seal struct {
	Seq uint64 // the newest record to let go
}

// SealRecordsMax bounds the records of one Seal: about a millisecond of Apply.
const SealRecordsMax = 2048

// trimRecordsMax bounds the records whose memory is given back at once, under every
// lock that a reader may hold: a few hundred microseconds.
const trimRecordsMax = 2048

// History is where sealed records are on this node.
type History interface {
	// Durable is the newest record that the history holds durably, with all before
	// it. Apply asks, and lets nothing go behind it; the answer never shrinks. It is
	// called on the goroutine of Apply and must not block.
	Durable() uint64
}

// ErrHistory: a committed Seal is about records that this node's history does not
// have. The proposer of a Seal waits until its own history is durable, which is
// enough for one voter. With several, each of them must have written its own before
// it applies the Seal: it would keep the records' memory, not their place in the
// state, for as long as its history is behind. Until that is built a node stops.
var ErrHistory = errors.New("the history does not hold what is to be sealed")

// AppendSeal appends the body to dst.
func AppendSeal(dst []byte, r *Seal) []byte { return binary.LittleEndian.AppendUint64(dst, r.Seq) }

func decodeSeal(b []byte, r *Seal) error {
	c := cursor{b: b}
	*r = Seal{Seq: c.u64()}
	return c.end()
}

// applySeal is idempotent and leaves no record. The answer's Seq is the newest record
// that is sealed.
func (s *Shard) applySeal(h *Header, body []byte, r *Reply) error {
	var q Seal
	if err := decodeSeal(body, &q); err != nil {
		return err
	}
	j := &s.journal
	r.Seq = j.sealed
	switch {
	case s.now > h.NotAfter:
		r.Outcome = coupon.TooLate
		return nil
	case q.Seq <= j.sealed:
		return nil
	case q.Seq > j.sealed+SealRecordsMax, q.Seq > j.rows.len(), s.now < j.at(q.Seq).stamp()+coupon.KeyMemoryMillis:
		r.Outcome = coupon.Reevaluate
		return nil
	case s.cfg.History != nil && s.cfg.History.Durable() < q.Seq:
		return fmt.Errorf("seal %d, the history ends at %d: %w", q.Seq, s.cfg.History.Durable(), ErrHistory)
	}
	// ---- nothing refuses below this line ----
	chain := j.sealedChain
	for seq := j.sealed + 1; seq <= q.Seq; seq++ {
		f := j.at(seq)
		chain = chainDigest(chain, f)
		s.grow(-len(f) - eventBytes)
		s.letGoOf(f)
	}
	j.mu.Lock()
	j.sealed, j.sealedChain = q.Seq, chain
	j.mu.Unlock()
	for i := range s.sweepAt {
		s.sweepAt[i] = max(s.sweepAt[i], q.Seq+1)
	}
	r.Seq = q.Seq
	return nil
}

// letGoOf removes every way to a record: by its id, by its key, as the newest rollback
// of its redemption. No stripe is held.
func (s *Shard) letGoOf(f front) {
	slot := f.id().Slot
	p := s.lock(slot)
	defer p.mu.Unlock()
	t := &s.slots[slot]
	invariant.Check(eventSeq(t.events.at(s.a, uint64(t.sealed), eventRowBytes)) == f.seq(), "S11: a slot's events are sealed out of order")
	t.sealed++
	if key := f.key(); !key.IsZero() {
		t.receipts.remove(s.a, receiptHash(key, f.anchor()), f.seq())
	}
	if f.kind() == KindRollback {
		t.rollbacks.remove(s.a, seqHash(unpackID(f.anchor()).Seq), f.seq())
	}
}

// trim gives the memory of sealed records back, some at a time, when no image needs
// them. Readers use a record's bytes under some stripe, or under the journal's lock:
// whoever holds all of them is alone.
func (s *Shard) trim() {
	j := &s.journal
	if j.freed == j.sealed || s.frozen != nil {
		return
	}
	s.alone(func() { s.giveMemoryBack(min(j.sealed, j.freed+trimRecordsMax)) })
}

func (s *Shard) giveMemoryBack(end uint64) {
	j := &s.journal
	for j.freed < end {
		row := j.rows.at(s.a, j.freed, journalRowBytes)
		f := j.at(j.freed + 1)
		t := &s.slots[f.id().Slot]
		t.events.drop(s.a, uint64(t.sealed), eventRowBytes)
		j.bytes -= int64(len(f))
		s.a.Free(refAt(row), len(f))
		j.freed++
	}
	j.rows.drop(s.a, j.freed, journalRowBytes)
}

// alone runs f under every lock that a reader of records may hold.
func (s *Shard) alone(f func()) {
	for i := range s.stripes {
		s.stripes[i].mu.Lock()
	}
	s.journal.mu.Lock()
	f()
	s.journal.mu.Unlock()
	for i := range s.stripes {
		s.stripes[i].mu.Unlock()
	}
}

// isSealed reports whether the record with a public id of the slot was sealed. The
// stripe is held.
func (s *Shard) isSealed(id coupon.ID) bool {
	n := uint32(id.Seq) // the generation stands above it
	return n != 0 && n <= s.slots[id.Slot].sealed
}

// IsSealed reports whether the record with a public id is in the history only.
func (s *Shard) IsSealed(id coupon.ID) bool {
	if id.Slot >= coupon.Slots {
		return false
	}
	p := s.rlock(id.Slot)
	defer p.mu.RUnlock()
	return s.isSealed(id)
}

// Sealed is the newest record that is in the history only, and the digest of all
// records up to there: a history that ends with another is not this journal's.
func (s *Shard) Sealed() (seq, chain uint64) {
	s.journal.mu.RLock()
	defer s.journal.mu.RUnlock()
	return s.journal.sealed, s.journal.sealedChain
}

// Sealable is the newest record up to which everything may be sealed at a replicated
// time, and the bytes of the records in memory up to there. It looks at few records:
// stamps are in order.
func (s *Shard) Sealable(now int64) (seq uint64, all int64) {
	j := &s.journal
	j.mu.RLock()
	defer j.mu.RUnlock()
	lo, hi := j.sealed, j.rows.len()
	for lo < hi { // the newest record that is old enough
		mid := lo + (hi-lo+1)/2
		if j.at(mid).stamp()+coupon.KeyMemoryMillis <= now {
			lo = mid
		} else {
			hi = mid - 1
		}
	}
	return lo, j.bytes
}

// AppendEncoded appends the encoded record with a sequence to dst, which it returns
// as it was when the record is sealed or not there yet.
func (s *Shard) AppendEncoded(dst []byte, seq uint64) []byte {
	s.journal.mu.RLock()
	defer s.journal.mu.RUnlock()
	if seq <= s.journal.sealed || seq > s.journal.rows.len() {
		return dst
	}
	return append(dst, s.journal.at(seq)...)
}

// Chain extends a digest of records by one more; see Sealed.
func Chain(chain uint64, encoded []byte) uint64 { return chainDigest(chain, encoded) }
