package raftstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// reexecEnv makes the test binary play a process that ends: see reexecuted.
const reexecEnv = "SCRIP_RAFTSTORE_REEXEC"

// reexecuted is the other process. Its exit code is what the test looks at.
func reexecuted() {
	err := playRole(os.Getenv(reexecEnv))
	fmt.Println(err)
	os.Exit(1)
}

func playRole(role string) error {
	name, dir, _ := strings.Cut(role, "@")
	toggle := &errorfs.Toggle{Injector: errorfs.InjectorFunc(func(op errorfs.Op) error {
		if fails := failing[strings.TrimPrefix(name, "opening ")]; fails != nil && fails(op) {
			return errors.New("injected: input/output error")
		}
		return nil
	})}
	cfg := Config{FS: errorfs.Wrap(vfs.NewMem(), toggle), Dir: "data", HeartbeatTimeout: testHeartbeat,
		Logger: slog.New(slog.NewTextHandler(os.Stdout, nil))}
	if strings.HasPrefix(name, "opening ") {
		toggle.On()
	}
	if name == "lock" {
		cfg.FS, cfg.Dir = vfs.Default, dir
	}
	n, err := openNode(cfg, testGroup)
	if err != nil {
		return err
	}
	if err := n.WaitReady(context.Background()); err != nil {
		return err
	}
	switch name {
	case "lock":
		fmt.Println("holding")
		_, err := io.ReadAll(os.Stdin) // until the test closes it
		return err
	case "apply":
		n.ledger.fail = true
	default:
		toggle.On()
	}
	// More than the memtables hold, so that Pebble makes its next log and tables.
	for i := range uint64(6 * logMemTableBytes / defaultBatchBytes) {
		if _, _, err = n.Propose(context.Background(), append(id(i), make([]byte, defaultBatchBytes/2)...)); err != nil {
			<-time.After(endBound) // the goroutine that failed ends the process meanwhile
			break
		}
	}
	return fmt.Errorf("still alive: %v", err)
}

// endBound is how long a process may take to end after a proposal told of it first.
const endBound = time.Minute

// failing are the ways in which a disk fails the log's Pebble, by what fails.
var failing = map[string]func(errorfs.Op) bool{
	"data/log/": func(op errorfs.Op) bool { // the log's own writes
		return strings.HasSuffix(op.Path, ".log") && (op.Kind == errorfs.OpFileWrite || op.Kind == errorfs.OpFileSyncData || op.Kind == errorfs.OpFileSync)
	},
	"data/log: ": func(op errorfs.Op) bool { return op.Kind == errorfs.OpFileSync && op.Path == "data/log" },
	".log: ": func(op errorfs.Op) bool {
		return strings.HasSuffix(op.Path, ".log") && (op.Kind == errorfs.OpCreate || op.Kind == errorfs.OpReuseForWrite)
	},
	".sst: ": func(op errorfs.Op) bool { return strings.HasSuffix(op.Path, ".sst") && op.Kind == errorfs.OpCreate },
	"MANIFEST-": func(op errorfs.Op) bool {
		return strings.Contains(op.Path, "MANIFEST") && op.Kind == errorfs.OpFileSync
	},
}

// Without it: the default of Config.Exit could return, or use another code, and a
// supervisor would not know that the disk or the state is broken. Or Pebble would
// panic first, when its directory cannot be synced or its next log not be made:
// exit code 2 and pages of goroutines instead of a line that names the file.
func TestFailStopEndsTheProcessWith70(t *testing.T) {
	roles := map[string]string{"apply": "command not understood"}
	for path := range failing {
		roles[path] = path
	}
	for _, path := range []string{"data/log: ", ".log: ", "MANIFEST-"} {
		roles["opening "+path] = path
	}
	for role, says := range roles {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), reexecEnv+"="+role)
		out, err := cmd.CombinedOutput()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != ExitFailStop {
			t.Errorf("%s: %v, output %s", role, err, out)
			continue
		}
		line, found := "", 0
		for l := range strings.Lines(string(out)) {
			if strings.Contains(l, "fail-stop") {
				line, found = l, found+1
			}
		}
		if found != 1 || !strings.Contains(line, says) || role != "apply" && !strings.Contains(line, "input/output error") ||
			strings.Contains(string(out), "goroutine") {
			t.Errorf("%s: says\n%s", role, out)
		}
	}
}

