package catalog

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"testing"

	"github.com/scrip-engine/scrip/coupon"
)

// A committed entry that cannot be understood stops the group and changes
// nothing: skipping it would fork the state.
func TestUnreadableEntriesStop(t *testing.T) {
	good, err := Encode(header(), newCampaign("new"))
	if err != nil {
		t.Fatal(err)
	}
	with := func(change func(cmd []byte) []byte) [][]byte {
		return [][]byte{change(append([]byte(nil), good...))}
	}
	at := func(i int, b byte) [][]byte {
		return with(func(cmd []byte) []byte { cmd[i] = b; return cmd })
	}
	rows := []struct {
		name     string
		index    uint64
		version  uint32
		commands [][]byte
	}{
		{"same index", 106, 1, [][]byte{good}},
		{"older index", 5, 1, nil},
		{"newer group version", 200, 2, nil},
		{"two commands", 200, 1, [][]byte{good, good}},
		{"empty command", 200, 1, [][]byte{{}}},
		{"short command", 200, 1, [][]byte{good[:headerBytes-1]}},
		{"no body", 200, 1, [][]byte{good[:headerBytes]}},
		{"cut body", 200, 1, [][]byte{good[:len(good)-1]}},
		{"more after the body", 200, 1, with(func(cmd []byte) []byte { return append(cmd, '1') })},
		{"unknown format", 200, 1, at(0, 2)},
		{"unknown version", 200, 1, at(1, 2)},
		{"unknown kind", 200, 1, at(2, 200)},
		{"unknown flag", 200, 1, at(5, 1)},
		{"reserved byte", 200, 1, at(7, 1)},
		{"unknown field", 200, 1, with(func(cmd []byte) []byte { return append(cmd[:len(cmd)-1], `,"colour":"red"}`...) })},
		{"wrong shape", 200, 1, with(func(cmd []byte) []byte { return append(cmd[:headerBytes], `{"project":0}`...) })},
		{"too long", 200, 1, with(func(cmd []byte) []byte { return append(cmd, make([]byte, CommandBytesMax)...) })},
	}
	for _, row := range rows {
		m := newShop(t) // its last entry is 106
		before := m.c.View()
		err := m.c.Apply(row.index, m.now+1, row.version, row.commands, make([]Reply, len(row.commands)))
		if !errors.Is(err, ErrUnreadable) {
			t.Errorf("%s: %v", row.name, err)
		}
		if m.c.View() != before {
			t.Errorf("%s: the state changed", row.name)
		}
	}
}

