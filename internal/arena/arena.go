package arena

import (
	"fmt"
	"math/bits"
)

const (
	// Unit is the granularity of blocks and the scale of a Ref, in bytes. With
	// 32 bits it lets one arena address 64 GiB, more than the machines that one
	// shard is meant for.
	Unit = 16
	// RegionBytes is what is taken from the system at a time. The kernel backs
	// a page only once it is touched, so an idle arena costs address space.
	RegionBytes = 4 << 20
	// BlockBytesMax is the largest block: a region holds it whole, and the first unit of the first
	// region is never given out.
	BlockBytesMax = RegionBytes - Unit

	regionUnits = RegionBytes / Unit
	regionsMax  = (1 << 32) / regionUnits
)

// Ref addresses a block. Zero is no block.
type Ref uint32

// Arena is a growing set of regions. Its zero value is not usable; see New.
type Arena struct {
	regions [regionsMax]*[RegionBytes]byte
	n       int      // regions taken
	next    uint32   // next free unit of the last region, counted over all regions
	free    [][]Ref  // by size in units, small sizes only
	large   []extent // freed blocks above the free lists' sizes
	used    int64    // bytes of live blocks
}

type extent struct {
	ref   Ref
	units uint32
}

// freeUnitsMax bounds the sizes that have a free list of their own: 64 KiB.
const freeUnitsMax = 4096

// New returns an empty arena. Close gives its memory back.
func New() *Arena {
	return &Arena{free: make([][]Ref, freeUnitsMax+1)}
}

// Alloc returns a zeroed block of at least n bytes, 1 ≤ n ≤ BlockBytesMax. It
// panics when the system refuses memory or the arena's 64 GiB are used up: the
// owner keeps a budget below both.
func (a *Arena) Alloc(n int) Ref {
	u := units(n)
	a.used += int64(u) * Unit
	if r := a.reuse(u); r != 0 {
		clear(a.At(r, int(u)*Unit))
		return r
	}
	left := uint32(0)
	if a.n > 0 {
		left = uint32(a.n)*regionUnits - a.next
	}
	if left < u {
		a.grow(left)
	}
	r := Ref(a.next)
	a.next += u
	return r
}

func (a *Arena) reuse(u uint32) Ref {
	if u <= freeUnitsMax {
		l := a.free[u]
		if len(l) == 0 {
			return 0
		}
		r := l[len(l)-1]
		a.free[u] = l[:len(l)-1]
		return r
	}
	for i, e := range a.large {
		if e.units == u {
			a.large = append(a.large[:i], a.large[i+1:]...)
			return e.ref
		}
	}
	return 0
}

// grow takes one more region. The units left in the old one, too few for the
// block that is wanted, go to the free lists.
func (a *Arena) grow(left uint32) {
	if a.n == regionsMax {
		panic(fmt.Sprintf("arena: all %d regions are taken", regionsMax))
	}
	if left > 0 {
		a.release(Ref(a.next), left)
	}
	a.regions[a.n] = newRegion()
	a.next = uint32(a.n) * regionUnits
	if a.n == 0 {
		a.next = 1 // Ref 0 is no block
	}
	a.n++
}

// Free gives back a block that Alloc returned for the same n. The caller makes
// sure that no reader still holds its Ref.
func (a *Arena) Free(r Ref, n int) {
	u := units(n)
	a.used -= int64(u) * Unit
	a.release(r, u)
}

func (a *Arena) release(r Ref, u uint32) {
	if u <= freeUnitsMax {
		a.free[u] = append(a.free[u], r)
		return
	}
	a.large = append(a.large, extent{r, u})
}

// At returns the n bytes of a block. They are the block itself: writing to them
// is writing to it. n must not exceed what was allocated.
func (a *Arena) At(r Ref, n int) []byte {
	region := a.regions[uint32(r)/regionUnits]
	off := uint32(r) % regionUnits * Unit
	return region[off : off+uint32(n) : off+uint32(n)]
}

// Used returns the bytes of live blocks.
func (a *Arena) Used() int64 { return a.used }

// Mapped returns the bytes taken from the system.
func (a *Arena) Mapped() int64 { return int64(a.n) * RegionBytes }

// Close gives all memory back. No Ref may be used afterwards.
func (a *Arena) Close() {
	for i := range a.n {
		freeRegion(a.regions[i])
		a.regions[i] = nil
	}
	a.n, a.next, a.used = 0, 0, 0
	a.free, a.large = make([][]Ref, freeUnitsMax+1), nil
}

func units(n int) uint32 {
	if n <= 0 || n > BlockBytesMax {
		panic(fmt.Sprintf("arena: block of %d bytes", n))
	}
	return uint32((n + Unit - 1) / Unit)
}

// SizeClass rounds n up to one of eight steps per power of two, so that blocks
// of a few sizes can take each other's places on the free lists.
func SizeClass(n int) int {
	if n <= 8*Unit {
		return (n + Unit - 1) / Unit * Unit
	}
	step := 1 << (bits.Len(uint(n-1)) - 4)
	return (n + step - 1) / step * step
}
