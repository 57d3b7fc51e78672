package wire

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

// refused checks that decode refuses body at field with key, and that the
// message speaks of about.
func refused(t *testing.T, decode func([]byte) error, body, field, key, about string) {
	t.Helper()
	var bad *FieldError
	if err := decode([]byte(body)); !errors.As(err, &bad) {
		t.Errorf("%s: got %v, want a FieldError", short(body), err)
		return
	}
	if bad.Field != field || bad.Key != key || !strings.Contains(bad.Error(), about) {
		t.Errorf("%s:\n got field %q, key %s, %q\nwant field %q, key %s, …%s…",
			short(body), bad.Field, bad.Key, bad.Error(), field, key, about)
	}
}

func short(body string) string {
	if len(body) > 120 {
		return body[:60] + "…" + body[len(body)-50:]
	}
	return body
}

const one = `"redeemables":[{"object":"voucher","id":"A"}]`

// Without this a caller would learn that something is wrong but not where, or a
// bad amount would be taken for a good one.
func TestRedeemRequestRefusals(t *testing.T) {
	bad := func(body, field, key, about string) {
		t.Helper()
		refused(t, new(RedeemRequest).Decode, body, field, key, about)
	}
	const payload = KeyInvalidPayload
	bad(``, "redeemables", payload, "must name a voucher")
	bad(`{}`, "redeemables", payload, "must name a voucher")
	bad(`[]`, "", payload, "must be an object, not an array")
	bad(`null`, "", payload, "not null")
	bad(`{`, "", payload, "line 1, column 1")
	bad("{\n\"order\": {\"amount\": 01}}", "order.amount", payload, "line 2, column 22")
	bad(`{"order":{"amount":NaN}}`, "order.amount", payload, "is not valid JSON")
	bad(`{"order":{"amount":-Infinity}}`, "order.amount", payload, "is not valid JSON")
	bad(`{`+one+`} x`, "", payload, "is not valid JSON")
	bad(`{`+one+`}{}`, "", payload, "is not valid JSON")
	bad(`{`+one+`,}`, "", payload, "is not valid JSON")
	bad("{"+one+",\"tracking_id\":\"\xff\"}", "", payload, "UTF-8")
	bad(`{`+one+`,"tracking_id":"\ud800"}`, "", payload, "surrogate")
	bad(`{`+one+`,"tracking_id":"\udc00\ud800"}`, "", payload, "surrogate")
	bad(`{`+one+`,"tracking_id":"\ud800\ue000"}`, "", payload, "surrogate")
	bad(`{`+one+`,"tracking_id":"\ud800x"}`, "", payload, "surrogate")
	bad("{"+one+",\"tracking_id\":\"a\nb\"}", "tracking_id", payload, "is not valid JSON")
	bad(`{`+one+`,"tracking_id":7}`, "tracking_id", payload, "must be a string, not a number")
	bad(`{`+one+`,"tracking_id":"`+strings.Repeat("x", 256)+`"}`, "tracking_id", payload, "at most 255 bytes")
	bad(`{"redeemables":{}}`, "redeemables", payload, "must be a list, not an object")
	bad(`{"redeemables":[{"id":"A"}]}`, "redeemables[0].object", payload, "is missing")
	bad(`{"redeemables":[{"object":"voucher"}]}`, "redeemables[0].id", payload, "is missing")
	bad(`{"redeemables":[{"object":"voucher","id":null}]}`, "redeemables[0].id", payload, "is missing")
	bad(`{"redeemables":[{"object":"vouchr","id":"A"}]}`, "redeemables[0].object", payload, `did you mean "voucher"?`)
	bad(`{"redeemables":["A"]}`, "redeemables[0]", payload, "must be an object, not a string")
	bad(`{"redeemables":[{"object":"voucher","id":"A","gift":{"credits":-1}}]}`,
		"redeemables[0].gift.credits", KeyInvalidAmount, "negative")
	bad(`{"redeemables":[{"object":"voucher","id":"A","id":"B"}]}`, "redeemables[0].id", payload, "occurs twice")
	bad(`{"order":{"amount":"10"}}`, "order.amount", payload, "must be a number, not a string")
	bad(`{"order":{"amount":10.5}}`, "order.amount", payload, "must be an integer")
	bad(`{"order":{"amount":9007199254740992}}`, "order.amount", payload, "must be between")
	bad(`{"order":{"amount":1e400}}`, "order.amount", payload, "must be between")
	bad(`{"order":{"amount":-1}}`, "order.amount", KeyInvalidAmount, "negative")
	bad(`{"order":{"amount":1,"amount":2}}`, "order.amount", payload, "occurs twice")
	bad(`{"order":{"currency":"eur"}}`, "order.currency", payload, "currency code")
	bad(`{"order":{"status":"PAYED"}}`, "order.status", payload, `did you mean "PAID"?`)
	bad(`{"order":{"items":[{},{},{},{"quantity":1.5}]}}`, "order.items[3].quantity", payload, "integer")
	bad(`{"order":{"items":[{"product":{"price":-5}}]}}`, "order.items[0].product.price", KeyInvalidAmount, "negative")
	bad(`{"order":{"items":[`+strings.Repeat("{},", 500)+`{}]}}`, "order.items", payload, "more than 500")
	bad(`{"customer":{"address":{"city":1}}}`, "customer.address.city", payload, "string")
	bad(`{"customer":"c"}`, "customer", payload, "must be an object, not a string")
	bad(`{"metadata":[]}`, "metadata", payload, "must be an object, not an array")
	bad(`{"metadata":{"a":{"b":1,"b":1}}}`, "metadata.a.b", payload, "occurs twice")
	bad(`{"metadata":{"a":[1,{"b":1e999}]}}`, "metadata.a[1].b", payload, "range of a double")
	bad(`{"options":{"expand":["ordr"]}}`, "options.expand[0]", payload, `did you mean "order"?`)
	deep := strings.Repeat("[", DepthMax-1) + strings.Repeat("]", DepthMax-1)
	bad(`{`+one+`,"metadata":{"a":`+deep+`}}`, "", payload, "deeper than 32")
	bad(`{"order":`+strings.Repeat(`{"order":`, 10_000)+`1`, "", payload, "deeper than 32")
	bad(`{"x":`+strings.Repeat("[", 10_000)+strings.Repeat("]", 10_000)+`}`, "", payload, "deeper than 32")
}

