package bench

import "time"

// lane is what one thread of a driver works with: the script, the protocol, the
// counters, and in an open loop the arrivals. It knows no sockets, so that every
// driver counts alike. It is not safe for concurrent use.
type lane struct {
	load     *Load
	script   Script
	protocol Protocol
	tally    *Tally
	show     *Live
	shown    shownCounters
	pacer    *pacer // nil in a closed loop
	waiting  waiting
	ranOut   bool
	left     int64 // requests of a closed loop that may still begin; -1 without end
	verdict  Verdict
}

func newLane(l *Load, lanes int, script Script, protocol Protocol, show *Live) *lane {
	a := &lane{load: l, script: script, protocol: protocol, tally: newTally(l), show: show, left: -1}
	if l.Open() {
		a.pacer = newPacer(l)
		a.waiting.max = waitingMax / lanes
	}
	if l.Requests > 0 {
		a.left = l.Requests
	}
	return a
}

// arrive moves the arrivals that are due at now into the queue.
func (a *lane) arrive(now int64) {
	for !a.pacer.over() && a.pacer.next() <= now {
		due := a.pacer.take()
		measured := a.tally.measured(due)
		if measured {
			a.tally.Scheduled++
		}
		if !a.waiting.push(due) && measured {
			a.tally.Dropped++
		}
	}
}

// begin takes the next request for a free connection: in an open loop the one
// that waits longest, in a closed one the next at once. It says when that was
// due. False when nothing is to be sent now.
func (a *lane) begin(op *Op, now int64) (due int64, ok bool) {
	if a.ranOut {
		return 0, false
	}
	due = now
	if a.pacer != nil {
		if due, ok = a.waiting.pop(); !ok {
			return 0, false
		}
	} else if now >= int64(a.load.WarmUp+a.load.Duration) || a.left == 0 {
		return 0, false
	}
	*op = Op{ID: op.ID[:0]}
	if !a.script.Next(op) {
		a.ranOut, a.tally.RanOut = true, true
		if a.pacer != nil && a.tally.measured(due) {
			a.tally.Unfinished++
		}
		return 0, false
	}
	if a.left > 0 {
		a.left--
	}
	if a.tally.measured(due) {
		a.tally.Sent++
		if a.pacer == nil {
			a.tally.Scheduled++
		}
	}
	return due, true
}

// finish judges an answer and counts it. True when the connection goes on with
// the same op.
func (a *lane) finish(op *Op, r *Reply, due, now int64) bool {
	a.verdict.reset()
	a.protocol.Judge(op, r, &a.verdict)
	return a.settle(op, due, now)
}

// lose counts a request that got no answer.
func (a *lane) lose(op *Op, why string, due, now int64) {
	a.verdict.lost(op.Kind, why)
	_ = a.settle(op, due, now) // nothing follows what was lost
}

func (a *lane) settle(op *Op, due, now int64) bool {
	a.tally.record(op.Kind, &a.verdict, due, now)
	a.shown.add(&a.verdict, now-due)
	if !a.script.Done(op, &a.verdict) {
		return false
	}
	if a.tally.measured(now) {
		a.tally.Sent++
		a.tally.Scheduled++
	}
	return true
}

// over reports that no request will begin any more.
func (a *lane) over(now int64) bool {
	switch {
	case a.ranOut:
		return true
	case a.pacer != nil:
		return a.pacer.over() && a.waiting.count == 0
	}
	return a.left == 0 || now >= int64(a.load.WarmUp+a.load.Duration)
}

// hopeless reports that what is still open at now is given up.
func (a *lane) hopeless(now int64) bool {
	return now >= int64(a.load.WarmUp+a.load.Duration+a.load.Grace)
}

// close counts what was never sent and publishes the rest.
func (a *lane) close(now int64) {
	for due, ok := a.waiting.pop(); ok; due, ok = a.waiting.pop() {
		if a.tally.measured(due) {
			a.tally.Unfinished++
		}
	}
	a.publish(now, 0)
}

// publish shows the counters to whoever looks on.
func (a *lane) publish(now int64, inFlight int) {
	if a.show != nil {
		a.show.add(&a.shown, time.Duration(now), a.waiting.count, inFlight)
	}
	a.shown = shownCounters{}
}
