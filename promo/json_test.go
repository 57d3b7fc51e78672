package promo

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// What requests may write, and what it means.
func TestParseDiscount(t *testing.T) {
	f := func(text string, want Discount) {
		t.Helper()
		got, err := ParseDiscount([]byte(text))
		if err != nil || got != want {
			t.Errorf("%s\nis %+v, %v\nwant %+v", text, got, err, want)
		}
	}
	free := func(effect Effect) Discount {
		return Discount{Kind: Unit, Effect: effect, UnitOff: 1, UnitType: "prod_1"}
	}

	f(`{"type":"AMOUNT","amount_off":1000}`, amountOff(1000))
	f(`{"type":"AMOUNT","amount_off":1000.0,"effect":"APPLY_TO_ORDER"}`, amountOff(1000))
	f(`{"type":"AMOUNT","amount_off":1e3,"is_dynamic":false}`, amountOff(1000))
	f(`{"type":"AMOUNT","amount_off":9007199254740991}`, amountOff(1<<53-1))
	f(`{"type":"AMOUNT","amount_off":5,"amount_off_formula":null,"percent_off":null,"effect":null,"product":null}`, amountOff(5))
	f(`{"type":"AMOUNT","amount_off":5,"something_of_tomorrow":{"a":1}}`, amountOff(5))

	f(`{"type":"PERCENT","percent_off":10.0}`, percent(1000, 0))
	f(`{"type":"PERCENT","percent_off":12.5,"amount_limit":2000}`, percent(1250, 2000))
	f(`{"type":"PERCENT","percent_off":0.01}`, percent(1, 0))
	f(`{"type":"PERCENT","percent_off":33.3300}`, percent(3333, 0))
	f(`{"type":"PERCENT","percent_off":1e2}`, percent(10000, 0))

	f(`{"type":"FIXED","fixed_amount":0}`, fixed(0))
	f(`{"type":"FIXED","fixed_amount":1500,"effect":"APPLY_TO_ORDER"}`, fixed(1500))

	f(`{"type":"UNIT","unit_off":1.0,"unit_type":"prod_1","effect":"ADD_NEW_ITEMS"}`, free(AddNewItems))
	f(`{"type":"UNIT","unit_off":1,"unit_type":"prod_1","effect":"ADD_MISSING_ITEMS","amount_off":null}`, free(AddMissingItems))
	f(`{"type":"UNIT","unit_off":1,"unit_type":"prod_1"}`, free(AddMissingItems))
	full := free(AddNewItems)
	full.Product = Ref{ID: "prod_1", SourceID: "S-1", Name: "T-shirt", Price: 2500, HasPrice: true}
	full.SKU = Ref{ID: "sku_1", Name: "L"}
	f(`{"type":"UNIT","unit_off":1,"unit_type":"prod_1","effect":"ADD_NEW_ITEMS",
		"product":{"id":"prod_1","source_id":"S-1","name":"T-shirt","price":2500},"sku":{"id":"sku_1","sku":"L"}}`, full)
}

