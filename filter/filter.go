package filter

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
)

// Config sizes a filter.
type Config struct {
	// Keys is how many keys are expected; 0 for DefaultKeys. A filter is never
	// made smaller than for these.
	Keys uint64
	// FalsePositive is the wanted rate at that many keys, from 1e-9 and below 1; 0
	// for DefaultFalsePositive.
	FalsePositive float64
	// BytesMax bounds one generation; 0 for DefaultBytesMax.
	BytesMax uint64
	// Incomplete says that there are keys already which will not be added one by
	// one: every Test is true until a Rebuild has succeeded.
	Incomplete bool
}

const (
	// DefaultKeys makes a filter of 150 KB, nothing beside an empty shard.
	DefaultKeys = 100_000
	// DefaultFalsePositive: of a thousand guesses, one costs a look into the map.
	// 14.4 bits a key; a rate ten times better costs a third more.
	DefaultFalsePositive = 0.001
	// DefaultBytesMax holds three hundred million keys at the default rate.
	DefaultBytesMax = 512 << 20
	// keysMin keeps a filter for a handful of keys from being rebuilt at every one.
	keysMin = 64
	// keysMax is far beyond what BytesMax can hold; it keeps sizes inside the range
	// of the library's arithmetic.
	keysMax = 1 << 40
	// rateMin: with 40 bits in a key no smaller rate can be had.
	rateMin = 1e-9
)

// Filter is a Bloom filter that is safe for concurrent use; see the package
// comment. Create it with New.
type Filter struct {
	cfg Config
	gen atomic.Pointer[generations]

	rebuild sync.Mutex // held by the one rebuild that runs
}

// generations is what Add and Test see at one instant. It is never changed.
type generations struct {
	current *generation
	next    *generation // being filled; nil when nothing is rebuilt
	partial bool        // current lacks keys: Test may not deny (L3)
}

// New returns an empty filter. The error says which field of the configuration
// is out of range.
func New(cfg Config) (*Filter, error) {
	if cfg.Keys == 0 {
		cfg.Keys = DefaultKeys
	}
	if cfg.FalsePositive == 0 {
		cfg.FalsePositive = DefaultFalsePositive
	}
	if cfg.BytesMax == 0 {
		cfg.BytesMax = DefaultBytesMax
	}
	if !(cfg.FalsePositive >= rateMin && cfg.FalsePositive < 1) {
		return nil, fmt.Errorf("filter: false positive rate %v is not between %v and 1", cfg.FalsePositive, rateMin)
	}
	if cfg.BytesMax < 8 || cfg.BytesMax > 1<<40 {
		return nil, fmt.Errorf("filter: %d bytes are not between 8 and 2^40", cfg.BytesMax)
	}
	f := &Filter{cfg: cfg}
	f.gen.Store(&generations{current: f.generation(1, cfg.Keys), partial: cfg.Incomplete})
	return f, nil
}

func (f *Filter) generation(number, keys uint64) *generation {
	keys = min(max(keys, f.cfg.Keys, keysMin), keysMax)
	return newGeneration(number, keys, f.cfg.FalsePositive, f.cfg.BytesMax)
}

// Add records a key: from its return on, Test is true for it (L1). It never
// fails and never waits for a rebuild.
func (f *Filter) Add(key uint64) { f.addFrom(f.gen.Load(), key) }

// addFrom is Add after it has looked at the generations.
func (f *Filter) addFrom(g *generations, key uint64) {
	p := probesOf(key)
	for {
		g.current.add(&p)
		if g.next != nil {
			g.next.add(&p)
		}
		// Looked at again: a rebuild that began since then does not know this key,
		// unless its walk happens to come by later than we do.
		now := f.gen.Load()
		if now == g {
			return
		}
		g = now
	}
}

// Test reports whether key may have been added. False is certain, except for
// Adds that have not returned.
func (f *Filter) Test(key uint64) bool {
	g := f.gen.Load()
	if g.partial {
		return true
	}
	p := probesOf(key)
	return g.current.test(&p)
}

// NeedsRebuild reports that a rebuild would help: the filter is incomplete, or
// holds more keys than it was made for and may still grow.
func (f *Filter) NeedsRebuild() bool {
	g := f.gen.Load()
	if g.next != nil {
		return false
	}
	return g.partial || g.current.keys.Load() > g.current.capacity && g.current.bits < f.cfg.BytesMax*8
}

// Stats is a filter at about one instant.
type Stats struct {
	Keys uint64 // distinct keys added to the generation in use, or a little fewer
	Bits uint64
	Fill float64 // share of the bits that are set
	// EstimatedFalsePositive is the chance that Test is true for a key that was
	// never added, from the fill as it is now; 1 while the filter is incomplete.
	EstimatedFalsePositive float64
	Generation             uint64 // from 1; each successful rebuild adds one
	Rebuilding             bool
}

// Stats reads counters; it does not walk the bits.
func (f *Filter) Stats() Stats {
	g := f.gen.Load()
	s := Stats{
		Keys: g.current.keys.Load(), Bits: g.current.bits, Fill: g.current.fill(),
		EstimatedFalsePositive: g.current.falsePositive(),
		Generation:             g.current.number, Rebuilding: g.next != nil,
	}
	if g.partial {
		s.EstimatedFalsePositive = 1
	}
	return s
}

// ErrRebuilding means that a rebuild is under way already; it goes on.
var ErrRebuilding = errors.New("filter: a rebuild is under way")
