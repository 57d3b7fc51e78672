package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/scrip-engine/scrip/bench"
	"github.com/scrip-engine/scrip/engine"
)

// syncedLog is what every success of Scrip has behind it.
const syncedLog = "each success is in the synced log (fdatasync) of a group of one voter before it is answered"

// spawnWait bounds the start of a spawned server.
const spawnWait = 30 * time.Second

// target opens what is to be measured. The caller closes it.
func (c *benchCmd) target(a *app) (*bench.Target, func() error, error) {
	switch c.Target {
	case "spawn":
		return c.spawn()
	case "bare":
		return c.spawnBare()
	case "engine":
		return c.openEngine()
	}
	return c.connect(a)
}

// connect measures a running server.
func (c *benchCmd) connect(a *app) (*bench.Target, func() error, error) {
	u, err := url.Parse(c.Target)
	if err != nil || u.Scheme != "http" || u.Host == "" || u.Path != "" && u.Path != "/" {
		return nil, nil, usage(fmt.Errorf("--target: %q is none of spawn, engine, bare, http://HOST:PORT (TLS would be measured with it; put the generator behind the proxy)", c.Target))
	}
	token, err := c.AppToken.reveal()
	if err != nil {
		return nil, nil, usage(err)
	}
	warnOfToken(a, c.AppToken)
	given := credentials{AppID: c.AppID, AppToken: token, URL: c.Target}
	if given.AppID == "" {
		known := connection{Data: c.Data}
		if given, err = known.complete(given); err != nil {
			return nil, nil, err
		}
	}
	return overHTTP(&bench.Target{Name: "server", Durability: "as the server is configured; Scrip: " + syncedLog, Dir: c.Data}, given)
}

// overHTTP completes a target that has an address.
func overHTTP(t *bench.Target, key credentials) (*bench.Target, func() error, error) {
	u, err := url.Parse(key.URL)
	if err != nil {
		return nil, nil, err
	}
	if t.Address = u.Host; u.Port() == "" {
		t.Address = net.JoinHostPort(u.Hostname(), "80")
	}
	t.Key = bench.Credentials{AppID: key.AppID, AppToken: key.AppToken}
	admin, release, err := bench.NewHTTPAdmin(key.URL, t.Key)
	if err != nil {
		return nil, nil, usage(err)
	}
	t.Admin = admin
	return t, func() error { release(); return nil }, nil
}

// temporary makes a directory for one measurement.
func (c *benchCmd) temporary() (dir string, remove func() error, err error) {
	dir, err = os.MkdirTemp(c.Dir, "scrip-bench-")
	if err != nil {
		return "", nil, fmt.Errorf("temporary data directory: %w", err)
	}
	return dir, func() error { return os.RemoveAll(dir) }, nil
}

// spawn starts this program on a temporary data directory.
func (c *benchCmd) spawn() (_ *bench.Target, _ func() error, err error) {
	dir, remove, err := c.temporary()
	if err != nil {
		return nil, nil, err
	}
	data := filepath.Join(dir, "data")
	child, first, err := startSelf(filepath.Join(dir, "log"), "serve", "-o", "json", "--data", data, "--http-addr", "127.0.0.1:0", "--ops-addr", "127.0.0.1:0",
		"--shards", strconv.Itoa(c.Shards), "--log-level", "warn")
	if err != nil {
		return nil, nil, errors.Join(err, remove())
	}
	end := func() error { return errors.Join(child.stop(), remove()) }
	var say announcement
	if err := json.Unmarshal(first, &say); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("spawned server: %w", err), end())
	}
	key, _, err := readCredentials(data)
	if err != nil {
		return nil, nil, errors.Join(err, end())
	}
	key.URL = say.URL
	t, release, err := overHTTP(&bench.Target{Name: "spawn", Version: version, Dir: data, Durability: syncedLog}, key)
	if err != nil {
		return nil, nil, errors.Join(err, end())
	}
	return t, func() error { return errors.Join(release(), end()) }, nil
}

// spawnBare starts the bare handler in a process of its own, as a server is.
func (c *benchCmd) spawnBare() (*bench.Target, func() error, error) {
	dir, remove, err := c.temporary()
	if err != nil {
		return nil, nil, err
	}
	child, first, err := startSelf(filepath.Join(dir, "log"), "bench-bare")
	if err != nil {
		return nil, nil, errors.Join(err, remove())
	}
	t := &bench.Target{Name: "bare", Version: version, Address: string(first), Durability: "none: a handler that answers the same bytes to everything"}
	return t, func() error { return errors.Join(child.stop(), remove()) }, nil
}

// openEngine opens an engine in this process.
func (c *benchCmd) openEngine() (*bench.Target, func() error, error) {
	dir, remove, err := c.temporary()
	if err != nil {
		return nil, nil, err
	}
	e, err := engine.Open(engine.Config{Dir: dir, Shards: c.Shards, Version: version, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, nil, errors.Join(err, remove())
	}
	t := &bench.Target{Name: "engine", Version: version, Dir: dir, Durability: syncedLog, Engine: e, Admin: bench.NewEngineAdmin(e)}
	return t, func() error { return errors.Join(e.Close(), remove()) }, nil
}

// child is a process that we started, and the only one that we stop.
type child struct {
	cmd *exec.Cmd
	log *os.File
}

// startSelf runs this program with other arguments and returns the first line that it
// prints.
func startSelf(logPath string, args ...string) (_ *child, first []byte, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	c := &child{cmd: exec.Command(self, args...)}
	if c.log, err = os.Create(logPath); err != nil {
		return nil, nil, err
	}
	c.cmd.Stderr = c.log
	c.cmd.SysProcAttr = ownGroup() // a Ctrl-C in the terminal ends us, and we end it
	out, err := c.cmd.StdoutPipe()
	if err == nil {
		err = c.cmd.Start()
	}
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("start %s: %w", self, err), c.log.Close())
	}
	slow := time.AfterFunc(spawnWait, func() { _ = c.cmd.Process.Kill() }) // then the pipe ends
	line, err := bufio.NewReader(out).ReadBytes('\n')
	slow.Stop()
	if err != nil {
		text, _ := readBounded(logPath, 1<<20) // only to explain
		return nil, nil, errors.Join(fmt.Errorf("the spawned process did not start: %s", oneLine(string(text))), c.stop())
	}
	go func() { _, _ = io.Copy(io.Discard, out) }() // ends with the process
	return c, line[:len(line)-1], nil
}

// stop ends the process in order, or kills it.
func (c *child) stop() error {
	err := c.cmd.Process.Signal(syscall.SIGTERM)
	if errors.Is(err, os.ErrProcessDone) {
		err = nil
	}
	late := time.AfterFunc(spawnWait, func() { _ = c.cmd.Process.Kill() })
	ended := c.cmd.Wait()
	late.Stop()
	return errors.Join(err, ended, c.log.Close())
}
