package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/scrip-engine/scrip/bench"
)

// pageDefault is the page that measurements write into.
const pageDefault = "docs/BENCHMARKS.md"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := command(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "measure:", err)
		os.Exit(1)
	}
}

// command runs one of the two measurements.
func command(ctx context.Context, args []string) error {
	if len(args) > 0 && args[0] == "peers" {
		return peersCommand(ctx, args[1:])
	}
	if len(args) > 0 && args[0] == "scale" {
		return scaleCommand(ctx, args[1:])
	}
	return errors.New("usage: measure peers|scale [flags]; -h after either lists its flags")
}

// common are the flags of both.
type common struct {
	binary, dir, page, json string
	quick                   bool
}

func (c *common) add(f *flag.FlagSet, name string) {
	f.StringVar(&c.binary, "scrip", "bin/scrip", "the built program")
	f.StringVar(&c.dir, "dir", "tmp/measure", "an existing or new directory for the data, on a disk")
	f.StringVar(&c.page, "page", pageDefault, "the page to write into; empty for none")
	f.StringVar(&c.json, "json", "tmp/bench-"+name+".json", "the file for all figures")
	f.BoolVar(&c.quick, "quick", false, "short runs, to see that all works; the page is left as it is unless -page is given")
}

// settle makes paths whole, so that servers may have other working directories.
func (c *common) settle(f *flag.FlagSet) (err error) {
	if c.quick {
		asked := false
		f.Visit(func(one *flag.Flag) { asked = asked || one.Name == "page" })
		if !asked {
			c.page = ""
		}
	}
	if c.binary, err = filepath.Abs(c.binary); err != nil {
		return err
	}
	if c.dir, err = filepath.Abs(c.dir); err != nil {
		return err
	}
	return os.MkdirAll(c.dir, 0o755)
}

func say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, time.Now().Format("15:04:05 ")+format+"\n", args...)
}

func peersCommand(ctx context.Context, args []string) error {
	var c common
	f := flag.NewFlagSet("measure peers", flag.ContinueOnError)
	c.add(f, "peers")
	rounds := f.Int("rounds", 3, "how often all take their turn")
	duration := f.Duration("duration", 3*time.Second, "measured time of a run")
	only := f.String("only", "", "one system, by its name in the report")
	if err := f.Parse(args); err != nil {
		return err
	}
	if err := c.settle(f); err != nil {
		return err
	}
	s := peersSettings{Binary: c.binary, Dir: c.dir, Rounds: *rounds, Duration: *duration, WarmUp: time.Second,
		Connections: []int{1, 64, 256}, BatchTime: time.Second, BatchCodes: 800_000, Quick: c.quick, Only: *only}
	if c.quick {
		s.Duration, s.WarmUp, s.BatchTime, s.BatchCodes = 600*time.Millisecond, 200*time.Millisecond, 300*time.Millisecond, 150_000
	}
	r, err := measurePeers(ctx, s, commandLine("make bench-peers", args))
	if err != nil {
		return err
	}
	if !c.quick && *only == "" {
		if r.Stages, err = measureStages(ctx, "."); err != nil {
			return err
		}
		if c.page != "" {
			if err := rewrite(c.page, partStages, stagesMarkdown(r.Stages)); err != nil {
				return err
			}
		}
	}
	return c.publish(r, partPeers, r.markdown(), r.Failures)
}

// measurePeers is the whole measurement.
func measurePeers(ctx context.Context, s peersSettings, command string) (*peersReport, error) {
	v, err := programVersion(ctx, s.Binary)
	if err != nil {
		return nil, err
	}
	r := &peersReport{Began: time.Now().UTC().Truncate(time.Second), Machine: bench.ThisMachine(), Commit: commit(ctx), Command: command,
		Versions: map[string]string{systemScrip: v}, Settings: s}
	p := &peersRun{peersSettings: s, report: r, seed: uint64(time.Now().UnixNano()), say: say}
	if err := p.run(ctx); err != nil {
		return nil, err
	}
	r.conclude()
	return r, nil
}

// publish writes all figures, the part of the page, and the same to the terminal.
func (c *common) publish(report any, part, text string, failures []string) error {
	all, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(c.json), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(c.json, append(all, '\n'), 0o644); err != nil {
		return err
	}
	if _, err := fmt.Println(text); err != nil {
		return err
	}
	if c.page != "" {
		if err := rewrite(c.page, part, text); err != nil {
			return err
		}
	}
	if len(failures) > 0 {
		return fmt.Errorf("the measurement failed: %s", strings.Join(failures, "; "))
	}
	return nil
}

// commandLine is how to repeat a measurement.
func commandLine(target string, args []string) string {
	if len(args) == 0 {
		return target
	}
	return target + " BENCH_FLAGS='" + strings.Join(args, " ") + "'"
}

// commit is that of the working tree, as git describes it.
func commit(ctx context.Context) string {
	out, err := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty", "--abbrev=12").Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}
