package refusals

import (
	"math/rand/v2"
	"sync"
)

// counters are the refusals since the last drain. A refusal goes to a stripe that
// chance chooses, not its campaign: in a storm they are all of one campaign.
type counters struct {
	stripe [stripes]stripe
}

type stripe struct {
	mu     sync.Mutex
	counts cells  // guarded by mu
	spare  cells  // guarded by mu; empty, and changes places with counts
	folded uint64 // guarded by mu; counted under an unknown campaign
	lost   uint64 // guarded by mu; without room even there

	_ [64]byte // a stripe does not share a cache line with the next
}

func newCounters() *counters {
	c := new(counters)
	for i := range c.stripe {
		c.stripe[i].counts, c.stripe[i].spare = cells{}, cells{}
	}
	return c
}

func (c *counters) add(name cell) {
	s := &c.stripe[rand.Uint32()%stripes]
	s.mu.Lock()
	counted, folded := s.counts.add(name, 1, stripeCellsMax)
	if folded {
		s.note(counted)
	}
	s.mu.Unlock()
}

func (s *stripe) note(counted bool) {
	if counted {
		s.folded++
	} else {
		s.lost++
	}
}

// drain hands everything over, each refusal once. One caller at a time; those
// who add wait for the exchange of two maps at the most.
func (c *counters) drain(take func(cell, uint64)) (folded, lost uint64) {
	for i := range c.stripe {
		s := &c.stripe[i]
		s.mu.Lock()
		full := s.counts
		s.counts, s.spare = s.spare, nil
		folded, lost = folded+s.folded, lost+s.lost
		s.folded, s.lost = 0, 0
		s.mu.Unlock()
		for name, n := range full {
			take(name, n)
		}
		clear(full)
		s.mu.Lock()
		s.spare = full
		s.mu.Unlock()
	}
	return folded, lost
}
