package main

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const page = "../../docs/metrics.md"

// Without this a metric is added, renamed or loses a label, and the page and the
// alerts that were made from it do not notice.
func TestThePageIsTheRegistry(t *testing.T) {
	families, err := registered()
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(judge(families)...); err != nil {
		t.Error(err)
	}
	want := render(families)
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(got, want) {
		return
	}
	missing, stale := lines(want, got), lines(got, want)
	t.Errorf("docs/metrics.md is not current, run go generate ./internal/metricsdoc\nmissing:\n%s\nno longer so:\n%s", missing, stale)
}

// lines returns the lines of a that b does not have.
func lines(a, b []byte) string {
	known := strings.Split(string(b), "\n")
	return strings.Join(slices.DeleteFunc(strings.Split(string(a), "\n"),
		func(line string) bool { return slices.Contains(known, line) }), "\n")
}

// Without this what the operators' page promises is not measured.
func TestWhatMustBeMeasuredIs(t *testing.T) {
	families, err := registered()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"scrip_engine_redemptions_total outcome", "scrip_httpapi_request_seconds route", "scrip_engine_stage_seconds stage",
		"scrip_raftstore_queue_seconds group", "scrip_raftstore_log_fsync_seconds group", "scrip_raftstore_apply_seconds group",
		"scrip_raftstore_batch_commands group", "scrip_raftstore_batch_bytes group", "scrip_raftstore_proofs_total group",
		"scrip_raftstore_image_seconds group", "scrip_raftstore_image_bytes group", "scrip_raftstore_unknown_total group",
		"scrip_shard_table_bytes shard table", "scrip_filter_keys shard", "scrip_filter_fill_ratio shard",
		"scrip_filter_false_positive_ratio shard", "scrip_engine_disk_free_bytes", "scrip_engine_disk_low_bytes",
		"scrip_engine_replicated_time_lag_seconds group", "scrip_engine_pending_fences", "scrip_jobs_running",
		"scrip_views_lag_seconds shard", "scrip_refusals_noted_total operation",
	} {
		name, labels, _ := strings.Cut(want, " ")
		i := slices.IndexFunc(families, func(f family) bool { return f.name == name })
		if i < 0 || strings.Join(families[i].labels, " ") != labels {
			t.Errorf("%s is not measured", want)
		}
	}
}

// Without this a rule that finds nothing looks like a clean registry.
func TestJudge(t *testing.T) {
	f := func(m family, want string) {
		t.Helper()
		err := errors.Join(judge([]family{m})...)
		if (want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", m, err, want)
		}
	}
	f(family{name: "scrip_a_wait_seconds", help: "Seconds of waiting.", kind: "histogram"}, "")
	f(family{name: "scrip_a_failures_total", help: "Each failure.", kind: "counter", labels: []string{"shard"}}, "")
	f(family{name: "scrip_a_failures_total", help: "Each failure.", kind: "counter", labels: []string{"campaign"}}, "label campaign")
	f(family{name: "scrip_a_wait_seconds", help: "How long it waited.", kind: "histogram"}, `does not say "seconds"`)
	f(family{name: "scrip_a_failures", help: "Each failure.", kind: "counter"}, "end in _total")
	f(family{name: "scrip_a_failures_total", help: "Each failure.", kind: "gauge"}, "end in _total")
	f(family{name: "scrip_failures", help: "Each failure.", kind: "gauge"}, "not named")
	f(family{name: "scrip_a_failures_total", help: "Each failure", kind: "counter"}, "no sentence")
}

// Without this the library may print descriptions in another form, and a family
// without series goes unnoticed.
func TestDescriptionsCanBeRead(t *testing.T) {
	reg := &recorder{Registry: prometheus.NewRegistry()}
	vec := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "scrip_x_total", Help: `Says "x", {y}.`}, []string{"b", "a"})
	reg.MustRegister(vec)
	if reg.announced["scrip_x_total"] != "a,b" {
		t.Errorf("announced: %v", reg.announced)
	}
	if err := reg.compare(nil); err == nil || !strings.Contains(err.Error(), "no series") {
		t.Errorf("a family without series: %v", err)
	}
	if err := reg.compare([]family{{name: "scrip_x_total", labels: []string{"a"}}}); err == nil || !strings.Contains(err.Error(), "labels") {
		t.Errorf("a label that is missing: %v", err)
	}
}
