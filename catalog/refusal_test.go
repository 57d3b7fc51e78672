package catalog

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/scrip-engine/scrip/coupon"
)

// shopForRefusals has project 1 with campaign 1 "summer", campaign 2 "winter",
// campaign 3 deleted, keys 1 "app" and 2 (revoked), job 1; project 2 is empty.
func shopForRefusals(t *testing.T) *machine {
	m := newShop(t)
	m.ok(newProject("other"))
	m.ok(newCampaign("summer"))
	m.ok(newCampaign("winter"))
	m.ok(newCampaign("gone"))
	m.ok(&DeleteCampaign{Project: 1, Campaign: 3})
	m.ok(newKey("app"))
	m.ok(newKey("old"))
	m.ok(&RevokeKey{Project: 1, Key: 2})
	m.ok(&PutJob{Project: 1, Campaign: 1, NewJob: newJob("GENERATE")})
	return m
}

// One row per refusal of each command. Without them a command could do the wrong
// thing to another project's objects, or half of the right thing.
func TestRefusals(t *testing.T) {
	late, revoked, nobody := header(), header(), header()
	late.NotAfter = startMillis - 1
	revoked.Actor, nobody.Actor = 2, 99
	taken, foreign := newCampaign("summer"), newCampaign("new")
	foreign.Project = 7
	foreignKey := newKey("x")
	foreignKey.Project = 7
	rows := []struct {
		name string
		want coupon.Outcome
		h    Header
		b    Body
	}{
		{"second init", coupon.DuplicateFound, header(), &Init{ID: "x", Secret: testSecret(), Slots: 1, Shards: 1, Currency: "EUR"}},
		{"too late", coupon.TooLate, late, newCampaign("new")},
		{"too late before any other refusal", coupon.TooLate, late, taken},
		{"revoked actor", coupon.Stale, revoked, newCampaign("new")},
		{"unknown actor", coupon.Stale, nobody, newCampaign("new")},
		{"actor before the command's refusals", coupon.Stale, revoked, taken},
		{"project name taken", coupon.DuplicateFound, header(), newProject("other")},
		{"update of no project", coupon.ResourceNotFound, header(), &UpdateProject{Project: 9, Active: Set(false)}},
		{"rename of a project to a taken name", coupon.DuplicateFound, header(), &UpdateProject{Project: 1, Name: Set("other")}},
		{"key in no project", coupon.ResourceNotFound, header(), foreignKey},
		{"app id taken", coupon.DuplicateFound, header(), newKey("app")},
		{"app id of a revoked key", coupon.DuplicateFound, header(), newKey("old")},
		{"rotation of no key", coupon.ResourceNotFound, header(), &RotateKey{Project: 1, Key: 9, Token: Digest256{2}}},
		{"rotation of a revoked key", coupon.ResourceNotFound, header(), &RotateKey{Project: 1, Key: 2, Token: Digest256{2}}},
		{"rotation of another project's key", coupon.ResourceNotFound, header(), &RotateKey{Project: 2, Key: 1, Token: Digest256{2}}},
		{"revocation of no key", coupon.ResourceNotFound, header(), &RevokeKey{Project: 1, Key: 9}},
		{"revocation of another project's key", coupon.ResourceNotFound, header(), &RevokeKey{Project: 2, Key: 1}},
		{"campaign in no project", coupon.ResourceNotFound, header(), foreign},
		{"campaign name taken", coupon.DuplicateFound, header(), taken},
		{"update of no campaign", coupon.ResourceNotFound, header(), &UpdateCampaign{Project: 1, Campaign: 9}},
		{"update of a deleted campaign", coupon.ResourceNotFound, header(), &UpdateCampaign{Project: 1, Campaign: 3}},
		{"update of another project's campaign", coupon.ResourceNotFound, header(), &UpdateCampaign{Project: 2, Campaign: 1}},
		{"update on another basis", coupon.Reevaluate, header(), &UpdateCampaign{Project: 1, Campaign: 1, Basis: 1}},
		{"rename to a taken name", coupon.DuplicateFound, header(), &UpdateCampaign{Project: 1, Campaign: 1, Name: Set("winter")}},
		{"basis before name", coupon.Reevaluate, header(), &UpdateCampaign{Project: 1, Campaign: 1, Basis: 1, Name: Set("winter")}},
		{"switch of no campaign", coupon.ResourceNotFound, header(), &SetCampaignEnabled{Project: 1, Campaign: 9}},
		{"switch of a deleted campaign", coupon.ResourceNotFound, header(), &SetCampaignEnabled{Project: 1, Campaign: 3, Enabled: true}},
		{"switch of another project's campaign", coupon.ResourceNotFound, header(), &SetCampaignEnabled{Project: 2, Campaign: 1}},
		{"delete of no campaign", coupon.ResourceNotFound, header(), &DeleteCampaign{Project: 1, Campaign: 9}},
		{"second delete", coupon.ResourceNotFound, header(), &DeleteCampaign{Project: 1, Campaign: 3}},
		{"delete of another project's campaign", coupon.ResourceNotFound, header(), &DeleteCampaign{Project: 2, Campaign: 1}},
		{"job in no project", coupon.ResourceNotFound, header(), &PutJob{Project: 9, NewJob: newJob("IMPORT")}},
		{"job of no campaign", coupon.ResourceNotFound, header(), &PutJob{Project: 1, Campaign: 9, NewJob: newJob("IMPORT")}},
		{"job of a deleted campaign", coupon.ResourceNotFound, header(), &PutJob{Project: 1, Campaign: 3, NewJob: newJob("IMPORT")}},
		{"progress of no job", coupon.ResourceNotFound, header(), &JobProgress{Project: 1, Job: 9}},
		{"progress of another project's job", coupon.ResourceNotFound, header(), &JobProgress{Project: 2, Job: 1}},
		{"end of no job", coupon.ResourceNotFound, header(), &JobFinish{Project: 1, Job: 9, Status: JobDone}},
		{"end of another project's job", coupon.ResourceNotFound, header(), &JobFinish{Project: 2, Job: 1, Status: JobDone}},
	}
	m := shopForRefusals(t)
	for _, row := range rows {
		before := m.c.View()
		if r := m.as(row.h, row.b); r != (Reply{Outcome: row.want}) {
			t.Errorf("%s: got %+v, want %v", row.name, r, row.want)
		}
		if !sameButIndex(before, m.c.View()) {
			t.Errorf("C3: %s: a refusal changed the state", row.name)
		}
	}
}

