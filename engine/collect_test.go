package engine

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/scrip-engine/scrip/wire"
)

// gathered returns the values of a family's series by their labels' values.
func gathered(t *testing.T, reg prometheus.Gatherer, name string) map[string]float64 {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]float64{}
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			var labels []string
			for _, l := range m.GetLabel() {
				labels = append(labels, l.GetValue())
			}
			out[strings.Join(labels, " ")] = m.GetGauge().GetValue() + m.GetCounter().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	return out
}

// Without this an operator sees nothing of memory, filters and stages, or a
// scrape meets a shard that is being closed.
func TestWhatIsCollected(t *testing.T) {
	reg := prometheus.NewRegistry()
	w := newWorld(t, 2, func(c *Config) { c.Registerer = reg })
	w.create("SINGLE-USE", `{"discount":{"type":"PERCENT","percent_off":10},"redemption":{"quantity":1}}`)
	w.redeem("SINGLE-USE", `,"customer":{"source_id":"ann"}`)
	_, err := w.try("again", "SINGLE-USE", "")
	w.wants(err, wire.KeyQuantityExceeded)
	w.clock.Advance(90e9)

	sum := func(name string) (n float64) {
		for _, v := range gathered(t, reg, name) {
			n += v
		}
		return n
	}
	f := func(name string, want float64) {
		t.Helper()
		if got := sum(name); got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	f("scrip_shard_codes", 1)
	f("scrip_filter_keys", 1)
	f("scrip_engine_pending_fences", 0)
	f("scrip_engine_disk_low_bytes", diskLowDefault)
	lags := gathered(t, reg, "scrip_engine_replicated_time_lag_seconds")
	if len(lags) != 3 || slices.Max(slices.Collect(maps.Values(lags))) != 90 {
		t.Errorf("lags %v", lags)
	}
	stages := gathered(t, reg, "scrip_engine_stage_seconds")
	if stages["evaluate"] != 2 || stages["commit"] != 1 || stages["reply"] != 1 {
		t.Errorf("stages %v", stages)
	}
	if outcomes := gathered(t, reg, "scrip_engine_redemptions_total"); outcomes["succeeded"] != 1 || outcomes[wire.KeyQuantityExceeded] != 1 {
		t.Errorf("outcomes %v", outcomes)
	}

	tables := gathered(t, reg, "scrip_shard_table_bytes")
	for _, g := range w.Status().Shards {
		for table, n := range g.TableBytes {
			if got := tables[strings.TrimPrefix(g.Name, "shard-")+" "+table]; got != float64(n) {
				t.Errorf("%s of %s: %v bytes collected, %d in the status", table, g.Name, got, n)
			}
		}
	}
	if len(tables) != 12 || sum("scrip_shard_table_bytes") == 0 {
		t.Errorf("tables %v", tables)
	}

	w.ok(w.Close())
	if left := gathered(t, reg, "scrip_shard_codes"); len(left) != 0 {
		t.Errorf("a closed shard is read: %v", left)
	}
}
