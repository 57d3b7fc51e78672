package wire

import (
	"reflect"
	"testing"
)

// What a redemption keeps of its order must come out as it went in, or a receipt
// shows another basket than the one that was paid.
func TestStoredItemsComeBack(t *testing.T) {
	f := func(body string) {
		t.Helper()
		var r RedeemRequest
		if err := r.Decode([]byte(`{"redeemables":[{"object":"voucher","id":"A"}],"order":{"items":` + body + `}}`)); err != nil {
			t.Fatal(err)
		}
		stored := AppendItems(nil, r.Order.Items)
		back, err := DecodeItems(stored)
		if err != nil {
			t.Fatalf("%s: %v", stored, err)
		}
		if len(back) == 0 && len(r.Order.Items) == 0 {
			return
		}
		if !reflect.DeepEqual(back, r.Order.Items) {
			t.Errorf("%s came back as %s", body, AppendItems(nil, back))
		}
	}
	f(`[]`)
	f(`[{"product_id":"p","quantity":2,"price":10}]`)
	f(`[{"sku_id":"s\"é","amount":5,"metadata":{"b":[1,null],"a":"x"}},{"source_id":"z","product":{"id":"p","name":"n","price":3}}]`)
}