// Entries without commands carry time; replies may be nil while old ones are
// replayed; and time never goes back (C2).
func TestEntriesCarryTime(t *testing.T) {
	m := newShop(t)
	apply := func(index uint64, stamp int64) {
		t.Helper()
		if err := m.c.Apply(index, stamp, 0, nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	apply(200, m.now+50)
	apply(201, m.now-50)
	if v := m.c.View(); v.Index() != 201 || v.Time() != m.now+50 {
		t.Fatalf("index %d, time %d", v.Index(), v.Time()-m.now)
	}
	cmd, err := Encode(header(), newCampaign("new"))
	if err != nil {
		t.Fatal(err)
	}
	if err := m.c.Apply(300, m.now, 1, [][]byte{cmd}, nil); err != nil {
		t.Fatal(err)
	}
	created, ok := m.c.View().CampaignByRef(1, "new")
	if !ok || created.Created != m.now+50 || created.Birth != 300 || created.Version != 300 {
		t.Fatalf("campaign %+v", created)
	}
	if fresh := New().View(); fresh.Time() != 1 || fresh.Index() != 0 {
		t.Fatalf("an empty catalog stands at %d, index %d", fresh.Time(), fresh.Index())
	}
}

// A command at its last millisecond takes effect, one later it never does (P5).
func TestNotAfter(t *testing.T) {
	m := newShop(t)
	h := header()
	h.NotAfter = m.now
	m.wants(coupon.OK, h, newCampaign("in time"))
	m.now++
	m.wants(coupon.TooLate, h, newCampaign("late"))
	m.now -= 1000 // a leader whose clock is behind changes nothing about that
	m.wants(coupon.TooLate, h, newCampaign("late"))
}

// Apply keeps nothing of the log's bytes.
func TestCommandBytesAreNotKept(t *testing.T) {
	m := newShop(t)
	b := newCampaign("summer")
	b.Metadata = []byte(`{"a":1}`)
	cmd, err := Encode(keyed(1, 7), b)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.c.Apply(200, m.now, 1, [][]byte{cmd}, nil); err != nil {
		t.Fatal(err)
	}
	before := m.c.View().Digest()
	for i := range cmd {
		cmd[i] = 'x'
	}
	if m.c.View().Digest() != before {
		t.Fatal("the state lives in the log's buffer")
	}
}

// The counts that bound the state, each at its last place and one above it.
func TestObjectBounds(t *testing.T) {
	m := newShop(t)
	next := *m.c.state.Load()
	err := next.inBulk(func() error {
		for i := uint32(2); i < ProjectsMax; i++ {
			next.projects = next.projects.put(key32(i), &Project{})
		}
		for i := uint32(1); i < KeysMax; i++ {
			next.keys = next.keys.put(key32(i), &Key{})
		}
		for i := uint32(1); i < CampaignsMax; i++ {
			next.campaigns = next.campaigns.put(key32(i), &Campaign{})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	m.c.state.Store(&next)
	if r := m.ok(newProject("last")); r.Ordinal != ProjectsMax {
		t.Fatalf("project %d", r.Ordinal)
	}
	if r := m.ok(newKey("last")); r.Ordinal != KeysMax {
		t.Fatalf("key %d", r.Ordinal)
	}
	if r := m.ok(newCampaign("last")); r.Ordinal != CampaignsMax {
		t.Fatalf("campaign %d", r.Ordinal)
	}
	m.wants(coupon.CapacityExceeded, header(), newProject("more"))
	m.wants(coupon.CapacityExceeded, header(), newKey("more"))
	m.wants(coupon.CapacityExceeded, header(), newCampaign("more"))
}

func TestJournal(t *testing.T) {
	m := newShop(t)
	actor := m.ok(newKey("app")).Ordinal
	h := header()
	h.Actor = actor
	m.now += 9
	r := m.as(h, newCampaign("summer"))
	v := m.c.View()
	records, first := v.JournalAfter(v.JournalLast()-1, 10)
	if first != 1 || len(records) != 1 {
		t.Fatalf("%d records, first %d", len(records), first)
	}
	got := records[0]
	if got.Seq != 4 || got.Index != m.index || got.Stamp != m.now || got.Kind != "campaign.created" || got.Actor != actor ||
		got.Project != 1 || got.Object != r.ID || string(got.Summary) != `{"name":"summer"}` {
		t.Fatalf("record %+v", got)
	}
	if records, first = v.JournalAfter(math.MaxUint64, 10); len(records) != 0 || first != 1 {
		t.Fatal("something after the end")
	}
	if records, first = New().View().JournalAfter(0, 10); len(records) != 0 || first != 1 {
		t.Fatal("something in an empty journal")
	}
}

// A reader that stays away too long sees that records are missing (C8).
func TestJournalIsBoundedAndShowsItsGap(t *testing.T) {
	m := newShop(t)
	m.ok(newCampaign("summer"))
	for i := range JournalMax {
		x := &txn{next: *m.c.state.Load()}
		x.record("campaign.updated", 1, "x", summary{Created: int64(i)})
		m.c.state.Store(&x.next)
	}
	v := m.c.View()
	records, first := v.JournalAfter(0, 2)
	if first != 4 || len(records) != 2 || records[0].Seq != 4 || records[1].Seq != 5 {
		t.Fatalf("first %d, records %v", first, records)
	}
	if v.r.journal.size() != JournalMax || v.JournalLast() != JournalMax+3 {
		t.Fatalf("%d records up to %d", v.r.journal.size(), v.JournalLast())
	}
	if records, _ = v.JournalAfter(v.JournalLast()-PageMax-5, PageMax*2); len(records) != PageMax {
		t.Fatalf("a page of %d", len(records))
	}
	again := restored(t, m.c).View()
	if again.JournalLast() != v.JournalLast() {
		t.Fatal("C8: the sequence starts again after a restore")
	}
}

// An image that was cut, mixed up or lengthened is refused, and the state stays.
func TestDamagedImages(t *testing.T) {
	m := shopForRefusals(t)
	img := image(t, m.c)
	damaged := map[string][]byte{
		"empty":         {},
		"magic":         append([]byte("X"), img[1:]...),
		"version":       append(append(append([]byte(nil), img[:8]...), 2, 0, 0, 0), img[12:]...),
		"no frames":     img[:12],
		"cut":           img[:len(img)-1],
		"cut at half":   img[:len(img)/2],
		"more":          append(append([]byte(nil), img...), 0),
		"header twice":  append(append([]byte(nil), img[:frameEndAt(img, 12)]...), img[12:]...),
		"header absent": append(append([]byte(nil), img[:12]...), img[frameEndAt(img, 12):]...),
	}
	for name, bad := range damaged {
		c := New()
		before := c.View()
		if err := c.Restore(bytes.NewReader(bad)); !errors.Is(err, ErrUnreadable) {
			t.Errorf("%s: %v", name, err)
		}
		if c.View() != before {
			t.Errorf("%s: the state changed", name)
		}
	}
}

// Frames out of order, twice or unknown are refused even when their number is right.
func TestImageKeepsItsOrder(t *testing.T) {
	m := newShop(t)
	f := func(ok bool, kinds ...byte) {
		t.Helper()
		r := m.c.state.Load()
		frames := map[byte]any{frameHeader: imageHeader{}, frameCluster: r.cluster, frameProject: &Project{Ordinal: 1}, frameKey: &Key{Ordinal: 1}, 77: 0}
		var buf bytes.Buffer
		out := &frameWriter{w: bufio.NewWriter(&buf)}
		out.write(append([]byte(imageMagic), imageVersion, 0, 0, 0))
		for _, kind := range kinds {
			out.frame(kind, frames[kind])
		}
		out.frame(frameEnd, imageEnd{Frames: out.frames})
		if err := errors.Join(out.err, out.w.Flush()); err != nil {
			t.Fatal(err)
		}
		if err := New().Restore(&buf); (err == nil) != ok {
			t.Errorf("%v: %v", kinds, err)
		}
	}
	f(true, frameHeader, frameCluster, frameProject, frameProject, frameKey)
	f(true, frameHeader)
	f(false)
	f(false, frameCluster)
	f(false, frameHeader, frameHeader)
	f(false, frameHeader, frameCluster, frameCluster)
	f(false, frameHeader, frameKey, frameProject)
	f(false, frameHeader, 77)
}

// A frame that is missing from the middle is noticed by the count.
func TestImageCountsItsFrames(t *testing.T) {
	m := shopForRefusals(t)
	img := image(t, m.c)
	cluster := frameEndAt(img, 12)
	project := frameEndAt(img, cluster)
	cut := append(append([]byte(nil), img[:project]...), img[frameEndAt(img, project):]...)
	if err := New().Restore(bytes.NewReader(cut)); !errors.Is(err, ErrUnreadable) {
		t.Fatal(err)
	}
}

// frameEndAt is where the frame that begins at offset ends.
func frameEndAt(img []byte, offset int) int {
	return offset + 5 + int(binary.LittleEndian.Uint32(img[offset+1:]))
}
