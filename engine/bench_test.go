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

// benchEngine is an engine on a real disk with a code HOT without a limit.
func benchEngine(b *testing.B) (*Engine, Call) {
	b.Helper()
	e, err := Open(Config{Dir: b.TempDir(), FS: vfs.Default, HeartbeatTimeout: 50 * time.Millisecond, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := e.Close(); err != nil {
			b.Error(err)
		}
	})
	create := new(wire.VoucherCreate)
	if err := wire.Decode([]byte(`{"discount":{"type":"PERCENT","percent_off":10},"redemption":{"quantity":null}}`), create); err != nil {
		b.Fatal(err)
	}
	if _, err := e.CreateVoucher(context.Background(), e.Default(), "HOT", create); err != nil {
		b.Fatal(err)
	}
	return e, e.Default()
}

// BenchmarkRedeem redeems one code without a limit on a real disk, from many
// goroutines: the whole journey but HTTP, fsync included.
func BenchmarkRedeem(b *testing.B) {
	e, c := benchEngine(b)
	ctx := context.Background()
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

// BenchmarkRedeemBatch is a hundred redemptions a call; ns/op is of one.
func BenchmarkRedeemBatch(b *testing.B) {
	const size = 100
	e, c := benchEngine(b)
	body := []byte(`{"redeemables":[{"object":"voucher","id":"hot"}],"order":{"amount":10000}}`)
	var n atomic.Int64
	b.ReportAllocs()
	b.SetParallelism(16)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		req, out := &wire.BatchRequest{Redemptions: make([]wire.BatchItem, size)}, new(wire.BatchResponse)
		call := c
		call.Minimal = true
		left := true
		for left {
			items := req.Redemptions[:0]
			for len(items) < size {
				if left = pb.Next(); !left {
					break
				}
				items = items[:len(items)+1]
				it := &items[len(items)-1]
				it.IdempotencyKey = strconv.FormatInt(n.Add(1), 10)
				it.Reset()
				if err := it.Decode(body); err != nil {
					b.Error(err)
					return
				}
			}
			req.Redemptions = items
			if err := e.RedeemBatch(context.Background(), call, req, out); err != nil {
				b.Error(err)
				return
			}
			for i := range out.Results {
				if err := out.Results[i].Error; err != nil {
					b.Error(err)
					return
				}
			}
			req.Redemptions = req.Redemptions[:size]
		}
	})
}
