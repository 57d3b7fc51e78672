package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"syscall"
	"time"

	"github.com/scrip-engine/scrip/bench"
	"github.com/scrip-engine/scrip/wire"
)

const (
	// goalTables and goalProcess are bytes for each code.
	goalTables  = 48
	goalProcess = 80
	// goalRestart is in seconds, goalTail and goalPage in milliseconds.
	goalRestart = 10
	goalTail    = 10
	goalPage    = 10
	// goalCost is one redemption with many codes, to few.
	goalCost = 1.15
	// viewsWait is how long the lists may take to know fifty million codes.
	viewsWait = 15 * time.Minute
	// uploadCodes is how many codes go into one upload.
	uploadCodes = 10_000_000
	// loadConnections is what rates are measured with.
	loadConnections = 64
)

// population is a campaign whose codes are a row of indexes of one seed.
type population struct {
	name        string
	seed, count uint64
	singleUse   bool
}

// growth loads one server step by step: many codes for memory, lists, restart and
// latency, then more of them for the cost of one redemption. Memory comes before
// the first redemption, whose journal is no part of a code.
func (r *scaleRun) growth(ctx context.Context, dir string) (err error) {
	s, err := startScrip(ctx, r.Binary, filepath.Join(dir, "data"))
	if err != nil {
		return err
	}
	defer func() {
		if s != nil {
			err = errors.Join(err, s.stop())
		}
	}()
	hot := &population{name: "hot", seed: r.nextSeed(), count: r.Few}
	many := &population{name: "many", seed: r.nextSeed(), count: r.Codes - r.Few, singleUse: true}
	more := &population{name: "more", seed: r.nextSeed(), count: r.More - r.Codes}
	for _, p := range []*population{hot, many} {
		if err := r.populate(ctx, s, p); err != nil {
			return err
		}
	}
	if err := errors.Join(r.memory(ctx, s, "after the import"), r.lists(ctx, s, many)); err != nil {
		return err
	}
	if s, err = r.restart(ctx, s, hot, "after an orderly stop", syscall.SIGTERM); err != nil {
		return err
	}
	if err := errors.Join(r.memory(ctx, s, "after a restart"), r.tail(ctx, s, hot)); err != nil {
		return err
	}
	if s, err = r.restart(ctx, s, hot, "after a kill", syscall.SIGKILL); err != nil {
		return err
	}
	if err := r.populate(ctx, s, more); err != nil {
		return err
	}
	if err := r.compare(ctx, s, more, dir); err != nil {
		return err
	}
	ended := s.stop()
	if s = nil; ended != nil {
		return ended
	}
	return r.compareInProcess(ctx, dir, more)
}

