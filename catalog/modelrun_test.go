package catalog

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"testing"

	"github.com/scrip-engine/scrip/coupon"
	"pgregory.net/rapid"
)

// Random commands against the model; a second catalog that is restored from an
// image on the way must give the same replies and the same digest (C1). rapid
// prints the seed of a failure; -rapid.seed repeats it.
func TestCatalogAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, twin, want := New(), New(), newModel()
		index, now := uint64(10), int64(startMillis)
		step := func(h Header, b Body) {
			cmd, err := Encode(h, b)
			if err != nil {
				t.Fatalf("encode %T: %v", b, err)
			}
			index += uint64(rapid.IntRange(1, 3).Draw(t, "gap"))
			replies, twins := make([]Reply, 1), make([]Reply, 1)
			if err := c.Apply(index, now, 1, [][]byte{cmd}, replies); err != nil {
				t.Fatal(err)
			}
			if err := twin.Apply(index, now, 1, [][]byte{cmd}, twins); err != nil {
				t.Fatal(err)
			}
			if replies[0] != twins[0] {
				t.Fatalf("C1: %+v and, restored, %+v", replies[0], twins[0])
			}
			if _, first := b.(*Init); first {
				want.index, want.now = index, now
				want.tell("cluster.initialised")
				return
			}
			if expected := want.apply(index, now, h, b); replies[0] != expected {
				t.Fatalf("%T %+v with %+v:\ngot  %+v\nwant %+v", b, b, h, replies[0], expected)
			}
		}
		step(header(), &Init{ID: "test", Secret: testSecret(), Slots: coupon.Slots, Shards: 1, Currency: "USD"})
		step(header(), newProject("default"))
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now += rapid.SampledFrom([]int64{0, 1, 1000, -500, 3_600_000, MintedReceiptMillis, ReceiptMillis}).Draw(t, "passes")
			step(drawHeader(t, now, len(want.keys)), drawBody(t, want))
			compare(t, c.View(), want)
			if rapid.IntRange(0, 9).Draw(t, "restore") == 0 {
				twin = restored(t, twin)
			}
		}
		if c.View().Digest() != twin.View().Digest() {
			t.Fatal("C1: two digests")
		}
		compare(t, restored(t, c).View(), want)
	})
}

func drawHeader(t *rapid.T, now int64, keys int) Header {
	h := Header{NotAfter: math.MaxInt64, FingerprintVersion: 1, Fingerprint: rapid.Uint64Range(1, 2).Draw(t, "fingerprint")}
	if rapid.Bool().Draw(t, "keyed") {
		h.Key = coupon.Hash{Hi: rapid.Uint64Range(1, 3).Draw(t, "key")}
		if rapid.IntRange(0, 3).Draw(t, "minted") == 0 {
			h.Flags = FlagMinted
		}
	}
	if rapid.IntRange(0, 9).Draw(t, "late") == 0 {
		h.NotAfter = now - 1
	}
	if rapid.Bool().Draw(t, "acted") {
		h.Actor = rapid.Uint32Range(1, uint32(keys)+1).Draw(t, "actor")
	}
	return h
}

// drawBody draws a command about the few objects that exist and one that does not.
func drawBody(t *rapid.T, m *model) Body {
	number := func(what string, have int) uint32 {
		return rapid.Uint32Range(1, uint32(have)+1).Draw(t, what)
	}
	name := func() string { return rapid.SampledFrom([]string{"a", "b", "c", "d", "ö"}).Draw(t, "name") }
	job := func() *NewJob {
		if rapid.Bool().Draw(t, "job") {
			return nil
		}
		return &NewJob{Kind: rapid.SampledFrom([]string{"IMPORT", "GENERATE"}).Draw(t, "kind"), Total: 3}
	}
	count := func() int64 { return rapid.Int64Range(0, 5).Draw(t, "count") }
	project, campaign := number("project", min(len(m.projects), 2)), number("campaign", len(m.campaigns))
	switch rapid.IntRange(0, 14).Draw(t, "command") {
	case 0:
		return newProject(name())
	case 1:
		return drawProjectUpdate(t, project, name())
	case 2:
		return &CreateKey{Project: project, AppID: rapid.SampledFrom([]string{"", "app", "bpp"}).Draw(t, "app"), Class: ClientKey, Role: "user", Token: Digest256{1}}
	case 3:
		until := m.now + rapid.SampledFrom([]int64{-1, 0, 1, 5000}).Draw(t, "until")
		return &RotateKey{Project: project, Key: number("key", len(m.keys)), Token: Digest256{byte(number("token", 3))}, PreviousUntil: until}
	case 4:
		return &RevokeKey{Project: project, Key: number("key", len(m.keys)), PreviousOnly: rapid.Bool().Draw(t, "previous")}
	case 5, 6, 7:
		b := newCampaign(name())
		b.Project, b.Job, b.Metadata = project, job(), drawMetadata(t)
		return b
	case 8:
		return drawCampaignUpdate(t, m, project, campaign, name())
	case 9, 10:
		return &SetCampaignEnabled{Project: project, Campaign: campaign, Enabled: rapid.Bool().Draw(t, "enabled")}
	case 11:
		return &DeleteCampaign{Project: project, Campaign: campaign, Job: job()}
	case 12:
		target := rapid.SampledFrom([]FenceScope{ProjectFence, CampaignFence}).Draw(t, "scope")
		return &FenceDone{Fence{Scope: target, Ordinal: number("fenced", 4), Index: rapid.Uint64Range(1, m.index+1).Draw(t, "raised")}}
	case 13:
		return &PutJob{Project: project, Campaign: rapid.SampledFrom([]uint32{0, campaign}).Draw(t, "of"), NewJob: NewJob{Kind: "IMPORT", Total: count()}}
	}
	if rapid.Bool().Draw(t, "progress") {
		return &JobProgress{Project: project, Job: number("job", len(m.jobs)), Total: count(), Created: count(), Failed: count()}
	}
	status := rapid.SampledFrom([]JobStatus{JobDone, JobFailed}).Draw(t, "status")
	return &JobFinish{Project: project, Job: number("job", len(m.jobs)), Status: status, Created: count(), Failed: count()}
}

