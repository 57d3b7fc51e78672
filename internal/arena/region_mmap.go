//go:build unix && !race

package arena

import (
	"fmt"

	"golang.org/x/sys/unix"
)

func newRegion() *[RegionBytes]byte {
	b, err := unix.Mmap(-1, 0, RegionBytes, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		panic(fmt.Sprintf("arena: map %d bytes: %v", RegionBytes, err))
	}
	return (*[RegionBytes]byte)(b)
}

func freeRegion(r *[RegionBytes]byte) {
	if err := unix.Munmap(r[:]); err != nil {
		panic(fmt.Sprintf("arena: unmap: %v", err))
	}
}
