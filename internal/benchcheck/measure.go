package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// measure builds the benchmark's package into binary and runs it.
func measure(want *row, binary string, counted bool) (row, error) {
	got := row{pkg: want.pkg, name: want.name, iterations: want.iterations}
	build := exec.Command("go", "test", "-c", "-o", binary, "./"+want.pkg)
	if out, err := build.CombinedOutput(); err != nil {
		return got, fmt.Errorf("build: %w\n%s", err, out)
	}
	out, err := want.command(binary, want.iterations).CombinedOutput()
	if err != nil {
		return got, fmt.Errorf("run: %w\n%s", err, out)
	}
	if err := got.read(out); err != nil {
		return got, err
	}
	if !counted {
		return got, nil
	}
	once, err := want.instructionsOf(binary, want.iterations)
	if err != nil {
		return got, err
	}
	thrice, err := want.instructionsOf(binary, 3*want.iterations)
	if err != nil {
		return got, err
	}
	got.instructions = (thrice - once) / float64(2*want.iterations)
	return got, nil
}

func (r *row) command(binary string, iterations int) *exec.Cmd {
	return r.in(exec.Command(binary, r.arguments(iterations)...))
}

func (r *row) arguments(iterations int) []string {
	pattern := "^" + strings.ReplaceAll(r.name, "/", "$/^") + "$"
	return []string{"-test.run=^$", "-test.bench=" + pattern, "-test.benchmem", "-test.benchtime=" + strconv.Itoa(iterations) + "x"}
}

// in runs a command where go test would.
func (r *row) in(c *exec.Cmd) *exec.Cmd {
	c.Dir = filepath.FromSlash(r.pkg)
	c.Env = append(os.Environ(), "GOMAXPROCS=1")
	return c
}

// read takes the figures out of a benchmark's line.
func (r *row) read(out []byte) error {
	line := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(r.name) + `\s.*$`).Find(out)
	if line == nil {
		return fmt.Errorf("no line of the benchmark in\n%s", out)
	}
	fields := strings.Fields(string(line))
	for i := 1; i < len(fields); i++ {
		var into *float64
		switch fields[i] {
		case "B/op":
			into = &r.bytes
		case "allocs/op":
			into = &r.allocs
		default:
			continue
		}
		v, err := strconv.ParseFloat(fields[i-1], 64)
		if err != nil {
			return err
		}
		*into = v
	}
	return nil
}

// countsInstructions asks whether perf has a counter here; virtual machines often
// have none.
func countsInstructions() bool {
	out, err := exec.Command("perf", "stat", "-x,", "-e", "instructions:u", "true").CombinedOutput()
	if err != nil {
		return false
	}
	_, err = instructions(out)
	return err == nil
}

func (r *row) instructionsOf(binary string, iterations int) (float64, error) {
	args := append([]string{"stat", "-x,", "-e", "instructions:u", binary}, r.arguments(iterations)...)
	c := r.in(exec.Command("perf", args...))
	var stderr bytes.Buffer
	c.Stderr = &stderr
	if err := c.Run(); err != nil {
		return 0, fmt.Errorf("perf: %w\n%s", err, stderr.Bytes())
	}
	return instructions(stderr.Bytes())
}

// instructions reads perf's line "count,unit,event,…".
func instructions(out []byte) (float64, error) {
	for line := range strings.Lines(string(out)) {
		count, rest, found := strings.Cut(line, ",")
		if found && strings.Contains(rest, "instructions") {
			return strconv.ParseFloat(count, 64)
		}
	}
	return 0, fmt.Errorf("perf said nothing of instructions:\n%s", out)
}