func drawProjectUpdate(t *rapid.T, project uint32, name string) Body {
	b := &UpdateProject{Project: project}
	if rapid.Bool().Draw(t, "renamed") {
		b.Name = Set(name)
	}
	if rapid.Bool().Draw(t, "switched") {
		b.Active = Set(rapid.Bool().Draw(t, "active"))
	}
	return b
}

func drawCampaignUpdate(t *rapid.T, m *model, project, campaign uint32, name string) Body {
	b := &UpdateCampaign{Project: project, Campaign: campaign}
	if int(campaign) <= len(m.campaigns) && rapid.Bool().Draw(t, "based") {
		b.Basis = m.campaigns[campaign-1].Version + rapid.Uint64Range(0, 1).Draw(t, "basis")
	}
	if rapid.Bool().Draw(t, "renamed") {
		b.Name = Set(name)
	}
	b.Description = drawPatch(t, "description", "text")
	b.Start = drawPatch(t, "start", int64(77))
	b.Voucher.Quantity = drawPatch(t, "quantity", int64(4))
	b.Metadata = drawPatch(t, "metadata", drawMetadata(t))
	if value, ok := b.Metadata.Get(); ok && value == nil {
		b.Metadata = Patch[json.RawMessage]{}
	}
	return b
}

func drawPatch[T any](t *rapid.T, name string, value T) Patch[T] {
	switch rapid.IntRange(0, 2).Draw(t, name) {
	case 0:
		return Set(value)
	case 1:
		return Clear[T]()
	}
	return Patch[T]{}
}

func drawMetadata(t *rapid.T) json.RawMessage {
	object := rapid.SampledFrom([]string{``, `{"a":1}`, `{"b":2,"c":3}`, `{"c":null}`, `{"d":4}`}).Draw(t, "object")
	if object == "" {
		return nil
	}
	return json.RawMessage(object)
}

// compare holds a View against the model, by every way to an object.
func compare(t *rapid.T, v View, m *model) {
	if v.Index() != m.index || v.Time() != m.now {
		t.Fatalf("stands at %d, time %d; want %d, %d", v.Index(), v.Time(), m.index, m.now)
	}
	same := func(what string, got, want any) {
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%s:\ngot  %+v\nwant %+v", what, got, want)
		}
	}
	for i := range m.projects {
		want := &m.projects[i]
		byName, _ := v.ProjectByRef(want.Name)
		byID, _ := v.ProjectByRef(want.ID)
		same("project", []*Project{v.Project(want.Ordinal), byName, byID}, []*Project{want, want, want})
	}
	for i := range m.keys {
		want := &m.keys[i]
		byApp, _ := v.KeyByAppID([]byte(want.AppID))
		byID, _ := v.KeyByID(want.ID)
		same("key", []*Key{v.Key(want.Ordinal), byApp, byID}, []*Key{want, want, want})
	}
	compareCampaigns(t, v, m, same)
	for i := range m.jobs {
		want := &m.jobs[i]
		byID, _ := v.JobByID(want.Project, want.ID)
		same("job", []*Job{v.Job(want.Ordinal), byID}, []*Job{want, want})
	}
	var fences []Fence
	for target, index := range m.fences {
		fences = append(fences, Fence{target.Scope, target.Ordinal, index})
	}
	slices.SortFunc(fences, func(a, b Fence) int {
		return int(a.Scope)<<20 + int(a.Ordinal) - int(b.Scope)<<20 - int(b.Ordinal)
	})
	same("fences", append([]Fence(nil), v.PendingFences()...), fences)
	var kinds []string
	records, _ := v.JournalAfter(0, PageMax)
	for i, r := range records {
		if kinds = append(kinds, r.Kind); r.Seq != uint64(i)+1 {
			t.Fatalf("C8: record %d has sequence %d", i, r.Seq)
		}
	}
	same("journal", kinds, m.kinds)
}

func compareCampaigns(t *rapid.T, v View, m *model, same func(what string, got, want any)) {
	living := map[uint32][]*Campaign{}
	for i := range m.campaigns {
		want := &m.campaigns[i]
		same("campaign", v.Campaign(want.Ordinal), want)
		byID, found := v.CampaignByRef(want.Project, want.ID)
		if found != (want.Deleted == 0) || found && byID != v.Campaign(want.Ordinal) {
			t.Fatalf("campaign %d is found: %v", want.Ordinal, found)
		}
		if found {
			living[want.Project] = append(living[want.Project], want)
			byName, _ := v.CampaignByRef(want.Project, want.Name)
			same("campaign by name", byName, want)
		}
	}
	for project := range uint32(len(m.projects) + 2) {
		page := v.ListCampaigns(Query[Campaign]{Project: project, Limit: PageMax})
		same(fmt.Sprint("campaigns of project ", project), page, Page[Campaign]{Items: living[project], Total: len(living[project])})
	}
}
