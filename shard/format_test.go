package shard

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/scrip-engine/scrip/coupon"
)

func formatHeader(kind Kind) Header {
	return Header{Kind: kind, Flags: FlagMinted | FlagDerived, Slot: 0x123, Epoch: 4, NotAfter: 5, CatalogIndex: 6,
		ValidFrom: AlwaysFrom, ValidUntil: AlwaysUntil, BasisVersion: 7, BasisMask: 8,
		Key: coupon.Hash{Hi: 0x0102030405060708, Lo: 0x090a0b0c0d0e0f10}, FingerprintVersion: 1, Fingerprint: 11, Actor: 12, Seen: 13}
}

// formatCommands has one command of each kind with every field in use.
func formatCommands() []*command {
	source := coupon.Hash{Hi: 0x123<<52 | 5, Lo: 6}
	full := Spec{Mask: specMaskAll, Limit: 3, PerCustomer: 2, Gift: 1000, Currency: 978, From: 10, Until: 20,
		Holder: coupon.ID{Slot: 2, Seq: 3}, Discount: []byte("d"), Metadata: []byte("{}"), Info: []byte("i"), Category: []byte("c")}
	birth := Customer{Project: 1, Source: source, ID: coupon.ID{Slot: 1, Seq: 2}, Minted: true, Fresh: true, Sealed: []byte("sealed"), DataKey: [DataKeyBytes]byte{1, 31: 2}}
	code := NewCode{Hash: source, Issued: []byte("SUMMER"), Spec: full}
	tail := AppendTail(AppendTail(nil, TagOrderSource, []byte("o-1")), TagMetadata, []byte("{}"))
	patch := Spec{Mask: Updatable &^ SpecFrom, Until: 20, Holder: full.Holder, Metadata: full.Metadata, Info: full.Info, Category: full.Category}
	sealed := Record{Kind: KindRedeem, Seq: 4, ID: coupon.ID{Slot: 0x123, Seq: 9}, Project: 2, Gift: 50}
	back := Record{Kind: KindRollback, Seq: 5, ID: coupon.ID{Slot: 0x123, Seq: 10}, Project: 2, Applied: 20, Ref: sealed.ID}
	var all []*command
	for _, body := range []any{
		&Redeem{1, 2, 3, 978, 1000, 90, 100, 50, 77, full.Holder, &birth, []int64{60, 40}, tail},
		&Rollback{coupon.ID{Slot: 0x123, Seq: 9}, 2, RollbackAll, tail, AppendSealed(nil, &sealed), AppendSealed(nil, &back)},
		&Create{2, 3, testRules, code, tail},
		&Import{2, 3, testRules, 77, 1, 70, []NewCode{code, {Hash: source, Issued: []byte("B")}}},
		&Enable{1, 2, true}, &Update{1, 2, SpecFrom, patch, tail}, &Delete{1, 2}, &Balance{1, 2, -5, tail},
		&Fence{FenceCampaign, 3, 100}, &birth, &Forget{Project: 1, ID: coupon.ID{Slot: 0x123, Seq: 2}},
		&Campaign{3, 2, 99, Unlimited, 1, 500, true, 978, true},
	} {
		all = append(all, &command{formatHeader(Kind(len(all) + 1)), body})
	}
	return append(all, &command{formatHeader(KindTune), &Tune{1 << 30, 5}}, &command{formatHeader(KindClaim), &Claim{2, 3}},
		&command{formatHeader(KindSeal), &Seal{7}})
}

func formatRecord() Record {
	return Record{Kind: KindRedeem, Flags: RecordMinted | RecordIsGift, Seq: 1, ID: coupon.ID{Slot: 2, Seq: 3}, Stamp: 4,
		Key: coupon.Hash{Hi: 5, Lo: 6}, FPVersion: 1, Fingerprint: 7, CatalogIndex: 8, Project: 9, Campaign: 10, Ordinal: 11,
		Customer: coupon.ID{Slot: 12, Seq: 13}, Actor: 14, Currency: 978, Order: 15, Discount: 16, Applied: 17, Gift: 18,
		Uses: 19, Balance: 20, Ref: coupon.ID{Slot: 21, Seq: 22}, Lines: []int64{23, -24}, Tail: AppendTail(nil, TagReason, []byte("r"))}
}

// The log, the journal and the images of today are read by every later version:
// a byte that moves makes them unreadable.
func TestFormatsAreFrozen(t *testing.T) {
	var got strings.Builder
	for _, c := range formatCommands() {
		fmt.Fprintf(&got, "command %v %x\n", c.h.Kind, c.encode())
	}
	rec := formatRecord()
	fmt.Fprintf(&got, "record %x\n", appendRecord(nil, &rec))
	got.WriteString(imageSections(t, formatWorld(t).s))
	golden(t, "testdata/formats.golden", got.String())
}

// golden compares got with a file, or writes it with -rewrite.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *rewrite {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(want), "\n")
	for i, line := range strings.Split(got, "\n") {
		if i >= len(lines) || lines[i] != line {
			t.Fatalf("%s:%d: made\n%s", file, i+1, line)
		}
	}
}

