package bench

import (
	"context"
	"fmt"
	"time"
)

// flashSale lets many times as many customers as there are uses come for one code
// within seconds. Exactly as many as there are uses must win.
type flashSale struct {
	limit, crowd int64
	sets         []*Set
}

// flashSeconds is how long the crowd takes to arrive, unless a rate is given.
const flashSeconds = 3

func (s *flashSale) prepare(ctx context.Context, b *bench) error {
	if s.limit < 1 || s.crowd < 1 {
		return fmt.Errorf("a limit of %d and a crowd of %d are too small for a sale", s.limit, s.crowd)
	}
	for run := range b.Runs {
		set := b.newSet(fmt.Sprintf("flash-%d", run+1), 1)
		set.Limit = s.limit
		s.sets = append(s.sets, set)
	}
	return b.fill(ctx, s.sets...)
}

func (s *flashSale) run(ctx context.Context, b *bench, run int) error {
	set := s.sets[run]
	load := b.Load
	load.Requests, load.WarmUp = s.limit*s.crowd, 0
	if !load.Open() {
		load.Rate = float64(load.Requests) / flashSeconds
	}
	// Arrivals are drawn, so the last one may come late; the number ends them.
	load.Duration = time.Duration(float64(load.Requests)/load.Rate*2*float64(time.Second)) + time.Second
	shape := b.shape()
	shape.Customers = true
	var comers Counter
	result, err := b.carry(ctx, &phase{
		label: "flash-sale", load: load, shape: shape, sets: []*Set{set},
		script: func(lane int, l *Ledger) Script {
			return &crowd{uses{ledger: l, codes: b.picker(set, false, nil, lane), keys: &b.keys}, &comers}
		},
	}, run)
	if err != nil {
		return err
	}
	if result.Audit == nil {
		return nil
	}
	won := result.Audit.Acknowledged + result.Audit.Settled
	turned := result.Refusals
	b.Say("run %d: %d of %d won, refused %v", run+1, won, load.Requests, turned)
	if want := min(s.limit, load.Requests-result.Dropped-result.Unfinished); won != want {
		b.fail("run %d: %d customers won, and there were %d uses", run+1, won, want)
	}
	return nil
}

func (s *flashSale) conclude(b *bench) {
	b.report.Figures = append(b.report.Figures,
		Figure{Name: "winners a run", Value: float64(s.limit)}, Figure{Name: "customers a run", Value: float64(s.limit * s.crowd)})
}

// crowd is a script of customers who come once each.
type crowd struct {
	uses
	comers *Counter
}

// Next lets the next customer ask.
func (s *crowd) Next(op *Op) bool {
	if !s.uses.Next(op) {
		return false
	}
	op.Customer = 1 + s.comers.take(1)
	return true
}

// giftCards takes credits from a few cards that everybody uses.
type giftCards struct {
	balance int64
	sets    []*Set
}

const (
	// hotCards are so few that each is always in use by several requests.
	hotCards = 10
	// cardBalance lasts for a million redemptions from hotCards.
	cardBalance = 55_000_000
)

func (s *giftCards) prepare(ctx context.Context, b *bench) error {
	if s.balance == 0 {
		s.balance = cardBalance
	}
	for run := range b.Runs {
		set := b.newSet(fmt.Sprintf("cards-%d", run+1), orElse(b.Codes, hotCards))
		set.Balance = s.balance
		s.sets = append(s.sets, set)
	}
	return b.fill(ctx, s.sets...)
}

func (s *giftCards) run(ctx context.Context, b *bench, run int) error {
	set := s.sets[run]
	shape := b.shape()
	shape.Credits = true
	_, err := b.carry(ctx, &phase{
		label: "gift-cards", load: b.Load, shape: shape, sets: []*Set{set},
		script: func(lane int, l *Ledger) Script {
			p := b.picker(set, false, nil, lane)
			return &uses{ledger: l, codes: p, keys: &b.keys, customers: b.Customers,
				credits: func() int64 { return creditsMin + p.rng.Int64N(creditsMax-creditsMin+1) }}
		},
	}, run)
	return err
}

func (s *giftCards) conclude(*bench) {}
