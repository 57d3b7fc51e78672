package shard

import (
	"encoding/binary"

	"github.com/scrip-engine/scrip/coupon"
)

// Readers run beside Apply and see what was applied, never a command half-way:
// a code and everything decided about it lie under one stripe. Whether an answer
// may be given from here is the engine's to prove (P1).

// Query asks for a code by its text, or by its place when ByPlace is set.
type Query struct {
	Project uint32
	Rules   coupon.CodeRules
	Hash    coupon.Hash // of Folded; its slot is where to look
	Folded  []byte

	ByPlace bool
	Slot    uint16
	Ordinal uint32

	// Customer is whose uses to count; zero for nobody.
	Customer coupon.ID
	// Kind and Key ask for the receipt of an earlier command on the code.
	Kind Kind
	Key  coupon.Hash
}

// Look is an answer: the code and the receipt in one state. It owns its memory
// and can be used again for the next query without allocating.
type Look struct {
	View    CodeView
	Now     int64 // replicated time of that state
	Receipt Record
	// HasReceipt: an earlier command with the key answered; Receipt says what.
	HasReceipt bool

	buf     []byte
	scratch []byte
	record  []byte
}

// Look fills l. A code that does not exist leaves View.Found false.
func (s *Shard) Look(q *Query, l *Look) {
	slot := q.Hash.Slot()
	if q.ByPlace {
		slot = q.Slot
	}
	l.View, l.HasReceipt = CodeView{}, false
	if slot >= coupon.Slots {
		return
	}
	p := s.rlock(slot)
	defer p.mu.RUnlock()
	s.meta.RLock()
	defer s.meta.RUnlock()
	l.Now = s.time.Load()
	l.View.Fence = s.projectFence(q.Project)
	ordinal, ok := q.Ordinal, q.ByPlace
	if !q.ByPlace {
		ordinal, ok = s.find(slot, q, l)
	}
	row := s.codeRow(slot, ordinal)
	if !ok || row == nil {
		return
	}
	s.view(slot, ordinal, row, &l.View)
	s.countFor(&l.View, q.Customer)
	l.own()
	if f := s.receiptAt(l.Now, q, slot, ordinal, row); f != nil {
		l.record = append(l.record[:0], f...)
		l.HasReceipt = DecodeRecord(l.record, &l.Receipt) == nil
	}
}

func (s *Shard) find(slot uint16, q *Query, l *Look) (uint32, bool) {
	v, ok := s.slots[slot].codeIndex.find(s.a, q.Hash.Lo, func(v uint64) bool {
		return s.sameText(slot, uint32(v), q.Project, q.Rules, q.Folded, &l.scratch)
	})
	return uint32(v), ok
}

// own replaces the views into the arena by copies.
func (l *Look) own() {
	l.buf = l.buf[:0]
	v := &l.View
	fields := [...]*[]byte{&v.Code, &v.Discount, &v.Metadata, &v.Info, &v.Category}
	for _, f := range fields {
		l.buf = append(l.buf, *f...)
	}
	off := 0
	for _, f := range fields {
		if n := len(*f); n > 0 {
			*f = l.buf[off : off+n : off+n]
			off += n
		}
	}
}

func (s *Shard) receiptAt(now int64, q *Query, slot uint16, ordinal uint32, row codeRow) front {
	if q.Key.IsZero() {
		return nil
	}
	if q.Kind == KindCreate {
		return s.receiptOfCreate(now, row, q.Key)
	}
	return s.receiptOfCode(now, q.Kind, slot, ordinal, row, q.Key)
}

// Place returns where the code with a shard-wide ordinal lives, in order of
// creation from 0.
func (s *Shard) Place(ordinal uint32) (slot uint16, inSlot uint32, ok bool) {
	s.meta.RLock()
	defer s.meta.RUnlock()
	if ordinal >= s.order.n {
		return 0, 0, false
	}
	slot, inSlot = unpackPlace(binary.LittleEndian.Uint32(s.order.at(s.a, ordinal, orderRowBytes)))
	return slot, inSlot, true
}

// Issued is how many codes were ever created here.
func (s *Shard) Issued() uint32 {
	s.meta.RLock()
	defer s.meta.RUnlock()
	return s.order.n
}

