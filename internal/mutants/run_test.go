package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// module is a module with one function and tests of several habits.
var module = map[string]string{
	"go.mod": "module sums\n\ngo 1.26.0\n",
	"sum.go": `package sums

func sum(n int) int {
	total := 0
	for i := range n {
		total += i
	}
	return total
}
`,
	"sum_test.go": `package sums

import (
	"net"
	"os"
	"testing"
	"time"
)

func TestSum(t *testing.T) {
	t.Run("four", func(t *testing.T) {
		if sum(4) != 6 {
			t.Error("sum(4)")
		}
	})
}

func TestNothing(t *testing.T) { sum(4) }

func TestExits(t *testing.T) {
	if sum(4) != 6 {
		os.Exit(70)
	}
}

func TestHangs(t *testing.T) {
	if sum(4) != 6 {
		time.Sleep(time.Hour)
	}
}

func TestConnectsAndHangs(t *testing.T) {
	conn, err := net.Dial("unix", os.Getenv("SUMS_SOCKET"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	time.Sleep(time.Hour)
}

func TestPanics(t *testing.T) {
	done := make(chan bool)
	go func() {
		if sum(4) != 6 {
			panic("elsewhere")
		}
		close(done) // not deferred: the test must not pass while the panic runs
	}()
	<-done
}
`,
}

const (
	wrongSum = "-\t\ttotal += i\n+\t\ttotal += i + 1\n"
	noGo     = "-\t\ttotal += i\n+\t\ttotal += nothing\n"
	stale    = "-\t\ttotal -= i\n+\t\ttotal += i + 1\n"
)

// Without this "caught" could mean that the mutant did not compile, that no test
// ran, or that the machine was slow: a green list that proves nothing.
func TestVerdicts(t *testing.T) {
	root := writeModule(t)
	f := func(test, file, change, want string) {
		t.Helper()
		write(t, filepath.Join(root, "list.txt"),
			"mutant: m\nbreaks: P2: sums are wrong\nfile: "+file+"\ntest: . "+test+"\n"+change)
		var out bytes.Buffer
		err := runList(context.Background(), &out, root, "list.txt", "")
		wantSummary := "\nmutants: 0 caught, 1 missed\n"
		if strings.HasPrefix(want, "caught") {
			wantSummary = "\nmutants: 1 caught, 0 missed\n"
		}
		if caught := err == nil; caught != strings.HasPrefix(want, "caught") {
			t.Errorf("%s: error %v, want %s", test, err, want)
		}
		if got := out.String(); !strings.Contains(got, " "+want) || !strings.HasSuffix(got, wantSummary) {
			t.Errorf("%s: want %q and %q in:\n%s", test, want, wantSummary, got)
		}
	}
	f("-run ^TestSum$", "sum.go", wrongSum, "caught by TestSum (")
	f("-run ^TestExits$", "sum.go", wrongSum, "caught by TestExits (")
	f("-run ^TestPanics$", "sum.go", wrongSum, "caught by TestPanics (")
	f("-run ^TestNothing$", "sum.go", wrongSum, "NOT CAUGHT: MISSED")
	f("-run ^TestAbsent$", "sum.go", wrongSum, "NOT CAUGHT: no test ran")
	f("-timeout 100ms -run ^TestHangs$", "sum.go", wrongSum, "NOT CAUGHT: out of time")
	f("-run ^TestSum$", "sum.go", noGo, "NOT CAUGHT: does not compile")
	f("-run ^TestSum$", "sum.go", stale, "NOT CAUGHT: stale: its old lines are 0 times")
	f("-run ^TestSum$", "absent.go", wrongSum, "NOT CAUGHT: stale: there is no absent.go")

	// The tree is as it was (M3).
	for name, content := range module {
		if got, err := os.ReadFile(filepath.Join(root, name)); err != nil || string(got) != content {
			t.Errorf("%s was changed (%v):\n%s", name, err, got)
		}
	}
}

// Without this an interrupted run leaves a test behind that holds a port, a
// directory or a processor.
func TestInterruptEndsTheTest(t *testing.T) {
	root := writeModule(t)
	socket := filepath.Join(t.TempDir(), "socket")
	t.Setenv("SUMS_SOCKET", socket)
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()

	write(t, filepath.Join(root, "list.txt"),
		"mutant: m\nbreaks: P2: sums are wrong\nfile: sum.go\ntest: . -run ^TestConnectsAndHangs$\n"+wrongSum)
	ended := make(chan error, 1)
	go func() {
		var out bytes.Buffer
		ended <- runList(ctx, &out, root, "list.txt", "")
		listener.Close() // if the test never came, Accept must not wait for it
	}()
	conn, err := listener.Accept() // the mutant's test runs
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	cancel()
	if n, err := conn.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("read %d bytes, %v; want the end, as the test's process has gone", n, err)
	}
	if err := <-ended; err == nil || err.Error() != "interrupted" {
		t.Errorf("runList: %v, want interrupted", err)
	}
}

// A list of which nothing is run must not look like a list that was caught.
func TestNothingSelected(t *testing.T) {
	root := t.TempDir()
	write(t, filepath.Join(root, "list.txt"), entry)
	var out bytes.Buffer
	err := runList(context.Background(), &out, root, "list.txt", "^another$")
	if err == nil || !strings.Contains(err.Error(), "no mutant") {
		t.Errorf("error %v, want that no mutant matches", err)
	}
}

// The list of the project can be read, also when nobody runs the mutants.
func TestProjectList(t *testing.T) {
	text, err := os.ReadFile("mutants.txt")
	if err != nil {
		t.Fatal(err)
	}
	list, err := parse(string(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range list {
		content, err := os.ReadFile(filepath.Join("../..", m.file))
		if err != nil {
			t.Errorf("%s: %v", m.name, err)
			continue
		}
		if _, err := m.apply(string(content)); err != nil {
			t.Errorf("%s: %v", m.name, err)
		}
	}
}

func writeModule(t *testing.T) (root string) {
	t.Helper()
	root = t.TempDir()
	for name, content := range module {
		write(t, filepath.Join(root, name), content)
	}
	return root
}

func write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
