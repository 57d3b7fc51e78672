package engine

import (
	"context"
	"time"

	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/filter"
	"github.com/scrip-engine/scrip/shard"
)

// codeFilter stands in front of a shard's codes: what it denies was never
// issued, without a look at the map. A denial is final only after a leadership
// proof, like every other no (P8).
type codeFilter struct{ f *filter.Filter }

func newCodeFilter() (*codeFilter, error) {
	f, err := filter.New(filter.Config{})
	if err != nil {
		return nil, err
	}
	return &codeFilter{f}, nil
}

// Add satisfies shard.Filter.
func (c *codeFilter) Add(key uint64) { c.f.Add(key) }

func (c *codeFilter) mayHold(h coupon.Hash) bool { return c.f.Test(shard.FilterKey(h)) }

// filterLookEvery is how often the filters' fill is looked at: a filter that is
// over its size costs a map look-up a guess, nothing more.
const filterLookEvery = time.Second

// keepFilters rebuilds filters that have outgrown their size.
func (e *Engine) keepFilters(ctx context.Context) {
	t := time.NewTicker(filterLookEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		for _, g := range e.shards {
			if !g.filter.f.NeedsRebuild() {
				continue
			}
			err := g.filter.f.Rebuild(ctx, uint64(g.law.Issued()), func(yield func(uint64) bool) error {
				g.law.FilterKeys(yield)
				return nil
			})
			if err != nil && ctx.Err() == nil {
				e.log.Warn("filter not rebuilt", "shard", g.index, "error", err)
			}
		}
	}
}
