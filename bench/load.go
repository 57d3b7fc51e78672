package bench

import (
	"errors"
	"fmt"
	"time"
)

// Arrivals is how the requests of an open loop are spread over time.
type Arrivals uint8

// The arrivals.
const (
	// Poisson arrivals are independent of each other, as customers are.
	Poisson Arrivals = iota
	// Constant arrivals keep one distance.
	Constant
	// Bursts come BurstSize at once, with the same mean rate.
	Bursts
)

var arrivalNames = []string{"poisson", "constant", "burst"}

// String returns the name in flags and reports.
func (a Arrivals) String() string { return arrivalNames[a] }

// ParseArrivals reads a name.
func ParseArrivals(name string) (Arrivals, error) {
	for i, n := range arrivalNames {
		if n == name {
			return Arrivals(i), nil
		}
	}
	return 0, fmt.Errorf("arrivals: %q is none of poisson, constant, burst", name)
}

// Load says how requests come.
type Load struct {
	// Connections to the target, or callers in process, all lanes together.
	Connections int
	// Threads of the generator, one loop each.
	Threads int
	// Rate is the mean of arrivals a second; 0 is a closed loop, in which every
	// connection asks as soon as it was answered.
	Rate float64
	// Arrivals and BurstSize shape an open loop.
	Arrivals  Arrivals
	BurstSize int
	// Requests ends the arrivals after so many; 0 is until Duration.
	Requests int64
	// WarmUp comes first and is not measured (B5).
	WarmUp, Duration time.Duration
	// Timeout is how long an answer may take before the connection is given up.
	Timeout time.Duration
	// Grace is how long the arrivals that are due at the end may still be served.
	Grace time.Duration
	// Seed of the arrivals.
	Seed uint64
}

// Open reports an open loop.
func (l *Load) Open() bool { return l.Rate > 0 }

// Check finds what cannot be run.
func (l *Load) Check() error {
	var errs []error
	if l.Connections < 1 || l.Connections > ConnectionsMax {
		errs = append(errs, fmt.Errorf("connections: %d is not between 1 and %d", l.Connections, ConnectionsMax))
	}
	if l.Threads < 1 || l.Threads > ThreadsMax || l.Threads > l.Connections {
		errs = append(errs, fmt.Errorf("threads: %d is not between 1 and %d, and at most one a connection", l.Threads, ThreadsMax))
	}
	if l.Rate < 0 || l.Rate > 1e9 {
		errs = append(errs, fmt.Errorf("rate: %g is not between 0 and 10^9 a second", l.Rate))
	}
	if l.Open() && l.Arrivals == Bursts && l.BurstSize < 1 {
		errs = append(errs, errors.New("burst: at least one arrival at once"))
	}
	if l.Duration <= 0 || l.WarmUp < 0 || (l.Duration+l.WarmUp).Seconds() > secondsMax {
		errs = append(errs, fmt.Errorf("duration: %v after %v of warm-up is not within a day", l.Duration, l.WarmUp))
	}
	if l.Timeout <= 0 || l.Grace < 0 || l.Requests < 0 {
		errs = append(errs, errors.New("timeout, grace and requests: below what can be"))
	}
	return errors.Join(errs...)
}

// share returns the load of one lane of several.
func (l *Load) share(lane, lanes int) Load {
	part := *l
	part.Connections = l.Connections / lanes
	if lane < l.Connections%lanes {
		part.Connections++
	}
	part.Rate = l.Rate / float64(lanes)
	part.Requests = l.Requests / int64(lanes)
	if int64(lane) < l.Requests%int64(lanes) {
		part.Requests++
	}
	part.Seed = mix(l.Seed + uint64(lane) + 1)
	return part
}
