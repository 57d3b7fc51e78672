package coupon

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
)

// testSecret is the secret of every golden file: bytes 0, 1, 2, …
func testSecret() *Secret {
	var b [SecretBytes]byte
	for i := range b {
		b[i] = byte(i)
	}
	return NewSecret(b)
}

// Without this a library that reads its output in another order would be taken
// for SipHash, and an independent client could not compute a slot. The vectors
// are the first ones of vectors_sip128 in the authors' reference code.
func TestSipHashVectors(t *testing.T) {
	f := func(length int, want string) {
		t.Helper()
		input := make([]byte, length)
		for i := range input {
			input[i] = byte(i)
		}
		h := testSecret().placement.sum128(input)
		got := fmt.Sprintf("%x", binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, h.Hi), h.Lo))
		if got != want {
			t.Errorf("SipHash-2-4-128 of %d bytes = %s, want %s", length, got, want)
		}
	}
	f(0, "a3817f04ba25a8e66df67214c7550293")
	f(1, "da87c1d86b99af44347659119b22fc45")
	f(2, "8177228da4a45dc7fca38bdef60affe4")
}

// Without this a change of the input's layout would move every code. The layout
// is written out by hand here, beside the golden file.
func TestHashLayout(t *testing.T) {
	secret := testSecret()
	project := strings.Repeat("p", 200) // its length takes two bytes
	input := append([]byte{200, 1}, project...)
	input = append(input, byte(DomainCustomer))
	input = append(input, "crm-17"...)
	if got, want := secret.Hash(project, DomainCustomer, []byte("crm-17")), secret.placement.sum128(input); got != want {
		t.Errorf("Hash = %x, want that of uvarint(len) ‖ project ‖ domain ‖ payload = %x", got, want)
	}
	if got := (Hash{Hi: 0xabc << 52}).Slot(); got != 0xabc {
		t.Errorf("Slot = %#x, want the first 12 bits, 0xabc", got)
	}
}

// Without this two things of different kinds or projects could share a place.
func TestHashSeparates(t *testing.T) {
	secret := testSecret()
	seen := map[Hash]string{}
	note := func(name string, h Hash) {
		t.Helper()
		if other, twice := seen[h]; twice {
			t.Errorf("%s and %s have one hash", name, other)
		}
		seen[h] = name
	}
	for d := DomainCode; d <= DomainName; d++ {
		note(fmt.Sprint("domain ", d), secret.Hash("default", d, []byte("abc")))
	}
	note("longer project", secret.Hash("defaultx", DomainCode, []byte("abc")))
	note("project into payload", secret.Hash("defaul", DomainCode, []byte("t\x00abc")))
	note("key hash", secret.KeyHash([]byte("\x07default\x00abc")))
	for i := range 2 * SecretBytes { // each half of the secret matters for its own purposes
		var b [SecretBytes]byte
		b[i/2] = byte(1 + i%2)
		other := NewSecret(b)
		if i/2 < 16 {
			note(fmt.Sprint("secret ", i), other.Hash("default", DomainCode, []byte("abc")))
		} else {
			note(fmt.Sprint("secret ", i), other.KeyHash([]byte("abc")))
		}
	}
}

// Without this an unlucky project could have all codes in a few slots.
func TestSlotsAreEven(t *testing.T) {
	secret, count := testSecret(), [Slots]int{}
	const codes = 64 * Slots
	for i := range codes {
		count[secret.Hash("default", DomainCode, fmt.Appendf(nil, "summer-%06d", i)).Slot()]++
	}
	for slot, n := range count { // mean 64, deviation 8: six of them either way
		if n < 16 || n > 112 {
			t.Errorf("slot %d has %d of %d codes, want about 64", slot, n, codes)
		}
	}
}

// Without this a field could run into the next, and two requests be one (P3).
func TestFingerprintFields(t *testing.T) {
	secret := testSecret()
	seen := map[uint64]string{}
	note := func(name string, f Fingerprinter) {
		t.Helper()
		if other, twice := seen[f.Sum()]; twice {
			t.Errorf("%s and %s have one fingerprint", name, other)
		}
		seen[f.Sum()] = name
	}
	build := func(add func(*Fingerprinter)) Fingerprinter {
		f := secret.NewFingerprinter(nil)
		add(&f)
		return f
	}
	note("nothing", build(func(*Fingerprinter) {}))
	note("ab, c", build(func(f *Fingerprinter) { f.AddString("ab"); f.AddString("c") }))
	note("a, bc", build(func(f *Fingerprinter) { f.AddString("a"); f.AddString("bc") }))
	note("abc", build(func(f *Fingerprinter) { f.AddString("abc") }))
	note("empty", build(func(f *Fingerprinter) { f.AddString("") }))
	note("absent", build(func(f *Fingerprinter) { f.AddAbsent() }))
	note("absent, empty", build(func(f *Fingerprinter) { f.AddAbsent(); f.AddString("") }))
	note("1", build(func(f *Fingerprinter) { f.AddInt(1) }))
	note("-1", build(func(f *Fingerprinter) { f.AddInt(-1) }))

	f := secret.NewFingerprinter(make([]byte, 0, 64))
	f.Add([]byte("ab"))
	f.AddString("c")
	if got := secret.Fingerprint([]byte("ab"), []byte("c")); got != f.Sum() {
		t.Errorf("Fingerprint in one call = %x, field by field = %x", got, f.Sum())
	}
	if !bytes.HasPrefix(f.Buffer(), []byte{FingerprintVersion}) {
		t.Error("the version is not part of what is hashed")
	}
}

// Without this a log line or a panic could print the keys of a cluster.
func TestSecretIsNotPrinted(t *testing.T) {
	secret := testSecret()
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		for _, value := range []any{secret, *secret, struct{ S Secret }{*secret}} {
			if got := fmt.Sprintf(format, value); !strings.Contains(got, secretText) || strings.Contains(got, "k0") {
				t.Errorf("Sprintf(%q, %T) = %s", format, value, got)
			}
		}
	}
	if got := secret.LogValue().String(); got != secretText {
		t.Errorf("LogValue = %s", got)
	}
}

func BenchmarkHash(b *testing.B) {
	secret, code := testSecret(), []byte("summer-7k2m-qx4p")
	b.ReportAllocs()
	for b.Loop() {
		secret.Hash("default", DomainCode, code)
	}
}
