package bench

import "time"

// The bounds of a run (B8).
const (
	// ConnectionsMax is what one server takes from one address.
	ConnectionsMax = 4096
	// ThreadsMax keeps the generator from taking the machine: more threads than
	// this no small machine has cores for.
	ThreadsMax = 16
	// CodesMax is the largest set of codes; they are computed, not stored.
	CodesMax = 100_000_000
	// RunsMax bounds the columns of a report.
	RunsMax = 100
	// waitingMax bounds the arrivals that wait for a connection, in all lanes
	// together: forty seconds at 100,000 a second.
	waitingMax = 4 << 20
	// unknownsMax bounds the changes without an answer that a lane keeps for the
	// audit: a server killed under 4,096 connections leaves one each, and may be
	// killed some hundred times.
	unknownsMax = 1 << 19
	// namesMax bounds refusals and errors that are counted by name; the rest is
	// counted together.
	namesMax = 64
	// answerBytesMax bounds one answer: a page of a list with full redemptions.
	answerBytesMax = 4 << 20
	// secondsMax bounds a run, and with it the slots of its course over time.
	secondsMax = 24 * 60 * 60
)

const (
	// slotWidth is the grain of the course over time.
	slotWidth = 100 * time.Millisecond
	// sweepEvery is how often connections are looked at for answers that do not
	// come, and counters shown to whoever looks on.
	sweepEvery = 50 * time.Millisecond
	// reconnectAfter spaces attempts to connect to a server that refuses.
	reconnectAfter = 50 * time.Millisecond
	// connectTimeout bounds the connecting before a run.
	connectTimeout = 10 * time.Second
)
