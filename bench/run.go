package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
)

// phase is one load with what it asks for and the sets that it may touch.
type phase struct {
	label  string
	load   Load
	shape  Shape
	sets   []*Set
	script func(lane int, l *Ledger) Script
}

// scenario is one way to use a redemption engine.
type scenario interface {
	// prepare sets up all runs, before the first of them is measured.
	prepare(ctx context.Context, b *bench) error
	// run carries out one of them.
	run(ctx context.Context, b *bench, run int) error
	// conclude adds what follows from all runs.
	conclude(b *bench)
}

// bench is a measurement under way.
type bench struct {
	*Config
	report *Report
	codes  Codes
	prefix string // of names and keys of this measurement
	next   uint64 // index of the next code that no set has
	keys   Counter
	rng    *rand.Rand
}

// Run measures. A report comes with every error that is not about its beginning,
// and says in Failures what was wrong with what was measured.
func Run(ctx context.Context, c *Config) (*Report, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	s, err := newScenario(c)
	if err != nil {
		return nil, err
	}
	if c.Say == nil {
		c.Say = func(string, ...any) {}
	}
	b := &bench{Config: c, report: newReport(c), codes: NewCodes(c.Seed),
		prefix: fmt.Sprintf("b%08x-", uint32(mix(c.Seed))), rng: rand.New(rand.NewPCG(c.Seed, 1))}
	if err := b.measure(ctx, s); err != nil {
		return b.report, err
	}
	return b.report, nil
}

func (b *bench) measure(ctx context.Context, s scenario) (err error) {
	if b.report.Device.Before, err = probe(ctx, b.Target.Dir); err != nil {
		return err
	}
	if err := s.prepare(ctx, b); err != nil {
		return fmt.Errorf("set up: %w", err)
	}
	for run := range b.Runs {
		if err := s.run(ctx, b, run); err != nil {
			return fmt.Errorf("run %d: %w", run+1, err)
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	s.conclude(b)
	b.report.Device.After, err = probe(ctx, b.Target.Dir)
	return err
}

// shape returns what requests look like, unless the scenario has other ideas.
func (b *bench) shape() Shape {
	return Shape{Codes: b.codes, KeyPrefix: b.prefix, Amount: orderAmount, Customers: b.Customers > 0, Full: b.Full}
}

// orderAmount of every order, in minor units: 100.00.
const orderAmount = 10_000

// newSet reserves codes for a campaign.
func (b *bench) newSet(name string, codes uint64) *Set {
	s := &Set{Campaign: b.prefix + name, First: b.next, Count: codes}
	b.next += codes
	return s
}

// fill creates sets and their codes.
func (b *bench) fill(ctx context.Context, sets ...*Set) error {
	if b.Target.Admin == nil {
		return nil
	}
	for _, s := range sets {
		if err := s.check(); err != nil {
			return err
		}
		b.Say("importing %d codes into %s", s.Count, s.Campaign)
		if err := s.create(ctx, b.Target.Admin); err != nil {
			return err
		}
		if err := s.fill(ctx, b.Target.Admin, b.codes, nil); err != nil {
			return err
		}
	}
	return nil
}

// carry carries out one phase of one run, audits it, and enters it into the
// report.
func (b *bench) carry(ctx context.Context, p *phase, run int) (*Result, error) {
	b.Say("run %d of %d: %s", run+1, b.Runs, p.label)
	runtime.GC() // what set-up left is not to be collected while we measure
	ledgers := make([]*Ledger, 0, ThreadsMax)
	job := &Job{
		Load: p.load, Label: fmt.Sprintf("%s, run %d of %d", p.label, run+1, b.Runs), Address: b.Target.Address,
		Script: func(lane int) Script {
			ledgers = append(ledgers, new(Ledger))
			return p.script(lane, ledgers[len(ledgers)-1])
		},
		Protocol: func() Protocol { return NewHTTP(b.Target.Address, b.Target.Key, &p.shape) },
		Live:     b.Live, Portable: b.Portable,
	}
	job.Load.Seed = mix(b.Seed + uint64(run))
	before := processorTime()
	tally, err := b.drive(ctx, job, p)
	if err != nil {
		return nil, err
	}
	result := newResult(run, &p.load, tally)
	if sent := tally.Sent + tally.WarmUp; sent > 0 && b.Target.Address != "" {
		result.GeneratorCPU = float64((processorTime() - before).Microseconds()) / float64(sent)
	}
	if b.Target.Admin != nil && len(p.sets) > 0 {
		b.Say("run %d of %d: audit", run+1, b.Runs)
		if result.Audit, err = audit(ctx, b.Target.Admin, &p.shape, p.sets, ledgers); err != nil {
			return nil, err
		}
		if !result.Audit.Clean() {
			b.fail("run %d of %s: the audit found: %s", run+1, p.label, strings.Join(result.Audit.Violations, "; "))
		}
	}
	b.report.add(p, result)
	return result, nil
}

func (b *bench) drive(ctx context.Context, job *Job, p *phase) (*Tally, error) {
	if b.Target.Address != "" {
		return Drive(ctx, job)
	}
	return driveEngine(ctx, job, b.Target.Engine, &p.shape)
}

// fail enters what makes the measurement a failed one.
func (b *bench) fail(format string, args ...any) {
	b.report.Failures = append(b.report.Failures, fmt.Sprintf(format, args...))
}

// Scenarios are the names that Run knows.
func Scenarios() []string {
	names := make([]string, 0, len(scenarioTable))
	for _, s := range scenarioTable {
		names = append(names, s.name)
	}
	return names
}

func newScenario(c *Config) (scenario, error) {
	i := slices.IndexFunc(scenarioTable, func(s scenarioEntry) bool { return s.name == c.Scenario })
	if i < 0 {
		return nil, fmt.Errorf("scenario: %q is none of %s", c.Scenario, strings.Join(Scenarios(), ", "))
	}
	return scenarioTable[i].make(c), nil
}

var errNeedsAdmin = errors.New("this scenario needs a target whose API can be asked")
