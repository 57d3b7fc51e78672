package shard

import (
	"encoding/binary"
	"math/bits"
	"sync"

	"github.com/cespare/xxhash/v2"
	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/internal/arena"
)

// journal is the shard's append-only sequence of records. Record seq is at row
// seq-1; a row is the Ref of the encoded record, which never changes.
//
// Apply appends; any number of readers read. The lock guards the rows, not the
// records: those are immutable once their Ref was published.
type journal struct {
	mu   sync.RWMutex
	a    *arena.Arena
	rows rows
	// chain is the running digest of all records, a divergence detector that
	// costs a few nanoseconds a record.
	chain   uint64
	bytes   int64
	scratch []byte
}

const journalRowBytes = 4

func (j *journal) reset(a *arena.Arena) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.a, j.rows, j.chain, j.bytes = a, rows{}, 0, 0
}

// chainDigest extends the running digest by one record.
func chainDigest(chain uint64, rec []byte) uint64 {
	return bits.RotateLeft64(chain, 29)*0x9e3779b97f4a7c15 ^ xxhash.Sum64(rec)
}

// last returns the sequence of the newest record, 0 when there is none.
func (j *journal) last() uint64 {
	j.mu.RLock()
	defer j.mu.RUnlock()
	return uint64(j.rows.n)
}

// append encodes r, which gets the next sequence.
func (j *journal) append(r *Record) {
	r.Seq = uint64(j.rows.n) + 1
	j.scratch = appendRecord(j.scratch[:0], r)
	j.appendEncoded(j.scratch)
}

func (j *journal) appendEncoded(b []byte) {
	ref := j.a.Alloc(len(b))
	copy(j.a.At(ref, len(b)), b)
	j.chain = chainDigest(j.chain, b)
	j.mu.Lock()
	j.bytes += int64(len(b))
	_, row := j.rows.add(j.a, journalRowBytes)
	binary.LittleEndian.PutUint32(row, uint32(ref))
	j.mu.Unlock()
}

// at returns the encoded record with a sequence between 1 and last. The bytes
// are the journal's own and never change. For the goroutine of Apply.
func (j *journal) at(seq uint64) front {
	row := j.rows.at(j.a, uint32(seq-1), journalRowBytes)
	ref := arena.Ref(binary.LittleEndian.Uint32(row))
	n := binary.LittleEndian.Uint32(j.a.At(ref, 4))
	return front(j.a.At(ref, int(n)))
}

// read is at for readers: nil when there is no such record.
func (j *journal) read(seq uint64) front {
	j.mu.RLock()
	defer j.mu.RUnlock()
	if seq == 0 || seq > uint64(j.rows.n) {
		return nil
	}
	return j.at(seq)
}

// newRecord starts a record for a change made by a command: who, when, by
// which key.
func (s *Shard) newRecord(h *Header) *Record {
	s.record = Record{
		Kind: h.Kind, Flags: h.Flags & (FlagMinted | FlagDerived), Stamp: s.now, Key: h.Key,
		FPVersion: h.FingerprintVersion, Fingerprint: h.Fingerprint,
		CatalogIndex: h.CatalogIndex, Actor: h.Actor,
	}
	return &s.record
}

// commit appends the record under the next id of its slot.
func (s *Shard) commit(slot uint16, r *Record) coupon.ID {
	t := &s.slots[slot]
	r.ID = s.nextID(slot, t.events.n+1)
	s.journal.append(r)
	s.grow(len(s.journal.scratch) + eventBytes)
	_, row := t.events.add(s.a, eventRowBytes)
	binary.LittleEndian.PutUint64(row, r.Seq)
	return r.ID
}