// compare measures the full server and a new one with few codes in turn.
func (r *scaleRun) compare(ctx context.Context, full *scrip, more *population, dir string) (err error) {
	s, err := startScrip(ctx, r.Binary, filepath.Join(dir, "few"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	few := &population{name: "few", seed: r.nextSeed(), count: r.Few}
	if err := r.populate(ctx, s, few); err != nil {
		return err
	}
	var before, after []float64
	for range r.Runs {
		a, err := r.redeem(ctx, s, few)
		if err != nil {
			return err
		}
		b, err := r.redeem(ctx, full, more)
		if err != nil {
			return err
		}
		before, after = append(before, a), append(after, b)
	}
	r.cost("over HTTP", before, after)
	return nil
}

// populate makes a campaign and its codes, and waits until the lists know them,
// so that nothing of it is left to do when something is measured.
func (r *scaleRun) populate(ctx context.Context, s *scrip, p *population) error {
	began := time.Now()
	if err := p.make(ctx, s.admin); err != nil {
		return err
	}
	imported := time.Since(began)
	err := s.await(ctx, viewsWait, func(ctx context.Context) error {
		n, err := s.admin.CountCodes(ctx, p.name)
		if err == nil && n < int64(p.count) {
			err = fmt.Errorf("the lists know %d of %d codes", n, p.count)
		}
		return err
	})
	r.note("import of %s codes: %.1f s (%s a second); the lists know them %.1f s after that", thousands(float64(p.count)),
		imported.Seconds(), thousands(float64(p.count)/imported.Seconds()), (time.Since(began) - imported).Seconds())
	return err
}

func (p *population) make(ctx context.Context, a bench.Admin) error {
	req := &wire.CampaignCreate{Name: p.name, CampaignType: wire.CampaignDiscountCoupons,
		Voucher: &wire.CampaignVoucher{Type: wire.VoucherDiscount, Discount: &wire.Discount{Type: wire.DiscountPercent, PercentOff: wire.Some[wire.Percent](1000)}}}
	req.Voucher.Redemption.Quantity = wire.Cleared[int64]()
	if p.singleUse {
		req.Voucher.Redemption.Quantity = wire.Some[int64](1)
	}
	if err := a.CreateCampaign(ctx, req); err != nil {
		return err
	}
	for done := uint64(0); done < p.count; {
		n := min(uploadCodes, p.count-done)
		result, err := a.Import(ctx, p.name, bench.CSV(bench.NewCodes(p.seed), done, n))
		if err != nil {
			return fmt.Errorf("import into %s: %w", p.name, err)
		}
		if result == nil || result.DoneCount != int64(n) {
			return fmt.Errorf("import into %s: of %d codes not all were made: %+v", p.name, n, result)
		}
		done += n
	}
	return nil
}

// peerLoad redeems codes of a population drawn at random.
func (r *scaleRun) peerLoad(p *population, connections int) *bench.PeerLoad {
	return &bench.PeerLoad{Label: p.name, Seed: p.seed, Keys: r.nextSeed(), Count: p.count, Load: bench.Load{
		Connections: connections, Threads: 1, WarmUp: r.WarmUp, Duration: r.Duration, Timeout: answerWait, Grace: answerWait}}
}

// redeem measures redemptions a second in a closed loop.
func (r *scaleRun) redeem(ctx context.Context, s *scrip, p *population) (rate float64, err error) {
	peer, err := s.peer()
	if err != nil {
		return 0, err
	}
	result, err := r.audited(ctx, s, peer, r.peerLoad(p, loadConnections))
	if err != nil {
		return 0, err
	}
	say("%s: %s redemptions/s over HTTP", p.name, thousands(result.RedemptionRate))
	return result.RedemptionRate, nil
}

// audited is a run after which the lists must know exactly what was acknowledged.
func (r *scaleRun) audited(ctx context.Context, s *scrip, peer *bench.Peer, l *bench.PeerLoad) (*bench.Result, error) {
	had, err := s.admin.Count(ctx, l.Label)
	if err != nil {
		return nil, err
	}
	result, told, err := bench.DrivePeer(ctx, peer, l)
	if err != nil {
		return nil, err
	}
	var used int64
	err = s.await(ctx, viewsWait, func(ctx context.Context) error {
		n, err := s.admin.Count(ctx, l.Label)
		if used = n - had; err == nil && used < told.Acknowledged {
			err = fmt.Errorf("%d redemptions were acknowledged, the lists know %d", told.Acknowledged, used)
		}
		return err
	})
	if err == nil {
		err = balance(told, used)
	}
	if err != nil {
		r.fail("%s: %v", l.Label, err)
	}
	return result, nil
}

// cost compares the time of one redemption with many codes and with few.
func (r *scaleRun) cost(how string, few, more []float64) {
	var times []float64
	for i := range min(len(few), len(more)) {
		if more[i] > 0 {
			times = append(times, few[i]/more[i])
		}
	}
	r.goal("N10", fmt.Sprintf("one redemption with %s codes, %s: to the same with %s", thousands(float64(r.More)), how, thousands(float64(r.Few))),
		goalCost, "", times...)
}

// state is what the server says of itself.
type state struct {
	Groups []struct {
		Name       string `json:"name"`
		LogBytes   int64  `json:"log_bytes"`
		ImageIndex uint64 `json:"image_index"`
	} `json:"groups"`
	Shards []struct {
		Codes      int64            `json:"codes"`
		TableBytes map[string]int64 `json:"table_bytes"`
	} `json:"shards"`
}

func (s *scrip) state(ctx context.Context) (*state, error) {
	text, err := s.ops(ctx, "/status")
	if err != nil {
		return nil, err
	}
	out := new(state)
	if err := json.Unmarshal([]byte(text), out); err != nil {
		return nil, fmt.Errorf("/status: %w", err)
	}
	return out, nil
}

// memory compares the tables and the process with the number of codes.
func (r *scaleRun) memory(ctx context.Context, s *scrip, when string) error {
	st, err := s.state(ctx)
	if err != nil {
		return err
	}
	resident, err := residentBytes(s.cmd.Process.Pid)
	if err != nil {
		return err
	}
	codes, tables := int64(0), int64(0)
	for _, shard := range st.Shards {
		codes += shard.Codes
		for _, table := range []string{"codes", "sides", "indexes"} {
			tables += shard.TableBytes[table]
		}
		r.note("%s, bytes by table: %v", when, shard.TableBytes) // printed in the order of names
	}
	if codes == 0 {
		return errors.New("the server says that it has no codes")
	}
	what := fmt.Sprintf("of %s single-use codes, %s", thousands(float64(codes)), when)
	r.goal("N7", "bytes in tables for each "+what, goalTables, " B", float64(tables)/float64(codes))
	r.goal("N7", "bytes of the whole process for each "+what, goalProcess, " B", float64(resident)/float64(codes))
	return nil
}

// restart ends the server by a signal and takes the time until it is ready again.
// What the lists knew they know again.
func (r *scaleRun) restart(ctx context.Context, s *scrip, p *population, what string, by syscall.Signal) (*scrip, error) {
	had, err := s.admin.Count(ctx, p.name)
	if err != nil {
		return s, err
	}
	s.release()
	if err := s.process.stop(by); err != nil && by != syscall.SIGKILL {
		return nil, err
	}
	began := time.Now()
	again, err := startScrip(ctx, r.Binary, s.data)
	if err != nil {
		return nil, err
	}
	r.goal("N8", fmt.Sprintf("restart with %s codes until ready, %s", thousands(float64(r.Codes)), what), goalRestart, " s", time.Since(began).Seconds())
	return again, again.await(ctx, viewsWait, func(ctx context.Context) error {
		n, err := again.admin.Count(ctx, p.name)
		if err == nil && n < had {
			err = fmt.Errorf("%s the lists know %d of %d redemptions", what, n, had)
		}
		return err
	})
}
