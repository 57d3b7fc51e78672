package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/scrip-engine/scrip/bench"
)

// benchCmd measures a server, and checks what it answered.
type benchCmd struct {
	Scenario string `arg:"" optional:"" help:"What to do; listed above." default:"redeem"`

	Target   string `help:"What to measure: spawn (this program, on a temporary data directory), engine (in this process, without HTTP), bare (a handler that does nothing), or the address of a server." default:"spawn" placeholder:"TARGET"`
	AppID    string `name:"app-id" help:"Server key for an address; without it, DATA/credentials.json is read." env:"SCRIP_APP_ID"`
	AppToken secret `name:"app-token" help:"Its token, as @FILE; better SCRIP_APP_TOKEN or the configuration file." placeholder:"@FILE" env:"SCRIP_APP_TOKEN"`
	Data     string `help:"Data directory of a server given by address, for its credentials and to measure its device." placeholder:"DIR" env:"SCRIP_DATA"`
	Dir      string `help:"Where temporary data directories are made; the system's directory for such if empty." placeholder:"DIR" type:"path"`
	Shards   int    `help:"Shards of a temporary data directory." default:"0"`

	Connections int           `short:"c" help:"Connections, or callers in process." default:"64"`
	Threads     int           `help:"Threads of the generator." default:"1"`
	Rate        float64       `help:"Arrivals a second, whether or not the server keeps up; 0: each connection asks as soon as it was answered."`
	Arrivals    string        `help:"How arrivals are spread: poisson, constant, burst." enum:"poisson,constant,burst" default:"poisson"`
	Burst       int           `help:"Arrivals at once, with --arrivals=burst." default:"100"`
	Duration    time.Duration `short:"d" help:"Measured time of a run." default:"10s"`
	WarmUp      time.Duration `help:"Time before it that is not measured." default:"2s"`
	Runs        int           `help:"How many runs." default:"3"`
	Requests    int64         `help:"End a run after so many requests."`
	Wait        time.Duration `help:"How long to wait for an answer." default:"10s"`

	Codes     uint64             `help:"Codes of all runs together; 0 is the scenario's own number."`
	Limit     int64              `help:"Uses of the one code of flash-sale." default:"10000"`
	Crowd     int64              `help:"Customers for each of those uses." default:"10"`
	Zipf      float64            `help:"Make some codes hotter than others, by this exponent above 1; 0 is uniform."`
	Customers uint64             `help:"Name so many customers in turn; 0 names nobody."`
	BatchSize uint64             `help:"Redemptions in a batch." default:"100"`
	Balance   int64              `help:"Balance of a gift card, in minor units; 0 is the scenario's own." default:"0"`
	Share     map[string]float64 `help:"Shares of mixed: redeem, validate, rollback, list-first." placeholder:"KIND=SHARE"`
	Full      bool               `help:"Ask for whole answers instead of minimal ones."`

	FailIf   []string `name:"fail-if" help:"Fail if so, as in p99>50ms, redeem.p99.9>=0.2s, rate<20000, unknown>0. Percentiles and rates are the median of the runs, counts their sum." placeholder:"CONDITION" sep:";"`
	HTML     string   `name:"html" help:"Also write the report as one HTML page." placeholder:"FILE" type:"path"`
	Seed     uint64   `help:"Seed of all that is drawn; 0 draws one." default:"0"`
	Portable bool     `help:"Take the portable driver, a goroutine a connection, where there is an epoll loop." hidden:""`
}

// Help adds what does not fit in a line each.
func (c *benchCmd) Help() string {
	var b strings.Builder
	b.WriteString("After each run an audit asks again for every unknown outcome, lists all redemptions, and fails the run if one is missing, double, or beyond a limit.\n\nScenarios:\n")
	for _, name := range bench.Scenarios() {
		fmt.Fprintf(&b, "  %-11s %s\n", name, bench.About(name))
	}
	return b.String()
}

func (c *benchCmd) Run(a *app) (err error) {
	conditions, err := bench.ParseConditions(c.FailIf)
	if err != nil {
		return usage(fmt.Errorf("--fail-if: %w", err))
	}
	config, err := c.config(a)
	if err != nil {
		return usage(err)
	}
	target, closeTarget, err := c.target(a)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeTarget()) }()
	config.Target = *target
	stop := a.watchBench(config)
	report, err := bench.Run(a.ctx, config)
	stop()
	if err != nil {
		return err
	}
	report.Judge(conditions)
	return c.publish(a, report)
}

// config is the measurement but for its target.
func (c *benchCmd) config(a *app) (*bench.Config, error) {
	arrivals, err := bench.ParseArrivals(c.Arrivals)
	if err != nil {
		return nil, err
	}
	shares, err := bench.ParseShares(c.Share)
	if err != nil {
		return nil, fmt.Errorf("--share: %w", err)
	}
	if !slices.Contains(bench.Scenarios(), c.Scenario) {
		return nil, fmt.Errorf("%q is none of the scenarios %s", c.Scenario, strings.Join(bench.Scenarios(), ", "))
	}
	if c.Seed == 0 {
		c.Seed = rand.Uint64() >> 1
	}
	config := &bench.Config{
		Scenario: c.Scenario, Runs: c.Runs, Codes: c.Codes, Limit: c.Limit, Crowd: c.Crowd, Zipf: c.Zipf, Customers: c.Customers,
		BatchSize: c.BatchSize, Balance: c.Balance, Shares: shares, Full: c.Full, Portable: c.Portable, Seed: c.Seed, Version: version,
		Load: bench.Load{
			Connections: c.Connections, Threads: min(c.Threads, c.Connections), Rate: c.Rate, Arrivals: arrivals, BurstSize: c.Burst,
			Requests: c.Requests, WarmUp: c.WarmUp, Duration: c.Duration, Timeout: c.Wait, Grace: c.Wait,
		},
		Say: a.say,
	}
	return config, config.Load.Check()
}

// publish writes the report in every form that was asked for. A run that failed
// is shown all the same.
func (c *benchCmd) publish(a *app, r *bench.Report) error {
	if c.HTML != "" {
		var page strings.Builder
		if err := bench.WriteHTML(&page, r); err != nil {
			return fmt.Errorf("--html: %w", err)
		}
		if err := os.WriteFile(c.HTML, []byte(page.String()), 0o644); err != nil {
			return fmt.Errorf("--html: %w", err)
		}
	}
	var err error
	if a.json {
		err = a.line(r, "  ")
	} else {
		err = bench.WriteTable(a.out, r)
	}
	if err == nil && len(r.Failures) > 0 {
		err = fmt.Errorf("the measurement failed: %s", strings.Join(r.Failures, "; "))
	}
	return err
}
