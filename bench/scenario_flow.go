package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
)

// checkout is what a shop does: validate a code, redeem it, and now and then give
// it back.
type checkout struct{ sets []*Set }

// rollbackEvery is how many redemptions one is given back of: 2 %.
const rollbackEvery = 50

func (s *checkout) prepare(ctx context.Context, b *bench) error {
	total := b.Codes
	if total == 0 {
		total = uniqueCodes / 2 * uint64(b.Runs) // each takes two requests
	}
	for run := range b.Runs {
		set := b.newSet(fmt.Sprintf("checkout-%d", run+1), max(1, total/uint64(b.Runs)))
		set.Limit = 1
		s.sets = append(s.sets, set)
	}
	return b.fill(ctx, s.sets...)
}

func (s *checkout) run(ctx context.Context, b *bench, run int) error {
	set := s.sets[run]
	var used Counter
	_, err := b.carry(ctx, &phase{
		label: "checkout", load: b.Load, shape: b.shape(), sets: []*Set{set},
		script: func(lane int, l *Ledger) Script {
			return &purchases{uses{ledger: l, codes: b.picker(set, true, &used, lane), keys: &b.keys, customers: b.Customers}}
		},
	}, run)
	return err
}

func (s *checkout) conclude(*bench) {}

// purchases is the script of checkout.
type purchases struct{ uses }

// Next begins a purchase by validating.
func (s *purchases) Next(op *Op) bool {
	if !s.uses.Next(op) {
		return false
	}
	op.Kind = Validate
	return true
}

// Done goes from validating to redeeming, and from some redemptions to giving
// them back.
func (s *purchases) Done(op *Op, v *Verdict) bool {
	s.ledger.note(op, v)
	if v.Class != Succeeded {
		return false
	}
	switch op.Kind {
	case Validate:
		op.Kind = Redeem
		return true
	case Redeem:
		return op.Key%rollbackEvery == 0 && undo(op, v, s.keys)
	}
	return false
}

// undo makes op the rollback of what it has redeemed.
func undo(op *Op, v *Verdict, keys *Counter) bool {
	op.ID = append(op.ID[:0], v.ID...)
	op.Kind, op.Key, op.Credits = Rollback, keys.take(1), v.Amount
	return true
}

// mixed asks for several things by shares, of codes that may be used again and
// again.
type mixed struct {
	shares [kinds]float64
	sets   []*Set
}

// mixedCodes are many enough that not all of them are in a cache.
const mixedCodes = 100_000

// defaultShares are a shop with a curious back office.
var defaultShares = [kinds]float64{Redeem: 60, Validate: 34, Rollback: 5, ListFirst: 1}

func newMixed(c *Config) scenario {
	m := &mixed{shares: c.Shares}
	if c.Shares == ([kinds]float64{}) {
		m.shares = defaultShares
	}
	m.shares[Batch], m.shares[ListDeep] = 0, 0 // have scenarios of their own
	return m
}

func (s *mixed) prepare(ctx context.Context, b *bench) error {
	for run := range b.Runs {
		s.sets = append(s.sets, b.newSet(fmt.Sprintf("mixed-%d", run+1), max(1, orElse(b.Codes, mixedCodes)/uint64(b.Runs))))
	}
	return b.fill(ctx, s.sets...)
}

func (s *mixed) run(ctx context.Context, b *bench, run int) error {
	set := s.sets[run]
	shape := b.shape()
	shape.Lists[0] = codeList(set.Campaign, 1)
	_, err := b.carry(ctx, &phase{
		label: "mixed", load: b.Load, shape: shape, sets: []*Set{set},
		script: func(lane int, l *Ledger) Script {
			return newMixture(s.shares, uses{ledger: l, codes: b.picker(set, false, nil, lane), keys: &b.keys, customers: b.Customers},
				b.Seed+uint64(lane))
		},
	}, run)
	return err
}

func (s *mixed) conclude(*bench) {}

// mixture is a script that draws what to ask for.
type mixture struct {
	uses
	shares [kinds]float64
	total  float64
	rng    *rand.Rand
}

func newMixture(shares [kinds]float64, u uses, seed uint64) *mixture {
	m := &mixture{uses: u, shares: shares, rng: rand.New(rand.NewPCG(seed, 2))}
	for _, share := range shares {
		m.total += share
	}
	return m
}

// undoNext marks a redemption that is to be given back.
const undoNext = 1

// Next draws a kind and asks for it.
func (s *mixture) Next(op *Op) bool {
	if !s.uses.Next(op) {
		return false
	}
	at := s.rng.Float64() * s.total
	for k, share := range s.shares {
		if at -= share; at < 0 {
			op.Kind = Kind(k)
			break
		}
	}
	switch op.Kind {
	case Rollback: // of something that must be redeemed first
		op.Kind, op.Step = Redeem, undoNext
	case Guess:
		op.Code = guess(s.rng)
	}
	return true
}

// Done goes on to the rollback.
func (s *mixture) Done(op *Op, v *Verdict) bool {
	s.ledger.note(op, v)
	return op.Kind == Redeem && op.Step == undoNext && v.Class == Succeeded && undo(op, v, s.keys)
}

// guess draws the index of a code that no set has: they begin at 0.
func guess(rng *rand.Rand) uint64 { return guessesFrom + rng.Uint64N(guessesFrom) }

// guessesFrom is half of all codes.
const guessesFrom = 1 << 59

func orElse(n, standard uint64) uint64 {
	if n == 0 {
		return standard
	}
	return n
}
