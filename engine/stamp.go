package engine

import (
	"log/slog"
	"sync"
	"time"

	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/internal/clock"
	"github.com/scrip-engine/scrip/raftstore"
)

// stamper gives the leader's stamps (P9). Replicated time never goes back, so a
// clock that jumps forward would spend it for ever: a stamp that runs ahead of
// the last one by more than the process has lived through is refused until the
// clock is right again or an operator accepts it (clock.go).
//
// A node that was off for a night is no jump: the first stamp after a start is
// taken as it is, since nothing on one machine could contradict it (docs/adr). One
// that was suspended for a night is a jump, since its monotonic clock stood still.
type stamper struct {
	clock   clock.Clock
	log     *slog.Logger
	metrics *metrics

	mu       sync.Mutex // guards the fields below
	groups   map[string]*stampState
	refusing bool // what was logged last
}

type stampState struct {
	base int64     // the clock when this process first stamped, or an operator accepted it
	at   time.Time // with the monotonic reading of then
	last int64     // the greatest stamp that was given, or known
}

func newStamper(c clock.Clock, log *slog.Logger, m *metrics) *stamper {
	return &stamper{clock: c, log: log, metrics: m, groups: map[string]*stampState{}}
}

// stamp satisfies raftstore.Config.Stamp.
func (s *stamper) stamp(group string, last int64) (int64, error) {
	now, ms := s.clock.Now(), s.clock.UnixMilli()
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.groups[group]
	if g == nil {
		s.groups[group] = &stampState{base: ms, at: now, last: max(ms, last)}
		return ms, nil
	}
	g.last = max(g.last, last)
	if g.jumped(now, ms) {
		s.metrics.clockRefused.Inc()
		s.noteLocked(true, g.ahead(now, ms))
		return 0, raftstore.ErrClockJump
	}
	s.noteLocked(false, 0)
	g.last = max(g.last, ms)
	return max(ms, last), nil
}

// ahead is by how much the clock runs ahead of what the process has lived through,
// by the monotonic clock where there is one.
func (g *stampState) ahead(now time.Time, ms int64) int64 {
	return ms - g.base - now.Sub(g.at).Milliseconds()
}

func (g *stampState) jumped(now time.Time, ms int64) bool {
	return g.ahead(now, ms) > coupon.StampJumpMillisMax && ms > g.last+coupon.StampJumpMillisMax
}

// noteLocked logs when refusing begins and ends, not each time.
func (s *stamper) noteLocked(refusing bool, ahead int64) {
	if refusing == s.refusing {
		return
	}
	s.refusing = refusing
	if refusing {
		s.log.Error("the clock jumped ahead: changes are refused with clock_jump until it is corrected or accepted (OPERATIONS.md, Time)",
			"ahead_seconds", ahead/1000)
		return
	}
	s.log.Info("the clock is right again: changes go on")
}

// look is how far the clock is ahead at the worst group, and whether it is refused.
func (s *stamper) look() (ahead int64, refused bool) {
	now, ms := s.clock.Now(), s.clock.UnixMilli()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lookLocked(now, ms)
}

func (s *stamper) lookLocked(now time.Time, ms int64) (ahead int64, refused bool) {
	for _, g := range s.groups { // order: a maximum and an or
		ahead = max(ahead, g.ahead(now, ms))
		refused = refused || g.jumped(now, ms)
	}
	return ahead, refused
}

// accept takes the clock as it is for right, once: from then on what the process
// lives through is counted from it, so that the next jump is refused again. It
// changes nothing where nothing is refused. near says whether a reading is what the
// operator expects.
func (s *stamper) accept(near func(ms int64) bool) (ms, ahead int64, accepted bool) {
	now, ms := s.clock.Now(), s.clock.UnixMilli()
	s.mu.Lock()
	defer s.mu.Unlock()
	ahead, refused := s.lookLocked(now, ms)
	if !refused || !near(ms) {
		return ms, ahead, false
	}
	for _, g := range s.groups { // order: each for itself
		g.base, g.at = ms, now
	}
	s.refusing = false
	s.metrics.clockAccepted.Inc()
	s.log.Warn("an operator accepted the clock: replicated time leaps ahead", "to", coupon.FormatInstant(ms), "ahead_seconds", ahead/1000)
	return ms, ahead, true
}
