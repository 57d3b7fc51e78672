package refusals

import (
	"log/slog"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/wire"
)

// BenchmarkNote is a refusal storm on one campaign from all cores, with the
// machine's clock and the flusher at work. Note may cost 200 ns.
func BenchmarkNote(b *testing.B) {
	r, err := Open(Config{FS: vfs.NewMem(), Dir: "refusals", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	n := Refusal{Operation: Redemption, Key: wire.KeyQuantityExceeded, Project: 1, Campaign: 7, Code: "SUMMER-ABCD-1234",
		Voucher: coupon.ID{Slot: 1, Seq: 2}, Customer: coupon.ID{Slot: 3, Seq: 4}, Order: "order-123456",
		RequestID: "4bf92f3577b34da6a3ce929d0e0e4736", Scope: wire.ScopeVoucher}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r.Note(n)
		}
	})
	if err := r.Close(); err != nil {
		b.Fatal(err)
	}
}
