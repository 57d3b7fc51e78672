package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/scrip-engine/scrip/engine"
	"github.com/scrip-engine/scrip/httpapi"
	"github.com/scrip-engine/scrip/raftstore"
)

type serveCmd struct{ serverSettings }

// server is everything that runs, in the order in which it was opened.
type server struct {
	settings *serverSettings
	log      *slog.Logger
	engine   *engine.Engine
	api      *httpapi.Server
	ops      *httpapi.Ops
	apiLn    net.Listener
	opsLn    net.Listener
	failed   chan error // a listener that ended by itself
	serving  bool
	key      credentials
}

// Run serves until a signal, then stops cleanly: no new changes, an answer to
// every request under way, everything closed in reverse order.
func (c *serveCmd) Run(a *app) (err error) {
	if err := c.check(); err != nil {
		return err
	}
	tuneRuntime()
	warnOfToken(a, c.AppToken)
	s := &server{settings: &c.serverSettings, log: newLogger(a.err, &c.serverSettings, a.terminal), failed: make(chan error, 2)}
	defer func() { err = errors.Join(err, s.close()) }()
	if err := s.open(); err != nil {
		return err
	}
	var demo *demoCode
	if c.Demo {
		if demo, err = loadDemo(a.ctx, s.engine); err != nil {
			return err
		}
	}
	s.start()
	if err := s.announce(a, demo); err != nil {
		return err
	}
	select {
	case <-a.ctx.Done():
		s.log.Info("stopping", "reason", "signal")
		return nil
	case err := <-s.failed:
		return err
	}
}

// open opens the data directory first: another process on it is the answer that
// helps, not that a port is taken.
func (s *server) open() (err error) {
	reg := prometheus.NewRegistry()
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	if s.engine, s.key, err = openEngine(s.settings, s.log, reg); err != nil {
		return err
	}
	if s.api, err = httpapi.New(httpapi.Config{Engine: s.engine, Logger: s.log, Registerer: reg}); err != nil {
		return err
	}
	if s.ops, err = httpapi.NewOps(httpapi.OpsConfig{Engine: s.engine, Logger: s.log, Gatherer: reg}); err != nil {
		return err
	}
	if s.apiLn, err = net.Listen("tcp", s.settings.HTTPAddr); err != nil {
		return fmt.Errorf("public address: %w", err)
	}
	if s.opsLn, err = net.Listen("tcp", s.settings.OpsAddr); err != nil {
		return fmt.Errorf("ops address: %w", err)
	}
	return s.recordAddresses()
}

// openEngine opens the data directory, and makes a new one with its first key. The
// key is empty for a directory whose credentials are kept elsewhere.
func openEngine(s *serverSettings, log *slog.Logger, reg prometheus.Registerer) (*engine.Engine, credentials, error) {
	key, err := firstCredentials(s)
	if err != nil {
		return nil, key, err
	}
	e, err := engine.Open(engine.Config{
		Dir: s.Data, Shards: s.Shards, Currency: s.Currency, CaseSensitive: s.CaseSensitive,
		AppID: key.AppID, AppToken: key.AppToken,
		MemoryBudgetBytes: int64(s.MemoryBudget), DiskLowBytes: uint64(s.DiskLow),
		EndRecovery: s.EndRecovery, Logger: log, Registerer: reg, Version: version,
	})
	if errors.Is(err, raftstore.ErrLocked) {
		return nil, key, fmt.Errorf("another process is using the data directory %s", s.Data)
	}
	if err != nil {
		return nil, key, err
	}
	if drawn, ok := e.FirstKey(); ok && key.AppID == "" {
		// Something else was in the directory, so that it did not look new.
		key = credentials{AppID: drawn.AppID, AppToken: drawn.AppToken}
		if err := saveCredentials(s.Data, key, os.Rename); err != nil {
			return nil, key, errors.Join(err, e.Close())
		}
	}
	return e, key, nil
}

// recordAddresses writes where the server is for the other verbs: the port may
// be the system's choice, and may be another than at the last start.
func (s *server) recordAddresses() error {
	if s.key.AppID == "" {
		return nil // a directory whose key is kept elsewhere
	}
	s.key.URL, s.key.OpsURL = reachable(s.apiLn.Addr()), reachable(s.opsLn.Addr())
	return saveCredentials(s.settings.Data, s.key, os.Rename)
}

// reachable is the address for programs of this machine.
func reachable(addr net.Addr) string {
	host, port, err := net.SplitHostPort(addr.String())
	if ip := net.ParseIP(host); err == nil && ip.IsUnspecified() {
		return "http://" + net.JoinHostPort("127.0.0.1", port)
	}
	return "http://" + addr.String()
}

// start serves in the background. A listener that ends by itself ends the
// process: half a server is worse than none.
func (s *server) start() {
	s.serving = true
	go func() { s.failed <- s.api.Serve(s.apiLn) }()
	go func() { s.failed <- s.ops.Serve(s.opsLn) }()
	s.log.Info("serving", "version", version, "data", s.settings.Data,
		"http_addr", s.apiLn.Addr().String(), "ops_addr", s.opsLn.Addr().String())
}

// close stops what was opened, in reverse order, but for the ops address, which
// answers probes to the end. It may be called whatever was opened.
func (s *server) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), s.settings.ShutdownTimeout)
	defer cancel()
	var errs []error
	if s.engine != nil {
		s.engine.Drain()
	}
	if s.api != nil {
		errs = append(errs, s.api.Shutdown(ctx))
	}
	if s.engine != nil {
		errs = append(errs, s.engine.Close())
	}
	if s.ops != nil {
		errs = append(errs, s.ops.Shutdown(ctx))
	}
	for _, ln := range []net.Listener{s.apiLn, s.opsLn} {
		if ln != nil {
			_ = ln.Close() // most often closed by the server already
		}
	}
	if s.serving {
		s.log.Info("stopped")
	}
	return errors.Join(errs...)
}
