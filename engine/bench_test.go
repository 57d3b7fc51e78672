package engine

import (
	"context"
	"log/slog"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/scrip-engine/scrip/wire"
)

// BenchmarkRedeem redeems one code without a limit on a real disk, from many
// goroutines: the whole journey but HTTP, fsync included.
func BenchmarkRedeem(b *testing.B) {
	e, err := Open(Config{Dir: b.TempDir(), FS: vfs.Default, HeartbeatTimeout: 50 * time.Millisecond, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := e.Close(); err != nil {
			b.Error(err)
		}
	}()
	ctx, c := context.Background(), e.Default()
	create := new(wire.VoucherCreate)
	if err := wire.Decode([]byte(`{"discount":{"type":"PERCENT","percent_off":10},"redemption":{"quantity":null}}`), create); err != nil {
		b.Fatal(err)
	}
	if _, err := e.CreateVoucher(ctx, c, "HOT", create); err != nil {
		b.Fatal(err)
	}
	body := []byte(`{"redeemables":[{"object":"voucher","id":"hot"}],"order":{"amount":10000}}`)
	var n atomic.Int64
	b.ReportAllocs()
	b.SetParallelism(64)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		req, out := new(wire.RedeemRequest), new(wire.RedeemResponse)
		call := c
		call.Minimal = true
		for pb.Next() {
			call.Key = strconv.FormatInt(n.Add(1), 10)
			req.Reset()
			if err := req.Decode(body); err != nil {
				b.Error(err)
				return
			}
			if err := e.Redeem(ctx, call, req, out); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
