package bench

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"

	"github.com/scrip-engine/scrip/engine"
)

// Caller carries one request at a time to a system that has a driver of its own.
// Each is used by one goroutine.
type Caller interface {
	// Call judges the answer to op into v, which was reset.
	Call(ctx context.Context, op *Op, v *Verdict)
	// Close gives the connection back; what was asked on it is judged.
	Close()
}

// Peer is how a system that Scrip is compared with is asked: in a language over
// the loop, or by callers. Its audit is its owner's, since only Scrip has Scrip's
// API.
type Peer struct {
	// Address and Protocol are for the loop.
	Address  string
	Protocol func(*Shape) Protocol
	// Open, where it is set, takes the place of both.
	Open func(*Shape) (Caller, error)
}

// PeerLoad is what a peer is asked for in one run.
type PeerLoad struct {
	Label string
	Load  Load
	// Seed makes the codes and begins the keys; several runs over the same codes set
	// Keys too, so that no run has the keys of another.
	Seed, Keys uint64
	// First and Count are the codes; Unique uses each once.
	First, Count uint64
	Unique       bool
	// Guess asks for codes that do not exist instead.
	Guess bool
	// Customers are as many as are named in turn; 0 names nobody.
	Customers uint64
	// Full asks for whole answers, where the language knows two.
	Full bool
}

// Told is what the answers of a run claimed, warm-up included (B5).
type Told struct {
	// Acknowledged successes, and how many of them had an id of another.
	Acknowledged int64 `json:"acknowledged"`
	Double       int64 `json:"double,omitempty"`
	// Unknown changes may have happened.
	Unknown int64 `json:"unknown,omitempty"`
}

// DrivePeer carries a load to a peer by the generator that carries Scrip's own,
// and returns what was measured and what is to be audited.
func DrivePeer(ctx context.Context, p *Peer, l *PeerLoad) (*Result, *Told, error) {
	if err := l.Load.Check(); err != nil {
		return nil, nil, err
	}
	runtime.GC() // what set-up left is not to be collected while we measure
	shape := &Shape{Codes: NewCodes(l.Seed), KeyPrefix: fmt.Sprintf("b%08x-", uint32(mix(orElse(l.Keys, l.Seed)))), Amount: orderAmount,
		Customers: l.Customers > 0, Full: l.Full}
	var ledgers []*Ledger
	var used, keys Counter
	job := &Job{Load: l.Load, Label: l.Label, Address: p.Address, Script: func(lane int) Script {
		ledgers = append(ledgers, new(Ledger))
		return l.script(lane, ledgers[len(ledgers)-1], &used, &keys)
	}}
	job.Load.Seed = orElse(l.Keys, l.Seed)
	before := processorTime()
	tally, err := p.drive(ctx, job, shape)
	if err != nil {
		return nil, nil, err
	}
	result := newResult(0, &l.Load, tally)
	if sent := tally.Sent + tally.WarmUp; sent > 0 {
		result.GeneratorCPU = float64((processorTime() - before).Microseconds()) / float64(sent)
	}
	return result, toldBy(ledgers), nil
}

func (l *PeerLoad) script(lane int, ledger *Ledger, used, keys *Counter) Script {
	rng := rand.New(rand.NewPCG(orElse(l.Keys, l.Seed), uint64(lane)+2))
	codes := Picker{first: l.First, count: l.Count, rng: rng}
	if l.Unique {
		codes.unique = used
	}
	s := uses{ledger: ledger, codes: codes, keys: keys, customers: l.Customers}
	if l.Guess {
		return &guesses{uses: s, flood: 1, rng: rng}
	}
	return &s
}

func (p *Peer) drive(ctx context.Context, job *Job, shape *Shape) (*Tally, error) {
	if p.Open == nil {
		job.Protocol = func() Protocol { return p.Protocol(shape) }
		return Drive(ctx, job)
	}
	return driveCallers(ctx, job, func() (caller, error) {
		c, err := p.Open(shape)
		return peerCaller{c}, err
	})
}

// peerCaller is a foreign caller to the drivers.
type peerCaller struct{ foreign Caller }

func (c peerCaller) call(ctx context.Context, op *Op, v *Verdict) { c.foreign.Call(ctx, op, v) }
func (c peerCaller) close()                                       { c.foreign.Close() }

// EnginePeer is an engine of this process: each connection of a load is a goroutine
// that calls it.
func EnginePeer(e *engine.Engine) *Peer {
	return &Peer{Open: func(s *Shape) (Caller, error) {
		return inProcess{&engineCaller{engine: e, shape: s, call0: e.Default()}}, nil
	}}
}

type inProcess struct{ c *engineCaller }

func (p inProcess) Call(ctx context.Context, op *Op, v *Verdict) { p.c.call(ctx, op, v) }
func (p inProcess) Close()                                       { p.c.close() }

// CSV is a file to import: the codes of n indexes from first on.
func CSV(c Codes, first, n uint64) io.Reader { return c.csv(first, n) }

func toldBy(ledgers []*Ledger) *Told {
	told := new(Told)
	var ids []uint64
	for _, l := range ledgers {
		l.uses.each(func(u use) { ids = append(ids, u.id) })
		told.Unknown += int64(len(l.Unknowns)) + l.Overflow
	}
	told.Acknowledged = int64(len(ids))
	slices.Sort(ids)
	told.Double = told.Acknowledged - int64(len(slices.Compact(ids)))
	return told
}

// MeasureDevice takes the time of fdatasync in a directory, as every report does.
func MeasureDevice(ctx context.Context, dir string) (*Fdatasync, error) { return probe(ctx, dir) }

// ThisMachine is where this process runs.
func ThisMachine() Machine { return thisMachine() }

// SpreadOf orders values: the least, the middle one and the largest.
func SpreadOf(values []float64) Spread { return spreadOf(values) }
