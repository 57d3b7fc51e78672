package wire

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
)

// rounds is the number of random values a type is tried with: enough for every
// optional field to be seen absent and present beside every other.
const rounds = 300

// plain is the oracle: the standard encoder, without HTML escaping.
func plain(t *testing.T, v any) []byte {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

type appender interface{ AppendJSON(dst []byte) []byte }

// Without this a field that a struct has could be missing from an answer, stand
// under another name, or be escaped in a way that breaks the document.
func TestAppendEqualsTheStandardEncoder(t *testing.T) {
	sameAsPlain[Redemption](t)
	sameAsPlain[RedeemResponse](t)
	sameAsPlain[Rollback](t)
	sameAsPlain[RollbacksResponse](t)
	sameAsPlain[ValidationResponse](t)
	sameAsPlain[VoucherValidation](t)
	sameAsPlain[BatchResponse](t)
	sameAsPlain[Voucher](t)
	sameAsPlain[Error](t)
	sameAsPlain[RedeemRequest](t)
	sameAsPlain[RollbackRequest](t)
}

func sameAsPlain[T any](t *testing.T) {
	t.Helper()
	rng := newRandom(t)
	for range rounds {
		v := randomValue[T](rng)
		got := any(v).(appender).AppendJSON([]byte("before"))[len("before"):]
		if want := plain(t, v); !bytes.Equal(got, want) {
			t.Fatalf("%T\n got %s\nwant %s", v, got, want)
		}
		var back T
		if err := json.Unmarshal(got, &back); err != nil {
			t.Fatalf("%T: a client cannot read %s: %v", v, got, err)
		}
		if !reflect.DeepEqual(&back, v) {
			t.Fatalf("%T: the client read\n%+v\nfrom %s", v, back, got)
		}
	}
}

// Without this a minimal answer could carry a field under another name or with
// another value than the full one, and a client could not read both alike.
func TestMinimalIsAPartOfTheFullAnswer(t *testing.T) {
	minimalIsPart[Redemption](t)
	minimalIsPart[RedeemResponse](t)
	minimalIsPart[ValidationResponse](t)
	minimalIsPart[BatchResponse](t)
}

func minimalIsPart[T any](t *testing.T) {
	t.Helper()
	rng := newRandom(t)
	for range rounds {
		v := any(randomValue[T](rng)).(interface {
			appender
			AppendMinimal(dst []byte) []byte
		})
		var full, minimal any
		if err := json.Unmarshal(v.AppendJSON(nil), &full); err != nil {
			t.Fatal(err)
		}
		small := v.AppendMinimal(nil)
		if err := json.Unmarshal(small, &minimal); err != nil {
			t.Fatalf("%T: %v in %s", v, err, small)
		}
		if bytes.Contains(small, []byte(`"metadata"`)) {
			t.Fatalf("%T: metadata in a minimal answer: %s", v, small)
		}
		if path := notPart(minimal, full); path != "" {
			t.Fatalf("%T: %s differs between\n%s\n%s", v, path, small, v.AppendJSON(nil))
		}
	}
}

// notPart returns the path of the first member of part that whole lacks.
func notPart(part, whole any) string {
	switch p := part.(type) {
	case map[string]any:
		w, ok := whole.(map[string]any)
		if !ok {
			return "(object)"
		}
		for k, v := range p {
			other, ok := w[k]
			if !ok {
				return k
			}
			if path := notPart(v, other); path != "" {
				return k + "." + path
			}
		}
		return ""
	case []any:
		w, ok := whole.([]any)
		if !ok || len(w) != len(p) {
			return "(length)"
		}
		for i := range p {
			if path := notPart(p[i], w[i]); path != "" {
				return indexed(i) + path
			}
		}
		return ""
	}
	if !reflect.DeepEqual(part, whole) {
		return "(value)"
	}
	return ""
}

// Without this an answer could be cut short where a string has a byte that is
// no UTF-8, or a control character could break the document.
func TestAppendStringIsAlwaysValid(t *testing.T) {
	for b := range 256 {
		for _, s := range []string{string([]byte{byte(b)}), "a" + string([]byte{byte(b)}) + "z"} {
			got := appendString(nil, s)
			if want := plain(t, s); !bytes.Equal(got, want) {
				t.Errorf("%q: got %s, want %s", s, got, want)
			}
		}
	}
}

// Without this a validation of several kinds would be unreadable as a list.
func TestListsCarryTheirElementsUnderTheirName(t *testing.T) {
	in := List[Accepted]{DataRef: ListVouchers, Data: []Accepted{{"a"}}, Total: 7, HasMore: true,
		NextCursor: "c", AsOf: 1, Uses: &VoucherUses{Quantity: Cleared[int64](), RedeemedQuantity: 2}}
	got := plain(t, in)
	want := `{"object":"list","data_ref":"vouchers","total":7,"has_more":true,"next_cursor":"c",` +
		`"as_of":"1970-01-01T00:00:00.001Z","quantity":null,"redeemed_quantity":2,` +
		`"vouchers":[{"async_action_id":"a"}]}`
	if string(got) != want {
		t.Fatalf("got  %s\nwant %s", got, want)
	}
	var back List[Accepted]
	if err := json.Unmarshal(got, &back); err != nil || !reflect.DeepEqual(in, back) {
		t.Fatalf("read %+v, %v", back, err)
	}
	if got := string(plain(t, List[Accepted]{DataRef: ListData})); got !=
		`{"object":"list","data_ref":"data","total":0,"has_more":false,"data":[]}` {
		t.Fatalf("an empty list is %s", got)
	}
	if err := json.Unmarshal([]byte(`{"data_ref":"x"}`), &back); err == nil {
		t.Fatal("a list without its elements was read")
	}
}

// Without this a client could not tell a rollback from a redemption in a list.
func TestRedemptionEntriesKeepTheirKind(t *testing.T) {
	rng := newRandom(t)
	for range rounds {
		in := RedemptionEntry{Redemption: randomValue[Redemption](rng)}
		in.Redemption.Object = "redemption"
		if rng.IntN(2) == 0 {
			in = RedemptionEntry{Rollback: randomValue[Rollback](rng)}
			in.Rollback.Object = "redemption_rollback"
		}
		var back RedemptionEntry
		if err := json.Unmarshal(plain(t, in), &back); err != nil || !reflect.DeepEqual(in, back) {
			t.Fatalf("%v: %+v", err, back)
		}
	}
	if _, err := json.Marshal(RedemptionEntry{}); err == nil {
		t.Fatal("an empty entry was written")
	}
}