// What requests may not write: the error names the field, has the right key, and
// says what was probably meant.
func TestParseDiscountRefuses(t *testing.T) {
	f := func(text, field, key, suggestion string) {
		t.Helper()
		got, err := ParseDiscount([]byte(text))
		var fe *FieldError
		if !errors.As(err, &fe) || fe.Field != field || fe.Key != key || fe.Suggestion != suggestion || got != (Discount{}) {
			t.Errorf("%s\ngives %+v, %v\nwant %s, %s, suggestion %q", text, got, err, field, key, suggestion)
		}
	}
	bad := func(text, field string) { t.Helper(); f(text, "discount"+field, KeyInvalidVoucher, "") }
	later := func(text, field string) { t.Helper(); f(text, "discount"+field, KeyNotSupported, "") }

	bad(``, "")
	bad(`{`, "")
	bad(`5`, "")
	bad(`{"type":5}`, ".type")
	bad(`{"type":"UNIT","unit_off":1,"unit_type":"x","product":"shirt"}`, ".product")
	bad(`{"type":"UNIT","unit_off":1,"unit_type":"x","product":{"id":7}}`, ".product.id")
	bad(`{"type":"AMOUNT","amount_off":5,"is_dynamic":"yes"}`, ".is_dynamic")
	bad(`{}`, ".type")
	f(`{"type":"amount","amount_off":5}`, "discount.type", KeyInvalidVoucher, "AMOUNT")
	f(`{"type":"PRECENT","percent_off":5}`, "discount.type", KeyInvalidVoucher, "PERCENT")
	bad(`{"type":"FREE_BEER"}`, ".type")
	f(`{"type":"AMOUNT","amount_off":5,"effect":"APPLY_TO_ORDERS"}`, "discount.effect", KeyInvalidVoucher, "APPLY_TO_ORDER")
	f(`{"type":"UNIT","unit_off":1,"unit_type":"x","effect":"ADD_NEW_ITEM"}`, "discount.effect", KeyInvalidVoucher, "ADD_NEW_ITEMS")
	bad(`{"type":"AMOUNT","amount_off":5,"effect":"X"}`, ".effect")
	bad(`{"type":"AMOUNT","amount_off":5,"effect":"`+strings.Repeat("A", 100_000)+`"}`, ".effect")
	bad(`{"type":"AMOUNT","amount_off":5,"effect":"ADD_NEW_ITEMS"}`, ".effect")
	bad(`{"type":"UNIT","unit_off":1,"unit_type":"x","effect":"APPLY_TO_ORDER"}`, ".effect")

	bad(`{"type":"AMOUNT","amount_off":10.5}`, ".amount_off")
	bad(`{"type":"AMOUNT","amount_off":-1}`, ".amount_off")
	bad(`{"type":"AMOUNT","amount_off":"10"}`, ".amount_off")
	bad(`{"type":"AMOUNT","amount_off":[10]}`, ".amount_off")
	bad(`{"type":"AMOUNT","amount_off":true}`, ".amount_off")
	bad(`{"type":"AMOUNT","amount_off":9007199254740992}`, ".amount_off")
	bad(`{"type":"AMOUNT","amount_off":1e400}`, ".amount_off")
	bad(`{"type":"AMOUNT","amount_off":1e-400}`, ".amount_off")
	bad(`{"type":"PERCENT","percent_off":12.345}`, ".percent_off")
	bad(`{"type":"PERCENT","percent_off":100.01}`, ".percent_off")
	bad(`{"type":"PERCENT","percent_off":-5}`, ".percent_off")
	bad(`{"type":"PERCENT","percent_off":10,"amount_limit":-1}`, ".amount_limit")
	bad(`{"type":"FIXED","fixed_amount":-1}`, ".fixed_amount")
	bad(`{"type":"UNIT","unit_off":1.5,"unit_type":"x"}`, ".unit_off")
	bad(`{"type":"UNIT","unit_off":1}`, ".unit_type")
	bad(`{"type":"UNIT","unit_off":1,"unit_type":"`+strings.Repeat("x", refBytesMax+1)+`"}`, ".unit_type")
	bad(`{"type":"UNIT","unit_off":1,"unit_type":"x","product":{"source_id":"`+strings.Repeat("x", refBytesMax+1)+`"}}`, ".product.source_id")
	bad(`{"type":"UNIT","unit_off":1,"unit_type":"x","product":{"price":-1}}`, ".product.price")
	bad(`{"type":"UNIT","unit_off":1,"unit_type":"x","sku":{"price":1.5}}`, ".sku.price")
	bad(`{"type":"UNIT","unit_off":1,"unit_type":"x","sku":{"sku":"`+strings.Repeat("x", refBytesMax+1)+`"}}`, ".sku.sku")

	// A field of another type would be a second discount that is never given.
	bad(`{"type":"AMOUNT","amount_off":5,"percent_off":0}`, ".percent_off")
	bad(`{"type":"AMOUNT","amount_off":5,"amount_limit":3}`, ".amount_limit")
	bad(`{"type":"PERCENT","percent_off":5,"unit_type":"x"}`, ".unit_type")
	bad(`{"type":"FIXED","fixed_amount":5,"sku":{"id":"x"}}`, ".unit_type")

	later(`{"type":"AMOUNT","amount_off":5,"aggregated_amount_limit":100}`, ".aggregated_amount_limit")
	later(`{"type":"AMOUNT","amount_off":5,"amount_off_formula":"A"}`, ".amount_off_formula")
	later(`{"type":"PERCENT","percent_off":5,"percent_off_formula":"A"}`, ".percent_off_formula")
	later(`{"type":"FIXED","fixed_amount":5,"fixed_amount_formula":"A"}`, ".fixed_amount_formula")
	later(`{"type":"UNIT","unit_off":5,"unit_type":"x","unit_off_formula":"A"}`, ".unit_off_formula")
	later(`{"type":"UNIT","effect":"ADD_MANY_ITEMS","units":[]}`, ".units")
	later(`{"type":"AMOUNT","amount_off":5,"is_dynamic":true}`, ".is_dynamic")
	for _, effect := range laterEffects {
		later(`{"type":"AMOUNT","amount_off":5,"effect":"`+effect+`"}`, ".effect")
	}
}

