package raftstore

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/scrip-engine/scrip/internal/clock"
)

// Without it: a disk that hangs under a floor file, an image, a directory or another
// file of the data directory would hold everybody up for ever, silently. Half of the
// limit is a warning, more than all of it the end.
func TestAStalledOperationEndsTheProcess(t *testing.T) {
	for path, write := range map[string]func(*node) error{
		"data/floor/00000007":   func(n *node) error { return n.floor.vote(n.floor.state.VoteTerm) },
		"data/images/00000007/": func(n *node) error { _, err := n.Image(context.Background()); return err },
		"data/log/":             func(n *node) error { _, _, err := n.Propose(context.Background(), id(2)); return err },
		"data/views/000002.log": func(n *node) error { return touch(n.host.PebbleFS(), "data/views/000002.log") },
		"data/spool/upload":     func(n *node) error { return touch(n.host.FS(), "data/spool/upload") },
	} {
		x, now, log, reg := newExits(), clock.NewFakeMilli(0), new(bytes.Buffer), prometheus.NewRegistry()
		inside, release := make(chan struct{}), make(chan struct{})
		toggle := &errorfs.Toggle{Injector: errorfs.InjectorFunc(func(op errorfs.Op) error {
			if strings.HasPrefix(op.Path, path) && op.Kind.ReadOrWrite() == errorfs.OpIsWrite && op.Kind != errorfs.OpFileClose {
				select {
				case inside <- struct{}{}:
					<-release
				case <-release:
				}
			}
			return nil
		})}
		mem := vfs.NewMem()
		if err := errors.Join(mem.MkdirAll("data/views", 0o700), mem.MkdirAll("data/spool", 0o700)); err != nil {
			t.Fatal(err)
		}
		cfg := testConfig(t, errorfs.Wrap(mem, toggle), x)
		cfg.now, cfg.Logger, cfg.Registerer = now.Now, slog.New(slog.NewTextHandler(log, nil)), reg
		cfg.StallLimit, cfg.FloorInterval = 10*time.Hour, time.Hour // the test looks, not the loops
		n := start(t, cfg)
		mustPropose(t, n, 1)
		toggle.On()
		done := make(chan error, 1)
		go func() { done <- write(n) }()
		<-inside
		look := func(advance time.Duration, warnings float64, ended bool) {
			t.Helper()
			now.Advance(advance)
			n.host.lookForStalls()
			if got := gathered(t, reg, "scrip_raftstore_slow_writes_total"); got != warnings || x.happened() != ended {
				t.Errorf("%s: %v warnings, ended: %v; want %v, %v", path, got, x.happened(), warnings, ended)
			}
		}
		look(5*time.Hour, 0, false)
		look(time.Minute, 1, false)
		if said := log.String(); !strings.Contains(said, "slow") || !strings.Contains(said, path) {
			t.Errorf("%s: the warning says %q", path, said)
		}
		look(time.Hour, 1, false)
		if age := gathered(t, reg, "scrip_raftstore_oldest_write_seconds"); age != (6*time.Hour + time.Minute).Seconds() {
			t.Errorf("%s: the gauge says %v s", path, age)
		}
		look(4*time.Hour, 1, true)
		if x.code != ExitFailStop || path != "data/log/" && !strings.Contains(x.reason, path) {
			t.Errorf("%s: exit %d %q", path, x.code, x.reason)
		}
		close(release)
		<-done // whatever it says: the host is dead
	}
}

func touch(fs vfs.FS, path string) error {
	f, err := fs.Create(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	return f.Close()
}

// gathered is the value of a counter or gauge without labels.
func gathered(t *testing.T, reg *prometheus.Registry, name string) float64 {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			return f.GetMetric()[0].GetCounter().GetValue() + f.GetMetric()[0].GetGauge().GetValue()
		}
	}
	t.Fatalf("no metric %s", name)
	return 0
}
