package raftstore

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// BenchmarkPropose is one caller, then many, on the disk under the test's temporary
// directory. What it says depends on that disk's fsync.
func BenchmarkPropose(b *testing.B) {
	run := func(name string, callers int) {
		b.Run(name, func(b *testing.B) {
			cfg := testConfig(b, vfs.Default, nil)
			cfg.Dir = b.TempDir()
			cfg.ImageLogBytes = 1 << 30
			n := start(b, cfg)
			var next atomic.Uint64
			b.ReportAllocs()
			b.SetParallelism(callers)
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, _, err := n.Propose(context.Background(), id(next.Add(1))); err != nil {
						b.Error(err)
					}
				}
			})
			b.StopTimer()
		})
	}
	run("callers=2", 1)
	run("callers=128", 64)
	run("callers=1024", 512)
}

func BenchmarkProve(b *testing.B) {
	n := start(b, testConfig(b, vfs.NewMem(), nil))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := n.Prove(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
}
