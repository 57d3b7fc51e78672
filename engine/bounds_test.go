package engine

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/wire"
)

// A command that the law cannot read ends the process on every replica (R6), so
// nothing that a caller may send must become one. Each request below is as large
// as its decoder lets pass; the engine answers and lives: open fails the test
// when the engine asks for its end.
func TestNothingThatACallerSendsEndsTheProcess(t *testing.T) {
	eachShards(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		w.tenPercent("Bounds", "", `,"redemption":{"quantity":null}`)
		w.add("Bounds", "ALIVE", `{}`)
		w.create("CARD", `{"type":"GIFT_VOUCHER","gift":{"amount":1000}}`)
		long := func(n int) string { return strings.Repeat("x", n) }
		metadata := fmt.Sprintf(`{"note":%q}`, long(6000))
		alive := func(name string, err error) {
			t.Helper()
			if err == nil {
				t.Errorf("%s: accepted", name)
			} else if k, known := wire.Lookup(keyOf(err)); !known || k.Family != wire.FamilyRequest {
				t.Errorf("%s: %v", name, err)
			}
			w.redeem("ALIVE", `,"order":{"amount":100}`)
		}
		for name, body := range map[string]string{
			"metadata": `{"metadata":` + metadata + `}`,
			"category": `{"category":"` + long(1024) + `"}`,
			"discount": `{"discount":{"type":"UNIT","unit_off":1,"effect":"ADD_NEW_ITEMS","unit_type":"` + long(1024) +
				`","product":{"id":"p","name":"` + long(1024) + `"},"sku":{"id":"s","sku":"` + long(1024) + `"}}}`,
		} {
			_, err := w.AddVoucher(ctx, w.c, "Bounds", "NEW-"+name, decode[wire.VoucherCreate](t, body))
			alive("create "+name, err)
			if name == "discount" {
				continue
			}
			_, err = w.UpdateVoucher(ctx, w.c, "ALIVE", decode[wire.VoucherUpdate](t, body))
			alive("update "+name, err)
		}
		profile := `"name":"` + long(1024) + `","description":"` + long(1024) + `","email":"` + long(1024) + `","phone":"` + long(1024) +
			`","address":{"city":"` + long(1024) + `","line_1":"` + long(1024) + `","line_2":"` + long(1024) + `","state":"` + long(1024) + `"}`
		_, err := w.PutCustomer(ctx, w.c, decode[wire.Customer](t, `{"source_id":"fat",`+profile+`}`))
		alive("customer", err)
		_, err = w.try("fat", "ALIVE", `,"customer":{"source_id":"fat2",`+profile+`}`)
		alive("customer of a redemption", err)
		_, err = w.PutCustomer(ctx, w.c, decode[wire.Customer](t, `{"source_id":"meta","metadata":`+metadata+`}`))
		if err != nil {
			t.Errorf("6 KB of a customer's metadata: %v", err)
		}
		for _, amount := range []int64{coupon.AmountMax + 1, -coupon.AmountMax - 1} {
			_, err = w.ChangeBalance(ctx, w.c, "CARD", &wire.BalanceChange{Amount: wire.Some(amount)})
			alive("balance", err)
		}
		red := w.redeem("CARD", `,"order":{"amount":10}`)
		_, err = w.Rollback(ctx, w.c, red.ID, &wire.RollbackRequest{Amount: wire.Some[int64](coupon.AmountMax + 1)})
		alive("rollback", err)
		for name, limit := range map[string]wire.RedemptionLimit{
			"quantity":     {Quantity: wire.Some[int64](coupon.IntMax + 1)},
			"per customer": {PerCustomer: wire.Some[int64](coupon.IntMax + 1)},
		} {
			_, err = w.AddVoucher(ctx, w.c, "Bounds", "", &wire.VoucherCreate{Redemption: limit})
			alive(name, err)
		}
	})
}

// The tail of a record holds what the evaluation says of the lines, which is more
// than the request said. Every size around the bound is either kept or refused.
func TestTailsAroundTheBound(t *testing.T) {
	w := newWorld(t, 1)
	w.campaign(`{"name":"Free","voucher":{"type":"DISCOUNT_VOUCHER","redemption":{"quantity":null},
		"discount":{"type":"UNIT","unit_off":3,"effect":"ADD_MISSING_ITEMS","unit_type":"prod-000","product":{"id":"prod-000","price":9007199254740}}}}`)
	w.add("Free", "FREE", `{}`)
	kept, refused := 0, 0
	for lines := 1; lines <= 120; lines++ {
		var b strings.Builder
		for i := range lines {
			fmt.Fprintf(&b, `,{"product_id":"prod-%03d","quantity":9,"price":90071992547}`, i)
		}
		r, err := w.try(fmt.Sprint("k", lines), "FREE", `,"order":{"items":[`+b.String()[1:]+`]}`)
		switch {
		case err == nil && len(r.Order.Items) >= lines:
			kept++
		case keyOf(err) == wire.KeyInvalidPayload:
			refused++
		default:
			t.Fatalf("%d lines: %v", lines, err)
		}
	}
	if kept == 0 || refused == 0 {
		t.Fatalf("kept %d, refused %d: the bound was not met", kept, refused)
	}
}
