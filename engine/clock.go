package engine

import (
	"time"

	"github.com/scrip-engine/scrip/wire"
)

// ClockStatus is what the node thinks of its clock.
type ClockStatus struct {
	Now wire.Time `json:"now"`
	// AheadSeconds is by how much the clock runs ahead of what the process has lived
	// through since it started, or since the clock was accepted.
	AheadSeconds int64 `json:"ahead_seconds"`
	// Refused: changes are answered with clock_jump.
	Refused bool `json:"refused"`
	// Accepted: this call made the clock acceptable.
	Accepted bool `json:"accepted"`
}

// clockNear is how close the time that an operator states must be to the node's:
// far enough for a time that was typed, near enough to tell a jump from the truth.
const clockNear = 2 * time.Minute

// ClockStatus reads the clock.
func (e *Engine) ClockStatus() ClockStatus {
	ahead, refused := e.stamper.look()
	return ClockStatus{Now: wire.Time(e.clock.UnixMilli()), AheadSeconds: ahead / 1000, Refused: refused}
}

// AcceptClock ends a refusal with clock_jump where the clock is right: a machine
// that was suspended, not one whose clock is wrong. Replicated time follows the
// clock from the next change on, and never goes back: what ends until then is
// expired for ever. So the operator says what time it is, read elsewhere, and a
// node whose clock says otherwise refuses. Where no change is refused, nothing is
// done, so that asking twice is harmless.
func (e *Engine) AcceptClock(at wire.Time) (ClockStatus, error) {
	c := Call{}
	near := func(ms int64) bool {
		return time.Duration(max(ms-int64(at), int64(at)-ms))*time.Millisecond <= clockNear
	}
	ms, ahead, accepted := e.stamper.accept(near)
	if !near(ms) {
		return ClockStatus{}, c.field(wire.KeyInvalidQueryParams, "at",
			"is not within two minutes of this node's clock, which says "+wire.Time(ms).String()+": correct the clock, or state the time it is")
	}
	if accepted {
		return ClockStatus{Now: wire.Time(ms), Accepted: true}, nil
	}
	return ClockStatus{Now: wire.Time(ms), AheadSeconds: ahead / 1000}, nil
}