// Without this a lock, a second voucher or a promotion would be dropped in
// silence, and the caller would believe in a limit that is not there (W4).
func TestRedeemRequestRefusesWhatIsNotBuilt(t *testing.T) {
	bad := func(body, field string) {
		t.Helper()
		refused(t, new(RedeemRequest).Decode, body, field, KeyNotSupported, "")
	}
	bad(`{`+one+`,"session":{"type":"LOCK"}}`, "session")
	bad(`{`+one+`,"reward":{"id":"r"}}`, "reward")
	bad(`{"redeemables":[{"object":"voucher","id":"A","reward":{"id":"r"}}]}`, "redeemables[0].reward")
	bad(`{"redeemables":[{"object":"promotion_tier","id":"A"}]}`, "redeemables[0].object")
	bad(`{"redeemables":[{"object":"promotion_stack","id":"A"}]}`, "redeemables[0].object")
	bad(`{"redeemables":[{"object":"voucher","id":"A"},{"object":"voucher","id":"B"}]}`, "redeemables[1]")
	accepted(t, `{`+one+`,"session":null,"reward":{ },"unknown":{"session":1}}`)
}

func accepted(t *testing.T, body string) *RedeemRequest {
	t.Helper()
	r := new(RedeemRequest)
	if err := r.Decode([]byte(body)); err != nil {
		t.Fatalf("%s: %v", short(body), err)
	}
	return r
}

