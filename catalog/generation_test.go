package catalog

import (
	"bytes"
	"errors"
	"testing"

	"github.com/scrip-engine/scrip/coupon"
)

// Two histories from one image: what one of them gave out must not be given out by
// the other one for something else.
func TestGenerationsDoNotShareIDs(t *testing.T) {
	m := newShop(t)
	older := restored(t, m.c)
	at := m.index
	given := map[string]bool{}
	for _, name := range []string{"a", "b", "c"} {
		given[m.ok(newCampaign(name)).ID] = true
		given[m.ok(newKey("app-"+name)).ID] = true
		given[m.ok(&PutJob{Project: 1, NewJob: newJob("GENERATE")}).ID] = true
	}
	m.c, m.index = older, at
	m.ok(&SetGeneration{Generation: 0x8001})
	m.c = restored(t, m.c)
	if got := m.c.View().Cluster(); got.Generation != 0x8001 || got.Derived() == nil {
		t.Fatalf("cluster %+v", got)
	}
	for _, name := range []string{"x", "y", "z"} {
		for _, b := range []Body{newCampaign(name), newKey("app-" + name), &PutJob{Project: 1, NewJob: newJob("GENERATE")}} {
			r := m.ok(b)
			if given[r.ID] {
				t.Fatalf("%T: %s was given out before", b, r.ID)
			}
		}
	}
	c, ok := m.c.View().CampaignByRef(1, "y")
	if !ok {
		t.Fatal("the campaign is not there")
	}
	if byID, ok := m.c.View().CampaignByRef(1, c.ID); !ok || byID != c {
		t.Fatal("not found by its id")
	}
	if n, ok := m.c.View().Cluster().Derived().ParseCatalogID(coupon.PrefixCampaign, c.ID); !ok || n>>generationShift != 0x8001 || n&indexMax != c.Birth {
		t.Fatalf("id of generation %x and index %d", n>>generationShift, n&indexMax)
	}
}

// An index that no id can carry ends the group like every entry that cannot be
// understood; an image never leads there.
func TestIDNumbersHoldTheirBounds(t *testing.T) {
	if got := idNumber(0xffff, indexMax); got != coupon.CatalogIndexMax {
		t.Fatalf("the largest is %x, ids carry %x", got, uint64(coupon.CatalogIndexMax))
	}
	c := New()
	if err := c.Apply(indexMax, 1, 1, nil, nil); err != nil {
		t.Fatal(err)
	}
	restored(t, c)
	if err := c.Apply(indexMax+1, 1, 1, nil, nil); !errors.Is(err, ErrUnreadable) {
		t.Fatalf("an index above: %v", err)
	}
	r := *c.View().r
	r.index++
	c.state.Store(&r)
	if err := New().Restore(bytes.NewReader(image(t, c))); !errors.Is(err, ErrUnreadable) {
		t.Fatalf("an image of it: %v", err)
	}
}
