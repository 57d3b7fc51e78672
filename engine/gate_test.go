package engine

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/scrip-engine/scrip/raftstore"
)

// Without it a backup under load would collect changes until nobody could read.
func TestSoManyWaitAtTheGateAndNoMore(t *testing.T) {
	var g gate
	ctx, cancel := context.WithCancel(t.Context())
	if err := g.close(ctx); err != nil {
		t.Fatal(err)
	}
	var waiting sync.WaitGroup
	ended := make(chan error, gateWaitersMax)
	enter := func(ctx context.Context) { waiting.Go(func() { ended <- g.enter(ctx) }) }
	enter(ctx)
	for range gateWaitersMax - 1 {
		enter(t.Context())
	}
	for full := false; !full; {
		g.mu.Lock()
		full = g.before == gateWaitersMax
		g.mu.Unlock()
	}
	if err := g.enter(t.Context()); !errors.Is(err, raftstore.ErrQueueFull) || !raftstore.IsNotProposed(err) {
		t.Errorf("one more: %v", err)
	}
	cancel() // one gives up and leaves its place
	if err := <-ended; !errors.Is(err, context.Canceled) || !raftstore.IsNotProposed(err) {
		t.Errorf("gave up: %v", err)
	}
	enter(t.Context())
	g.open()
	waiting.Wait()
	for range gateWaitersMax {
		if err := <-ended; err != nil {
			t.Errorf("after the cut: %v", err)
		}
		g.leave()
	}
	if g.before != 0 || g.inside != 0 {
		t.Errorf("%d before and %d inside", g.before, g.inside)
	}
}