// sameButIndex compares two states, letting only the index differ.
func sameButIndex(a, b View) bool {
	left, right := *a.r, *b.r
	left.index, right.index = 0, 0
	return View{&left}.Digest() == View{&right}.Digest()
}

func TestNothingBeforeInit(t *testing.T) {
	m := newMachine(t)
	m.wants(coupon.ResourceNotFound, header(), newProject("default"))
	m.wants(coupon.ResourceNotFound, header(), newCampaign("summer"))
	if m.c.View().Cluster() != nil || m.c.View().JournalLast() != 0 {
		t.Fatal("a refusal left something behind")
	}
}

// What the catalog cannot hold must be refused before the log: inside it the
// same mistake stops every node.
func TestEncodeRefuses(t *testing.T) {
	campaign := func(change func(*CreateCampaign)) Body {
		b := newCampaign("summer")
		change(b)
		return b
	}
	deep := make([]byte, 0, 2000)
	for range RawDepthMax {
		deep = append(deep, `{"a":`...)
	}
	deep = append(deep, `{}`...)
	for range RawDepthMax {
		deep = append(deep, '}')
	}
	rows := []struct {
		field string
		b     Body
	}{
		{"name", campaign(func(b *CreateCampaign) { b.Name = "" })},
		{"name", campaign(func(b *CreateCampaign) { b.Name = string(make([]byte, RefBytesMax+1)) })},
		{"name", campaign(func(b *CreateCampaign) { b.Name = "bad \xff" })},
		{"project", campaign(func(b *CreateCampaign) { b.Project = 0 })},
		{"description", campaign(func(b *CreateCampaign) { b.Description = string(make([]byte, DescriptionBytesMax+1)) })},
		{"type", campaign(func(b *CreateCampaign) { b.Type = "" })},
		{"start", campaign(func(b *CreateCampaign) { b.Start = -1 })},
		{"end", campaign(func(b *CreateCampaign) { b.End = math.MinInt64 })},
		{"metadata", campaign(func(b *CreateCampaign) { b.Metadata = json.RawMessage(`[1]`) })},
		{"metadata", campaign(func(b *CreateCampaign) { b.Metadata = json.RawMessage(`{"a":`) })},
		{"metadata", campaign(func(b *CreateCampaign) { b.Metadata = json.RawMessage("{\"a\":\"\xff\"}") })},
		{"metadata", campaign(func(b *CreateCampaign) { b.Metadata = deep })},
		{"metadata", campaign(func(b *CreateCampaign) { b.Metadata = make([]byte, coupon.MetadataBytesMax+1) })},
		{"voucher.quantity", campaign(func(b *CreateCampaign) { b.Voucher.Quantity = 0 })},
		{"voucher.quantity", campaign(func(b *CreateCampaign) { b.Voucher.Quantity = -2 })},
		{"voucher.discount", campaign(func(b *CreateCampaign) { b.Voucher.Discount = make([]byte, RawBytesMax+1) })},
		{"voucher.gift_amount", campaign(func(b *CreateCampaign) { b.Voucher.GiftAmount = -1 })},
		{"job.kind", campaign(func(b *CreateCampaign) { b.Job = &NewJob{} })},
		{"name", &UpdateCampaign{Project: 1, Campaign: 1, Name: Clear[string]()}},
		{"name", &UpdateCampaign{Project: 1, Campaign: 1, Name: Set("")}},
		{"voucher.quantity", &UpdateCampaign{Project: 1, Campaign: 1, Voucher: VoucherPatch{Quantity: Set[int64](0)}}},
		{"metadata", &UpdateCampaign{Project: 1, Campaign: 1, Metadata: Set(json.RawMessage(`"text"`))}},
		{"active", &UpdateProject{Project: 1, Active: Clear[bool]()}},
		{"rollback_window", &UpdateProject{Project: 1, RollbackWindow: Set[int64](-1)}},
		{"secret", &Init{ID: "x", Slots: 1, Shards: 1, Currency: "USD"}},
		{"shards", &Init{ID: "x", Secret: testSecret(), Slots: 1, Shards: 2, Currency: "USD"}},
		{"token", &CreateKey{Project: 1, Class: ServerKey, Role: "admin"}},
		{"class", &CreateKey{Project: 1, Class: 9, Role: "admin", Token: Digest256{1}}},
		{"scopes", &CreateKey{Project: 1, Class: ServerKey, Role: "admin", Token: Digest256{1}, Scopes: make([]string, ScopesMax+1)}},
		{"status", &JobFinish{Project: 1, Job: 1, Status: JobInProgress}},
		{"failures", &JobFinish{Project: 1, Job: 1, Status: JobDone, Failures: make([]Failure, FailuresMax+1)}},
		{"scope", &FenceDone{Fence{Ordinal: 1, Index: 1}}},
	}
	for i, row := range rows {
		_, err := Encode(header(), row.b)
		var invalid *InvalidError
		if !asInvalid(err, &invalid) || invalid.Field != row.field {
			t.Errorf("row %d (%s of %T): got %v", i, row.field, row.b, err)
		}
	}
	flagged := header()
	flagged.Flags = 0x8000
	if _, err := Encode(flagged, newCampaign("summer")); err == nil {
		t.Error("an unknown flag was encoded")
	}
}
