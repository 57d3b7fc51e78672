package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// built is the program; `make test` builds it.
func built(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs("../../bin/scrip")
	if err == nil {
		_, err = os.Stat(path)
	}
	if err != nil {
		t.Fatalf("%v: run `make build` first", err)
	}
	return path
}

// Without this the report could lack one of Scrip's own loads on the day of the
// measurement.
func TestScripTurn(t *testing.T) {
	p := tiny(t)
	p.Binary = built(t)
	for name, turn := range map[string]func(context.Context, string) error{systemScrip: p.scrip, systemBare: p.bare} { // order: neither knows of the other
		if err := p.inDirectory(t.Context(), name, turn); err != nil {
			t.Fatal(err)
		}
	}
	// Four loads at each of two numbers of connections, batches, two kinds of
	// refusals at the larger one; the bare handler at both.
	p.clean(t, 4*2+1+2+2)
	if len(p.report.Flood) != 1 {
		t.Errorf("the effect of a flood: %v", p.report.Flood)
	}
}

// Without this the long measurement could fail at its last step, a quarter of an
// hour after it began.
func TestScaleAsAWhole(t *testing.T) {
	r, err := measureScale(t.Context(), scaleSettings{Binary: built(t), Dir: t.TempDir(), Codes: 3000, More: 5000, Few: 1000,
		Generate: []uint64{500, 1000}, Import: 1000, Runs: 1, Duration: 200 * time.Millisecond, Steady: 200 * time.Millisecond}, "make bench-scale")
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Failures) > 0 {
		t.Error(r.Failures)
	}
	for i := range r.Goals {
		if g := &r.Goals[i]; g.Missing || g.Value <= 0 {
			t.Errorf("%s, %s: %+v", g.Name, g.What, g)
		}
	}
	// Three of N9, two twice of N7, two each of N12, N8 and N10, one of N5.
	if len(r.Goals) != 3+4+2+2+2+1 {
		t.Errorf("%d goals: %+v", len(r.Goals), r.Goals)
	}
}
