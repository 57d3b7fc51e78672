package engine

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/wire"
)

func instant(ms int64) string { return coupon.FormatInstant(ms) }

func (w *world) at(ms int64) { w.clock.Set(time.UnixMilli(ms)) }

// Pains 37 and 38: a code begins and ends at its millisecond, by its own dates and
// by its campaign's.
func TestPain38DatesHoldToTheMillisecond(t *testing.T) {
	eachShards(t, func(t *testing.T, w *world) {
		dates := fmt.Sprintf(`"start_date":%q,"expiration_date":%q`, instant(epoch+1000), instant(epoch+2000))
		w.add(w.tenPercent("Open", "", `,"redemption":{"quantity":null}`).ID, "OWN", `{`+dates+`}`)
		w.add(w.tenPercent("Dated", ","+dates, `,"redemption":{"quantity":null}`).ID, "THEIRS", `{}`)
		for _, code := range []string{"OWN", "THEIRS"} {
			w.at(epoch + 999)
			w.refused(code, "", wire.KeyVoucherNotActive)
		}
		for _, code := range []string{"OWN", "THEIRS"} {
			w.at(epoch + 1000)
			w.redeem(code, "")
		}
		for _, code := range []string{"OWN", "THEIRS"} {
			w.at(epoch + 1999)
			w.redeem(code, "")
		}
		w.at(epoch + 2000)
		w.refused("OWN", "", wire.KeyVoucherExpired)
		w.refused("THEIRS", "", wire.KeyVoucherExpired)
	})
}

// Time is replicated and never goes back (P9): what a refusal or a validation has
// called expired stays expired when the clock is set back, and through the log
// nothing is stamped before what was stamped already.
func TestExpiredStaysExpired(t *testing.T) {
	for _, ask := range []string{"redeem", "validate", "explain", "batch"} {
		eachShards(t, func(t *testing.T, w *world) {
			w.create("ENDS", fmt.Sprintf(`{"discount":{"type":"AMOUNT","amount_off":1},"expiration_date":%q}`, instant(epoch+500)))
			w.at(epoch + 500)
			switch ask {
			case "redeem":
				_, err := w.try("a", "ENDS", "")
				w.wants(err, wire.KeyVoucherExpired)
			case "validate":
				if w.validate("ENDS", "").Valid {
					t.Fatal("valid at its end")
				}
			case "explain":
				out, err := w.Explain(context.Background(), w.c, &wire.ExplainRequest{RedeemRequest: *request(t, "ENDS", "")})
				w.ok(err)
				if out.Key != wire.KeyVoucherExpired {
					t.Fatalf("explained as %q", out.Key)
				}
			case "batch":
				req, out := new(wire.BatchRequest), new(wire.BatchResponse)
				w.ok(req.Decode([]byte(`{"redemptions":[{"redeemables":[{"object":"voucher","id":"ENDS"}]}]}`)))
				w.ok(w.RedeemBatch(context.Background(), w.c, req, out))
				if e := out.Results[0].Error; e == nil || e.Key != wire.KeyVoucherExpired {
					t.Fatalf("batch: %+v", out.Results[0])
				}
			}
			w.at(epoch)
			_, err := w.try("b", "ENDS", "")
			w.wants(err, wire.KeyVoucherExpired)
			w.reopen()
			_, err = w.try("c", "ENDS", "")
			w.wants(err, wire.KeyVoucherExpired)
		})
	}
}

// A clock that is behind replicated time does not stop a code that has begun, and
// stamps stay in order.
func TestClockBehindReplicatedTime(t *testing.T) {
	w := newWorld(t, 1)
	w.create("LATER", fmt.Sprintf(`{"discount":{"type":"AMOUNT","amount_off":1},"redemption":{"quantity":null},"start_date":%q}`, instant(epoch+500)))
	w.at(epoch + 500)
	first := w.redeem("LATER", "")
	w.at(epoch - 5000)
	second := w.redeem("LATER", "")
	if second.Date < first.Date {
		t.Errorf("stamped %d after %d", second.Date, first.Date)
	}
}

// Explain decides for another instant and changes nothing.
func TestExplainAtAnInstant(t *testing.T) {
	w := newWorld(t, 1)
	w.create("EX", fmt.Sprintf(`{"discount":{"type":"PERCENT","percent_off":50},"start_date":%q,"expiration_date":%q}`,
		instant(epoch+1000), instant(epoch+2000)))
	for at, key := range map[int64]string{0: wire.KeyVoucherNotActive, epoch + 1000: "", epoch + 1999: "", epoch + 2000: wire.KeyVoucherExpired} {
		req := &wire.ExplainRequest{Now: wire.Time(at)}
		if err := req.Decode(fmt.Appendf(nil, `{"redeemables":[{"object":"voucher","id":"EX"}],"order":{"amount":100}%s}`,
			map[bool]string{true: "", false: fmt.Sprintf(`,"now":%q`, instant(at))}[at == 0])); err != nil {
			t.Fatal(err)
		}
		out, err := w.Explain(context.Background(), w.c, req)
		w.ok(err)
		if out.Key != key || out.Valid != (key == "") || len(out.Checks) < 10 {
			t.Errorf("at %d: %q, %d checks", at, out.Key, len(out.Checks))
		}
		if out.Valid && out.Order.TotalAmount != 50 {
			t.Errorf("order %+v", out.Order)
		}
	}
	if used := w.voucher("EX").Redemption.RedeemedQuantity; used != 0 {
		t.Errorf("explain used the code %d times", used)
	}
}
