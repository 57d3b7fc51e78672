package catalog

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/scrip-engine/scrip/coupon"
)

// -rewrite writes the goldens; the diff is reviewed. What a release has written is
// frozen.
var rewrite = flag.Bool("rewrite", false, "rewrite the golden files")

// everyCommand has one command of each kind with every field set. They can be
// applied in this order to an empty catalog.
func everyCommand() []Body {
	job := newJob("GENERATE")
	return []Body{
		&Init{ID: "test", Secret: testSecret(), Slots: coupon.Slots, Shards: 4, Currency: "USD"},
		&CreateProject{Name: "default", Currency: "JPY", CaseSensitive: true, CodeVersion: 1, IdempotencySource: "header", RollbackWindow: 86_400_000},
		&CreateKey{Project: 1, AppID: "app", Name: "till <1>", Class: ServerKey, Role: "admin", Scopes: []string{"redeem", "issue"}, Token: Digest256{1, 2}, Expires: math.MaxInt64},
		&RotateKey{Project: 1, Key: 1, Token: Digest256{3}, PreviousUntil: math.MaxInt64},
		&CreateCampaign{
			Project: 1, Name: "Sommer ☀ & Söhne", Description: "d", CampaignType: "DISCOUNT_COUPONS", Type: "STATIC",
			Category: "c", CategoryID: "cat_1", Start: 1, End: 2, Inactive: true, Protected: true,
			Metadata: json.RawMessage(`{"b":[1.50,"<&>"],"a":null}`), VouchersCount: 10, Job: &job,
			Voucher: VoucherSpec{
				Type: "GIFT_VOUCHER", Discount: []byte{0, 255}, GiftAmount: 500, GiftEffect: "APPLY_TO_ORDER", Currency: "EUR",
				Quantity: Unlimited, PerCustomer: 3, HolderOnly: true, CodeConfig: json.RawMessage(`{"pattern":"S-####"}`),
			},
		},
		&UpdateProject{Project: 1, Name: Set("shop"), IdempotencySource: Set("tracking_id"), RollbackWindow: Clear[int64](), Active: Set(false)},
		&UpdateCampaign{
			Project: 1, Campaign: 1, Name: Set("Winter"), Description: Clear[string](), Type: Set("AUTO_UPDATE"),
			Category: Clear[string](), CategoryID: Set("cat_2"), Start: Set[int64](5), End: Clear[int64](), Protected: Set(false),
			Metadata: Set(json.RawMessage(`{"a":1,"b":null}`)),
			Voucher: VoucherPatch{
				Discount: Set([]byte{9}), GiftAmount: Set[int64](7), GiftEffect: Clear[string](), Currency: Set("USD"),
				Quantity: Set[int64](2), PerCustomer: Clear[int64](), HolderOnly: Set(false), CodeConfig: Clear[json.RawMessage](),
			},
		},
		&SetCampaignEnabled{Project: 1, Campaign: 1, Enabled: true},
		&FenceDone{Fence{Scope: ProjectFence, Ordinal: 1, Index: 1 << 40}},
		&PutJob{Project: 1, Campaign: 1, NewJob: newJob("IMPORT")},
		&JobProgress{Project: 1, Job: 2, Total: 30, Created: 5, Failed: 1},
		&JobFinish{Project: 1, Job: 2, Status: JobFailed, Total: 30, Created: 6, Failed: 2, Error: "spool_unreadable",
			Failures: []Failure{{Row: 3, Code: "A", Reason: "duplicate_found"}, {Reason: "invalid_code"}}},
		&RevokeKey{Project: 1, Key: 1, PreviousOnly: true},
		&DeleteCampaign{Project: 1, Campaign: 1, Job: &job},
		&SetGeneration{Generation: 0xfedc},
	}
}

func goldenHeader(i int) Header {
	h := Header{
		NotAfter: math.MaxInt64, Key: coupon.Hash{Hi: 0x0102030405060708, Lo: 0x1112131415161718 + uint64(i)},
		FingerprintVersion: 1, Fingerprint: 0x2122232425262728,
	}
	if i == 4 {
		h.Flags, h.Actor = FlagMinted, 1
	}
	return h
}

// Bytes in a log are read by every later version: a change here is a new command
// version, never an edit of the golden.
func TestCommandGoldens(t *testing.T) {
	var text strings.Builder
	for i, b := range everyCommand() {
		cmd, err := Encode(goldenHeader(i), b)
		if err != nil {
			t.Fatalf("%T: %v", b, err)
		}
		fmt.Fprintf(&text, "kind %d %T\n%s\n%s\n\n", b.kind(), b, hex.EncodeToString(cmd[:headerBytes]), cmd[headerBytes:])
		h, again, err := Decode(cmd)
		if err != nil || h != goldenHeader(i) {
			t.Fatalf("%T: header %+v: %v", b, h, err)
		}
		twice, err := Encode(h, again)
		if err != nil || !bytes.Equal(twice, cmd) {
			t.Fatalf("%T: decoded and encoded again it differs: %v", b, err)
		}
	}
	golden(t, "commands.txt", []byte(text.String()))
}

// Every kind has a golden: a new command without one fails here.
func TestEveryKindHasAGolden(t *testing.T) {
	seen := map[Kind]bool{}
	for _, b := range everyCommand() {
		seen[b.kind()] = true
	}
	for kind := range Kind(1000) {
		if b := newBody(kind); (b != nil) != seen[kind] || (b != nil && b.kind() != kind) {
			t.Errorf("kind %d: body %T, golden %v", kind, b, seen[kind])
		}
	}
}

// Commands written by the first version must give the same state for ever, not
// only the same bytes.
func TestImageGolden(t *testing.T) {
	c := New()
	for i, b := range everyCommand() {
		cmd, err := Encode(goldenHeader(i), b)
		if err != nil {
			t.Fatal(err)
		}
		replies := make([]Reply, 1)
		if err := c.Apply(uint64(1000+i), startMillis+int64(i), 1, [][]byte{cmd}, replies); err != nil {
			t.Fatal(err)
		}
		if replies[0].Outcome != coupon.OK {
			t.Fatalf("%T: %v", b, replies[0].Outcome)
		}
	}
	img := image(t, c)
	golden(t, "image.bin", img)
	restored(t, c)
}

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
	if !bytes.Equal(got, want) {
		t.Fatalf("%s differs; got:\n%s", path, got)
	}
}
