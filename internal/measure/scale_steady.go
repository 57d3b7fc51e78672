package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/scrip-engine/scrip/bench"
	"github.com/scrip-engine/scrip/engine"
)

const (
	// pageReads of each page give a median and a tail of one hundredth.
	pageReads = 200
	// pageSize and deepPage are those of the goal.
	pageSize = 100
	deepPage = 10_000
	// steadyTries is how often the latency is watched until an image is written
	// meanwhile.
	steadyTries = 3
	// engineCallers keep batches full without a socket.
	engineCallers = 256
)

// lists times the first page of a long list and a deep one, by an ordinary client
// on one connection.
func (r *scaleRun) lists(ctx context.Context, s *scrip, p *population) error {
	for _, page := range []uint64{1, max(1, min(deepPage, p.count/pageSize))} {
		query := url.Values{"campaign": {p.name}, "limit": {strconv.Itoa(pageSize)}, "page": {strconv.FormatUint(page, 10)}}
		var took []float64
		for range pageReads {
			began := time.Now()
			if err := s.get(ctx, "/v1/vouchers?"+query.Encode()); err != nil {
				return err
			}
			took = append(took, float64(time.Since(began))/float64(time.Millisecond))
		}
		slices.Sort(took)
		r.goal("N12", fmt.Sprintf("page %s of a list of %s codes, p50", thousands(float64(page)), thousands(float64(p.count))), goalPage, " ms", took[pageReads/2])
		r.note("page %s of the list: p99 %.2f ms, the slowest of %d %.2f ms", thousands(float64(page)), took[pageReads*99/100], pageReads, took[pageReads-1])
	}
	return nil
}

// get reads a resource of the API to its end.
func (s *scrip) get(ctx context.Context, path string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+path, nil)
	if err != nil {
		return err
	}
	req.Header.Set("X-App-Id", s.key.AppID)
	req.Header.Set("X-App-Token", s.key.AppToken)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, res.Body)
	if err := errors.Join(err, res.Body.Close()); err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: status %d", path, res.StatusCode)
	}
	return nil
}

// tail watches the latency of an open loop at half of the highest load while an
// image is written.
func (r *scaleRun) tail(ctx context.Context, s *scrip, p *population) error {
	highest := 0.0
	for range r.Runs {
		rate, err := r.redeem(ctx, s, p)
		if err != nil {
			return err
		}
		highest = max(highest, rate)
	}
	peer, err := s.peer()
	if err != nil {
		return err
	}
	half := highest / 2
	var tails []float64
	image := false
	for range steadyTries {
		before, err := s.imageIndex(ctx)
		if err != nil {
			return err
		}
		l := r.peerLoad(p, loadConnections)
		l.Load.Rate, l.Load.Arrivals, l.Load.Duration = half, bench.Poisson, r.Steady
		result, err := r.audited(ctx, s, peer, l)
		if err != nil {
			return err
		}
		after, err := s.imageIndex(ctx)
		if err != nil {
			return err
		}
		tails = append(tails, result.Kind("redeem").At["p99.9"])
		if image = after > before; image {
			tails = tails[len(tails)-1:]
			break
		}
	}
	during := "an image was written meanwhile"
	if !image {
		during = "no image was written meanwhile"
	}
	r.goal("N5", fmt.Sprintf("p99.9 at %s arrivals a second, half of the highest load, with %s codes; %s", thousands(half), thousands(float64(r.Codes)), during),
		goalTail, " ms", tails...)
	return nil
}

// imageIndex adds up where the newest images stand.
func (s *scrip) imageIndex(ctx context.Context) (sum uint64, err error) {
	st, err := s.state(ctx)
	if err != nil {
		return 0, err
	}
	for _, g := range st.Groups {
		sum += g.ImageIndex
	}
	return sum, nil
}

// compareInProcess measures few and many codes in turn through two engines of this
// process: one on a new directory, one on the server's own.
func (r *scaleRun) compareInProcess(ctx context.Context, dir string, more *population) (err error) {
	few := &population{name: "few", seed: r.nextSeed(), count: r.Few}
	small, err := r.open(filepath.Join(dir, "small"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, small.Close()) }()
	if err := few.make(ctx, bench.NewEngineAdmin(small)); err != nil {
		return err
	}
	full, err := r.open(filepath.Join(dir, "data"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, full.Close()) }()
	var before, after []float64
	for range r.Runs {
		a, err := r.redeemInProcess(ctx, small, few)
		if err != nil {
			return err
		}
		b, err := r.redeemInProcess(ctx, full, more)
		if err != nil {
			return err
		}
		before, after = append(before, a), append(after, b)
	}
	r.cost("in process", before, after)
	return nil
}

func (r *scaleRun) open(dir string) (*engine.Engine, error) {
	return engine.Open(engine.Config{Dir: dir, Logger: slog.New(slog.DiscardHandler), Version: r.report.Version})
}

func (r *scaleRun) redeemInProcess(ctx context.Context, e *engine.Engine, p *population) (float64, error) {
	result, told, err := bench.DrivePeer(ctx, bench.EnginePeer(e), r.peerLoad(p, engineCallers))
	if err != nil {
		return 0, err
	}
	if told.Double > 0 || told.Unknown > 0 || len(result.Failures) > 0 {
		r.fail("%s in process: %d double, %d unknown, failures %v", p.name, told.Double, told.Unknown, result.Failures)
	}
	say("%s: %s redemptions/s in process", p.name, thousands(result.RedemptionRate))
	return result.RedemptionRate, nil
}
