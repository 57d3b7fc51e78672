package raftstore

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/prometheus/client_golang/prometheus"
)

// Without it: a series could vanish, stay at nothing, or get a label that grows
// without bound.
func TestMetricsAreCounted(t *testing.T) {
	reg := prometheus.NewRegistry()
	cfg := testConfig(t, vfs.NewMem(), nil)
	cfg.Registerer = reg
	n := start(t, cfg)
	mustPropose(t, n, 1, 2)
	mustImage(t, n)
	if _, err := n.Prove(context.Background()); err != nil {
		t.Fatal(err)
	}
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	idle := []string{"image_failures_total", "unknown_total", "refused_total", "oldest_write_seconds", "slow_writes_total"}
	ofHost := idle[3:] // the others are each group's
	seen := 0
	for _, f := range families {
		name := strings.TrimPrefix(f.GetName(), "scrip_raftstore_")
		seen++
		for _, m := range f.GetMetric() {
			if slices.Contains(ofHost, name) && len(m.GetLabel()) == 0 {
				continue // the watchdog has not looked yet
			}
			if len(m.GetLabel()) != 1 || m.GetLabel()[0].GetName() != "group" || m.GetLabel()[0].GetValue() != "test" {
				t.Errorf("%s has labels %v", name, m.GetLabel())
			}
			value := m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
			if (value == 0) != slices.Contains(idle, name) {
				t.Errorf("%s is %v", name, value)
			}
		}
	}
	if seen != 14 {
		t.Errorf("%d metrics, want 14", seen)
	}
}
