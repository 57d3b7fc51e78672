package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
)

// scenarioEntry is a line of the table of scenarios.
type scenarioEntry struct {
	name, about string
	make        func(c *Config) scenario
}

// About says in a line what a scenario does.
func About(name string) string {
	for _, s := range scenarioTable {
		if s.name == name {
			return s.about
		}
	}
	return ""
}

// plain redeems, and nothing else: unique codes, hot codes, alone or in batches.
// The other scenarios are compared with it.
type plain struct {
	label string
	// unique codes are used once each, others again and again.
	unique bool
	// one is the number of codes that --codes stands for when it is not given.
	codes uint64
	batch uint64
	sets  []*Set // one a run
}

func (s *plain) prepare(ctx context.Context, b *bench) error {
	total := b.Codes
	if total == 0 {
		total = s.codes
		if s.unique {
			total *= uint64(b.Runs)
		}
	}
	each := total
	if s.unique {
		each = max(1, total/uint64(b.Runs))
	}
	for run := range b.Runs {
		set := b.newSet(fmt.Sprintf("%s-%d", s.label, run+1), each)
		if s.unique {
			set.Limit = 1
		}
		s.sets = append(s.sets, set)
	}
	return b.fill(ctx, s.sets...)
}

func (s *plain) run(ctx context.Context, b *bench, run int) error {
	set := s.sets[run]
	var used Counter
	_, err := b.carry(ctx, &phase{
		label: s.label, load: b.Load, shape: b.shape(), sets: []*Set{set},
		script: func(lane int, l *Ledger) Script {
			return &uses{ledger: l, codes: b.picker(set, s.unique, &used, lane), keys: &b.keys,
				customers: b.Customers, batch: s.batch}
		},
	}, run)
	return err
}

func (s *plain) conclude(*bench) {}

// picker chooses codes of a set for a lane.
func (b *bench) picker(set *Set, unique bool, used *Counter, lane int) Picker {
	p := Picker{first: set.First, count: set.Count, rng: rand.New(rand.NewPCG(b.Seed, uint64(lane)+2))}
	switch {
	case unique:
		p.unique = used
	case b.Zipf > 0 && set.Count > 1:
		p.zipf = rand.NewZipf(p.rng, b.Zipf, 1, set.Count-1)
	}
	return p
}
