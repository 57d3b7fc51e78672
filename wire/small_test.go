package wire

import "testing"

// Without this a client that asks for a small answer gets a large one, or the
// other way round.
func TestPrefersMinimal(t *testing.T) {
	is := func(header string, want bool) {
		t.Helper()
		if got := PrefersMinimal(header); got != want {
			t.Errorf("%q: %v", header, got)
		}
	}
	is("return=minimal", true)
	is(" respond-async, Return = \"minimal\"; x=1", true)
	is("return=representation", false)
	is("return=representation, return=minimal", false)
	is("return=minimalist", false)
	is("", false)
}

// Without this an instant could move on its way.
func TestTimes(t *testing.T) {
	is := func(in, want string) {
		t.Helper()
		got, err := ParseTime(in)
		if err != nil || got.String() != want {
			t.Errorf("%s: got %s, %v", in, got, err)
		}
	}
	is("2026-11-23T10:00:00Z", "2026-11-23T10:00:00.000Z")
	is("2026-11-23T10:00:00.1239Z", "2026-11-23T10:00:00.123Z")
	is("2026-11-23T10:00:00+05:30", "2026-11-23T04:30:00.000Z")
	is("2026-11-23", "2026-11-23T00:00:00.000Z")
	is("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z")
	for _, in := range []string{"", "now", "2026-13-01", "2026-11-23T10:00:00", "2026-02-30T00:00:00Z"} {
		if got, err := ParseTime(in); err == nil {
			t.Errorf("%q was read as %s", in, got)
		}
	}
}

// Without this a hint could cost more than the request, or name nonsense.
func TestSuggestions(t *testing.T) {
	is := func(got, want string) {
		t.Helper()
		if near := Nearest(got, discountEffects); near != want {
			t.Errorf("%q: %q", got, near)
		}
	}
	is("apply to order", EffectApplyToOrder)
	is("APPLY_TO_ITEM", EffectApplyToItems)
	is("add-new-items", EffectAddNewItems)
	is("", "")
	is("z", "")
	is(string(make([]byte, 1<<20)), "")
}

// Without this a key with a line break could forge a header in a log.
func TestValidKey(t *testing.T) {
	is := func(key string, want bool) {
		t.Helper()
		if ValidKey(key) != want {
			t.Errorf("%q", key)
		}
	}
	is("order-1 ä", true)
	is("", false)
	is("a\nb", false)
	is("a\xff", false)
	is(string(make([]rune, 300)), false)
}
