package views

import "time"

// The pace of a follower. A redemption is worth more than its place in a list: on
// two cores a follower that runs for ten milliseconds makes everybody wait so long.
//
// While the journal grows by more than busyRate the follower works in slices of at
// most slice and rests after each, so that all followers together take a share of
// one core. The share rises with the lag, from shareMin to all of a core when the
// view is behindMax records or behindTime behind: a load that the least share
// cannot follow settles at a lag below these, and one that a whole core cannot
// follow is limited by nothing but itself. When the journal does not grow so fast,
// or while somebody waits for a record (WaitFor), there is no rest.
const (
	busyRate   = 2000 // records a second
	slice      = 500 * time.Microsecond
	shareMin   = 0.25 // of one core
	behindMax  = 1_000_000
	behindTime = 30 * time.Second
	// gather is the least rest of one that has caught up: the records that come
	// meanwhile share their keys in one batch.
	gather = 5 * time.Millisecond
	// restMax is reached by slices that were interrupted themselves.
	restMax = 50 * time.Millisecond
	// rateWindow is how long growth is measured before it counts.
	rateWindow = 100 * time.Millisecond
)

// pace measures the growth of one journal and says how long to rest. It belongs to
// the follower's goroutine.
type pace struct {
	followers int // share the share
	since     time.Time
	last      uint64  // sequence of the newest record at since
	rate      float64 // records a second, in the window before
}

// observe takes note of how long the journal is.
func (p *pace) observe(now time.Time, last uint64) {
	if p.since.IsZero() || last < p.last {
		p.since, p.last, p.rate = now, last, 0
		return
	}
	if passed := now.Sub(p.since); passed >= rateWindow {
		p.rate = float64(last-p.last) / passed.Seconds()
		p.since, p.last = now, last
	}
}

func (p *pace) busy() bool { return p.rate > busyRate }

// rest is how long to rest after work, behind records before the end of the
// journal; 0 when nobody is in the way.
func (p *pace) rest(worked time.Duration, behind uint64) time.Duration {
	if !p.busy() {
		return 0
	}
	lag := max(float64(behind)/behindMax, float64(behind)/p.rate/behindTime.Seconds())
	share := (shareMin + (1-shareMin)*min(1, lag)) / float64(p.followers)
	if lag >= 1 {
		share = 1
	}
	rest := time.Duration(float64(worked) * (1 - share) / share)
	if behind == 0 {
		rest = max(rest, gather)
	}
	return min(rest, restMax)
}