// CampaignInfo is a campaign in one shard.
type CampaignInfo struct {
	Campaign
	Fence                 uint64
	Codes                 int64 // issued, less deleted
	Redeemed, RolledBack  int64
	Applied, AppliedBack  int64 // minor units
	Credits, CreditsBack  int64 // minor units
	CreditsIn, CreditsOut int64
}

// Campaign reads a campaign's counters, exact for what was applied here.
func (s *Shard) Campaign(ordinal uint32) (CampaignInfo, bool) {
	s.meta.RLock()
	defer s.meta.RUnlock()
	c := s.campaignOf(ordinal)
	if c == nil {
		return CampaignInfo{}, false
	}
	n := &c.Counters
	return CampaignInfo{c.Campaign, c.fence, n.codes, n.redeemed, n.rolledBack, n.applied, n.appliedBack,
		n.credits, n.creditsBack, n.creditsIn, n.creditsOut}, true
}

// Fence is the catalog index below which an evaluation for a project and a
// campaign (0 for none) is stale here.
func (s *Shard) Fence(project, campaign uint32) uint64 {
	s.meta.RLock()
	defer s.meta.RUnlock()
	return s.fenceOf(project, campaign)
}

// CustomerView is a customer: the sealed profile and the key that opens it,
// both copies.
type CustomerView struct {
	ID               coupon.ID
	Created, Updated int64
	Version          uint32
	Source           coupon.Hash // zero when the source id was made up
	Sealed           []byte
	DataKey          [DataKeyBytes]byte
}

// CustomerBySource returns the id of the customer with a source hash.
func (s *Shard) CustomerBySource(source coupon.Hash) (coupon.ID, bool) {
	p := s.rlock(source.Slot())
	defer p.mu.RUnlock()
	id := s.customerBySource(source)
	return id, id != (coupon.ID{})
}

// Customer reads a customer of the project who was not forgotten.
func (s *Shard) Customer(project uint32, id coupon.ID, v *CustomerView) bool {
	if id.Slot >= coupon.Slots {
		return false
	}
	p := s.rlock(id.Slot)
	defer p.mu.RUnlock()
	row, _ := s.customerByID(project, id)
	if row == nil {
		return false
	}
	*v = CustomerView{ID: id, Created: row.created(), Updated: row.updated(), Version: row.version(), Sealed: v.Sealed[:0]}
	if row.flags()&customerMinted == 0 {
		v.Source = row.source()
	}
	if ref, n := row.data(); n > 0 {
		v.Sealed = append(v.Sealed, s.a.At(ref, n)...)
	}
	copy(v.DataKey[:], row.key())
	return true
}

// CustomerReceipt reads what a command of a kind with the key did to a customer
// of the slot: KindCustomer or KindForget. It is there for as long as the key is
// remembered, also when the customer is not any more.
func (s *Shard) CustomerReceipt(slot uint16, kind Kind, key coupon.Hash, rec *Record) bool {
	if slot >= coupon.Slots {
		return false
	}
	p := s.rlock(slot)
	defer p.mu.RUnlock()
	return s.receipt(s.time.Load(), kind, slot, 0, key).copyTo(rec)
}

// CustomerProject returns the project of a customer who was not forgotten.
func (s *Shard) CustomerProject(id coupon.ID) (project uint32, ok bool) {
	if id.Slot >= coupon.Slots {
		return 0, false
	}
	p := s.rlock(id.Slot)
	defer p.mu.RUnlock()
	row, _ := s.customerOf(id)
	if row == nil {
		return 0, false
	}
	return row.project(), true
}

// JobInfo is how far a job came in this shard.
type JobInfo struct {
	Chunk           uint32 // highest applied
	Created, Failed uint64
}

// Job reads a job's progress.
func (s *Shard) Job(id uint64) (JobInfo, bool) {
	s.meta.RLock()
	defer s.meta.RUnlock()
	j := s.jobs[id]
	if j == nil {
		return JobInfo{}, false
	}
	return JobInfo{j.chunk, j.created, j.failed}, true
}

// Now is replicated time: the newest stamp that was applied, unix milliseconds.
func (s *Shard) Now() int64 { return s.time.Load() }
