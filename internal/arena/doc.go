// Package arena holds pointer-free records outside the Go heap, so that a
// hundred million of them cost the collector nothing and the resident size is
// the size of the data.
//
// An Arena hands out blocks addressed by a Ref, 32 bits in units of 16 bytes.
// A block never moves while it is allocated, so a Ref stays good and bytes that
// were read once can be read again.
//
// One goroutine allocates and frees; any number read what they were given a Ref
// to. The Ref must reach a reader through some lock or channel: that is also
// what makes the block's bytes visible to it. The package guards nothing else.
//
// Under the race detector the regions are Go slices, since it does not see
// mapped memory.
package arena
