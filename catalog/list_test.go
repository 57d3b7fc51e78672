package catalog

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Pages by cursor and by number must together hold every campaign once, in order,
// in both directions: against a plain slice.
func TestListsAgainstASlice(t *testing.T) {
	m := newShop(t)
	m.ok(newProject("before"))
	m.ok(newProject("after"))
	var all []*Campaign
	for i := range 40 {
		b := newCampaign(fmt.Sprint("campaign ", i))
		b.Project = uint32(1 + i%3)
		b.Inactive = i%2 == 0
		m.ok(b)
	}
	m.ok(&DeleteCampaign{Project: 2, Campaign: 8})
	m.c = restored(t, m.c)
	v := m.c.View()
	for ordinal := uint32(1); ordinal <= 40; ordinal++ {
		if c := v.Campaign(ordinal); c.Deleted == 0 {
			all = append(all, c)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		q := Query[Campaign]{
			Project:    rapid.Uint32Range(0, 4).Draw(t, "project"),
			Descending: rapid.Bool().Draw(t, "descending"),
			After:      rapid.OneOf(rapid.Just(uint32(0)), rapid.Uint32Range(1, 45), rapid.Just(uint32(math.MaxUint32))).Draw(t, "after"),
			Offset:     rapid.IntRange(0, 15).Draw(t, "offset"),
			Limit:      rapid.IntRange(0, 20).Draw(t, "limit"),
		}
		if rapid.Bool().Draw(t, "matching") {
			q.Match = func(c *Campaign) bool { return c.Active }
		}
		got, want := v.ListCampaigns(q), plainPage(all, q)
		if !slices.Equal(got.Items, want.Items) || got.Total != want.Total || got.More != want.More {
			t.Fatalf("%+v:\ngot  %+v\nwant %+v", q, got, want)
		}
	})
}

func plainPage(all []*Campaign, q Query[Campaign]) Page[Campaign] {
	var page Page[Campaign]
	var matches []*Campaign
	for _, c := range all {
		if c.Project == q.Project && (q.Match == nil || q.Match(c)) {
			matches = append(matches, c)
		}
	}
	page.Total = len(matches)
	if q.Descending {
		slices.Reverse(matches)
	}
	for _, c := range matches {
		if q.After != 0 && (q.Descending && c.Ordinal >= q.After || !q.Descending && c.Ordinal <= q.After) {
			continue
		}
		if q.Offset > 0 {
			q.Offset--
			continue
		}
		if len(page.Items) == q.Limit {
			page.More = true
			break
		}
		page.Items = append(page.Items, c)
	}
	return page
}

func TestKeysAndProjectsAreListed(t *testing.T) {
	m := newShop(t)
	m.ok(newProject("other"))
	for i := range 5 {
		b := newKey(fmt.Sprint("app ", i))
		b.Project = uint32(1 + i%2)
		m.ok(b)
	}
	m.ok(&RevokeKey{Project: 1, Key: 3})
	var ordinals []uint32
	for _, k := range m.c.View().Keys(1) {
		ordinals = append(ordinals, k.Ordinal)
	}
	if !slices.Equal(ordinals, []uint32{1, 3, 5}) {
		t.Fatalf("keys of project 1: %v", ordinals)
	}
	if got := m.c.View().Projects(); len(got) != 2 || got[0].Name != "default" || got[1].Name != "other" {
		t.Fatalf("projects %v", got)
	}
}
