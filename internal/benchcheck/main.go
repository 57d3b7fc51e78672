package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

const recordedFile = "internal/benchcheck/recorded.txt"

func main() {
	record := flag.Bool("record", false, "write what is measured now into "+recordedFile)
	flag.Parse()
	if err := run(*record); err != nil {
		fmt.Fprintln(os.Stderr, "benchcheck:", err)
		os.Exit(1)
	}
}

func run(record bool) error {
	text, err := os.ReadFile(recordedFile)
	if err != nil {
		return err
	}
	wanted, err := parseRecorded(text)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "benchcheck-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }() // a leftover in the temporary directory harms nobody
	counted := countsInstructions()
	if !counted {
		fmt.Println("benchcheck: this machine counts no instructions (perf stat -e instructions:u); allocations only")
	}
	var worse int
	got := make([]row, len(wanted))
	for i := range wanted {
		got[i], err = measure(&wanted[i], filepath.Join(dir, "bench.test"), counted)
		if err != nil {
			return fmt.Errorf("%s %s: %w", wanted[i].pkg, wanted[i].name, err)
		}
		verdict := wanted[i].compare(&got[i])
		if verdict != "" {
			worse++
		}
		fmt.Printf("%-12s %-34s %6.2f allocs %8.0f B  %s\n", got[i].pkg, got[i].name, got[i].allocs, got[i].bytes, verdict)
	}
	if record {
		var out bytes.Buffer
		for i := range got {
			got[i].write(&out)
		}
		return os.WriteFile(recordedFile, out.Bytes(), 0o644)
	}
	if worse > 0 {
		return fmt.Errorf("%d benchmarks are worse than recorded; find out why, or record them again and say why", worse)
	}
	return nil
}
