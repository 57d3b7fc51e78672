package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// runner runs mutants against the tree at root.
type runner struct {
	root    string
	timeout time.Duration // for building and running one mutant's test
}

// verdict is what became of one mutant.
type verdict struct {
	caught bool
	tests  []string // that failed, in the order in which they did
	why    string   // not caught: what happened instead
	output string   // not caught: what go test said
}

// run breaks the code as m says and runs its test. An error means that the
// runner itself could not work; all that a mutant can do is in the verdict.
func (r runner) run(ctx context.Context, m mutant) (verdict, error) {
	path := filepath.Join(r.root, filepath.FromSlash(m.file))
	content, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return verdict{why: "stale: there is no " + m.file}, nil
	}
	if err != nil {
		return verdict{}, err
	}
	broken, err := m.apply(string(content))
	if err != nil {
		return verdict{why: err.Error()}, nil
	}
	scratch, err := os.MkdirTemp("", "mutant-")
	if err != nil {
		return verdict{}, err
	}
	defer os.RemoveAll(scratch)
	overlay, err := writeOverlay(scratch, path, broken)
	if err != nil {
		return verdict{}, err
	}
	return r.test(ctx, m, overlay)
}

// writeOverlay writes the broken file and the overlay that puts it in the place
// of path, and returns the overlay's name.
func writeOverlay(scratch, path, broken string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	replacement := filepath.Join(scratch, filepath.Base(path))
	if err := os.WriteFile(replacement, []byte(broken), 0o600); err != nil {
		return "", err
	}
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {path: replacement}})
	if err != nil {
		return "", err
	}
	name := filepath.Join(scratch, "overlay.json")
	return name, os.WriteFile(name, overlay, 0o600)
}

// test runs the mutant's test with the overlay. Vet is off: it would refuse some
// mutants, and what a linter notices is no proof about the tests.
func (r runner) test(ctx context.Context, m mutant, overlay string) (verdict, error) {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	args := []string{"test", "-overlay=" + overlay, "-json", "-vet=off", "-count=1", "-failfast", "-timeout=" + testTimeout}
	cmd := exec.CommandContext(ctx, "go", append(args, m.test...)...)
	cmd.Dir = r.root
	// go test does not hand an interrupt on to the test that it runs, so the two
	// are a group of their own and get it together.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGINT) }
	cmd.WaitDelay = 10 * time.Second // then it is killed
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return verdict{why: fmt.Sprintf("out of time after %v, which a slow machine is too", r.timeout), output: stdout.String()}, nil
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return verdict{}, fmt.Errorf("go test: %w", err)
	}
	events, err := readEvents(&stdout)
	if err != nil {
		return verdict{}, err
	}
	v := judge(events)
	if !v.caught {
		v.output += stderr.String()
	}
	return v, nil
}

// event is a line of go test -json, as `go doc test2json` and `go help
// buildjson` describe it.
type event struct {
	Action      string
	Package     string
	Test        string
	Output      string
	FailedBuild string
}

// readEvents also takes lines that are no JSON, as a test's child process may
// write them, and keeps them as output.
func readEvents(r io.Reader) ([]event, error) {
	const lineBytesMax = 16 << 20 // a test's output is cut into lines, and a line has no bound
	var events []event
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, lineBytesMax)
	for lines.Scan() {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			e = event{Action: "output", Output: lines.Text() + "\n"}
		}
		events = append(events, e)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read go test's output: %w", err)
	}
	return events, nil
}

// judge tells from the events whether a test noticed.
func judge(events []event) verdict {
	var output strings.Builder
	var failed, unfinished []string
	ran, broken, timedOut, packageFailed := false, false, false, false
	for _, e := range events {
		output.WriteString(e.Output)
		top, _, _ := strings.Cut(e.Test, "/")
		switch {
		case e.Action == "build-fail" || e.FailedBuild != "":
			broken = true
		case e.Action == "output" && strings.HasPrefix(e.Output, "panic: test timed out after "):
			timedOut = true
		case e.Action == "run":
			ran = true
			unfinished = append(unfinished, e.Test)
		case e.Action == "fail" && e.Test == "":
			packageFailed = true
		case e.Action == "fail" && !slices.Contains(failed, top):
			failed = append(failed, top)
		}
		if e.Test != "" && slices.Contains([]string{"pass", "fail", "skip"}, e.Action) {
			unfinished = slices.DeleteFunc(unfinished, func(name string) bool { return name == e.Test })
		}
	}
	// A test whose process ended under it (an exit, a fatal error) has noticed.
	for _, name := range unfinished {
		if top, _, _ := strings.Cut(name, "/"); packageFailed && !slices.Contains(failed, top) {
			failed = append(failed, top)
		}
	}
	v := verdict{tests: failed, output: output.String()}
	switch {
	case broken:
		v.why = "does not compile"
	case timedOut:
		v.why = "out of time, which a slow machine is too"
	case !ran:
		v.why = "no test ran: its -run matches none"
	case len(failed) == 0 && packageFailed:
		v.why = "the package failed, but none of its tests did"
	case len(failed) == 0:
		v.why = "MISSED: the test passes with the code broken"
	default:
		return verdict{caught: true, tests: failed}
	}
	return v
}
