package engine

import (
	"sync"
	"time"

	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/internal/clock"
	"github.com/scrip-engine/scrip/raftstore"
)

// stamper gives the leader's stamps (P9). Replicated time never goes back, so a
// clock that jumps forward would spend it for ever: a stamp that runs ahead of
// the last one by more than the process has lived through is refused until the
// clock is right again or an operator restarts.
//
// A node that was off for a night is no jump: the first stamp after a start is
// taken as it is, since nothing on one machine could contradict it (docs/adr).
type stamper struct {
	clock clock.Clock

	mu     sync.Mutex
	groups map[string]*stampState
}

type stampState struct {
	base int64     // the clock when this process first stamped
	at   time.Time // with the monotonic reading of then
}

func newStamper(c clock.Clock) *stamper {
	return &stamper{clock: c, groups: map[string]*stampState{}}
}

// stamp satisfies raftstore.Config.Stamp.
func (s *stamper) stamp(group string, last int64) (int64, error) {
	now, ms := s.clock.Now(), s.clock.UnixMilli()
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.groups[group]
	if g == nil {
		s.groups[group] = &stampState{base: ms, at: now}
		return ms, nil
	}
	lived := now.Sub(g.at).Milliseconds() // by the monotonic clock where there is one
	if ms > g.base+lived+coupon.StampJumpMillisMax && ms > last+coupon.StampJumpMillisMax {
		return 0, raftstore.ErrClockJump
	}
	return max(ms, last), nil
}
