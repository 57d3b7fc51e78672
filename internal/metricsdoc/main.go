package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
)

func main() {
	out := flag.String("out", "docs/metrics.md", "file to write")
	flag.Parse()
	if err := run(*out); err != nil {
		fmt.Fprintln(os.Stderr, "metricsdoc:", err)
		os.Exit(1)
	}
}

func run(out string) error {
	families, err := registered()
	if err != nil {
		return err
	}
	if err := errors.Join(judge(families)...); err != nil {
		return err
	}
	return os.WriteFile(out, render(families), 0o644)
}
