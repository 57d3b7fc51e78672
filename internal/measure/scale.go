package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/scrip-engine/scrip/bench"
)

// scaleSettings are what the flags of `measure scale` say.
type scaleSettings struct {
	Binary string `json:"-"`
	Dir    string `json:"-"`
	// Codes is what memory, restart and lists are about; More is what one redemption
	// is measured with, against Few.
	Codes, More, Few uint64
	// Generate and Import are the jobs that are timed.
	Generate []uint64
	Import   uint64
	Runs     int
	Duration time.Duration
	// Steady is how long the latency at half of the highest load is watched: long
	// enough that an image is written meanwhile.
	Steady time.Duration
	WarmUp time.Duration
	Quick  bool
}

// scaleReport is what `measure scale` found.
type scaleReport struct {
	Began    time.Time       `json:"began"`
	Machine  bench.Machine   `json:"machine"`
	Commit   string          `json:"commit"`
	Command  string          `json:"command"`
	Version  string          `json:"version"`
	Settings scaleSettings   `json:"settings"`
	Device   bench.Fdatasync `json:"fdatasync"`
	Goals    []goal          `json:"goals"`
	// Notes are figures without a goal.
	Notes       []string `json:"notes,omitempty"`
	NotMeasured []string `json:"not_measured,omitempty"`
	Failures    []string `json:"failures,omitempty"`
}

func scaleCommand(ctx context.Context, args []string) error {
	var c common
	f := flag.NewFlagSet("measure scale", flag.ContinueOnError)
	c.add(f, "scale")
	codes := f.Uint64("codes", 10_000_000, "codes for memory, restart and lists")
	more := f.Uint64("more", 50_000_000, "codes for the cost of one redemption")
	few := f.Uint64("few", 100_000, "codes that this is held against")
	duration := f.Duration("duration", 3*time.Second, "measured time of a run")
	if err := f.Parse(args); err != nil {
		return err
	}
	if err := c.settle(f); err != nil {
		return err
	}
	s := scaleSettings{Binary: c.binary, Dir: c.dir, Codes: *codes, More: *more, Few: *few, Generate: []uint64{100_000, 1_000_000},
		Import: 1_000_000, Runs: 3, Duration: *duration, Steady: 15 * time.Second, WarmUp: time.Second, Quick: c.quick}
	if c.quick {
		s.Codes, s.More, s.Few, s.Generate, s.Import = *codes/50, *more/100, *few/5, []uint64{5_000, 20_000}, 20_000
		s.Runs, s.Duration, s.Steady, s.WarmUp = 2, 600*time.Millisecond, 2*time.Second, 200*time.Millisecond
	}
	r, err := measureScale(ctx, s, commandLine("make bench-scale", args))
	if err != nil {
		return err
	}
	return c.publish(r, partScale, r.markdown(), r.Failures)
}

// measureScale is the whole measurement.
func measureScale(ctx context.Context, s scaleSettings, command string) (_ *scaleReport, err error) {
	if err := onDisk(s.Dir); err != nil {
		return nil, err
	}
	if s.More <= s.Codes {
		return nil, fmt.Errorf("-more %d is not above -codes %d", s.More, s.Codes)
	}
	version, err := programVersion(ctx, s.Binary)
	if err != nil {
		return nil, err
	}
	device, err := bench.MeasureDevice(ctx, s.Dir)
	if err != nil {
		return nil, err
	}
	r := &scaleReport{Began: time.Now().UTC().Truncate(time.Second), Machine: bench.ThisMachine(), Commit: commit(ctx), Command: command,
		Version: version, Settings: s, Device: *device, NotMeasured: []string{
			"N8, the leader of three nodes killed: this is one node", "N11, three nodes against three of etcd: this is one node"}}
	run := &scaleRun{scaleSettings: s, report: r, seed: uint64(time.Now().UnixNano())}
	for _, part := range []func(context.Context, string) error{run.jobs, run.growth} {
		dir, err := os.MkdirTemp(s.Dir, "scale-")
		if err != nil {
			return nil, err
		}
		err = errors.Join(part(ctx, dir), os.RemoveAll(dir))
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if err != nil { // what was measured before is still worth its report
			run.fail("broke off: %v", err)
		}
	}
	return r, nil
}

// markdown is the report as a part of the page.
func (r *scaleReport) markdown() string {
	var b strings.Builder
	line := func(format string, args ...any) { _, _ = fmt.Fprintf(&b, format+"\n", args...) } // into memory: cannot fail
	writeHead(line, r.Began.Format("2006-01-02 15:04 MST"), &r.Machine, r.Commit, r.Command)
	line("- Scrip: %s", r.Version)
	line("- fdatasync of 4 KiB appended, p50 / p99 in ms: %s", deviceText([]bench.Fdatasync{r.Device}))
	line("- %s codes for memory, restart and lists; %s against %s codes for the cost of a redemption%s\n",
		thousands(float64(r.Settings.Codes)), thousands(float64(r.Settings.More)), thousands(float64(r.Settings.Few)), quickText(r.Settings.Quick))
	writeGoals(line, r.Goals)
	writeList(line, "Beside the goals", r.Notes)
	writeList(line, "Not measured", r.NotMeasured)
	writeList(line, "Failed", r.Failures)
	return b.String()
}

// scaleRun is a measurement under way.
type scaleRun struct {
	scaleSettings
	report *scaleReport
	seed   uint64
}

func (r *scaleRun) nextSeed() uint64 { r.seed++; return r.seed }

func (r *scaleRun) goal(name, what string, want float64, unit string, values ...float64) {
	g := newGoal(name, what, want, true, unit, values)
	r.report.Goals = append(r.report.Goals, g)
	say("%s, %s: %s%s (%s–%s)", name, what, short(g.Value), unit, short(g.Low), short(g.High))
}

func (r *scaleRun) note(format string, args ...any) {
	r.report.Notes = append(r.report.Notes, fmt.Sprintf(format, args...))
	say(format, args...)
}

func (r *scaleRun) fail(format string, args ...any) {
	r.report.Failures = append(r.report.Failures, fmt.Sprintf(format, args...))
	say("FAILED: "+format, args...)
}
