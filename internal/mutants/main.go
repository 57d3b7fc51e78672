package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

const (
	// mutantTimeout is for building and running one test; building from nothing
	// is most of it.
	mutantTimeout = 15 * time.Minute
	// testTimeout is for the test alone. One that stands for a promise takes
	// seconds; one that a mutant makes hang is cut off here.
	testTimeout = "3m"
	// outputLinesMax is how much of go test's output is shown for a mutant that
	// was not caught.
	outputLinesMax = 40
)

func main() {
	listName := flag.String("list", "internal/mutants/mutants.txt", "the list of mutants, relative to -root")
	rootName := flag.String("root", ".", "the root of the tree")
	only := flag.String("only", "", "run only the mutants whose names match this expression")
	flag.Parse()
	// Interrupted, it still removes its files and ends the test it started.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := runList(ctx, os.Stdout, *rootName, *listName, *only)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

// runList runs the mutants of a list and prints a line for each; it returns an
// error unless all were caught.
func runList(ctx context.Context, out io.Writer, root, listName, only string) error {
	wanted, err := regexp.Compile(only)
	if err != nil {
		return fmt.Errorf("-only: %w", err)
	}
	text, err := os.ReadFile(filepath.Join(root, listName))
	if err != nil {
		return err
	}
	list, err := parse(string(text))
	if err != nil {
		return fmt.Errorf("%s: %w", listName, err)
	}
	r := runner{root: root, timeout: mutantTimeout}
	caught, missed := 0, 0
	for _, m := range list {
		if !wanted.MatchString(m.name) {
			continue
		}
		start := time.Now()
		v, err := r.run(ctx, m)
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		if ctx.Err() != nil {
			return errors.New("interrupted")
		}
		if v.caught {
			caught++
		} else {
			missed++
		}
		printVerdict(out, m, v, time.Since(start))
	}
	fmt.Fprintf(out, "mutants: %d caught, %d missed\n", caught, missed)
	switch {
	case caught+missed == 0:
		return fmt.Errorf("no mutant in %s matches %q", listName, only)
	case missed > 0:
		return fmt.Errorf("%d not caught: mend the test, or bring the entry in %s up to date", missed, listName)
	}
	return nil
}

func printVerdict(out io.Writer, m mutant, v verdict, took time.Duration) {
	what := "caught by " + strings.Join(v.tests, ", ")
	if !v.caught {
		what = "NOT CAUGHT: " + v.why
	}
	fmt.Fprintf(out, "%-3s %-40s %s (%.1fs)\n", m.promise(), m.name, what, took.Seconds())
	if v.caught {
		return
	}
	fmt.Fprintf(out, "    %s\n", m.breaks)
	lines := strings.Split(strings.TrimSpace(v.output), "\n")
	if cut := len(lines) - outputLinesMax; cut > 0 {
		fmt.Fprintf(out, "    | (%d lines before)\n", cut)
		lines = lines[cut:]
	}
	for _, line := range lines {
		fmt.Fprintln(out, "    |", line)
	}
}
