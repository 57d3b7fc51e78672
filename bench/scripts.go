package bench

import (
	"math/rand/v2"
	"sync/atomic"
)

// Counter deals out numbers to all lanes of a run: codes that are used once, and
// keys. Lanes do not take blocks of them, so that small sets are used to their
// end. It is safe for concurrent use.
type Counter struct{ next atomic.Uint64 }

// take returns the first of n numbers.
func (c *Counter) take(n uint64) uint64 { return c.next.Add(n) - n }

// Picker chooses codes of a set.
type Picker struct {
	first, count uint64
	unique       *Counter // each code once, in order
	rng          *rand.Rand
	zipf         *rand.Zipf
}

// pick returns n codes in a row; false when a unique set is used up.
func (p *Picker) pick(n uint64) (uint64, bool) {
	switch {
	case p.unique != nil:
		at := p.unique.take(n)
		return p.first + at, at+n <= p.count
	case p.zipf != nil:
		return p.first + p.zipf.Uint64(), true
	case p.count == 1:
		return p.first, true
	}
	return p.first + p.rng.Uint64N(p.count), true
}

// uses is a script of redemptions, alone or in batches.
type uses struct {
	ledger    *Ledger
	codes     Picker
	keys      *Counter
	customers uint64 // 0: nobody is named
	batch     uint64 // redemptions a request; 0 is one alone
	credits   func() int64
}

// Next asks for the next redemption.
func (s *uses) Next(op *Op) bool {
	n := max(1, s.batch)
	code, ok := s.codes.pick(n)
	if !ok {
		return false
	}
	op.Kind, op.Code, op.Key = Redeem, code, s.keys.take(n)
	if s.batch > 0 {
		op.Kind, op.Count = Batch, int(n)
	}
	if s.customers > 0 {
		op.Customer = op.Key % s.customers
	}
	if s.credits != nil {
		op.Credits = s.credits()
	}
	return true
}

// Done books the answer.
func (s *uses) Done(op *Op, v *Verdict) bool {
	s.ledger.note(op, v)
	return false
}
