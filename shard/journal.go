package shard

import (
	"encoding/binary"
	"math/bits"
	"sync"

	"github.com/cespare/xxhash/v2"
	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/internal/arena"
)

// journal is the shard's append-only sequence of records, less those that were
// sealed. Record seq is at row seq-1; a row is the Ref of the encoded record, which
// never changes.
//
// Apply appends and seals; any number of readers read. Records are immutable, but a
// sealed one's memory is given back: whoever reads one outside of Apply holds mu or
// the stripe of some slot until it has copied what it wants (see trim).
type journal struct {
	mu   sync.RWMutex
	a    *arena.Arena
	rows window
	// sealed is the newest record that left memory for the history; freed, never
	// above it, the newest whose memory was given back.
	sealed, freed uint64
	// chain is the running digest of all records, a divergence detector that
	// costs a few nanoseconds a record; sealedChain is that of the sealed ones.
	chain, sealedChain uint64
	bytes              int64 // of the records in memory
	scratch            []byte
}

const journalRowBytes = 4

func (j *journal) reset(a *arena.Arena) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.a, j.rows, j.sealed, j.freed, j.chain, j.sealedChain, j.bytes = a, window{}, 0, 0, 0, 0, 0
}

// begin makes an empty journal go on behind sealed records.
func (j *journal) begin(sealed, chain uint64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.rows.skip(j.a, sealed, journalRowBytes)
	j.sealed, j.freed, j.chain, j.sealedChain = sealed, sealed, chain, chain
}

// chainDigest extends the running digest by one record.
func chainDigest(chain uint64, rec []byte) uint64 {
	return bits.RotateLeft64(chain, 29)*0x9e3779b97f4a7c15 ^ xxhash.Sum64(rec)
}

// last returns the sequence of the newest record, 0 when there is none.
func (j *journal) last() uint64 {
	j.mu.RLock()
	defer j.mu.RUnlock()
	return j.rows.len()
}

// append encodes r, which gets the next sequence.
func (j *journal) append(r *Record) {
	r.Seq = j.rows.len() + 1
	j.scratch = appendRecord(j.scratch[:0], r)
	j.appendEncoded(j.scratch)
}

func (j *journal) appendEncoded(b []byte) {
	ref := j.a.Alloc(len(b))
	copy(j.a.At(ref, len(b)), b)
	j.chain = chainDigest(j.chain, b)
	j.mu.Lock()
	j.bytes += int64(len(b))
	binary.LittleEndian.PutUint32(j.rows.add(j.a, journalRowBytes), uint32(ref))
	j.mu.Unlock()
}

// at returns the encoded record with a sequence above freed and up to last. For the
// goroutine of Apply, and for an image, which keeps what it shows from being freed.
func (j *journal) at(seq uint64) front {
	ref := refAt(j.rows.at(j.a, seq-1, journalRowBytes))
	n := binary.LittleEndian.Uint32(j.a.At(ref, 4))
	return front(j.a.At(ref, int(n)))
}

func refAt(row []byte) arena.Ref { return arena.Ref(binary.LittleEndian.Uint32(row)) }

// read is at for readers: nil when there is no such record, or no more. A reader
// holds a stripe for as long as it uses the bytes.
func (j *journal) read(seq uint64) front {
	j.mu.RLock()
	defer j.mu.RUnlock()
	if seq <= j.sealed || seq > j.rows.len() {
		return nil
	}
	return j.at(seq)
}

// held is read for an image: records that were sealed after its cut are still here.
func (j *journal) held(seq uint64) front {
	j.mu.RLock()
	defer j.mu.RUnlock()
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
	r.ID = s.nextID(slot, uint32(t.events.len())+1)
	s.journal.append(r)
	s.grow(len(s.journal.scratch) + eventBytes)
	binary.LittleEndian.PutUint64(t.events.add(s.a, eventRowBytes), r.Seq)
	return r.ID
}