// Without this the forms that SDKs send could be refused, or null be read as 0.
func TestRedeemRequestReadsWhatSDKsSend(t *testing.T) {
	r := accepted(t, ` {`+one+`,"order":{"amount":1e3,"discount_amount":null,"items":[{"quantity":2.0}]},
		"customer":{"source_id":"a\u0062c","name":null},"options":{"expand":["order"]},"metadata":{}} `)
	if r.Order.Amount != Some[int64](1000) || r.Order.DiscountAmount.Set || r.Order.Items[0].Quantity.Value != 2 {
		t.Errorf("order: %+v", r.Order)
	}
	if r.Customer.SourceID != "abc" || r.Customer.HasProfile() || r.Metadata != nil {
		t.Errorf("customer %+v, metadata %s", r.Customer, r.Metadata)
	}
	r = accepted(t, `{`+one+`}`)
	if r.Order != nil || r.Customer != nil {
		t.Errorf("absent parts are present: %+v", r)
	}
	deep := strings.Repeat("[", DepthMax-2) + strings.Repeat("]", DepthMax-2)
	accepted(t, `{`+one+`,"metadata":{"a":`+deep+`}}`)
	accepted(t, `{`+one+`,"tracking_id":"\ud83d\ude00 \\ud800"}`)
}

// Without this the older paths would lose their code or their credits.
func TestDecodeForThePathsThatNameTheirCode(t *testing.T) {
	r := new(RedeemRequest)
	if err := r.DecodeFor("CODE", []byte(`{"gift":{"credits":5}}`)); err != nil {
		t.Fatal(err)
	}
	want := []Redeemable{{Object: ObjectVoucher, ID: "CODE", Gift: GiftUse{Credits: Some[int64](5)}}}
	if !reflect.DeepEqual(r.Redeemables, want) {
		t.Errorf("got %+v", r.Redeemables)
	}
	if err := r.DecodeFor("CODE", nil); err != nil || r.Redeemables[0].Gift.Credits.Set {
		t.Errorf("an empty body: %v, %+v", err, r.Redeemables)
	}
	refused(t, func(b []byte) error { return r.DecodeFor("C", b) }, `{`+one+`}`,
		"redeemables", KeyInvalidPayload, "the path names the voucher")
}

// Without this one item that cannot be read would fail a thousand others.
func TestBatchItemsStandAlone(t *testing.T) {
	var b BatchRequest
	body := `{"redemptions":[{` + one + `,"idempotency_key":"k"},{"order":{"amount":-1}}, {` + one +
		`,"idempotency_key":"` + strings.Repeat("k", 256) + `"}]}`
	if err := b.Decode([]byte(body)); err != nil {
		t.Fatal(err)
	}
	if b.Redemptions[0].Invalid != nil || b.Redemptions[0].IdempotencyKey != "k" {
		t.Errorf("first item: %+v", b.Redemptions[0])
	}
	if got := b.Redemptions[1].Invalid; got == nil || got.Field != "redemptions[1].order.amount" {
		t.Errorf("second item: %+v", got)
	}
	if got := b.Redemptions[2].Invalid; got == nil || got.Key != KeyInvalidIdempotencyKey {
		t.Errorf("third item: %+v", got)
	}
	refused(t, b.Decode, `{}`, "redemptions", KeyInvalidPayload, "at least one")
	refused(t, b.Decode, `{"redemptions":[{]}`, "redemptions[0]", KeyInvalidPayload, "is not valid JSON")
	refused(t, b.Decode, `{"redemptions":[`+strings.Repeat("1,", BatchMax)+`1]}`, "redemptions",
		KeyInvalidPayload, "more than 1000")
}

