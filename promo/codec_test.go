package promo

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// golden pairs a discount with its bytes in format 1. They are in catalogs and
// logs: a line may be added, never changed.
var golden = []struct {
	hex      string
	discount Discount
}{
	{"010101f403", amountOff(500)},
	{"010101ffffffffffffff0f", amountOff(1<<53 - 1)},
	{"010201e80700", percent(1000, 0)},
	{"010201904edc0b", percent(10000, 1500)},
	{"01030100", fixed(0)},
	{"010301bc05", fixed(700)},
	{"010403010d70726f645f3568317070316e6700", Discount{Kind: Unit, Effect: AddMissingItems, UnitOff: 1, UnitType: ShippingUnit}},
	{"0104020205736869727403057368697274" + "03532d3107542d7368697274c413", unitOff(2, AddNewItems)},
	{"01040301" + "0161" + "0c" + "0161" + "00" + "00" + "00",
		Discount{Kind: Unit, Effect: AddMissingItems, UnitOff: 1, UnitType: "a", SKU: Ref{ID: "a", HasPrice: true}}},
}

// Old records must read the same for ever, and new ones must be written so.
func TestCodecGolden(t *testing.T) {
	for _, g := range golden {
		want, err := hex.DecodeString(g.hex)
		if err != nil {
			t.Fatal(err)
		}
		if got := AppendDiscount([]byte{0xaa}, &g.discount); !bytes.Equal(got[1:], want) || got[0] != 0xaa {
			t.Errorf("%+v\nis written %x\nwant       %x", g.discount, got[1:], want)
		}
		got, rest, err := DecodeDiscount(append(want, 1, 2, 3))
		if err != nil || got != g.discount || !bytes.Equal(rest, []byte{1, 2, 3}) {
			t.Errorf("%s reads %+v, rest %x, %v", g.hex, got, rest, err)
		}
	}
}

// Bytes that AppendDiscount never wrote. One that was accepted would be a
// second encoding of the same discount, and digests of replicas would differ.
func TestCodecRefuses(t *testing.T) {
	f := func(text string, want error) {
		t.Helper()
		src, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		if d, _, err := DecodeDiscount(src); !errors.Is(err, want) || d != (Discount{}) {
			t.Errorf("%s: %+v, %v; want %v", text, d, err, want)
		}
	}
	f("", ErrCorrupt)
	f("00", ErrVersion)
	f("02", ErrVersion)
	f("010001f403", ErrCorrupt)             // no kind
	f("010501f403", ErrCorrupt)             // a kind of the future without a version
	f("010100f403", ErrCorrupt)             // no effect
	f("010102f403", ErrCorrupt)             // an effect of another kind
	f("01010100", ErrCorrupt)               // nothing off
	f("0101018000", ErrCorrupt)             // not the shortest form
	f("010101f48300", ErrCorrupt)           // the same, of 500
	f("0101018080808080808010", ErrCorrupt) // 2^53
	f("010101ffffffffffffffffff01", ErrCorrupt)
	f("010201914e00", ErrCorrupt)               // above one hundred percent
	f("010201e88780801000", ErrCorrupt)         // 2^32 + 1000: narrowed, it would pass
	f("0104030100"+"00", ErrCorrupt)            // no unit type
	f("01040301016110", ErrCorrupt)             // an unknown flag
	f("01040301016102", ErrCorrupt)             // a price without a product
	f("010403010161"+"01"+"000000", ErrCorrupt) // a product that is empty
	f("0104030101ff00", ErrCorrupt)             // not UTF-8
	f("01040301"+"8002"+strings.Repeat("61", 256)+"00", ErrCorrupt)
}

// Cut anywhere, a record is refused and never read as a shorter one.
func TestCodecRefusesEveryPrefix(t *testing.T) {
	d := unitOff(300, AddMissingItems)
	d.SKU = Ref{ID: "sku", Name: "L"}
	whole := AppendDiscount(nil, &d)
	for n := range whole {
		if got, _, err := DecodeDiscount(whole[:n]); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%d of %d bytes: %+v, %v", n, len(whole), got, err)
		}
	}
}

func TestCodecBound(t *testing.T) {
	long := strings.Repeat("x", refBytesMax)
	d := Discount{Kind: Unit, Effect: AddNewItems, UnitOff: 1<<53 - 1, UnitType: long,
		Product: Ref{long, long, long, 1<<53 - 1, true}, SKU: Ref{long, long, long, 1<<53 - 1, true}}
	if err := d.Validate(); err != nil {
		t.Fatal(err)
	}
	if n := len(AppendDiscount(nil, &d)); n > DiscountBytesMax {
		t.Errorf("%d bytes, more than DiscountBytesMax = %d", n, DiscountBytesMax)
	}
}

func TestPropertyCodecRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := anyDiscount(t)
		got, rest, err := DecodeDiscount(AppendDiscount(nil, &d))
		if err != nil || got != d || len(rest) != 0 {
			t.Fatalf("%+v came back as %+v, rest %x, %v", d, got, rest, err)
		}
	})
}

// A discount that was not validated must not reach a record.
func TestCodecPanicsForNoKind(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a discount without a kind was written")
		}
	}()
	AppendDiscount(nil, &Discount{})
}

// Whatever bytes come: no panic, and what is accepted is written the same again.
func FuzzDecodeDiscount(f *testing.F) {
	for _, g := range golden {
		if src, err := hex.DecodeString(g.hex); err == nil {
			f.Add(src)
		}
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		d, rest, err := DecodeDiscount(src)
		if err != nil {
			if !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrVersion) {
				t.Fatalf("an error of another family: %v", err)
			}
			return
		}
		used := src[:len(src)-len(rest)]
		if again := AppendDiscount(nil, &d); !bytes.Equal(again, used) {
			t.Fatalf("%x is written %x", used, again)
		}
		text, err := json.Marshal(d.ToJSON())
		if err != nil {
			t.Fatalf("%+v cannot be shown: %v", d, err)
		}
		if back, err := ParseDiscount(text); err != nil || back != d {
			t.Fatalf("%s reads %+v, %v", text, back, err)
		}
	})
}