// Without it: a second process could open the same data and both would vote.
func TestSecondProcessIsRefused(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), reexecEnv+"=lock@"+dir)
	hold, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	says, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Wait() }() // it exits with 1 by design
	defer func() { _ = hold.Close() }()
	if line := make([]byte, 7); !readFull(says, line) || string(line) != "holding" {
		t.Fatalf("the other process says %q", line)
	}
	if _, err := Open(Config{FS: vfs.Default, Dir: dir}); !errors.Is(err, ErrLocked) {
		t.Fatalf("second process: %v, want ErrLocked", err)
	}
}

func readFull(r io.Reader, b []byte) bool {
	_, err := io.ReadFull(r, b)
	return err == nil
}

// Without it: two hosts in one process could share a directory.
func TestSecondHostIsRefusedUntilTheFirstCloses(t *testing.T) {
	fs := vfs.NewMem()
	n := start(t, testConfig(t, fs, nil))
	if _, err := Open(testConfig(t, fs, nil)); !errors.Is(err, ErrLocked) {
		t.Fatalf("got %v, want ErrLocked", err)
	}
	mustClose(t, n)
	mustClose(t, start(t, testConfig(t, fs, nil)))
}

// Without it: a write that fails could be reported as a clean error although it may
// land (R14), or worse as a success (P4), at some place of the code. Every write
// operation of a short life fails once; each time the node must stay clean or ask
// for its end, and what was acknowledged must be on the disk.
func TestEveryFailedWriteIsCleanOrFatal(t *testing.T) {
	rng := seeded(t)
	const allOf, oneIn = 60, 7 // every one of the first operations, then a sample
	failed := 0
	for i := 0; ; i++ {
		if i > allOf && rng.IntN(oneIn) != 0 {
			continue
		}
		injected, exited := lifeWithFailure(t, int32(i))
		if !injected {
			break
		}
		if exited {
			failed++
		}
		if t.Failed() {
			t.Fatalf("write %d", i)
		}
	}
	if failed == 0 {
		t.Error("no failed write asked for the end of the process")
	}
}

func lifeWithFailure(t *testing.T, index int32) (injected, exited bool) {
	mem := vfs.NewCrashableMem()
	x := newExits()
	writes := errorfs.OnIndex(index)
	inj := &errorfs.Counter{Injector: errorfs.InjectorFunc(func(op errorfs.Op) error {
		if op.Kind.ReadOrWrite() == errorfs.OpIsRead || op.Kind == errorfs.OpFileClose {
			return nil
		}
		return writes.MaybeError(op)
	})}
	cfg := testConfig(t, errorfs.Wrap(mem, inj), x)
	cfg.ImageLogBytes = 300
	cfg.FloorInterval = testHeartbeat
	h := newHistory()
	n, err := openNode(cfg, GroupConfig{ID: 7, Name: "test", MaxBatchCommands: 2})
	if err == nil {
		select {
		case <-n.Ready():
			count := 0
			loadUntil(t, n, h, func() bool {
				h.mu.Lock()
				defer h.mu.Unlock()
				count++
				return count > 60 || x.happened()
			})
		case <-x.ch:
		}
		_ = n.host.Close() // may fail: the disk did
	}
	survivor := mem.CrashClone(vfs.CrashCloneCfg{})
	again, err := openNode(testConfig(t, survivor, nil), testGroup)
	if err != nil {
		t.Errorf("open after the failure of write %d: %v (exit: %s)", index, err, x.reason)
		return true, false
	}
	defer func() { _ = again.host.Close() }()
	ready(t, again)
	h.check(t, again.ledger)
	return inj.Load() > 0, x.happened()
}

