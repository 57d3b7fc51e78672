package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
)

// guessing compares valid redemptions alone with the same ones under a flood of
// invalid codes. The offered load is fixed below what the target can do, or the
// comparison would only show that processors have an end.
type guessing struct {
	ceiling float64 // answers a second of the mix; of a closed loop
	sets    []*Set  // ceiling; then two a run
}

const (
	// floodTimes is how many invalid codes come with each valid one.
	floodTimes = 10
	// offeredShare of the ceiling is what is offered.
	offeredShare = 0.7
	// guessCodes are without limit, so that the valid ones never run out.
	guessCodes = 10_000
)

// The phases of guessing.
const (
	phaseCeiling = "ceiling of the mix"
	phaseAlone   = "valid alone"
	phaseFlood   = "valid under the flood"
)

func (s *guessing) prepare(ctx context.Context, b *bench) error {
	for i := range 1 + 2*b.Runs {
		s.sets = append(s.sets, b.newSet(fmt.Sprintf("guess-%d", i), orElse(b.Codes, guessCodes)))
	}
	return b.fill(ctx, s.sets...)
}

func (s *guessing) run(ctx context.Context, b *bench, run int) error {
	if run == 0 {
		if err := s.measureCeiling(ctx, b); err != nil {
			return err
		}
	}
	load := b.Load
	load.Rate = s.ceiling / (1 + floodTimes)
	if _, err := s.carry(ctx, b, phaseAlone, load, s.sets[1+2*run], 0, run); err != nil {
		return err
	}
	load.Rate = s.ceiling
	result, err := s.carry(ctx, b, phaseFlood, load, s.sets[2+2*run], floodTimes, run)
	if err != nil {
		return err
	}
	if k := result.Kind(Guess.String()); k != nil && k.Succeeded > 0 {
		b.fail("run %d: %d guesses of codes that do not exist succeeded", run+1, k.Succeeded)
	}
	return nil
}

// measureCeiling finds what may be offered; a rate that was given is it.
func (s *guessing) measureCeiling(ctx context.Context, b *bench) error {
	if s.ceiling = b.Load.Rate; s.ceiling > 0 {
		return nil
	}
	result, err := s.carry(ctx, b, phaseCeiling, b.Load, s.sets[0], floodTimes, 0)
	if err != nil {
		return err
	}
	s.ceiling = offeredShare * result.AnswerRate
	if s.ceiling == 0 {
		return fmt.Errorf("nothing was answered")
	}
	return nil
}

func (s *guessing) carry(ctx context.Context, b *bench, label string, load Load, set *Set, flood float64, run int) (*Result, error) {
	return b.carry(ctx, &phase{
		label: label, load: load, shape: b.shape(), sets: []*Set{set},
		script: func(lane int, l *Ledger) Script {
			return &guesses{
				uses:  uses{ledger: l, codes: b.picker(set, false, nil, lane), keys: &b.keys, customers: b.Customers},
				flood: flood / (1 + flood), rng: rand.New(rand.NewPCG(b.Seed, uint64(lane)+3)),
			}
		},
	}, run)
}

func (s *guessing) conclude(b *bench) {
	alone, flood := b.report.phase(phaseAlone), b.report.phase(phaseFlood)
	var ratios []float64
	for i := range alone.Runs {
		k, f := alone.Runs[i].Kind(Redeem.String()), flood.Runs[i].Kind(Redeem.String())
		if k != nil && f != nil && k.At["p99"] > 0 {
			ratios = append(ratios, f.At["p99"]/k.At["p99"])
		}
	}
	r := spreadOf(ratios)
	b.report.Figures = append(b.report.Figures,
		Figure{Name: "offered, valid and flood together", Value: s.ceiling, Unit: "requests/s"},
		Figure{Name: "p99 of valid redemptions under the flood, to alone", Value: r.Median, Low: r.Min, High: r.Max})
}

// guesses is a script of valid redemptions among guesses.
type guesses struct {
	uses
	flood float64 // share of guesses
	rng   *rand.Rand
}

// Next asks for one or the other.
func (s *guesses) Next(op *Op) bool {
	if !s.uses.Next(op) {
		return false
	}
	if s.flood > 0 && s.rng.Float64() < s.flood {
		op.Kind, op.Code = Guess, guess(s.rng)
	}
	return true
}
