package engine

import (
	"strings"
	"testing"

	"github.com/scrip-engine/scrip/catalog"
	"github.com/scrip-engine/scrip/coupon"
)

// Without it an event of a campaign and one of a code would share an id, or two
// events of a campaign would, before and after a restore.
func TestEventsOfTheCatalogHaveIDsOfTheirOwn(t *testing.T) {
	w := newWorld(t, 1)
	seen := map[string]catalog.Record{}
	for seq := range uint64(3) {
		for _, generation := range []uint16{0, 1, 65535} {
			r := catalog.Record{Kind: "campaign.created", Project: w.c.Caller.Project, Seq: seq + 1, Generation: generation}
			ev, ok := w.catalogEvent(w.catalog.View(), &r)
			if other, twice := seen[ev.ID]; !ok || twice {
				t.Errorf("%s of %+v, and of %+v", ev.ID, r, other)
			}
			seen[ev.ID] = r
			if strings.HasPrefix(ev.ID, coupon.PrefixEvent) {
				t.Errorf("%s may be an event of a slot too", ev.ID)
			}
		}
	}
}