// Without this a request that a client encodes could arrive as another one.
func TestRequestsSurviveTheWire(t *testing.T) {
	rng := newRandom(t)
	var reused RedeemRequest
	for range rounds {
		in := randomValue[RedeemRequest](rng)
		in.Redeemables = []Redeemable{{Object: ObjectVoucher, ID: randomString(rng),
			Gift: *randomValue[GiftUse](rng)}}
		in.Options.Expand = expandOptions[:1+rng.IntN(len(expandOptions))]
		body := in.AppendJSON(nil)
		if err := reused.Decode(body); err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		if got := reused.AppendJSON(nil); string(got) != string(body) {
			t.Fatalf("sent %s\nread %s", body, got)
		}
		batch := BatchRequest{Redemptions: []BatchItem{{RedeemRequest: *in}, {RedeemRequest: *in}}}
		var back BatchRequest
		if err := back.Decode(batch.AppendJSON(nil)); err != nil ||
			string(back.AppendJSON(nil)) != string(batch.AppendJSON(nil)) {
			t.Fatalf("batch: %v", err)
		}
		explain := ExplainRequest{RedeemRequest: *in, Now: 5}
		var explained ExplainRequest
		if err := explained.Decode(explain.AppendJSON(nil)); err != nil || explained.Now != 5 ||
			string(explained.RedeemRequest.AppendJSON(nil)) != string(body) {
			t.Fatalf("explain: %v", err)
		}
		rollback := randomValue[RollbackRequest](rng)
		var rolled RollbackRequest
		if err := rolled.Decode(rollback.AppendJSON(nil)); err != nil || !reflect.DeepEqual(&rolled, rollback) {
			t.Fatalf("rollback: %v\n%+v\n%+v", err, rollback, rolled)
		}
	}
}

// Without this a field could be read into its neighbour, as the written-out
// decoders switch on positions. The generic decoder is the oracle.
func TestWrittenOutDecodersEqualTheGenericOne(t *testing.T) {
	rng := newRandom(t)
	for range rounds {
		order := randomValue[Order](rng)
		w := writer{}
		order.append(&w)
		sameDecoding(t, w.buf)
		w = writer{}
		randomValue[Customer](rng).append(&w)
		sameDecoding(t, w.buf)
	}
}

// sameDecoding reads body as an order and as a customer by both decoders.
func sameDecoding(t *testing.T, body []byte) {
	t.Helper()
	bothDecode(t, body, func(o *Order, r *reader, space *[]byte) *FieldError { return o.decode(r, space) })
	bothDecode(t, body, func(c *Customer, r *reader, space *[]byte) *FieldError { return c.decode(r, space) })
}

func bothDecode[T any](t *testing.T, body []byte, decode func(*T, *reader, *[]byte) *FieldError) {
	t.Helper()
	var hot, cold T
	var r reader
	var space []byte
	hotErr := r.start(body)
	if hotErr == nil {
		hotErr = r.finish(decode(&hot, &r, &space))
	}
	coldErr := Decode(body, &cold)
	if (hotErr == nil) != (coldErr == nil) || hotErr != nil && hotErr.Error() != coldErr.Error() {
		t.Fatalf("%s as %T:\n written out %v\n generic     %v", body, hot, hotErr, coldErr)
	}
	if hotErr == nil && !reflect.DeepEqual(hot, cold) {
		t.Fatalf("%s as %T:\n written out %+v\n generic     %+v", body, hot, hot, cold)
	}
}

// Without this the sealed profile of a customer could lose a field, or two
// equal profiles have two forms.
func TestProfilesAreCanonicalAndComeBack(t *testing.T) {
	rng := newRandom(t)
	for range rounds {
		in := randomValue[Customer](rng)
		profile := in.AppendProfile(nil)
		again, err := Canonical(nil, profile)
		if err != nil || string(again) != string(profile) {
			t.Fatalf("%s is not canonical: %s, %v", profile, again, err)
		}
		back := Customer{ID: in.ID, SourceID: in.SourceID}
		if err := back.DecodeProfile(profile); err != nil || !reflect.DeepEqual(&back, in) {
			t.Fatalf("%v\n%+v\n%+v", err, in, back)
		}
	}
}
