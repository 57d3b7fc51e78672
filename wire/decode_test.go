package wire

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

func into[T any](body []byte) error { return Decode(body, new(T)) }

// Without this the colder requests would follow other rules than the hot ones.
func TestDecodeRefusals(t *testing.T) {
	campaign := func(body, field, key, about string) {
		t.Helper()
		refused(t, into[CampaignCreate], body, field, key, about)
	}
	const payload = KeyInvalidPayload
	campaign(`[]`, "", payload, "must be an object, not an array")
	campaign(`{"name":1}`, "name", payload, "must be a string, not a number")
	campaign(`{"name":"a","name":"b"}`, "name", payload, "occurs twice")
	campaign(`{"name":"`+strings.Repeat("x", 1025)+`"}`, "name", payload, "at most 1024")
	campaign(`{"campaign_type":"GIFT_VOUCHER"}`, "campaign_type", payload, `did you mean "GIFT_VOUCHERS"?`)
	campaign(`{"campaign_type":"PROMOTION"}`, "campaign_type", KeyNotSupported, "PROMOTION")
	campaign(`{"voucher":{"type":"LOYALTY_CARD"}}`, "voucher.type", KeyNotSupported, "LOYALTY_CARD")
	campaign(`{"voucher":{"discount":{"effect":"APPLY_TO_CHEAPEST"}}}`, "voucher.discount.effect", KeyNotSupported, "CHEAPEST")
	campaign(`{"type":"static"}`, "type", payload, `did you mean "STATIC"?`)
	campaign(`{"start_date":"tomorrow"}`, "start_date", payload, "must be a time like")
	campaign(`{"active":"true"}`, "active", payload, "must be true or false, not a string")
	campaign(`{"vouchers_count":-1}`, "vouchers_count", KeyInvalidAmount, "negative")
	campaign(`{"voucher":{"discount":{"percent_off":12.345}}}`, "voucher.discount.percent_off", payload, "two decimals")
	campaign(`{"voucher":{"discount":{"percent_off":-1}}}`, "voucher.discount.percent_off", KeyInvalidAmount, "negative")
	campaign(`{"voucher":{"gift":{"currency":"EURO"}}}`, "voucher.gift.currency", payload, "currency code")
	campaign(`{"voucher":{"redemption":{"quantity":1.5}}}`, "voucher.redemption.quantity", payload, "integer")
	campaign(`{"metadata":"x"}`, "metadata", payload, "must be an object")
	campaign(`{"voucher":`, "", payload, "is not valid JSON")
	campaign(`{"name":"a"} {}`, "", payload, "is not valid JSON")
	campaign(strings.Repeat(`{"voucher":`, 10_000), "", payload, "deeper than 32")
	refused(t, into[BalanceChange], `{"amount":1.1}`, "amount", payload, "integer")
	refused(t, into[[]VoucherImport], `[{"code":"A"},{"code":7}]`, "[1].code", payload, "string")
}

// Without this a limit that was set to null would stay, or one that was never
// mentioned be lifted.
func TestDecodeTellsNullFromAbsent(t *testing.T) {
	var c CampaignCreate
	body := `{"name":"n","description":null,"voucher":{"type":"DISCOUNT_VOUCHER","redemption":{"quantity":null}}}`
	if err := Decode([]byte(body), &c); err != nil {
		t.Fatal(err)
	}
	if q := c.Voucher.Redemption.Quantity; !q.Set || !q.Null || c.Voucher.Redemption.PerCustomer.Set {
		t.Errorf("redemption: %+v", c.Voucher.Redemption)
	}
	var u VoucherUpdate
	if err := Decode([]byte(`{"expiration_date":null,"metadata":{},"active":null}`), &u); err != nil {
		t.Fatal(err)
	}
	want := VoucherUpdate{ExpirationDate: Cleared[Time](), Metadata: Opt[Raw]{Set: true}}
	if !reflect.DeepEqual(u, want) {
		t.Errorf("got %+v", u)
	}
	var b BalanceChange
	if err := Decode([]byte(`{"amount":-5}`), &b); err != nil || b.Amount.Value != -5 {
		t.Errorf("a removal: %+v, %v", b, err)
	}
}

