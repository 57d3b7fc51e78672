package shard

import (
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/internal/arena"
)

// Config is what a Shard is born with. Budget must be the same on every replica
// of a shard, since Apply refuses by it.
type Config struct {
	// First and Last are the slots owned, both included, under slot-map Epoch.
	First, Last uint16
	Epoch       uint32
	// BudgetBytes bounds the bytes of live records until a Tune says otherwise; 0 for
	// DefaultBudgetBytes, and never more than budgetBytesMax. It decides what is
	// refused, so it must be the same in every replay: change it by Tune.
	BudgetBytes int64
	// Filter is told of every code before its creation is answered; may be nil.
	Filter Filter
	// History is where sealed records are on this node; nil only where nothing is
	// ever sealed, and in tests.
	History History
}

// DefaultBudgetBytes leaves half of a 24 GiB machine to images, the log and the
// requests in flight.
const DefaultBudgetBytes = 12 << 30

// Filter learns codes. Add is called on the goroutine of Apply or Restore, and
// returns before the creation is acknowledged (S7).
type Filter interface{ Add(key uint64) }

// FilterKey is the part of a code's hash that a shard keeps, 12 bits of slot
// and 28 of index, and so all that a filter over its codes may use.
func FilterKey(h coupon.Hash) uint64 { return uint64(h.Slot())<<hashBits | short(h.Lo) }

// Shard is one replicated machine; see the package comment.
type Shard struct {
	cfg     Config
	a       *arena.Arena
	slots   [coupon.Slots]slot
	stripes [stripesCount]stripe
	journal journal
	time    atomic.Int64 // = now, for readers

	// Sizes after the last entry, for readers: live blocks of the arena, and what
	// the fields of the same name below hold.
	used, mapped, logicalSeen, sidesSeen, profilesSeen atomic.Int64
	budget                                             atomic.Int64  // bytes; changed by Apply
	generation                                         atomic.Uint32 // of the ids that are given out; 16 bits; changed by Apply

	// The fields below are changed by Apply under meta's write lock, and read by
	// Apply without it.
	meta      sync.RWMutex
	births    rows
	order     rows // places in order of creation
	forgotten rows // who was forgotten and when, in order of time
	campaigns []*campaignState
	fences    []uint64 // by project ordinal
	jobs      map[uint64]*jobState
	jobOrder  []uint64 // ascending

	// Only Apply's goroutine uses what follows.
	now                     int64
	logical                 int64     // bytes of live records, counted alike on every replica
	sideBytes, profileBytes int64     // of sides, of customers' sealed data
	sweepAt                 [2]uint64 // next journal sequence to consider: day-old, minted
	frozen                  *Frozen
	record                  Record
	header                  Header
	redeemBody              Redeem
	birthBody               Customer
	importBody              Import
	codeView                CodeView
	facts                   Facts // here, since what steps are called with escapes
	foldScratch             [2][]byte
	failed                  []FailedRow
	marked                  []byte
	freed                   []freedBlock
}

type freedBlock struct {
	ref  arena.Ref
	size int
}

// New returns an empty shard. Close frees its memory.
func New(cfg Config) *Shard {
	if cfg.BudgetBytes == 0 {
		cfg.BudgetBytes = DefaultBudgetBytes
	}
	cfg.BudgetBytes = min(cfg.BudgetBytes, budgetBytesMax)
	s := &Shard{cfg: cfg}
	s.reset()
	return s
}

func (s *Shard) reset() {
	s.a = arena.New()
	s.journal.reset(s.a)
	for i := range s.slots {
		s.slots[i] = slot{
			useIndex:  index{wide: true},
			receipts:  index{wide: true},
			rollbacks: index{wide: true},
		}
	}
	for i := range s.stripes {
		s.stripes[i].undo = nil
	}
	s.births, s.order, s.forgotten = rows{}, rows{}, rows{}
	s.campaigns = make([]*campaignState, 1)
	s.fences = make([]uint64, 1)
	s.jobs, s.jobOrder = map[uint64]*jobState{}, nil
	s.budget.Store(s.cfg.BudgetBytes)
	s.generation.Store(0)
	s.now, s.logical, s.sweepAt = 0, 0, [2]uint64{1, 1}
	s.sideBytes, s.profileBytes, s.freed = 0, 0, nil
	s.time.Store(0)
}

// Close gives the memory back. Nothing may use the shard afterwards.
func (s *Shard) Close() { s.a.Close() }

