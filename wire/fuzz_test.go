package wire

import (
	"errors"
	"testing"
)

// seeds are bodies from which fuzzing starts, one for each shape.
func seeds(f *testing.F) {
	for _, s := range []string{
		`{` + one + `,"order":{"amount":1e3,"items":[{"product_id":"p","quantity":2,"price":500}]}}`,
		`{` + one + `,"customer":{"source_id":"c","address":{"city":"x"},"metadata":{"b":1,"a":[]}}}`,
		`{"redemptions":[{` + one + `,"idempotency_key":"k"},7]}`,
		`{"reason":"r","amount":5,"order":{"id":"o"}}`,
		`{"name":"n","voucher":{"type":"DISCOUNT_VOUCHER","discount":{"type":"PERCENT","percent_off":12.5},"redemption":{"quantity":null}}}`,
		`{"code":"A","expiration_date":null,"metadata":{"a":"\ud83d\ude00"},"session":{}}`,
		`[{"code":"A"},{"code":1}]`,
		`{"id":"o","amount":9007199254740992}`,
		``, `{`, `{"a":}`, `[[[[`, `{"order":{"amount":1,"amount":2}}`,
	} {
		f.Add([]byte(s))
	}
}

// FuzzRequests: no decoder panics, every error is a FieldError with a known
// key, and what was read and written again reads the same.
func FuzzRequests(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		var redeem, again RedeemRequest
		if decodes(t, redeem.Decode(body)) {
			sent := redeem.AppendJSON(nil)
			if err := again.Decode(sent); err != nil || string(again.AppendJSON(nil)) != string(sent) {
				t.Fatalf("%s\nread again: %s, %v", sent, again.AppendJSON(nil), err)
			}
		}
		var batch, batchAgain BatchRequest
		if decodes(t, batch.Decode(body)) {
			decodes(t, batchAgain.Decode(batch.AppendJSON(nil)))
		}
		decodes(t, new(RollbackRequest).Decode(body))
		decodes(t, new(ExplainRequest).Decode(body))
		sameDecoding(t, body)
	})
}

// FuzzDecode does the same for the generic decoder.
func FuzzDecode(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		decodesAgain[CampaignCreate](t, body)
		decodesAgain[CampaignUpdate](t, body)
		decodesAgain[VoucherCreate](t, body)
		decodesAgain[VoucherUpdate](t, body)
		decodesAgain[GenerateRequest](t, body)
		decodesAgain[CustomerUpdate](t, body)
		decodesAgain[BalanceChange](t, body)
		decodes(t, DecodeEach(body, func(_ int, _ *VoucherImport, invalid *FieldError) bool {
			if invalid != nil {
				decodes(t, invalid)
			}
			return true
		}))
	})
}

func decodesAgain[T any](t *testing.T, body []byte) {
	t.Helper()
	var v, again T
	if !decodes(t, Decode(body, &v)) {
		return
	}
	sent := plain(t, v)
	if err := Decode(sent, &again); err != nil || string(plain(t, again)) != string(sent) {
		t.Fatalf("%s\nread again: %s, %v", sent, plain(t, again), err)
	}
}

// decodes reports success, and fails the test for an error of another kind.
func decodes(t *testing.T, err error) bool {
	t.Helper()
	if err == nil {
		return true
	}
	var bad *FieldError
	if !errors.As(err, &bad) {
		t.Fatalf("not a FieldError: %v", err)
	}
	if _, ok := Lookup(bad.Key); !ok {
		t.Fatalf("unknown key %q: %v", bad.Key, err)
	}
	return false
}
