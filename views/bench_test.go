package views

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/scrip-engine/scrip/coupon"
)

// BenchmarkPages lists a million codes and 300,000 redemptions, in the memory file
// system: what a page costs must not depend on its number.
func BenchmarkPages(b *testing.B) {
	w := newWorld(b, 1, seededChance{rand.New(rand.NewPCG(1, 1))})
	defer w.close()
	for range 1000 {
		w.importInto(0, 1, 999)
		w.delete()
	}
	w.bulk(300_000, coupon.ID{Slot: 1, Seq: 1})
	for range 20_000 {
		w.rollback()
	}
	v := open(b, vfs.NewMem(), w)
	defer closeViews(b, v)
	catchUp(b, v, w)
	b.ReportMetric(float64(v.db.Metrics().DiskSpaceUsage()), "disk-bytes")
	for _, page := range []int64{1, 10_000} {
		b.Run(fmt.Sprintf("codes/page=%d", page), func(b *testing.B) {
			for b.Loop() {
				p, err := v.Codes(CodeQuery{Project: 2, Campaign: 1, Descending: true, Offset: (page - 1) * 10, Limit: 10})
				if err != nil || len(p.Codes) != 10 {
					b.Fatal(len(p.Codes), p.Total, err)
				}
			}
		})
		for _, status := range []Status{AnyStatus, Succeeded} {
			b.Run(fmt.Sprintf("redemptions/status=%d/page=%d", status, page), func(b *testing.B) {
				for b.Loop() {
					p, err := v.List(ListQuery{Project: 2, Campaign: 1, Status: status, Descending: true, Offset: (page - 1) * 10, Limit: 10})
					if err != nil || len(p.Refs) != 10 {
						b.Fatal(len(p.Refs), p.Total, err)
					}
				}
			})
		}
	}
}

// BenchmarkFollow is the cost of projecting one redemption, from a journal of
// 100,000.
func BenchmarkFollow(b *testing.B) {
	w := newWorld(b, 1, seededChance{rand.New(rand.NewPCG(1, 1))})
	defer w.close()
	w.bulk(100_000, coupon.ID{Slot: 1, Seq: 1})
	for b.Loop() {
		v := open(b, vfs.NewMem(), w)
		catchUp(b, v, w)
		closeViews(b, v)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/100_000, "ns/record")
}