// Apply executes the commands of one committed entry and writes the answers to
// replies, which is as long as commands, or nil when nobody waits. stamp is the
// leader's clock in unix milliseconds. One goroutine calls Apply; an error wraps
// ErrFormat and means that a command could not be understood: the process must
// stop, and the shard, which may hold half of the entry, must not be used.
// Nothing of commands is kept.
func (s *Shard) Apply(stamp int64, commands [][]byte, replies []Reply) error {
	if stamp > stampMax {
		return fmt.Errorf("stamp %d: %w", stamp, ErrFormat)
	}
	s.thaw()
	s.trim()
	if stamp > s.now {
		s.now = stamp
		s.time.Store(stamp)
	}
	var unheard Reply
	for i, cmd := range commands {
		r := &unheard
		if replies != nil {
			r = &replies[i]
		}
		*r = Reply{}
		if err := s.apply(cmd, r); err != nil {
			return fmt.Errorf("command %d of %d: %w", i+1, len(commands), err)
		}
		if r.Stamp == 0 {
			r.Stamp = s.now
		}
	}
	s.publish()
	return nil
}

// publish lets readers see the sizes after an entry.
func (s *Shard) publish() {
	s.used.Store(s.a.Used())
	s.mapped.Store(s.a.Mapped())
	s.logicalSeen.Store(s.logical)
	s.sidesSeen.Store(s.sideBytes)
	s.profilesSeen.Store(s.profileBytes)
}

func (s *Shard) apply(cmd []byte, r *Reply) error {
	h := &s.header
	body, err := DecodeHeader(cmd, h)
	if err != nil {
		return err
	}
	if !s.owns(h.Slot) || h.Epoch != s.cfg.Epoch {
		r.Outcome = coupon.Moved
		return nil
	}
	if err := s.decide(h, body, r); err != nil {
		return err
	}
	s.sweep()
	return nil
}

func (s *Shard) owns(slot uint16) bool { return slot >= s.cfg.First && slot <= s.cfg.Last }

func (s *Shard) decide(h *Header, body []byte, r *Reply) error {
	switch h.Kind {
	case KindRedeem:
		return s.applyRedeem(h, body, r)
	case KindRollback:
		return s.applyRollback(h, body, r)
	case KindCreate:
		return s.applyCreate(h, body, r)
	case KindImport:
		return s.applyImport(h, body, r)
	case KindEnable:
		return s.applyEnable(h, body, r)
	case KindUpdate:
		return s.applyUpdate(h, body, r)
	case KindDelete:
		return s.applyDelete(h, body, r)
	case KindBalance:
		return s.applyBalance(h, body, r)
	case KindFence:
		return s.applyFence(h, body, r)
	case KindCustomer:
		return s.applyCustomer(h, body, r)
	case KindForget:
		return s.applyForget(h, body, r)
	case KindCampaign:
		return s.applyCampaign(h, body, r)
	case KindTune:
		return s.applyTune(h, body, r)
	case KindClaim:
		return s.applyClaim(h, body, r)
	case KindSeal:
		return s.applySeal(h, body, r)
	}
	return fmt.Errorf("command kind %d: %w", h.Kind, ErrFormat)
}

// admit answers what every change asks first, after its receipt was looked for:
// is it too late, and was it evaluated before a fence that it must respect.
func (s *Shard) admit(h *Header, fence uint64, r *Reply) bool {
	switch {
	case s.now > h.NotAfter:
		r.Outcome = coupon.TooLate
	case h.CatalogIndex < fence:
		r.Outcome, r.CatalogIndex = coupon.Stale, fence
	case s.now < h.ValidFrom || s.now >= h.ValidUntil:
		r.Outcome = coupon.Reevaluate
	default:
		return true
	}
	return false
}

// full reports that there is no room for n more bytes of what makes the shard
// grow: codes, customers, uses.
func (s *Shard) full(n int) bool {
	return s.logical+int64(n) > s.budget.Load()-s.budget.Load()/reserveShare
}

// spent is full for changes of what is there already. They may use the reserve
// too: a full shard can still be switched off, cleared and rolled back.
func (s *Shard) spent(n int) bool {
	return s.logical+int64(n) > s.budget.Load()
}

// grow counts n more bytes of live records. What is counted depends on the
// records alone, not on how an arena came to hold them, since every replica must
// refuse the same command (P10).
func (s *Shard) grow(n int) { s.logical += int64(n) }

func (s *Shard) lock(slot uint16) *stripe {
	p := &s.stripes[slot%stripesCount]
	p.mu.Lock()
	return p
}

func (s *Shard) rlock(slot uint16) *stripe {
	p := &s.stripes[slot%stripesCount]
	p.mu.RLock()
	return p
}

// codeRow returns the row of a code that exists in the slot, or nil.
func (s *Shard) codeRow(slot uint16, ordinal uint32) codeRow {
	t := &s.slots[slot]
	if ordinal >= t.codes.n {
		return nil
	}
	return codeRow(t.codes.at(s.a, ordinal, codeRowBytes))
}

func (s *Shard) birth(i uint32) birthRow { return birthRow(s.births.at(s.a, i, birthRowBytes)) }

func (s *Shard) projectFence(project uint32) uint64 {
	if int(project) < len(s.fences) {
		return s.fences[project]
	}
	return 0
}
