package filter

import (
	"math"
	"sync/atomic"

	"github.com/bits-and-blooms/bloom/v3"
)

// generation is one array of bits. Its size never changes; bits are only set.
type generation struct {
	words    []uint64 // read and set atomically
	bits     uint64   // how many of them are in use
	hashes   uint64   // positions per key
	capacity uint64   // keys at which the wanted rate of false positives is reached
	number   uint64
	ones     atomic.Uint64 // bits that are set
	keys     atomic.Uint64 // additions that set at least one
}

// newGeneration sizes by the library's estimate, within bytesMax. When that is
// too little for the keys, the number of hashes that is best for the rate stays:
// it is right again as soon as there are fewer keys.
func newGeneration(number, keys uint64, rate float64, bytesMax uint64) *generation {
	m, k := bloom.EstimateParameters(uint(keys), rate)
	g := &generation{number: number, bits: uint64(m), hashes: uint64(k), capacity: keys}
	if most := bytesMax * 8; g.bits > most {
		g.capacity = uint64(float64(keys) * float64(most) / float64(g.bits))
		g.bits = most
	}
	g.words = make([]uint64, (g.bits+63)/64)
	return g
}

func (g *generation) add(p *probes) {
	var fresh uint64
	for i := range g.hashes {
		at := p.at(i) % g.bits
		bit := uint64(1) << (at % 64)
		if atomic.OrUint64(&g.words[at/64], bit)&bit == 0 {
			fresh++
		}
	}
	if fresh > 0 {
		g.ones.Add(fresh)
		g.keys.Add(1)
	}
}

func (g *generation) test(p *probes) bool {
	for i := range g.hashes {
		at := p.at(i) % g.bits
		if atomic.LoadUint64(&g.words[at/64])&(uint64(1)<<(at%64)) == 0 {
			return false
		}
	}
	return true
}

// fill is the share of bits that are set.
func (g *generation) fill() float64 { return float64(g.ones.Load()) / float64(g.bits) }

// falsePositive is the chance that a key which was not added finds all its bits
// set: fill to the power of the positions, which differ but for a vanishing part.
func (g *generation) falsePositive() float64 {
	return math.Pow(g.fill(), float64(g.hashes))
}
