package filter

import "math/bits"

// probes are the four hashes from which every position of a key follows.
type probes [4]uint64

// probesOf hashes the eight little-endian bytes of key with MurmurHash3 128
// (x64, seed 0), and again with one byte 0x01 behind them, as
// bits-and-blooms/bloom/v3 does. Written out for this one length it takes a few
// nanoseconds and no memory; TestProbesAreTheLibrarys holds the two together.
func probesOf(key uint64) probes {
	k1 := bits.RotateLeft64(key*murmurC1, 31) * murmurC2
	k2 := bits.RotateLeft64(murmurC2, 33) * murmurC1 // of the ninth byte, 0x01
	var p probes
	p[0], p[1] = finish(k1, 0, 8)
	p[2], p[3] = finish(k1, k2, 9)
	return p
}

// The constants of MurmurHash3_x64_128 and its finaliser, by Austin Appleby.
const (
	murmurC1 = uint64(0x87c37b91114253d5)
	murmurC2 = uint64(0x4cf5ad432745937f)
	murmurF1 = uint64(0xff51afd7ed558ccd)
	murmurF2 = uint64(0xc4ceb9fe1a85ec53)
)

func finish(h1, h2, length uint64) (uint64, uint64) {
	h1 ^= length
	h2 ^= length
	h1 += h2
	h2 += h1
	h1 = mix(h1)
	h2 = mix(h2)
	h1 += h2
	h2 += h1
	return h1, h2
}

func mix(v uint64) uint64 {
	v ^= v >> 33
	v *= murmurF1
	v ^= v >> 33
	v *= murmurF2
	v ^= v >> 33
	return v
}

// at is the i-th position, before it is brought into the range of the bits.
func (p *probes) at(i uint64) uint64 {
	return p[i%2] + i*p[2+((i+i%2)%4)/2]
}
