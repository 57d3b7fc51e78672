package wire

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
)

// Without this a retry whose metadata is written in another order would be
// taken for another request and answered with a conflict.
func TestCanonicalForms(t *testing.T) {
	is := func(in, want string) {
		t.Helper()
		got, err := Canonical([]byte("x"), []byte(in))
		if err != nil || string(got) != "x"+want {
			t.Errorf("%s: got %s, %v, want x%s", in, got, err, want)
		}
	}
	is(`{"b":1,"a":2}`, `{"a":2,"b":1}`)
	is(" { \"b\" : [ 1 , {\"d\":0,\"c\":null} ] } ", `{"b":[1,{"c":null,"d":0}]}`)
	is(`{"\u0061":"\u00e4\/"}`, `{"a":"ä/"}`)
	is(`{"a":10.0,"b":1e1,"c":-0,"d":1.50,"e":12345678901234567890}`,
		`{"a":10,"b":10,"c":0,"d":1.50,"e":12345678901234567890}`)
	is(`"a"`, `"a"`)
	is(` true `, `true`)
	is(`[]`, `[]`)
	is(``, `{}`)
	is(`{"\u00e9":1,"z":2,"":3}`, `{"":3,"z":2,"é":1}`)
	refused(t, canonicalErr, `{"a":1,"\u0061":2}`, "a", KeyInvalidPayload, "occurs twice")
	refused(t, canonicalErr, `{"a":}`, "", KeyInvalidPayload, "is not valid JSON")
	refused(t, canonicalErr, `1 2`, "", KeyInvalidPayload, "is not valid JSON")
}

func canonicalErr(b []byte) error {
	_, err := Canonical(nil, b)
	return err
}

// FuzzCanonical: canonical bytes are valid, their own canonical form, and mean
// what the input means.
func FuzzCanonical(f *testing.F) {
	for _, s := range []string{`{"b":1,"a":[1.0,"x",{"z":null,"y":1e3}]}`, `"\ud83d\ude00"`, `[[[]]]`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		got, err := Canonical(nil, in)
		if err != nil {
			if len(got) != 0 {
				t.Fatalf("%q: %d bytes beside an error", in, len(got))
			}
			return
		}
		again, err := Canonical(nil, got)
		if err != nil || !bytes.Equal(got, again) {
			t.Fatalf("%q: %s became %s, %v", in, got, again, err)
		}
		var before, after any
		if len(bytes.TrimSpace(in)) == 0 {
			return
		}
		if err := json.Unmarshal(in, &before); err != nil {
			t.Fatalf("%q is no JSON for the standard library: %v", in, err)
		}
		if err := json.Unmarshal(got, &after); err != nil || !reflect.DeepEqual(before, after) {
			t.Fatalf("%q became %s, %v", in, got, err)
		}
	})
}
