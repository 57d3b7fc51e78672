package views

import (
	"bytes"
	"encoding/binary"
	"log/slog"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/scrip-engine/scrip/shard"
)

// Without this what a follower remembers could outlive what it wrote, or be
// forgotten before it is written: then a count is off only where lists are many.
func TestFollowerThatRemembersNothingWritesTheSameBytes(t *testing.T) {
	c := seeded(t)
	w := newWorld(t, 1, c)
	defer w.close()
	for range 1500 {
		w.act()
	}
	fs := vfs.NewMem()
	v := &Views{cfg: Config{FS: fs, Dir: "views", Sources: w.sources()}, log: slog.New(slog.DiscardHandler), storeBroken: make(chan struct{})}
	db, err := v.openStore()
	if err != nil {
		t.Fatal(err)
	}
	law := w.shards[0]
	var mark watermark
	for mark.seq < law.LastSeq() {
		// Many followers share what may be remembered: between none and three of each.
		p := newProjector(0, law, db, mark, headsMax/(1+c.Intn(3)))
		for range 1 + c.Intn(20) {
			if c.Intn(2) == 0 {
				must(t, p.seen.scan(db))
			}
			projectSome(t, p, 1+c.Intn(10))
		}
		mark = p.mark
	}
	must(t, v.closeStore(db))
	if !bytes.Equal(content(t, fs), rebuilt(t, w)) {
		t.Fatal("other bytes than a follower that remembers")
	}
}

// projectSome writes a batch of at most n records.
func projectSome(t testing.TB, p *projector, n int) {
	p.begin()
	defer p.end()
	var rec shard.Record
	for i := 0; i < n && p.src.Record(p.mark.seq+1, &rec); i++ {
		if i > 0 && fresh(&rec) {
			break
		}
		whole, err := p.apply(&rec)
		must(t, err)
		if !whole {
			break
		}
		p.mark.seq, p.mark.stamp, p.mark.check = rec.Seq, rec.Stamp, checkOf(&rec)
	}
	must(t, p.commit())
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Without this a customer who was not asked for lately makes room for one who was,
// and every record reads from the store.
func TestCellsKeepWhatIsAskedForAgain(t *testing.T) {
	db, err := pebble.Open("", &pebble.Options{FS: vfs.NewMem(), Logger: silent{}})
	must(t, err)
	defer func() { must(t, db.Close()) }()
	c := newCells[sum](100)
	touch := func(n int) {
		v, err := c.edit(db, binary.BigEndian.AppendUint32([]byte{9}, uint32(n)))
		must(t, err)
		v.marked++
	}
	commit := func() {
		b := db.NewBatch()
		must(t, c.flush(b))
		must(t, b.Commit(pebble.NoSync))
		must(t, b.Close())
	}
	for once := 1000; once < 3000; once += 30 {
		for often := range 50 {
			touch(often)
		}
		for n := range 30 {
			touch(once + n)
		}
		commit()
		if len(c.ring) > 100 || len(c.rows) > 100 {
			t.Fatalf("%d cells and %d keys", len(c.ring), len(c.rows))
		}
	}
	for often := range 50 {
		if c.rows[cellKeyOf(binary.BigEndian.AppendUint32([]byte{9}, uint32(often)))] == nil {
			t.Errorf("%d was forgotten", often)
		}
	}
	for n := range 500 { // more than there is room for, in one batch
		touch(n)
	}
	commit()
	if len(c.ring) > 100 || len(c.rows) > 100 {
		t.Errorf("%d cells and %d keys after a large batch", len(c.ring), len(c.rows))
	}
	for often := range 50 {
		var v sum
		must(t, get(db, binary.BigEndian.AppendUint32([]byte{9}, uint32(often)), &v))
		if want := int64((2000+29)/30 + 1); v.marked != want {
			t.Errorf("%d was counted %d times, want %d", often, v.marked, want)
		}
	}
}

// Without this the filter says of a list that there is none, and its entries are
// written over; or it says so of nothing any more, and every record reads.
func TestSeenForgetsNothingAndStaysSmall(t *testing.T) {
	const many = 64
	s := newSeen(0, many)
	s.unread = nil
	keys := 2 * seenBlocks / many * seenBlockKeys
	key := func(n int) []byte { return binary.BigEndian.AppendUint64([]byte{keyCounts, 0, 0}, uint64(n)) }
	wrong := 0
	for n := range keys {
		if s.mayHave(key(n)) {
			wrong++
		}
		if n == keys/2 && wrong > n/25 {
			t.Errorf("%d of %d new keys were seen before", wrong, n)
		}
	}
	for n := range keys {
		if !s.mayHave(key(n)) {
			t.Fatalf("key %d was forgotten", n)
		}
	}
	blocks := 0
	for _, layer := range s.layers {
		blocks += len(layer)
	}
	if blocks > seenBlocks/many {
		t.Errorf("%d blocks, more than the share of %d", blocks, seenBlocks/many)
	}
}
