package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

const (
	// startWait bounds a start, stopWait an orderly end: both are for a disk that
	// other work shares.
	startWait = 5 * time.Minute
	stopWait  = 3 * time.Minute
	// lookEvery is how often a condition is looked at.
	lookEvery = 2 * time.Millisecond
	// logBytesShown explains a start that failed.
	logBytesShown = 2 << 10
)

// process is one that we started, and the only kind that we stop.
type process struct {
	cmd   *exec.Cmd
	log   string
	ended chan struct{} // closed when it is over
	err   error         // read after ended
}

// launch starts a program that logs into a file.
func launch(log string, cmd *exec.Cmd) (*process, error) {
	out, err := os.Create(log)
	if err != nil {
		return nil, err
	}
	cmd.Stderr = out
	if cmd.Stdout == nil {
		cmd.Stdout = out
	}
	p := &process{cmd: cmd, log: log, ended: make(chan struct{})}
	err = cmd.Start()
	if closed := out.Close(); err == nil && closed != nil {
		err = errors.Join(closed, cmd.Process.Kill(), cmd.Wait())
	}
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	go func() { p.err = cmd.Wait(); close(p.ended) }()
	return p, nil
}

// await looks until ready succeeds, for so long at the most. It gives up when the
// process is over.
func (p *process) await(ctx context.Context, wait time.Duration, ready func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	looks := time.NewTicker(lookEvery)
	defer looks.Stop()
	for {
		last := ready(ctx)
		if last == nil {
			return nil
		}
		select {
		case <-p.ended:
			return fmt.Errorf("%s is over: %v; its log ends: %s", p.cmd.Path, p.err, p.tail())
		case <-ctx.Done():
			return fmt.Errorf("%s does not become ready: %w; its log ends: %s", p.cmd.Path, last, p.tail())
		case <-looks.C:
		}
	}
}

// tail is the end of the log, to explain.
func (p *process) tail() string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(text[max(0, len(text)-logBytesShown):]))
}

// stop asks the process to end by a signal, and kills it when it does not.
func (p *process) stop(by os.Signal) error {
	select {
	case <-p.ended:
		return fmt.Errorf("%s ended by itself: %v; its log ends: %s", p.cmd.Path, p.err, p.tail())
	default:
	}
	if err := p.cmd.Process.Signal(by); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	late := time.AfterFunc(stopWait, func() { _ = p.cmd.Process.Kill() }) // fails when it is over, which is what we want
	<-p.ended
	late.Stop()
	var exit *exec.ExitError
	if errors.As(p.err, &exit) && !exit.Exited() && exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		return nil // it ended by our signal
	}
	return p.err
}

// freeAddress is one of the loopback on which nobody listens. Between this and the
// start somebody else could take it; then the start fails and says so.
func freeAddress() (string, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return ln.Addr().String(), ln.Close()
}

// residentBytes is the memory of a process that is in RAM.
func residentBytes(pid int) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, fmt.Errorf("resident memory: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		var kib int64
		if n, _ := fmt.Sscanf(line, "VmRSS: %d kB", &kib); n == 1 {
			return kib << 10, nil
		}
	}
	return 0, errors.New("resident memory: the kernel does not say")
}
