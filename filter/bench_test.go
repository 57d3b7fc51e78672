package filter

import "testing"

// What a guess costs: a map that has to be asked, against a filter that denies
// before it. Where the map fits the cache it is as quick; the filter earns its
// place where a miss in the map is slow, or is not in memory.
func BenchmarkMiss(b *testing.B) {
	const keys = 1 << 20
	known := make(map[uint64]uint32, keys)
	f := newFilter(b, Config{Keys: keys})
	for i := range uint64(keys) {
		key := i * 2862933555777941757 >> 24 // spread over 40 bits
		known[key] = 1
		f.Add(key)
	}
	found := 0
	b.Run("map", func(b *testing.B) {
		for i := range b.N {
			if _, ok := known[uint64(i)*3202034522624059733>>24]; ok {
				found++
			}
		}
	})
	b.Run("filter-then-map", func(b *testing.B) {
		for i := range b.N {
			key := uint64(i) * 3202034522624059733 >> 24
			if f.Test(key) {
				if _, ok := known[key]; ok {
					found++
				}
			}
		}
	})
	b.Logf("%d found", found)
}

func BenchmarkAdd(b *testing.B) {
	f := newFilter(b, Config{Keys: 1 << 20})
	for i := range b.N {
		f.Add(uint64(i) * 2862933555777941757 >> 24)
	}
}
