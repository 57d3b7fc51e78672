package test

import (
	"math/rand/v2"
	"testing"
	"time"
)

// Without this a crash loses a redemption that a shop was told of, or counts one
// twice when it asks again, and nobody knows before the books are closed (P1 to
// P5). Power loss cannot be made here; the crash tests of the rooms stand for it.
func TestKillNine(t *testing.T) {
	t.Run("one shard", func(t *testing.T) { killAndAudit(t, 14, "--shards", "1") })
	t.Run("four shards", func(t *testing.T) { killAndAudit(t, 8, "--shards", "4") })
}

// busyMax is how many operations pass at most between two kills, and startMax how
// long after the beginning of a start a kill comes at most: a start takes less.
const (
	busyMax  = 600
	startMax = 600 * time.Millisecond
)

func killAndAudit(t *testing.T, kills int, flags ...string) {
	seed := seed(t)
	s := start(t, t.TempDir(), flags...)
	stock, err := fill(t.Context(), s.client(), 400)
	if err != nil {
		t.Fatal(err)
	}
	once := s.once()
	r := shop(t.Context(), once, stock, seed)
	chance := rand.New(rand.NewPCG(seed, shoppers))
	for range kills {
		goal := r.acked.Load() + 1 + chance.Int64N(busyMax)
		eventually(t, "the shoppers to get on", func() bool { s.running(); return r.acked.Load() >= goal || r.stuck() })
		s.kill()
		if chance.IntN(4) == 0 {
			s.killWhileStarting(time.Duration(chance.Int64N(int64(startMax))))
		}
		s.begin()
	}
	goal := r.acked.Load() + busyMax
	eventually(t, "the shoppers to get on", func() bool { s.running(); return r.acked.Load() >= goal || r.stuck() })
	history := r.finish()
	for _, err := range r.problems {
		t.Error(err)
	}
	t.Logf("%d operations, %d attempts without an answer, %v", len(history), r.unknown.Load(), time.Since(r.began))
	if r.unknown.Load() == 0 {
		t.Error("no kill met a request: this run shows nothing")
	}
	audit(t, s.client(), stock.all(), history)
	checkHistories(t, r)

	s.stop()
	s.begin()
	audit(t, s.client(), stock.hot, history)
}

// stuck reports that a shopper gave up, so that there is no point in waiting.
func (r *run) stuck() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.problems) > 0
}

// killWhileStarting starts the process and kills it before it can be ready, at
// any point of its recovery.
func (s *server) killWhileStarting(after time.Duration) {
	s.t.Helper()
	cmd := command(s.t, append([]string{"serve", "--data", s.dir, "--http-addr", "127.0.0.1:0", "--ops-addr", "127.0.0.1:0"}, s.flags...)...)
	cmd.Stderr = &s.log
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	<-time.After(after) // the moment of the kill is the subject
	_ = cmd.Process.Kill()
	_ = cmd.Wait() // says that it was killed
}