// A caller who parsed a larger body names the whole way to the field.
func TestFieldErrorIn(t *testing.T) {
	_, err := ParseDiscount([]byte(`{"type":"amount"}`))
	var fe *FieldError
	if !errors.As(err, &fe) {
		t.Fatal(err)
	}
	if got, want := fe.In("voucher").Error(), "voucher.discount.type: is not a type of discount (did you mean AMOUNT?)"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if fe.In("").Field != "discount.type" || fe.Field != "discount.type" {
		t.Error("In changed the error itself")
	}
}

// What answers show. SDKs read these names; percentages carry no needless zeros.
func TestToJSON(t *testing.T) {
	f := func(d Discount, want string) {
		t.Helper()
		text, err := json.Marshal(d.ToJSON())
		if err != nil || string(text) != want {
			t.Errorf("%s, %v\nwant %s", text, err, want)
		}
	}
	f(amountOff(500), `{"type":"AMOUNT","effect":"APPLY_TO_ORDER","amount_off":500,"is_dynamic":false}`)
	f(percent(1000, 0), `{"type":"PERCENT","effect":"APPLY_TO_ORDER","percent_off":10,"is_dynamic":false}`)
	f(percent(1205, 9), `{"type":"PERCENT","effect":"APPLY_TO_ORDER","percent_off":12.05,"amount_limit":9,"is_dynamic":false}`)
	f(fixed(0), `{"type":"FIXED","effect":"APPLY_TO_ORDER","fixed_amount":0,"is_dynamic":false}`)
	if text, err := json.Marshal(Token(nil)); err != nil || string(text) != "null" {
		t.Errorf("an absent number is %s, %v", text, err)
	}
	d := unitOff(2, AddNewItems)
	d.SKU = Ref{ID: "sku_1", Name: "L"}
	f(d, `{"type":"UNIT","effect":"ADD_NEW_ITEMS","unit_off":2,"unit_type":"shirt",`+
		`"product":{"id":"shirt","source_id":"S-1","name":"T-shirt","price":2500},"sku":{"id":"sku_1","sku":"L"},"is_dynamic":false}`)
}

func TestPropertyJSONRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := anyDiscount(t)
		text, err := json.Marshal(d.ToJSON())
		if err != nil {
			t.Fatal(err)
		}
		if got, err := ParseDiscount(text); err != nil || got != d {
			t.Fatalf("%s reads %+v, %v", text, got, err)
		}
	})
}

// Whatever text comes: no panic, every error names a field, and what is accepted
// is shown as something that is accepted again.
func FuzzParseDiscount(f *testing.F) {
	f.Add([]byte(`{"type":"AMOUNT","amount_off":1e3}`))
	f.Add([]byte(`{"type":"PERCENT","percent_off":12.5,"amount_limit":2000}`))
	f.Add([]byte(`{"type":"FIXED","fixed_amount":0}`))
	f.Add([]byte(`{"type":"UNIT","unit_off":1,"unit_type":"x","product":{"id":"x","price":3},"sku":{"sku":"L"}}`))
	f.Add([]byte(`{"type":"UNIT","effect":"ADD_MANY_ITEMS","units":[{}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := ParseDiscount(text)
		if err != nil {
			var fe *FieldError
			if !errors.As(err, &fe) || !strings.HasPrefix(fe.Field, "discount") || fe.Key == "" {
				t.Fatalf("an error without a field: %v", err)
			}
			return
		}
		shown, err := json.Marshal(d.ToJSON())
		if err != nil {
			t.Fatal(err)
		}
		if back, err := ParseDiscount(shown); err != nil || back != d {
			t.Fatalf("%s reads %+v, %v", shown, back, err)
		}
	})
}