// Without it: a hanging disk would keep the leadership and everybody would wait for
// ever (raft #503, #614).
func TestStalledWriteEndsTheProcess(t *testing.T) {
	x := newExits()
	release := make(chan struct{})
	toggle := &errorfs.Toggle{Injector: errorfs.InjectorFunc(func(op errorfs.Op) error {
		if strings.HasSuffix(op.Path, ".log") && op.Kind != errorfs.OpFileClose {
			<-release
		}
		return nil
	})}
	cfg := testConfig(t, errorfs.Wrap(vfs.NewMem(), toggle), x)
	cfg.StallLimit = 50 * time.Millisecond
	n := start(t, cfg)
	toggle.On()
	_, _, err := n.Propose(context.Background(), id(1))
	<-x.ch
	close(release)
	if !IsUnknown(err) || x.code != ExitFailStop {
		t.Fatalf("propose on a stalled disk: %v, exit %d %s", err, x.code, x.reason)
	}
}

// Without it: a command that the machine cannot apply would be skipped here and
// applied elsewhere (R6), or its caller told that it succeeded.
func TestApplyErrorIsFatalAndUnknown(t *testing.T) {
	x := newExits()
	n := start(t, testConfig(t, vfs.NewMem(), x))
	mustPropose(t, n, 1)
	n.ledger.mu.Lock()
	n.ledger.fail = true
	n.ledger.mu.Unlock()
	_, _, err := n.Propose(context.Background(), id(2))
	if !IsUnknown(err) || !x.happened() || x.code != ExitFailStop {
		t.Fatalf("got %v, exit %q", err, x.reason)
	}
	if _, _, err := n.Propose(context.Background(), id(3)); !IsNotProposed(err) && !IsUnknown(err) {
		t.Fatalf("after the failure: %v", err)
	}
	// The machine has stopped, raft's index has not: no image may join the two.
	if info, err := n.Image(context.Background()); err == nil {
		t.Fatalf("an image after the failure: %+v", info)
	}
}

// Without it: a program that embeds the engine and lives on after a failure could be
// given proofs and answers from a memory that the disk may not have (P1, P4).
func TestADeadHostProvesAndAnswersNothing(t *testing.T) {
	x := newExits()
	n := start(t, testConfig(t, vfs.NewMem(), x))
	mustPropose(t, n, 1)
	applied := n.Applied()
	waits := make(chan error, 1)
	go func() { waits <- n.WaitApplied(context.Background(), applied+1) }()
	for n.prog.waiting.Load() == 0 {
		runtime.Gosched()
	}
	n.host.Fail("the disk is gone")
	if !n.host.Failed() || x.code != ExitFailStop || x.reason != "the disk is gone" {
		t.Errorf("exit %d %q", x.code, x.reason)
	}
	ctx := context.Background()
	for name, ask := range map[string]func() error{
		"a waiting read": func() error { return <-waits },
		"a proof":        func() error { _, err := n.Prove(ctx); return err },
		"a proposal":     func() error { _, _, err := n.Propose(ctx, id(2)); return err },
		"proposals":      func() error { _, err := n.ProposeAll(ctx, [][]byte{id(3)}, make([]uint32, 1)); return err },
		"a version":      func() error { return n.RaiseVersion(ctx, firstVersion) },
		"an old entry":   func() error { return n.WaitApplied(ctx, applied) },
		"readiness":      func() error { return n.WaitReady(ctx) },
		"an image":       func() error { _, err := n.Image(ctx); return err },
	} {
		if err := ask(); !errors.Is(err, ErrFailed) || !IsNotProposed(err) || IsUnknown(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if s := n.Status(); s.Ready {
		t.Error("a dead group says that it is ready")
	}
}
