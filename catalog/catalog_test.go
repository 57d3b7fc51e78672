package catalog

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/scrip-engine/scrip/coupon"
)

func asInvalid(err error, into **InvalidError) bool { return errors.As(err, into) }

// A name is free after a delete, an id never is, and what redemptions refer to
// stays.
func TestNameIsReusedAfterDelete(t *testing.T) {
	m := newShop(t)
	b := newCampaign("summer")
	b.Description, b.Metadata = "sale", json.RawMessage(`{"a":1}`)
	first := m.ok(b)
	m.wants(coupon.DuplicateFound, header(), newCampaign("summer"))
	m.ok(&DeleteCampaign{Project: 1, Campaign: first.Ordinal})
	second := m.ok(newCampaign("summer"))
	if second.ID == first.ID || second.Ordinal == first.Ordinal {
		t.Fatalf("C7: %v was given out twice", second)
	}
	v := m.c.View()
	if found, ok := v.CampaignByRef(1, "summer"); !ok || found.ID != second.ID {
		t.Fatalf("the name leads to %v", found)
	}
	if found, ok := v.CampaignByRef(1, first.ID); ok {
		t.Fatalf("a deleted campaign is found by its id: %v", found)
	}
	if found, ok := v.CampaignByRef(2, second.ID); ok {
		t.Fatalf("C6: found from another project: %v", found)
	}
	tomb := v.Campaign(first.Ordinal)
	if tomb.Deleted == 0 || tomb.Name != "summer" || tomb.Active || tomb.Metadata != nil || tomb.Description != "" {
		t.Fatalf("tombstone %+v", tomb)
	}
	if !reflect.DeepEqual(tomb.Voucher, b.Voucher) {
		t.Fatal("a tombstone lost what its codes mean")
	}
}

// Two people who edit different fields must both succeed, and null must clear.
func TestUpdateTouchesOnlyWhatItNames(t *testing.T) {
	m := newShop(t)
	b := newCampaign("summer")
	b.Description, b.Start, b.End, b.Category = "sale", 5, 9, "shoes"
	b.Voucher.PerCustomer, b.Voucher.HolderOnly = 2, true
	ordinal := m.ok(b).Ordinal
	want := *m.c.View().Campaign(ordinal)

	m.now += 10
	r := m.ok(&UpdateCampaign{Project: 1, Campaign: ordinal, Description: Set("sale!"), End: Clear[int64]()})
	want.Description, want.End, want.Updated, want.Version = "sale!", 0, m.now, m.index
	if got := m.c.View().Campaign(ordinal); !reflect.DeepEqual(*got, want) {
		t.Fatalf("got  %+v\nwant %+v", *got, want)
	}
	if r.Fence != (Fence{CampaignFence, ordinal, m.index}) || !m.c.View().FencePending(r.Fence) {
		t.Fatalf("fence %+v", r.Fence)
	}

	m.ok(&UpdateCampaign{Project: 1, Campaign: ordinal, Basis: want.Version, Name: Set("autumn"), Voucher: VoucherPatch{
		Quantity: Clear[int64](), Discount: Set([]byte{7}), PerCustomer: Set[int64](3),
	}})
	want.Name, want.Version = "autumn", m.index
	want.Voucher.Quantity, want.Voucher.Discount, want.Voucher.PerCustomer = Unlimited, []byte{7}, 3
	if got := m.c.View().Campaign(ordinal); !reflect.DeepEqual(*got, want) {
		t.Fatalf("got  %+v\nwant %+v", *got, want)
	}
	if _, ok := m.c.View().CampaignByRef(1, "summer"); ok {
		t.Fatal("the old name still leads somewhere")
	}
	m.ok(newCampaign("summer"))
	m.ok(&UpdateCampaign{Project: 1, Campaign: ordinal, Name: Set("autumn")}) // its own name is no duplicate
}

func TestMetadataIsMerged(t *testing.T) {
	f := func(have, merge, want string) {
		t.Helper()
		m := newShop(t)
		b := newCampaign("summer")
		b.Metadata = json.RawMessage(have)
		ordinal := m.ok(b).Ordinal
		patch := Clear[json.RawMessage]()
		if merge != "" {
			patch = Set(json.RawMessage(merge))
		}
		m.ok(&UpdateCampaign{Project: 1, Campaign: ordinal, Metadata: patch})
		if got := string(m.c.View().Campaign(ordinal).Metadata); got != want {
			t.Errorf("%s with %s: got %s, want %s", have, merge, got, want)
		}
	}
	f(`{"a":1,"b":2}`, `{"b":3,"c":4}`, `{"a":1,"b":3,"c":4}`)
	f(`{"a":1,"b":2}`, `{"a":null}`, `{"b":2}`)
	f(`{"a":1}`, `{"a":null}`, ``)
	f(`{"a":1}`, ``, ``)
	f(``, `{"a":12345678901234567890.10}`, `{"a":12345678901234567890.10}`) // numbers are not touched
	f(`{"a":{"x":1}}`, `{"a":{"y":2}}`, `{"a":{"y":2}}`)                    // the top level only
	f(`{ "a" : "<&>" }`, `{}`, `{"a":"<&>"}`)
}