// formatWorld is a shard with something in every table.
func formatWorld(t *testing.T) *world {
	sc := &script{world: newWorld(t), named: map[string]Reply{}, customers: map[string]coupon.ID{}}
	for line := range strings.Lines(`campaign n=1 limit=1
campaign n=2 limit=-1 gift=100
campaign n=4 limit=3 per=2
campaign n=4 ended=
customer ann profile=sealed
fence campaign=1 index=90
fence index=80
import A B B campaign=1 job=9
create C campaign=2 key=c metadata={} holder=ann
redeem A key=a applied=5 as=a
redeem C credits=30 customer=ann key=c2 as=c
rollback c amount=10 key=c3
create D per=2 limit=5
redeem D birth=bob minted= key=d
rollback a
redeem A key=a2
delete B
forget bob
`) {
		words := strings.Fields(line)
		sc.do(words[0], words[1:])
	}
	return sc.world
}

// imageSections prints an image without its empty slots.
func imageSections(t *testing.T, s *Shard) string {
	f, err := s.Freeze()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Release()
	var out strings.Builder
	w := &imageWriter{w: &bytes.Buffer{}, slice: sliceRows}
	section := func(name string, write func()) {
		w.b = w.b[:0]
		write()
		fmt.Fprintf(&out, "image %s %x\n", name, w.b)
	}
	section("meta", func() { f.writeMeta(w) })
	section("births", func() { f.writeShared(w, &s.births, f.births, birthRowBytes) })
	section("order", func() { f.writeShared(w, &s.order, f.order, orderRowBytes) })
	section("forgotten", func() { f.writeShared(w, &s.forgotten, f.forgotten, forgottenRowBytes) })
	for slot := range coupon.Slots {
		if l := f.lens[slot]; l.codes|l.uses|l.customers|l.events != 0 {
			section(fmt.Sprintf("slot-%d", slot), func() { f.writeSlot(w, uint16(slot)) })
		}
	}
	section("journal", func() { f.writeJournal(w) })
	return out.String()
}

// An image written by the first version is opened by this one.
func TestGoldenImageIsRestored(t *testing.T) {
	text, err := os.ReadFile("testdata/formats.golden")
	if err != nil {
		t.Fatal(err)
	}
	sections := map[string][]byte{}
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		if words[0] == "image" {
			if sections[words[1]], err = hex.DecodeString(words[2]); err != nil {
				t.Fatal(err)
			}
		}
	}
	img := []byte("SHRD\x01\x00")
	for _, name := range []string{"meta", "births", "order", "forgotten"} {
		img = append(img, sections[name]...)
	}
	for slot := range coupon.Slots {
		if b, ok := sections[fmt.Sprintf("slot-%d", slot)]; ok {
			img = append(img, b...)
			continue
		}
		img = append(img, byte(slot), byte(slot>>8))
		img = append(img, make([]byte, 20)...)
	}
	img = append(img, sections["journal"]...)
	w := newWorld(t)
	if err := w.s.Restore(bytes.NewReader(img)); err != nil {
		t.Fatal(err)
	}
	if got, want := mustDigest(t, w.s), mustDigest(t, formatWorld(t).s); got != want {
		t.Fatalf("digest %x, want %x", got, want)
	}
	if v := w.look("c").View; v.Balance != 80 || v.Used != 1 {
		t.Fatalf("gift card: %+v", v)
	}
}

func mustDigest(t testing.TB, s *Shard) uint64 {
	t.Helper()
	d, err := s.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// What a decoder reads is what was written, field by field.
func TestRoundTrips(t *testing.T) {
	for _, c := range formatCommands() {
		var h Header
		body, err := DecodeHeader(c.encode(), &h)
		if err != nil || h != c.h {
			t.Fatalf("%v: header %+v, %v", c.h.Kind, h, err)
		}
		got := reflect.New(reflect.TypeOf(c.body).Elem()).Interface()
		if err := decodeBody(h.Kind, body, got); err != nil || !reflect.DeepEqual(got, c.body) {
			t.Errorf("%v: %+v, %v; want %+v", c.h.Kind, got, err, c.body)
		}
	}
	want := formatRecord()
	var got Record
	if err := DecodeRecord(appendRecord(nil, &want), &got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("record %+v, %v; want %+v", got, err, want)
	}
}

func decodeBody(kind Kind, b []byte, into any) error {
	switch q := into.(type) {
	case *Redeem:
		return decodeRedeem(b, q, &Customer{})
	case *Rollback:
		return decodeRollback(b, q)
	case *Create:
		return decodeCreate(b, q)
	case *Import:
		return decodeImport(b, q)
	case *Enable:
		return decodeEnable(b, q)
	case *Update:
		return decodeUpdate(b, q)
	case *Delete:
		return decodeDelete(b, q)
	case *Balance:
		return decodeBalance(b, q)
	case *Fence:
		return decodeFence(b, q)
	case *Customer:
		return decodeCustomer(b, q)
	case *Forget:
		return decodeForget(b, q)
	case *Campaign:
		return decodeCampaign(b, q)
	case *Tune:
		return decodeTune(b, q)
	case *Claim:
		return decodeClaim(b, q)
	case *Seal:
		return decodeSeal(b, q)
	}
	return fmt.Errorf("kind %v", kind)
}
