package coupon

import (
	"math/bits"
	"slices"
	"strings"
	"testing"
)

var allPrefixes = []string{
	PrefixVoucher, PrefixRedemption, PrefixRollback, PrefixCustomer, PrefixCampaign, PrefixProject, PrefixKey,
	PrefixAsyncAction, PrefixTransaction, PrefixValidation, PrefixRequest, PrefixOrder, PrefixSession,
	PrefixPublication, PrefixImport, PrefixEvent, PrefixCatalogEvent,
}

// C3 and the size of the buffers on the stack.
func TestIDRoundTrip(t *testing.T) {
	secret, random := testSecret(), seeded(t)
	for _, prefix := range allPrefixes {
		if len(prefix) > idPrefixBytes {
			t.Errorf("prefix %q is longer than idPrefixBytes", prefix)
		}
		for range 500 {
			want := ID{Slot: uint16(random.Uint64N(Slots)), Seq: random.Uint64() >> (16 + random.Uint64N(48))}
			text := secret.FormatID(prefix, want)
			if got, ok := secret.ParseID(prefix, text); !ok || got != want {
				t.Fatalf("ParseID(%s) = %v, %v, want %v", text, got, ok, want)
			}
			if appended := secret.AppendID([]byte("x"), prefix, want); string(appended) != "x"+text {
				t.Fatalf("AppendID = %s, want x%s", appended, text)
			}
			index := random.Uint64() >> (4 + random.Uint64N(60))
			if got, ok := secret.ParseCatalogID(prefix, secret.FormatCatalogID(prefix, index)); !ok || got != index {
				t.Fatalf("ParseCatalogID of %d = %d, %v", index, got, ok)
			}
		}
	}
}

// Without this an id of one kind, cluster or spelling would pass for another.
func TestParseIDRefuses(t *testing.T) {
	secret := testSecret()
	good := secret.FormatID(PrefixRedemption, ID{7, 42})
	f := func(prefix, text string) {
		t.Helper()
		if id, ok := secret.ParseID(prefix, text); ok {
			t.Errorf("ParseID(%q, %q) = %v, want a refusal", prefix, text, id)
		}
	}
	body := strings.TrimPrefix(good, PrefixRedemption)
	f(PrefixRedemption, "")
	f(PrefixRedemption, PrefixRedemption)
	f(PrefixRedemption, body)
	f(PrefixRedemption, good[:len(good)-1])
	f(PrefixRedemption, good+"0")
	f(PrefixRedemption, good+" ")
	f(PrefixRedemption, strings.ToUpper(good))
	f(PrefixRedemption, PrefixRedemption+strings.ToUpper(body))
	f(PrefixRollback, PrefixRollback+body)
	f(PrefixVoucher, PrefixVoucher+body)
	f(PrefixVoucher, good)
	f(PrefixRedemption, PrefixRedemption+"0"+body[1:]) // another version
	for _, c := range []byte("ilouILOU-_ \x00\xff") {
		f(PrefixRedemption, PrefixRedemption+body[:15]+string(c))
	}
	other := NewSecret([SecretBytes]byte{16: 1})
	f(PrefixRedemption, other.FormatID(PrefixRedemption, ID{7, 42}))
}

// Without this somebody could walk over ids. 16 bits of check pass one forgery
// in 65,536; ten times that many tries may pass about ten.
func TestForgedIDs(t *testing.T) {
	secret, random := testSecret(), seeded(t)
	const tries = 10 << 16
	passed := 0
	for range tries {
		var b [10]byte
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		b[0] = idVersion<<4 | b[0]&0x0f
		if _, ok := secret.ParseID(PrefixRedemption, string(AppendRandomID(nil, PrefixRedemption, b))); ok {
			passed++
		}
	}
	if passed > 60 { // mean 10, deviation 3.2: a chance below 10^-25
		t.Errorf("%d of %d made-up ids passed, want about 10", passed, tries)
	}

	// Every change of one character of a real id, which is nearer than chance.
	body := []byte(secret.FormatID(PrefixRedemption, ID{7, 42}))
	passed = 0
	for i := len(PrefixRedemption); i < len(body); i++ {
		original := body[i]
		for _, c := range []byte(base32Alphabet) {
			if body[i] = c; c == original {
				continue
			}
			if _, ok := secret.ParseID(PrefixRedemption, string(body)); ok {
				passed++
			}
		}
		body[i] = original
	}
	if passed != 0 {
		t.Errorf("%d one-character changes of an id passed", passed)
	}
}

