package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/scrip-engine/scrip/engine"
	"github.com/scrip-engine/scrip/httpapi"
)

// family is one metric with its series.
type family struct {
	name, help, kind string
	labels           []string // sorted
}

// registered opens an engine in memory with a server before it, and returns what
// they registered.
func registered() (_ []family, err error) {
	reg := &recorder{Registry: prometheus.NewRegistry()}
	quiet := slog.New(slog.DiscardHandler)
	e, err := engine.Open(engine.Config{Dir: "data", FS: vfs.NewMem(), Registerer: reg, Logger: quiet,
		HeartbeatTimeout: 20 * time.Millisecond})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	server, err := httpapi.New(httpapi.Config{Engine: e, Registerer: reg, Logger: quiet})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, server.Shutdown(context.Background())) }()
	families, err := gather(reg)
	if err != nil {
		return nil, err
	}
	return families, reg.compare(families)
}

// gather returns the families that have series, by name.
func gather(reg prometheus.Gatherer) (families []family, err error) {
	gathered, err := reg.Gather()
	if err != nil {
		return nil, err
	}
	for _, g := range gathered {
		f := family{name: g.GetName(), help: g.GetHelp(), kind: strings.ToLower(g.GetType().String())}
		for _, m := range g.GetMetric() {
			for _, l := range m.GetLabel() {
				if !slices.Contains(f.labels, l.GetName()) {
					f.labels = append(f.labels, l.GetName())
				}
			}
		}
		slices.Sort(f.labels)
		families = append(families, f)
	}
	slices.SortFunc(families, func(a, b family) int { return cmp.Compare(a.name, b.name) })
	return families, nil
}

// recorder is a registry that remembers what was announced. Gather alone shows
// only families that have a series already (M2).
type recorder struct {
	*prometheus.Registry

	mu        sync.Mutex
	announced map[string]string // guarded by mu; name to the text of its labels
}

// Register implements prometheus.Registerer.
func (r *recorder) Register(c prometheus.Collector) error {
	if err := r.Registry.Register(c); err != nil {
		return err
	}
	ch := make(chan *prometheus.Desc)
	go func() {
		defer close(ch)
		c.Describe(ch)
	}()
	for d := range ch {
		name, labels := parseDesc(d)
		r.mu.Lock()
		if r.announced == nil {
			r.announced = map[string]string{}
		}
		r.announced[name] = labels
		r.mu.Unlock()
	}
	return nil
}

// MustRegister implements prometheus.Registerer.
func (r *recorder) MustRegister(all ...prometheus.Collector) {
	for _, c := range all {
		if err := r.Register(c); err != nil {
			panic(err)
		}
	}
}

// descText is how client_golang prints a description, which it does not let one
// read otherwise (v1.23: desc.go, String). TestDescriptionsCanBeRead fails when
// it prints another form.
var descText = regexp.MustCompile(`^Desc\{fqName: "([^"]+)", .*variableLabels: \{([^}]*)\}\}$`)

func parseDesc(d *prometheus.Desc) (name, labels string) {
	m := descText.FindStringSubmatch(d.String())
	if m == nil {
		return d.String(), "unreadable"
	}
	parts := strings.Split(m[2], ",")
	slices.Sort(parts)
	return m[1], strings.Join(parts, ",")
}

// compare says which announced families have no series, or other labels.
func (r *recorder) compare(families []family) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var errs []error
	seen := map[string]bool{}
	for _, f := range families {
		seen[f.name] = true
		if labels := strings.Join(f.labels, ","); r.announced[f.name] != labels {
			errs = append(errs, fmt.Errorf("%s has the labels %q and announces %q", f.name, labels, r.announced[f.name]))
		}
	}
	for name := range r.announced {
		if !seen[name] {
			errs = append(errs, fmt.Errorf("%s has no series at the start: resolve its labels where it is made (M2)", name))
		}
	}
	return errors.Join(errs...)
}
