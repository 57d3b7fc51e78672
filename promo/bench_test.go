package promo

import (
	"testing"

	"github.com/scrip-engine/scrip/coupon"
)

// The promise of Evaluate, EvaluateGift and AppendDiscount on the hot path:
// with a used Result and a long enough buffer nothing is allocated.
func TestEvaluateAllocatesNothing(t *testing.T) {
	var r Result
	half, missing, added := percent(5000, 700), unitOff(9, AddMissingItems), unitOff(1, AddNewItems)
	o, gift, buffer := bigCart(50), card(12_345), make([]byte, 0, DiscountBytesMax)
	f := func(name string, run func()) {
		t.Helper()
		run()
		if n := testing.AllocsPerRun(100, run); n != 0 {
			t.Errorf("%s allocates %.1f times", name, n)
		}
	}
	f("percent", func() { half.Evaluate(o, &r) })
	f("missing units", func() { missing.Evaluate(o, &r) })
	f("new units", func() { added.Evaluate(o, &r) })
	f("gift", func() { EvaluateGift(gift, o, &r) })
	f("encode", func() { buffer = AppendDiscount(buffer[:0], &missing) })
}

func bigCart(n int) *Order {
	o := &Order{}
	for i := range n {
		o.Items = append(o.Items, priced("cap", int64(i%3+1), int64(1999+i*7)))
	}
	return o
}

func benchmarkEvaluate(b *testing.B, d Discount, items int) {
	var r Result
	o := bigCart(items)
	b.ReportAllocs()
	for b.Loop() {
		if d.Evaluate(o, &r) != coupon.OK {
			b.Fatal("refused")
		}
	}
}

func BenchmarkPercentNoItems(b *testing.B) {
	var r Result
	d, o := percent(1250, 0), total(12_345)
	b.ReportAllocs()
	for b.Loop() {
		if d.Evaluate(o, &r) != coupon.OK {
			b.Fatal("refused")
		}
	}
}

func BenchmarkPercent10Items(b *testing.B) { benchmarkEvaluate(b, percent(1250, 0), 10) }
func BenchmarkPercent500Items(b *testing.B) {
	benchmarkEvaluate(b, percent(1250, 0), coupon.OrderItemsMax)
}
func BenchmarkUnit10Items(b *testing.B) { benchmarkEvaluate(b, unitOff(1, AddMissingItems), 10) }

func BenchmarkDecodePercent(b *testing.B) {
	d := percent(1250, 500)
	src := AppendDiscount(nil, &d)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := DecodeDiscount(src); err != nil {
			b.Fatal(err)
		}
	}
}
