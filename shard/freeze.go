package shard

import (
	"sync/atomic"

	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/internal/arena"
	"github.com/scrip-engine/scrip/internal/invariant"
)

// Freezing. The cut is a note of how long every table is. Rows behind it are
// not written; rows before it that change afterwards save their old bytes once,
// in their stripe's undo. A slot that was written needs no undo any more.

type table uint8

const (
	tableCodes table = iota
	tableUses
	tableCustomers
	tableSides  // named by Ref
	tableHashes // index hash of a code that made way
)

type undoKey struct {
	table table
	slot  uint16
	row   uint32
}

// Frozen is the shard at the cut. WriteTo reads it beside Apply.
type Frozen struct {
	s        *Shard
	released atomic.Bool

	now         int64
	budget      int64
	generation  uint16
	sweepAt     [2]uint64
	journalLast uint64
	chain       uint64
	sealed      uint64
	sealedChain uint64
	births      uint32
	order       uint32
	forgotten   uint32
	fences      []uint64
	campaigns   []*campaignState // as of the cut; their content by campaignUndo
	jobs        []jobAt
	lens        [coupon.Slots]slotLens

	campaignUndo map[uint32]campaignState // guarded by s.meta
}

type slotLens struct {
	codes, uses, customers, events, sealed uint32
	done                                   bool // written; guarded by the stripe
}

type jobAt struct {
	id uint64
	jobState
}

// Freeze marks the cut. It runs on the goroutine of Apply and does no I/O; its
// cost is the copy of 4,096 lengths and of the campaigns' pointers.
func (s *Shard) Freeze() (*Frozen, error) {
	s.thaw()
	invariant.Check(s.frozen == nil, "S10: two images at once")
	f := &Frozen{
		s: s, now: s.now, budget: s.budget.Load(), generation: s.Generation(), sweepAt: s.sweepAt,
		journalLast: s.journal.rows.len(), chain: s.journal.chain,
		sealed: s.journal.sealed, sealedChain: s.journal.sealedChain,
		births: s.births.n, order: s.order.n, forgotten: s.forgotten.n,
		fences:       append([]uint64(nil), s.fences...),
		campaigns:    append([]*campaignState(nil), s.campaigns...),
		campaignUndo: map[uint32]campaignState{},
	}
	for _, id := range s.jobOrder {
		f.jobs = append(f.jobs, jobAt{id, *s.jobs[id]})
	}
	for i := range s.slots {
		t := &s.slots[i]
		f.lens[i] = slotLens{codes: t.codes.n, uses: t.uses.n, customers: t.customers.n,
			events: uint32(t.events.len()), sealed: t.sealed}
	}
	s.frozen = f
	return f, nil
}

// Release ends the image. The shard notices at its next command.
func (f *Frozen) Release() { f.released.Store(true) }

// thaw drops what a released image needed.
func (s *Shard) thaw() {
	if s.frozen == nil || !s.frozen.released.Load() {
		return
	}
	s.frozen = nil
	for i := range s.stripes {
		p := &s.stripes[i]
		p.mu.Lock()
		p.undo = nil
		p.mu.Unlock()
	}
	for _, b := range s.freed {
		s.a.Free(b.ref, arena.SizeClass(b.size))
	}
	s.freed = s.freed[:0]
}

func (l *slotLens) of(t table) uint32 {
	switch t {
	case tableCodes, tableHashes:
		return l.codes
	case tableUses:
		return l.uses
	case tableCustomers:
		return l.customers
	}
	return 1<<32 - 1 // sides: one that is newer than the cut is saved and never read
}

// touch saves a row before its first change after the cut. The stripe is held.
func (s *Shard) touch(slot uint16, t table, row uint32, b []byte) {
	f := s.frozen
	if f == nil {
		return
	}
	if l := &f.lens[slot]; l.done || row >= l.of(t) {
		return
	}
	p := &s.stripes[slot%stripesCount]
	if p.undo == nil {
		p.undo = map[undoKey][]byte{}
	}
	k := undoKey{t, slot, row}
	if _, ok := p.undo[k]; !ok {
		p.undo[k] = append([]byte(nil), b...)
	}
}

func (s *Shard) touchSide(slot uint16, ref arena.Ref, b sideBlock) {
	if s.frozen != nil {
		s.touch(slot, tableSides, uint32(ref), b)
	}
}

func (s *Shard) touchHash(slot uint16, ordinal uint32, h coupon.Hash) {
	if s.frozen != nil {
		s.touch(slot, tableHashes, ordinal, appendHash(nil, h))
	}
}

// touchCampaign is touch for a campaign. meta is held for writing.
func (s *Shard) touchCampaign(c *campaignState) {
	if f := s.frozen; f != nil {
		if _, ok := f.campaignUndo[c.Ordinal]; !ok {
			f.campaignUndo[c.Ordinal] = *c
		}
	}
}

// allocBlob allocates a block whose size a caller chose: rounded to a few classes, so
// that blocks which were given back fit the next ones.
func (s *Shard) allocBlob(size int) arena.Ref { return s.a.Alloc(arena.SizeClass(size)) }

// freeLater frees what allocBlob gave, now, or when no image can read it any more.
func (s *Shard) freeLater(ref arena.Ref, size int) {
	s.grow(-size)
	if s.frozen != nil {
		s.freed = append(s.freed, freedBlock{ref, size})
		return
	}
	s.a.Free(ref, arena.SizeClass(size))
}
