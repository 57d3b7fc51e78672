package raftstore

import (
	"context"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// Without it: nothing works.
func TestProposeAppliesAndSurvivesRestart(t *testing.T) {
	fs := vfs.NewCrashableMem()
	n := start(t, testConfig(t, fs, nil))
	mustPropose(t, n, 1, 2, 3)
	again, c, err := n.Propose(context.Background(), id(2))
	if err != nil || again != 2 {
		t.Fatalf("second time: %d, %v", again, err)
	}
	if n.Applied() < c.Index || c.Term == 0 || c.Stamp == 0 || n.LastStamp() < c.Stamp {
		t.Fatalf("commit %+v, applied %d, last stamp %d", c, n.Applied(), n.LastStamp())
	}
	mustClose(t, n)

	n = start(t, testConfig(t, fs, nil))
	if n.ledger.count(2) != 2 || n.ledger.size() != 3 {
		t.Fatalf("after restart: %v", n.ledger.counts)
	}
	mustPropose(t, n, 4)
}

// Without it: many callers at once lose, mix up or double answers.
func TestManyCallersShareEntries(t *testing.T) {
	n := start(t, testConfig(t, vfs.NewMem(), nil))
	const callers, each = 32, 50
	var wg sync.WaitGroup
	for c := range callers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range each {
				v := uint64(c*each + i)
				got, _, err := n.Propose(context.Background(), id(v))
				if err != nil || got != 1 {
					t.Errorf("propose %d: %d, %v", v, got, err)
				}
			}
		}()
	}
	wg.Wait()
	if n.ledger.size() != callers*each {
		t.Fatalf("%d ids applied, want %d", n.ledger.size(), callers*each)
	}
	if n.ledger.entries >= callers*each {
		t.Fatalf("%d entries for %d commands: nothing was packed", n.ledger.entries, callers*each)
	}
}
