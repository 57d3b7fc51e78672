package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/scrip-engine/scrip/bench"
	"github.com/scrip-engine/scrip/engine"
	"github.com/scrip-engine/scrip/wire"
)

const (
	// scripRateMax bounds the unique codes of a run: more than HTTP alone carries
	// on a small machine.
	scripRateMax = 90_000
	// batchSize is that of the goals.
	batchSize = 100
	// batchConnections keep the log busy; more of them only wait.
	batchConnections = 16
	// engineBatchTimes more codes are used up without HTTP.
	engineBatchTimes = 3
	// floodFigure is how bench names the effect of a flood of refusals.
	floodFigure = "p99 of valid redemptions under the flood, to alone"
)

// scrip measures the server in one turn.
func (p *peersRun) scrip(ctx context.Context, dir string) (err error) {
	s, err := startScrip(ctx, p.Binary, filepath.Join(dir, "data"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	for _, c := range p.Connections {
		if err := errors.Join(
			p.scenario(ctx, s, "hot", loadHot, c, func(*bench.Config) {}),
			p.scenario(ctx, s, "hot", loadCustomer, c, func(b *bench.Config) {
				b.Customers, b.Target.Admin = customersNamed, limitedAdmin{b.Target.Admin}
			}),
			p.scenario(ctx, s, "hot", loadFull, c, func(b *bench.Config) { b.Full = true }),
			p.scenario(ctx, s, "redeem", loadUnique, c, func(b *bench.Config) { b.Codes = p.codesFor(c, scripRateMax) }),
		); err != nil {
			return err
		}
	}
	if err := p.scenario(ctx, s, "batch", loadBatch, batchConnections, p.batch); err != nil {
		return err
	}
	if err := p.refusals(ctx, s); err != nil {
		return err
	}
	return p.flood(ctx, s)
}

// config is a scenario of one run against the server.
func (p *peersRun) config(s *scrip, scenario string, connections int) (*bench.Config, error) {
	t, err := s.target()
	return &bench.Config{Scenario: scenario, Target: t, Load: p.load(connections), Runs: 1, Seed: p.nextSeed(), Version: p.report.Versions[systemScrip]}, err
}

// scenario runs one of bench, which audits it.
func (p *peersRun) scenario(ctx context.Context, s *scrip, scenario, load string, connections int, change func(*bench.Config)) error {
	c, err := p.config(s, scenario, connections)
	if err != nil {
		return err
	}
	change(c)
	return p.benched(ctx, c, systemScrip, load)
}

func (p *peersRun) benched(ctx context.Context, c *bench.Config, system, load string) error {
	r, err := bench.Run(ctx, c)
	if err != nil {
		return fmt.Errorf("%s: %w", load, err)
	}
	var audit error
	if len(r.Failures) > 0 {
		audit = errors.New(strings.Join(r.Failures, "; "))
	}
	p.enter(system, load, c.Load.Connections, r.Phases[0].Runs[0], audit)
	return nil
}

func (p *peersRun) batch(c *bench.Config) {
	c.BatchSize, c.Load.Duration, c.Codes = batchSize, p.BatchTime, p.BatchCodes
}

// engine measures batches without HTTP, in this process.
func (p *peersRun) engine(ctx context.Context, dir string) (err error) {
	e, err := engine.Open(engine.Config{Dir: filepath.Join(dir, "data"), Logger: slog.New(slog.DiscardHandler), Version: p.report.Versions[systemScrip]})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	c := &bench.Config{Scenario: "batch", Load: p.load(batchConnections), Runs: 1, Seed: p.nextSeed(),
		Target: bench.Target{Name: "engine", Engine: e, Admin: bench.NewEngineAdmin(e), Durability: syncedLog}}
	p.batch(c)
	c.Codes *= engineBatchTimes
	return p.benched(ctx, c, systemEngine, loadBatch)
}

// refusals asks for what does not exist, and for what is used up.
func (p *peersRun) refusals(ctx context.Context, s *scrip) error {
	peer, err := s.peer()
	if err != nil {
		return err
	}
	for _, c := range p.Connections {
		if c == 1 {
			continue // the goal is about throughput
		}
		unknown := &bench.PeerLoad{Label: loadUnknown, Load: p.load(c), Seed: p.nextSeed(), Count: 1, Guess: true}
		exhausted := &bench.PeerLoad{Label: loadExhausted, Load: p.load(c), Seed: p.nextSeed(), Count: 1}
		if err := s.exhaust(ctx, exhausted.Seed); err != nil {
			return err
		}
		for _, l := range []*bench.PeerLoad{unknown, exhausted} {
			r, told, err := bench.DrivePeer(ctx, peer, l)
			if err != nil {
				return err
			}
			p.enter(systemScrip, l.Label, c, r, onlyRefused(r, told))
		}
	}
	return nil
}

// onlyRefused is the audit of refusals: every request ended as one.
func onlyRefused(r *bench.Result, told *bench.Told) error {
	if told.Acknowledged > 0 || told.Unknown > 0 || len(r.Failures) > 0 {
		return fmt.Errorf("%d succeeded, %d are unknown, failures %v", told.Acknowledged, told.Unknown, r.Failures)
	}
	return nil
}

// exhaust makes the first code of a seed, of one use, and uses it.
func (s *scrip) exhaust(ctx context.Context, seed uint64) error {
	codes := bench.NewCodes(seed)
	code, campaign := codes.Code(0), fmt.Sprintf("exhausted-%d", seed)
	req := &wire.CampaignCreate{Name: campaign, CampaignType: wire.CampaignDiscountCoupons,
		Voucher: &wire.CampaignVoucher{Type: wire.VoucherDiscount, Discount: &wire.Discount{Type: wire.DiscountPercent, PercentOff: wire.Some[wire.Percent](1000)}}}
	req.Voucher.Redemption.Quantity = wire.Some[int64](1)
	if err := s.admin.CreateCampaign(ctx, req); err != nil {
		return err
	}
	if _, err := s.admin.Import(ctx, campaign, strings.NewReader("Code\n"+code+"\n")); err != nil {
		return err
	}
	order := new(wire.Order)
	order.Amount = wire.Some[int64](orderAmount)
	_, err := s.admin.Redeem(ctx, "exhaust-"+code, &wire.RedeemRequest{
		Redeemables: []wire.Redeemable{{Object: wire.ObjectVoucher, ID: code}}, Order: order})
	return err
}

// flood measures what ten times as many guesses do to valid redemptions.
func (p *peersRun) flood(ctx context.Context, s *scrip) error {
	c, err := p.config(s, "guessing", 64)
	if err != nil {
		return err
	}
	r, err := bench.Run(ctx, c)
	if err != nil {
		return fmt.Errorf("guessing: %w", err)
	}
	for _, f := range r.Failures {
		p.report.fail("round %d, guessing: %s", p.round, f)
	}
	for _, f := range r.Figures {
		if f.Name == floodFigure {
			p.report.Flood = append(p.report.Flood, f.Value)
			p.say("  %s: %.2f", f.Name, f.Value)
		}
	}
	return nil
}

// bare measures what HTTP alone costs.
func (p *peersRun) bare(ctx context.Context, dir string) (err error) {
	server, addr, err := startBare(ctx, p.Binary, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.stop(syscall.SIGTERM)) }()
	peer := &bench.Peer{Address: addr, Protocol: func(s *bench.Shape) bench.Protocol { return bench.NewHTTP(addr, bench.Credentials{}, s) }}
	for _, c := range p.Connections {
		r, _, err := bench.DrivePeer(ctx, peer, &bench.PeerLoad{Label: loadAny, Load: p.load(c), Seed: p.nextSeed(), Count: 1})
		if err != nil {
			return err
		}
		p.enter(systemBare, loadAny, c, r, nil)
	}
	return nil
}
