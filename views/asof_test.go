package views

import (
	"context"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/scrip-engine/scrip/shard"
)

// Without this a list of several shards claims an instant that one of them has
// not reached, and who compares it with their orders finds some missing.
func TestAsOfWaitsForTheShardThatIsBehind(t *testing.T) {
	w := newWorld(t, 2, seeded(t))
	defer w.close()
	newest := func(i int) int64 {
		var rec shard.Record
		if !w.shards[i].Record(w.shards[i].LastSeq(), &rec) {
			t.Fatalf("shard %d has no newest record", i)
		}
		return rec.Stamp
	}
	for n := 0; n < 200 || newest(0) == newest(1); n++ {
		w.act()
	}
	older, newer := 0, 1
	if newest(0) > newest(1) {
		older, newer = 1, 0
	}
	late := &replaying{Source: w.shards[older]}
	late.last.Store(w.shards[older].LastSeq())
	sources := make([]Source, 2)
	sources[older], sources[newer] = late, w.shards[newer]
	v, err := Open(Config{FS: vfs.NewMem(), Dir: "views", Sources: sources})
	if err != nil {
		t.Fatal(err)
	}
	defer closeViews(t, v)
	for i, s := range sources {
		if err := v.WaitFor(context.Background(), i, s.LastSeq()); err != nil {
			t.Fatal(err)
		}
	}
	f := func(what string, want int64) {
		t.Helper()
		page, err := v.List(ListQuery{Kind: Redemptions, Project: 1})
		if err != nil || page.AsOf != want {
			t.Errorf("%s: as of %d, want %d, %v", what, page.AsOf, want, err)
		}
	}
	f("none is behind", newest(newer))
	late.last.Add(1) // a record that the follower has not seen
	f("the quiet one is behind", newest(older))
}