// Without this ids would tell a shop's competitors how much it sells.
func TestIDsShowNoOrder(t *testing.T) {
	secret := testSecret()
	const count = 4096
	ids, low := make([]string, count), make([]uint64, count)
	for seq := range ids {
		ids[seq] = secret.FormatID(PrefixRedemption, ID{7, uint64(seq)})
		_, low[seq], _ = parseBase32(ids[seq][len(PrefixRedemption):])
	}
	rising, flipped := 0, 0
	for i := 1; i < count; i++ {
		if ids[i] > ids[i-1] {
			rising++
		}
		flipped += bits.OnesCount64(low[i] ^ low[i-1])
	}
	if rising < count*45/100 || rising > count*55/100 {
		t.Errorf("%d of %d neighbours are in rising order, want about half", rising, count)
	}
	if mean := float64(flipped) / (count - 1); mean < 31 || mean > 33 {
		t.Errorf("neighbours differ in %.1f of 64 bits, want about 32", mean)
	}
	slices.Sort(ids)
	if len(slices.Compact(ids)) != count {
		t.Error("two sequences have one id")
	}
}

// Without this base32Value could disagree with the alphabet.
func TestBase32Alphabet(t *testing.T) {
	for c := range 256 {
		want := byte(255)
		if i := strings.IndexByte(base32Alphabet, byte(c)); i >= 0 {
			want = byte(i)
		}
		if got := base32Value(byte(c)); got != want {
			t.Errorf("base32Value(%q) = %d, want %d", rune(c), got, want)
		}
	}
}

// Numbers come from Apply: one out of range must not be written as another id.
func TestIDOutOfRange(t *testing.T) {
	f := func(name string, call func()) {
		t.Helper()
		defer func() {
			if recover() == nil {
				t.Errorf("%s did not panic", name)
			}
		}()
		call()
	}
	secret := testSecret()
	f("slot", func() { secret.FormatID(PrefixVoucher, ID{Slots, 0}) })
	f("sequence", func() { secret.FormatID(PrefixVoucher, ID{0, SeqMax + 1}) })
	f("catalog index", func() { secret.FormatCatalogID(PrefixVoucher, CatalogIndexMax+1) })
}

// C3 from the other side: what parses is what would have been written.
func FuzzParseID(f *testing.F) {
	secret := testSecret()
	for _, prefix := range allPrefixes {
		f.Add(prefix, secret.FormatID(prefix, ID{1, 2}))
	}
	f.Add("", "2000000000000000")
	f.Fuzz(func(t *testing.T, prefix, text string) {
		if id, ok := secret.ParseID(prefix, text); ok && secret.FormatID(prefix, id) != text {
			t.Errorf("ParseID(%q, %q) = %v, which is written %q", prefix, text, id, secret.FormatID(prefix, id))
		}
	})
}

func BenchmarkAppendID(b *testing.B) {
	secret, buf := testSecret(), make([]byte, 0, 64)
	b.ReportAllocs()
	for b.Loop() {
		buf = secret.AppendID(buf[:0], PrefixRedemption, ID{1234, 567890})
	}
}

func BenchmarkParseID(b *testing.B) {
	secret := testSecret()
	text := secret.FormatID(PrefixRedemption, ID{1234, 567890})
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := secret.ParseID(PrefixRedemption, text); !ok {
			b.Fatal("refused")
		}
	}
}
