package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/scrip-engine/scrip/bench"
)

// The goals of jobs, in seconds.
const (
	goalGenerate     = 0.5
	goalGenerateMany = 3
	goalImport       = 4
)

// jobs times what makes codes, each until all of them can be redeemed.
func (r *scaleRun) jobs(ctx context.Context, dir string) (err error) {
	s, err := startScrip(ctx, r.Binary, filepath.Join(dir, "data"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	goals := []float64{goalGenerate, goalGenerateMany}
	for i, n := range r.Generate {
		if err := r.job(ctx, s, "generate", n, goals[i]); err != nil {
			return err
		}
	}
	return r.job(ctx, s, "import", r.Import, goalImport)
}

// job times one kind, several times.
func (r *scaleRun) job(ctx context.Context, s *scrip, scenario string, codes uint64, want float64) error {
	t, err := s.target()
	if err != nil {
		return err
	}
	report, err := bench.Run(ctx, &bench.Config{Scenario: scenario, Target: t, Runs: r.Runs, Codes: codes, Seed: r.nextSeed(),
		Load: bench.Load{Connections: 1, Threads: 1, Duration: r.Duration, Timeout: answerWait}})
	if err != nil {
		return fmt.Errorf("%s of %d: %w", scenario, codes, err)
	}
	if len(report.Failures) > 0 {
		r.fail("%s of %d: %s", scenario, codes, strings.Join(report.Failures, "; "))
	}
	var seconds []float64
	for _, run := range report.Phases[0].Runs {
		seconds = append(seconds, run.Seconds)
	}
	r.goal("N9", fmt.Sprintf("%s of %s codes, until the last is redeemable", scenario, thousands(float64(codes))), want, " s", seconds...)
	return nil
}
