package wire

import "testing"

var benchBody = []byte(`{"redeemables":[{"object":"voucher","id":"SUMMER-2026-AB12"}],` +
	`"order":{"source_id":"order-1000","amount":12500,"items":[{"product_id":"shirt","quantity":2,"price":5000,"amount":10000},` +
	`{"product_id":"cap","quantity":1,"price":2500,"amount":2500}]},` +
	`"customer":{"source_id":"customer-77","email":"a@example.com"},"metadata":{"shop":"Berlin","till":4}}`)

func BenchmarkDecodeRedeem(b *testing.B) {
	var r RedeemRequest
	b.ReportAllocs()
	b.SetBytes(int64(len(benchBody)))
	for b.Loop() {
		if err := r.Decode(benchBody); err != nil {
			b.Fatal(err)
		}
	}
}

func benchAnswer() *RedeemResponse {
	order := &OrderCalculated{SourceID: "order-1000", Amount: 12500, DiscountAmount: Some[int64](1250),
		TotalDiscountAmount: 1250, TotalAmount: 11250, Object: "order"}
	return &RedeemResponse{Redemptions: []Redemption{{
		ID: "r_0123456789abcdef", Object: "redemption", Date: 1790000000000, CustomerID: "cust_0123456789abcdef",
		Result: ResultSuccess, Status: StatusSucceeded, Order: order, Channel: Channel{"app", "API"},
		RelatedObjectType: "voucher", RelatedObjectID: "v_0123456789abcdef",
		Voucher: &Voucher{ID: "v_0123456789abcdef", Code: "SUMMER-2026-AB12", Type: VoucherDiscount,
			Discount: &Discount{Type: DiscountPercent, PercentOff: Some[Percent](1000)}, Active: true,
			Redemption: &RedemptionSummary{Object: "list", Quantity: Some[int64](1), RedeemedQuantity: 1},
			CreatedAt:  1780000000000, Object: "voucher"},
	}}, Order: order}
}

func BenchmarkAppendRedeem(b *testing.B) {
	answer, buf := benchAnswer(), make([]byte, 0, 4096)
	b.ReportAllocs()
	for b.Loop() {
		buf = answer.AppendJSON(buf[:0])
	}
	b.SetBytes(int64(len(buf)))
}

func BenchmarkAppendRedeemMinimal(b *testing.B) {
	answer, buf := benchAnswer(), make([]byte, 0, 4096)
	b.ReportAllocs()
	for b.Loop() {
		buf = answer.AppendMinimal(buf[:0])
	}
	b.SetBytes(int64(len(buf)))
}

// Without this an allocation could creep into the path that every redemption
// takes twice.
func TestTheHotPathDoesNotAllocate(t *testing.T) {
	var r RedeemRequest
	if n := testing.AllocsPerRun(100, func() {
		if err := r.Decode(benchBody); err != nil {
			t.Fatal(err)
		}
	}); n > 0 {
		t.Errorf("decoding a request allocates %v times", n)
	}
	answer, buf := benchAnswer(), make([]byte, 0, 4096)
	if n := testing.AllocsPerRun(100, func() { buf = answer.AppendJSON(buf[:0]) }); n > 0 {
		t.Errorf("encoding an answer allocates %v times", n)
	}
}
