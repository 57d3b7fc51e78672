package coupon

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "write the golden files anew; review the difference: most of it breaks every data directory")

// golden compares lines with testdata/name.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *rewrite {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	gotLines, wantLines := bytes.Split(got, []byte("\n")), bytes.Split(want, []byte("\n"))
	for i := range max(len(gotLines), len(wantLines)) {
		var g, w []byte
		if i < len(gotLines) {
			g = gotLines[i]
		}
		if i < len(wantLines) {
			w = wantLines[i]
		}
		if !bytes.Equal(g, w) {
			t.Fatalf("%s:%d:\n got %s\nwant %s", path, i+1, g, w)
		}
	}
}

// seeded is the random source of a test: SCRIP_SEED repeats a run.
func seeded(t testing.TB) *rand.Rand {
	t.Helper()
	seed := rand.Uint64()
	if text := os.Getenv("SCRIP_SEED"); text != "" {
		given, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatal("SCRIP_SEED:", err)
		}
		seed = given
	}
	t.Logf("SCRIP_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, seed))
}

// C1: without this a stored code, slot or id could change its meaning.
func TestGoldenHashes(t *testing.T) {
	secret := testSecret()
	var b bytes.Buffer
	fmt.Fprintln(&b, "# secret = bytes 00 01 … 1f; project, domain, payload: slot, hash")
	for _, project := range []string{"default", "proj_2000000000000000", ""} {
		for _, d := range []Domain{DomainCode, DomainCustomer, DomainCampaign, DomainEmail, DomainPhone, DomainProject, DomainName} {
			for _, payload := range []string{"", "summer-2026", "straße", "strasse"} {
				h := secret.Hash(project, d, []byte(payload))
				fmt.Fprintf(&b, "%q %#02x %q: %d %016x%016x\n", project, byte(d), payload, h.Slot(), h.Hi, h.Lo)
			}
		}
	}
	key := secret.KeyHash([]byte("order-4711"))
	fmt.Fprintf(&b, "key hash of \"order-4711\": %016x%016x\n", key.Hi, key.Lo)
	fmt.Fprintf(&b, "fingerprint %d of \"ab\", \"c\": %016x\n", FingerprintVersion, secret.Fingerprint([]byte("ab"), []byte("c")))
	golden(t, "hashes.txt", b.Bytes())
}

func TestGoldenIDs(t *testing.T) {
	secret := testSecret()
	var b bytes.Buffer
	fmt.Fprintln(&b, "# secret = bytes 00 01 … 1f; prefix, slot, sequence: id")
	for _, prefix := range allPrefixes {
		for _, id := range []ID{{0, 0}, {0, 1}, {1, 0}, {4095, SeqMax}, {1234, 567890}} {
			fmt.Fprintf(&b, "%s %d %d: %s\n", prefix, id.Slot, id.Seq, secret.FormatID(prefix, id))
		}
	}
	fmt.Fprintln(&b, "# prefix, catalog index: id")
	for _, prefix := range []string{PrefixCampaign, PrefixProject, PrefixKey} {
		for _, index := range []uint64{1, 2, 1 << 48, CatalogIndexMax} {
			fmt.Fprintf(&b, "%s %d: %s\n", prefix, index, secret.FormatCatalogID(prefix, index))
		}
	}
	golden(t, "ids.txt", b.Bytes())
}