// Merging small pieces must not grow a campaign past what one request may write.
func TestMergedMetadataHasABound(t *testing.T) {
	m := newShop(t)
	b := newCampaign("summer")
	b.Metadata = json.RawMessage(`{"a":"` + strings.Repeat("x", coupon.MetadataBytesMax-8) + `"}`)
	ordinal := m.ok(b).Ordinal
	m.wants(coupon.CapacityExceeded, header(), &UpdateCampaign{Project: 1, Campaign: ordinal, Metadata: Set(json.RawMessage(`{"b":1}`))})
	m.ok(&UpdateCampaign{Project: 1, Campaign: ordinal, Metadata: Set(json.RawMessage(`{"a":null,"b":1}`))})
}

// An app server is moved from one token to the next without a moment in which
// neither works, and never are there three.
func TestKeyRotation(t *testing.T) {
	m := newShop(t)
	one, two, three := Digest256{1}, Digest256{2}, Digest256{3}
	r := m.ok(newKey("app"))
	accepts := func(want string) {
		t.Helper()
		k, ok := m.c.View().KeyByAppID([]byte("app"))
		if !ok {
			t.Fatal("the key is gone")
		}
		got := ""
		for _, token := range []Digest256{one, two, three, {}} {
			if k.Accepts(&token, m.now) {
				got += "y"
			} else {
				got += "n"
			}
		}
		if got != want {
			t.Fatalf("accepts %s, want %s", got, want)
		}
	}
	accepts("ynnn")
	rotation := m.ok(&RotateKey{Project: 1, Key: r.Ordinal, Token: two, PreviousUntil: m.now + 100})
	if rotation.Fence != (Fence{ProjectFence, 1, m.index}) {
		t.Fatalf("a rotation raises %+v", rotation.Fence)
	}
	accepts("yynn")
	m.now += 99
	accepts("yynn")
	m.now++
	accepts("nynn")
	m.ok(&RotateKey{Project: 1, Key: r.Ordinal, Token: three, PreviousUntil: math.MaxInt64})
	accepts("nyyn")
	m.ok(&RevokeKey{Project: 1, Key: r.Ordinal, PreviousOnly: true})
	accepts("nnyn")
	m.ok(&RotateKey{Project: 1, Key: r.Ordinal, Token: one})
	accepts("ynnn")
	m.ok(&RevokeKey{Project: 1, Key: r.Ordinal})
	accepts("nnnn")
}

func TestKeyExpiresAndHasAnAppIDOfItsOwn(t *testing.T) {
	m := newShop(t)
	b := newKey("")
	b.Expires = m.now + 5
	r := m.ok(b)
	k, ok := m.c.View().KeyByAppID([]byte(r.ID))
	if !ok || k.AppID != r.ID || !strings.HasPrefix(r.ID, coupon.PrefixKey) {
		t.Fatalf("key %+v", k)
	}
	token := Digest256{1}
	if !k.Accepts(&token, m.now+4) || k.Accepts(&token, m.now+5) {
		t.Fatal("a key ends at its Expires, not before and not after")
	}
	if byID, ok := m.c.View().KeyByID(r.ID); !ok || byID != k {
		t.Fatal("not found by id")
	}
}

// The look-up of a key is on the path of every request.
func TestKeyLookupDoesNotAllocate(t *testing.T) {
	m := newShop(t)
	m.ok(newKey("application-1"))
	appID, token := []byte("application-1"), Digest256{1}
	allocs := testing.AllocsPerRun(100, func() {
		v := m.c.View()
		k, ok := v.KeyByAppID(appID)
		if !ok || !k.Accepts(&token, v.Time()) || v.Project(k.Project) == nil {
			t.Fatal("not accepted")
		}
	})
	if allocs != 0 {
		t.Fatalf("%v allocations", allocs)
	}
}

func TestSettings(t *testing.T) {
	m := newShop(t)
	m.now += 7
	r := m.ok(&UpdateProject{Project: 1, IdempotencySource: Set("tracking_id"), RollbackWindow: Set[int64](1000), Active: Set(false)})
	p, ok := m.c.View().ProjectByRef("default")
	if !ok || p.IdempotencySource != "tracking_id" || p.RollbackWindow != 1000 || p.Active || p.Updated != m.now || p.Version != m.index {
		t.Fatalf("project %+v", p)
	}
	if r.Fence != (Fence{ProjectFence, 1, m.index}) {
		t.Fatalf("fence %+v", r.Fence)
	}
	m.ok(&UpdateProject{Project: 1, RollbackWindow: Clear[int64](), Name: Set("shop")})
	byID, ok := m.c.View().ProjectByRef(p.ID)
	if !ok || byID.Name != "shop" || byID.RollbackWindow != 0 || byID.IdempotencySource != "tracking_id" {
		t.Fatalf("project %+v", byID)
	}
	if _, ok := m.c.View().ProjectByRef("default"); ok {
		t.Fatal("the old name still leads somewhere")
	}
	cluster := m.c.View().Cluster()
	if cluster.Derived().FormatCatalogID(coupon.PrefixProject, 106) != p.ID {
		t.Fatal("the id of a project is not its birth index")
	}
}

// A secret that reaches a log or an error text is out for ever.
func TestSecretIsNotPrinted(t *testing.T) {
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if got := fmt.Sprintf(format, testSecret()); strings.Contains(got, "1, 2") || strings.Contains(got, "1 2") || strings.Contains(got, "0102") {
			t.Errorf("%s prints %s", format, got)
		}
	}
}
