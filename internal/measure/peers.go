package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"time"

	"github.com/scrip-engine/scrip/bench"
)

// The systems, by the names that reports give them.
const (
	systemScrip    = "Scrip"
	systemEngine   = "Scrip, in process"
	systemBare     = "bare handler"
	systemRedis    = "Redis"
	systemRedisOwn = "Redis (redis-benchmark)"
	systemPostgres = "PostgreSQL"
)

// The loads.
const (
	loadHot       = "one hot code"
	loadCustomer  = "one hot code, limit by customer"
	loadFull      = "one hot code, full answer"
	loadUnique    = "unique codes"
	loadBatch     = "batches of 100 unique codes"
	loadUnknown   = "refusals: unknown code"
	loadExhausted = "refusals: exhausted code"
	loadAny       = "any request"
)

const (
	// orderAmount is that of bench's own orders.
	orderAmount = 10_000
	// customersNamed in turn: enough that no counter is always in the cache.
	customersNamed = 100_000
	// answerWait is how long an answer may take, and how long the answers under way
	// at the end may still come.
	answerWait = 10 * time.Second
)

// peersSettings are what the flags of `measure peers` say.
type peersSettings struct {
	Binary   string        `json:"-"`
	Dir      string        `json:"-"`
	Rounds   int           `json:"rounds"`
	Duration time.Duration `json:"duration"`
	WarmUp   time.Duration `json:"warm_up"`
	// Connections of the loads; 1 is for latency.
	Connections []int `json:"connections"`
	// BatchTime is shorter: a batch uses codes up a hundred times as fast, and all
	// of them are imported before and listed after.
	BatchTime  time.Duration `json:"batch_duration"`
	BatchCodes uint64        `json:"batch_codes"`
	Quick      bool          `json:"quick"`
	// Only names one system; empty is all.
	Only string `json:"only,omitempty"`
}

// peersRun is a measurement under way.
type peersRun struct {
	peersSettings
	report *peersReport
	round  int
	seed   uint64
	say    func(format string, args ...any)
}

// run carries out all rounds.
func (p *peersRun) run(ctx context.Context) error {
	if err := onDisk(p.Dir); err != nil {
		return err
	}
	for p.round = 1; p.round <= p.Rounds; p.round++ {
		if err := p.device(ctx); err != nil {
			return err
		}
		for _, system := range []struct {
			name string
			do   func(context.Context, string) error
		}{
			{systemScrip, p.scrip}, {systemEngine, p.engine}, {systemBare, p.bare}, {systemRedis, p.redis}, {systemPostgres, p.postgres},
		} {
			if p.Only != "" && p.Only != system.name {
				continue
			}
			err := p.inDirectory(ctx, system.name, system.do)
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if err != nil { // what the others did is still worth its report
				p.report.fail("round %d, %s: the turn broke off: %v", p.round, system.name, err)
				p.say("%s: FAILED: %v", system.name, err)
			}
		}
	}
	return p.device(ctx) // after the last round
}

// inDirectory gives a system an empty directory for its turn.
func (p *peersRun) inDirectory(ctx context.Context, name string, do func(context.Context, string) error) error {
	dir, err := os.MkdirTemp(p.Dir, "turn-")
	if err != nil {
		return err
	}
	p.say("round %d of %d: %s", p.round, p.Rounds, name)
	err = do(ctx, dir)
	return errors.Join(err, os.RemoveAll(dir), removeIfThere(dir+".log"))
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return err
	}
	return nil
}

// device takes the time of fdatasync on the disk of the data.
func (p *peersRun) device(ctx context.Context) error {
	d, err := bench.MeasureDevice(ctx, p.Dir)
	if err == nil {
		p.report.Device = append(p.report.Device, *d)
	}
	return err
}

// load shapes a closed loop.
func (p *peersRun) load(connections int) bench.Load {
	return bench.Load{Connections: connections, Threads: 1, WarmUp: p.WarmUp, Duration: p.Duration, Timeout: answerWait, Grace: answerWait}
}

// nextSeed makes new codes and keys for every run.
func (p *peersRun) nextSeed() uint64 { p.seed++; return p.seed }

// peerLoad is one of the loads that every peer knows.
func (p *peersRun) peerLoad(name string, connections int, rateMax uint64) *bench.PeerLoad {
	l := &bench.PeerLoad{Label: name, Load: p.load(connections), Seed: p.nextSeed(), Count: 1}
	switch name {
	case loadCustomer:
		l.Customers = customersNamed
	case loadUnique:
		l.Unique, l.Count = true, p.codesFor(connections, rateMax)
	}
	return l
}

// codesFor is how many unique codes a run may use up, generously: what one
// connection can ask for, or the rate that a system never exceeded.
func (p *peersRun) codesFor(connections int, rateMax uint64) uint64 {
	perSecond := min(rateMax, 10_000*uint64(connections))
	return uint64((p.WarmUp+p.Duration).Seconds()*float64(perSecond)) + 1000
}

// have reports whether a program is installed; else the report says how to get it.
func (p *peersRun) have(program, hint string) bool {
	if _, err := exec.LookPath(program); err == nil {
		return true
	}
	p.missing(hint)
	return false
}

func (p *peersRun) missing(hint string) {
	if p.round == 1 {
		p.say("%s", hint)
		p.report.NotMeasured = append(p.report.NotMeasured, hint)
	}
}

// enter books one run and its audit. A finding of the audit fails the measurement,
// not the program.
func (p *peersRun) enter(system, load string, connections int, r *bench.Result, audit error) {
	s := sampleOf(p.round, r)
	if audit != nil {
		s.Failure = audit.Error()
		p.report.fail("round %d, %s, %s, %d connections: %v", p.round, system, load, connections, audit)
	}
	p.report.cell(system, load, connections).Runs = append(p.report.cell(system, load, connections).Runs, s)
	p.say("  %-32s %3d connections: %s redemptions/s, %s answers/s, p50 %.3f ms, p99 %.3f ms%s", load, connections,
		thousands(s.Rate), thousands(s.Answers), s.P50, s.P99, failureText(s.Failure))
}

func failureText(f string) string {
	if f == "" {
		return ""
	}
	return "; FAILED: " + f
}