// Without this what the client sends could arrive as something else.
func TestColdRequestsSurviveTheWire(t *testing.T) {
	survives[VoucherCreate](t)
	survives[VoucherUpdate](t)
	survives[CampaignCreate](t)
	survives[CampaignUpdate](t)
	survives[GenerateRequest](t)
	survives[BalanceChange](t)
	survives[CustomerUpdate](t)
	survives[Customer](t)
	survives[APIKeyCreate](t)
	survives[ProjectUpdate](t)
}

func survives[T any](t *testing.T) {
	t.Helper()
	rng := newRandom(t)
	for range rounds {
		in, back := randomValue[T](rng), new(T)
		body := plain(t, in)
		if err := Decode(body, back); err != nil || string(plain(t, back)) != string(body) {
			t.Fatalf("%T: %v\nsent %s\nread %s", in, err, body, plain(t, back))
		}
	}
}

// Without this one bad element would fail an import of a hundred thousand, or
// take the place of its neighbour.
func TestDecodeEachKeepsElementsApart(t *testing.T) {
	var codes, bad []string
	body := ` [ {"code":"A","metadata":{"k":1}}, {"code":1} ,{"code":"C","campaign":"x"}, 7 ] `
	err := DecodeEach([]byte(body), func(i int, v *VoucherImport, invalid *FieldError) bool {
		if invalid != nil {
			bad = append(bad, invalid.Error())
		} else {
			codes = append(codes, v.Code)
		}
		return true
	})
	want := []string{"[1].code must be a string, not a number", "[3] must be an object, not a number"}
	if err != nil || !reflect.DeepEqual(codes, []string{"A", "C"}) || !reflect.DeepEqual(bad, want) {
		t.Errorf("codes %q, bad %q, %v", codes, bad, err)
	}
	calls := 0
	count := func(int, *VoucherImport, *FieldError) bool { calls++; return false }
	if err := DecodeEach([]byte(body), count); err != nil || calls != 1 {
		t.Errorf("it went on after false: %d calls, %v", calls, err)
	}
	each := func(b []byte) error { return DecodeEach(b, count) }
	refused(t, each, `{}`, "", KeyInvalidPayload, "must be a list")
	refused(t, each, `[1,`, "", KeyInvalidPayload, "is not valid JSON")
	if calls != 1 {
		t.Error("an element of a malformed list was handed out")
	}
}

// unbuiltTypes are the request types that the table names.
func unbuiltTypes() map[string]func([]byte) error {
	return map[string]func([]byte) error{
		"RedeemRequest":   func(b []byte) error { return new(RedeemRequest).decodeBody(b) },
		"Discount":        into[Discount],
		"VoucherCreate":   into[VoucherCreate],
		"VoucherUpdate":   into[VoucherUpdate],
		"CampaignCreate":  into[CampaignCreate],
		"CampaignUpdate":  into[CampaignUpdate],
		"CampaignVoucher": into[CampaignVoucher],
		"GenerateRequest": into[GenerateRequest],
		"Redeemable": func(b []byte) error {
			return unwrap(new(RedeemRequest).decodeBody([]byte(`{"redeemables":[` + string(b) + `]}`)))
		},
	}
}

// unwrap takes the list off the path, so that one test serves all types.
func unwrap(err error) error {
	var bad *FieldError
	if errors.As(err, &bad) {
		bad.Field = strings.TrimPrefix(bad.Field, "redeemables[0].")
	}
	return err
}

// Without this a row of the table could do nothing: a name that no decoder
// asks for is a restriction that is ignored (W4).
func TestEveryUnbuiltFieldIsRefused(t *testing.T) {
	types := unbuiltTypes()
	for name, fields := range notBuilt {
		decode, ok := types[name]
		if !ok {
			t.Errorf("no decoder asks for the rows of %s", name)
			continue
		}
		for _, field := range fields {
			for _, asking := range []string{`{"a":1}`, `[1]`, `true`, `"x"`, `1`, `1.5`} {
				refused(t, decode, `{"`+field+`":`+asking+`}`, field, KeyNotSupported, "cannot be ignored")
			}
			for _, neutral := range []string{`null`, `false`, `0`, `""`, `[ ]`, `{}`} {
				var bad *FieldError
				if err := decode([]byte(`{"` + field + `":` + neutral + `}`)); errors.As(err, &bad) && bad.Key == KeyNotSupported {
					t.Errorf("%s.%s = %s was refused", name, field, neutral)
				}
			}
		}
	}
}
